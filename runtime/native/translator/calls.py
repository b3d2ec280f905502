"""Translate calls in a kernel: helpers, intrinsics, conversions and mathematical functions."""

import ast
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import pointers
from ..intrinsic import Intrinsic
from ..kinds import Kind, Signature, boolean, float32, float64, int64, void
from .expressions import Expressions
from .operators import extreme, magnitude, mathematics, truth
from .values import Constant, Numbers, Record, UnsupportedError, Value, cast, kind_of_dtype, number

__all__ = ["Inline", "emit_call"]

HELPER = {"inline": "always", "error_model": "numpy", "boundscheck": False}
"""Options of functions that are inlined into kernels."""

_MATHEMATICS = frozenset(value for value in vars(math).values() if callable(value))
Inline = Callable[[Any, dict[str, Any]], Any]
"""Emits a helper, given its arguments by name; returns its value."""


def emit_call(expressions: Expressions, node: ast.Call, inline: Inline) -> Any:
    """Emit a call; return its value."""
    called = expressions.value(node.func)
    if not isinstance(called, Constant):
        raise UnsupportedError("a call of a number")
    function = called.value
    is_helper = getattr(function, "targetoptions", None) == HELPER
    argument = expressions.assigned if is_helper else expressions.value
    given = [argument(part) for part in node.args]
    named = {part.arg: argument(part.value) for part in node.keywords}
    if is_helper:
        return inline(function.py_func, _bound(function.py_func, given, named))
    if named:
        raise UnsupportedError("a call with names of arguments")
    if isinstance(function, Intrinsic):
        return _intrinsic(expressions.builder, function, given)
    if isinstance(function, type):
        return _converted(expressions.builder, function, given)
    return _computed(expressions.builder, function, given)


def _bound(function: Any, given: Sequence[Any], named: Any) -> dict[str, Any]:
    try:
        bound = inspect.signature(function).bind(*given, **named)
    except TypeError as error:
        raise UnsupportedError(str(error)) from None
    for name, parameter in bound.signature.parameters.items():
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            raise UnsupportedError("a helper with arguments in a list")
        if name not in bound.arguments:
            bound.arguments[name] = Constant(parameter.default)
    return dict(bound.arguments)


def _computed(builder: Any, function: Any, given: Sequence[Any]) -> Any:
    if function in (min, max) and len(given) > 1:
        return extreme(builder, ast.Lt if function is min else ast.Gt, given)
    if function is abs and len(given) == 1:
        return magnitude(builder, given[0])
    if function is len and len(given) == 1 and isinstance(given[0], tuple):
        return Constant(len(given[0]))
    if function in _MATHEMATICS:
        return mathematics(builder, function, given)
    raise UnsupportedError(f"a call of {function!r}")


def _converted(builder: Any, kind: type, given: Sequence[Any]) -> Value:
    """Return a number converted by ``int``, ``np.float32`` and the like."""
    if len(given) != 1:
        raise UnsupportedError(f"{kind.__name__} of other than one number")
    if kind in (bool, np.bool_):
        made = truth(builder, given[0])
        return number(made) if isinstance(made, bool) else Value(boolean, made)
    a = number(given[0])
    if kind is float:
        to = a.kind if a.kind.is_float else float64
    elif kind is int:
        to = a.kind if a.kind.is_integer else int64
    elif issubclass(kind, np.number):
        to = kind_of_dtype(kind)
    else:
        raise UnsupportedError(f"a {kind.__name__}")
    return Value(to, cast(builder, a, to))


class _Context:
    """The methods of Numba's code generation context that intrinsics call."""

    @staticmethod
    def get_dummy_value() -> None:
        """Return what stands for no value."""


def _intrinsic(builder: Any, function: Intrinsic, given: Sequence[Any]) -> Any:
    view = _VIEWS.get(function)
    if view is not None:
        try:
            inspect.signature(view).bind(builder, *given)
        except TypeError as error:
            raise UnsupportedError(str(error)) from None
        return view(builder, *given)
    values = [number(v) for v in given]
    try:
        made = function.define(None, *(v.kind for v in values))
    except Exception as error:  # by its author, who is told by Numba where it is called
        raise UnsupportedError(f"the intrinsic {function.__name__}: {error}") from error
    signature, generate = made if isinstance(made, tuple) else (None, None)
    if not isinstance(signature, Signature) or len(signature.takes) != len(values):
        raise UnsupportedError(f"the intrinsic {function.__name__}")
    taken = [_argument(builder, v, k) for v, k in zip(values, signature.takes, strict=True)]
    try:
        result = generate(_Context, builder, signature, taken)
    except Exception as error:
        raise UnsupportedError(f"the intrinsic {function.__name__}: {error}") from error
    return Constant(None) if signature.gives == void else Value(signature.gives, result)


def _argument(builder: Any, given: Value, kind: Kind) -> Any:
    if given.kind.is_float and not kind.is_float:
        raise UnsupportedError("a float as an integer")
    return cast(builder, given, kind)


def _address(builder: Any, given: Any) -> Any:
    value = number(given)
    if not value.kind.is_integer:
        raise UnsupportedError("an address that is no integer")
    return cast(builder, value, int64)


def _dtype(given: Any) -> Any:
    if isinstance(given, Constant):
        return given.value
    raise UnsupportedError("a dtype that is not known")


def _record_dtype(given: Any) -> Any:
    dtype = _dtype(given)
    if isinstance(dtype, np.dtype) and dtype.fields:
        return dtype
    raise UnsupportedError("a record without fields")


def _numbers(builder: Any, address: Any, count: Any, dtype: Any) -> Value:
    return Value(Numbers(kind_of_dtype(_dtype(dtype))), _address(builder, address))


def _floats(builder: Any, address: Any, count: Any) -> Value:
    return Value(Numbers(float32), _address(builder, address))


def _channel(builder: Any, pointers_: Any, index: Any, frames: Any) -> Value:
    places = [_address(builder, v) for v in (pointers_, index)]
    return Value(Numbers(float32), builder.load(pointers.word(builder, *places), typ=int64.llvm))


def _record(builder: Any, address: Any, dtype: Any) -> Value:
    return Value(Record(_record_dtype(dtype)), _address(builder, address))


def _element(builder: Any, address: Any, index: Any, dtype: Any) -> Value:
    kind = Record(_record_dtype(dtype))
    size = number(kind.dtype.itemsize).llvm
    ahead = builder.mul(_address(builder, index), size)
    return Value(kind, builder.add(_address(builder, address), ahead))


_VIEWS: dict[Intrinsic, Callable[..., Value]] = {
    pointers.numbers: _numbers,
    pointers.floats: _floats,
    pointers.channel: _channel,
    pointers.record: _record,
    pointers.element: _element,
}
