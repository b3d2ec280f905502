"""Types of calls, resolved once per process instead of once per call and pass of type inference.

Numba asks every candidate of an operator or a function, in each pass over a kernel and again when
it emits code, and formats a message for each that does not fit.  For an operator, a built-in
function or an intrinsic, and numbers as arguments, the answer is always the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba import types

from .structs import Numbers, Struct

__all__ = ["PLAIN", "remembered_call_types"]

PLAIN = (
    types.Number,
    types.Boolean,
    types.Literal,
    types.DType,
    types.NoneType,
    types.NumberClass,
    types.Function,
    types.Module,
    types.RangeType,
    types.RangeIteratorType,
    Numbers,
    Struct,
)
"""Types without references to count."""

_found: dict[tuple[Any, ...], Any] = {}
"""Signatures by function and types of arguments."""


@contextmanager
def remembered_call_types() -> Iterator[None]:
    """Let Numba look up what it resolved before, until the block ends.

    The caller holds Numba's compiler lock.
    """
    kind = types.Function
    if "get_call_type" in vars(kind):  # a kernel that is compiled while another one is
        yield
        return
    kind.get_call_type = _remembered
    try:
        yield
    finally:
        del kind.get_call_type


def _remembered(function: Any, context: Any, args: Any, keywords: Any) -> Any:
    """Return the signature of a call, as ``Function.get_call_type`` does."""
    resolve = super(types.Function, function).get_call_type
    if keywords or not all(isinstance(kind, PLAIN) for kind in args):
        return resolve(context, args, keywords)
    key = function, context, *args
    found = _found.get(key)
    if found is None:
        found = resolve(context, args, keywords)
        if found is not None:
            _found[key] = found
    return found
