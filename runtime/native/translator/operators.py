"""Operators, comparisons and mathematical functions between numbers, as Numba defines them."""

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from ..kinds import Kind, Signature, boolean, float32, float64, int64
from .values import Constant, UnsupportedError, Value, arithmetic_kind, cast, common_kind, number

__all__ = ["binary", "compare", "extreme", "magnitude", "mathematics", "negative", "truth"]

_INTEGER = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul"}
_FLOAT = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}
_BITS = {ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor"}
_COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_INTRINSICS = {getattr(math, n): f"llvm.{n}" for n in ["fabs", "exp", "log", "log10", "sin", "cos"]}
_C = """
log1p expm1 erf erfc tan asin acos atan asinh acosh atanh sinh cosh tanh log2 ceil floor sqrt trunc
"""
_FUNCTIONS = {getattr(math, name): name for name in _C.split()}
_TO_INTEGER = (math.ceil, math.floor, math.trunc)
LARGEST_POWER = 0x10000


def binary(builder: Any, kind: type[ast.operator], left: Any, right: Any) -> Value:
    """Return ``left`` and ``right`` combined by an operator of Python's syntax."""
    if kind is ast.Pow:
        return _power(builder, left, right)
    a, b = number(left), number(right)
    if kind in _BITS:
        gives = boolean if a.kind == b.kind == boolean else arithmetic_kind(a.kind, b.kind)
        if gives.is_float:
            raise UnsupportedError("bits of floats")
        made = getattr(builder, _BITS[kind])(cast(builder, a, gives), cast(builder, b, gives))
        return Value(gives, made)
    if kind in (ast.LShift, ast.RShift):
        return _shift(builder, kind is ast.LShift, a, b)
    gives = arithmetic_kind(a.kind, b.kind)
    if kind is ast.Div and not gives.is_float:
        gives = float64
    x, y = cast(builder, a, gives), cast(builder, b, gives)
    if gives.is_float and kind in _FLOAT:
        return Value(gives, getattr(builder, _FLOAT[kind])(x, y))
    if gives.is_integer and kind in _INTEGER:
        flags = ["nsw"] if gives.letter == "i" else []
        return Value(gives, getattr(builder, _INTEGER[kind])(x, y, flags=flags))
    if gives.is_integer and kind in (ast.FloorDiv, ast.Mod):
        return Value(gives, _divide(builder, gives, x, y)[kind is ast.Mod])
    raise UnsupportedError(f"{kind.__name__} of {gives.name}")


def _shift(builder: Any, is_left: bool, a: Value, b: Value) -> Value:
    if a.kind.is_float or b.kind.is_float:
        raise UnsupportedError("a shift of floats")
    gives = arithmetic_kind(a.kind, a.kind)
    x, y = cast(builder, a, gives), cast(builder, b, gives)
    if is_left:
        return Value(gives, builder.shl(x, y))
    return Value(gives, (builder.ashr if gives.letter == "i" else builder.lshr)(x, y))


def _divide(builder: Any, kind: Kind, x: Any, y: Any) -> tuple[Any, Any]:
    """Return quotient and remainder, rounded down; both are 0 where ``y`` is 0."""
    zero, one = ir.Constant(kind.llvm, 0), ir.Constant(kind.llvm, 1)
    known = y.constant if isinstance(y, ir.Constant) else None
    is_zero = builder.icmp_unsigned("==", y, zero)
    if kind.letter == "u":
        safe = y if known else builder.select(is_zero, one, y)
        quotient, rest = builder.udiv(x, safe), builder.urem(x, safe)
    else:
        safe = y
        if not known or known < 0:
            # The lowest number divided by -1 would stop the process: Numba gives 0 and 0.
            lowest = builder.icmp_signed("==", x, ir.Constant(kind.llvm, -1 << (kind.bits - 1)))
            minus = builder.icmp_signed("==", y, ir.Constant(kind.llvm, -1))
            is_zero = builder.or_(is_zero, builder.and_(lowest, minus))
            safe, known = builder.select(is_zero, one, y), None
        quotient, rest = builder.sdiv(x, safe), builder.srem(x, safe)
        differs = builder.icmp_signed("<", builder.xor(safe, rest), zero)
        down = builder.and_(builder.icmp_signed("!=", rest, zero), differs)
        quotient = builder.select(down, builder.sub(quotient, one), quotient)
        rest = builder.select(down, builder.add(rest, safe), rest)
    if known:
        return quotient, rest
    return builder.select(is_zero, zero, quotient), builder.select(is_zero, zero, rest)


def _power(builder: Any, left: Any, right: Any) -> Value:
    a = number(left)
    exponent = right.value if isinstance(right, Constant) else None
    if type(exponent) is int:
        if not 0 <= exponent <= LARGEST_POWER or not a.kind.is_float:  # of integers it has a limit
            raise UnsupportedError(f"a power of {exponent}")
        value, made = a.llvm, ir.Constant(a.kind.llvm, 1)
        while exponent:
            if exponent & 1:
                made = builder.fmul(made, value)
            exponent >>= 1
            value = builder.fmul(value, value)
        return Value(a.kind, made)
    b = number(right)
    if not (a.kind.is_float and b.kind.is_float):
        raise UnsupportedError("a power of integers")
    gives = common_kind(a.kind, b.kind)
    return _intrinsic(builder, "llvm.pow", gives, [cast(builder, v, gives) for v in (a, b)])


def _intrinsic(builder: Any, name: str, kind: Kind, values: Sequence[Any]) -> Value:
    made = builder.module.declare_intrinsic(name, [kind.llvm])
    return Value(kind, builder.call(made, values))


def compare(builder: Any, kind: type[ast.cmpop], left: Any, right: Any) -> Value:
    """Return whether a comparison of Python's syntax holds."""
    if kind not in _COMPARE:
        raise UnsupportedError(kind.__name__)
    a, b = number(left), number(right)
    if {a.kind.letter, b.kind.letter} == {"i", "u"}:
        raise UnsupportedError("a comparison of signed and unsigned numbers")
    common = arithmetic_kind(a.kind, b.kind)
    x, y, sign = cast(builder, a, common), cast(builder, b, common), _COMPARE[kind]
    if common.is_float:
        unordered = kind is ast.NotEq
        made = (builder.fcmp_unordered if unordered else builder.fcmp_ordered)(sign, x, y)
    else:
        signed = common.letter == "i"
        made = (builder.icmp_signed if signed else builder.icmp_unsigned)(sign, x, y)
    return Value(boolean, made)


def truth(builder: Any, given: Any) -> Any:
    """Return a condition as an ``i1``."""
    if isinstance(given, Constant) and isinstance(given.value, bool | int | float | None):
        return ir.Constant(boolean.llvm, int(bool(given.value)))
    return cast(builder, number(given), boolean)


def negative(builder: Any, given: Any) -> Value:
    """Return the number with the other sign."""
    a = number(given)
    if a.kind.is_float:
        return Value(a.kind, builder.fsub(ir.Constant(a.kind.llvm, -0.0), a.llvm))
    if a.kind.letter == "u":
        raise UnsupportedError("an unsigned number with a sign")
    flags = ["nsw"]
    zero = ir.Constant(int64.llvm, 0)
    return Value(int64, builder.sub(zero, cast(builder, a, int64), flags=flags))


def extreme(builder: Any, kind: type[ast.cmpop], given: Sequence[Any]) -> Value:
    """Return the least (``ast.Lt``) or the greatest (``ast.Gt``) of numbers, as Python does."""
    best = number(given[0])
    for other in map(number, given[1:]):
        gives = common_kind(best.kind, other.kind)
        a, b = (Value(gives, cast(builder, v, gives)) for v in (best, other))
        better = compare(builder, kind, b, a).llvm
        best = Value(gives, builder.select(better, b.llvm, a.llvm))
    return best


def magnitude(builder: Any, given: Any) -> Value:
    """Return the absolute value of a number."""
    a = number(given)
    if a.kind.is_float:
        return _intrinsic(builder, "llvm.fabs", a.kind, [a.llvm])
    if a.kind.letter != "i":
        raise UnsupportedError(f"the absolute value of {a.kind.name}")
    below = builder.icmp_signed("<", a.llvm, ir.Constant(a.kind.llvm, 0))
    return Value(a.kind, builder.select(below, builder.neg(a.llvm), a.llvm))


def mathematics(builder: Any, function: Callable[..., Any], given: Sequence[Any]) -> Value:
    """Return a function of the module ``math`` of its arguments."""
    values = [number(v) for v in given]
    if function is math.pow and len(values) == 2:
        return _power(builder, *values)
    if len(values) != 1 or not (function in _INTRINSICS or function in _FUNCTIONS):
        raise UnsupportedError(f"math.{function.__name__}")
    (a,) = values
    if a.kind.is_integer and function in _TO_INTEGER:
        return Value(int64, cast(builder, a, int64))
    kind = a.kind if a.kind.is_float else float64
    value = cast(builder, a, kind)
    if function in _INTRINSICS:
        return _intrinsic(builder, _INTRINSICS[function], kind, [value])
    name = _FUNCTIONS[function] + ("f" if kind == float32 else "")
    made = Value(kind, builder.call(_pure(builder.module, name, kind(kind)), [value]))
    return Value(int64, cast(builder, made, int64)) if function in _TO_INTEGER else made


def _pure(module: Any, name: str, signature: Signature) -> Any:
    """Return a C function without side effects."""
    made = module.globals.get(name)
    if made is None:
        kind = ir.FunctionType(signature.gives.llvm, [k.llvm for k in signature.takes])
        made = ir.Function(module, kind, name)
        made.attributes.add("readonly")
        made.attributes.add("nounwind")
    return made
