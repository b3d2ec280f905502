"""Numba's types of the signatures of intrinsics."""

from typing import Any

from numba import types
from numba.core.typing.templates import signature as make_signature

from ..kinds import Kind, Signature

__all__ = ["numba_signature"]


def numba_signature(made: Any) -> Any:
    """Return a signature with Numba's types in place of kinds; those of Numba stay."""
    if isinstance(made, Signature):
        return make_signature(_numba_type(made.gives), *map(_numba_type, made.takes))
    return make_signature(made.return_type, *map(_numba_type, made.args))


def _numba_type(kind: Any) -> Any:
    return getattr(types, kind.name) if isinstance(kind, Kind) else kind
