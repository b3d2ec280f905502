"""Numba's types, for the signatures of intrinsics; Numba is imported when the first one is read."""

from typing import Any


def __getattr__(name: str) -> Any:
    from numba import types

    return getattr(types, name)
