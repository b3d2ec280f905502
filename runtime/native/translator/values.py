"""Values of a kernel while it is translated, and conversions between kinds of numbers.

The rules of types are Numba's, so that both compilers give the same bits.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir

from ..kinds import KINDS, Kind, boolean, float64, int32, int64, uint64

__all__ = [
    "Constant",
    "Numbers",
    "Record",
    "UnsupportedError",
    "Value",
    "arithmetic_kind",
    "cast",
    "common_kind",
    "kind_of_dtype",
    "number",
]

LARGEST = (1 << 63) - 1


class UnsupportedError(Exception):
    """Something that is left to Numba, which compiles it or tells what is wrong with it."""


@dataclass(frozen=True)
class Record:
    """The kind of a record at an address."""

    dtype: Any
    llvm = ir.IntType(64)


@dataclass(frozen=True)
class Numbers:
    """The kind of consecutive numbers at an address."""

    kind: Kind
    llvm = ir.IntType(64)


@dataclass(frozen=True)
class Value:
    """A number, or the address of a record or of numbers, in an LLVM value."""

    kind: Any
    llvm: Any
    known: bool | None = None
    """Whether it is true, if Numba knows it as a condition: an operator between constants."""


@dataclass(frozen=True)
class Constant:
    """A Python object that is known before the kernel runs: a number, function, dtype, module."""

    value: Any


def kind_of_dtype(dtype: Any) -> Kind:
    """Return the kind of numbers of a NumPy dtype."""
    try:
        made = np.dtype(dtype)
    except TypeError as error:
        raise UnsupportedError(str(error)) from None
    if made.subdtype is None and made.isnative and made.name != "bool" and made.name in KINDS:
        return KINDS[made.name]
    raise UnsupportedError(f"numbers of {made}")


def number(given: Any) -> Value:
    """Return a number as a value, with the kind that Numba gives to constants."""
    if isinstance(given, Value):
        if isinstance(given.kind, Kind):
            return given
        raise UnsupportedError("an address as a number")
    value = given.value if isinstance(given, Constant) else given
    if isinstance(value, bool | np.bool_):
        return Value(boolean, ir.Constant(boolean.llvm, int(value)))
    if isinstance(value, np.integer | np.floating):
        kind = kind_of_dtype(value.dtype)
        return Value(kind, ir.Constant(kind.llvm, value.item()))
    if type(value) is int and -LARGEST <= value <= 2 * LARGEST + 1:
        kind = int64 if value <= LARGEST else uint64
        return Value(kind, ir.Constant(kind.llvm, value))
    if type(value) is float:
        return Value(float64, ir.Constant(float64.llvm, value))
    raise UnsupportedError(f"a constant {type(value).__name__}")


def common_kind(a: Kind, b: Kind) -> Kind:
    """Return the kind of a variable that is one of two kinds."""
    if a == b:
        return a
    if a.letter == b.letter:
        return a if a.bits > b.bits else b
    if {a.letter, b.letter} == {"i", "f"} and min(a.bits, b.bits) >= 32:
        return float64
    raise UnsupportedError(f"{a.name} or {b.name}")


def arithmetic_kind(a: Kind, b: Kind) -> Kind:
    """Return the kind of a sum of two numbers."""
    if a.is_float and b.is_float:
        return a if a.bits > b.bits else b
    if a.is_float or b.is_float:
        other = b if a.is_float else a
        if other.bits < 32:
            raise UnsupportedError("short integers or booleans with floats")
        return float64
    return uint64 if a.letter == b.letter == "u" else int64


def cast(builder: Any, given: Value, kind: Kind) -> Any:
    """Return the LLVM value of a number, converted to a kind."""
    have, value = given.kind, given.llvm
    if have == kind:
        return value
    if kind == boolean:
        zero = ir.Constant(value.type, 0)
        compare = builder.fcmp_unordered if have.is_float else builder.icmp_unsigned
        return compare("!=", value, zero)
    if kind.is_float:
        if have.is_float:
            wider = kind.bits > have.bits
            return (builder.fpext if wider else builder.fptrunc)(value, kind.llvm)
        signed = have.letter == "i"
        return (builder.sitofp if signed else builder.uitofp)(value, kind.llvm)
    if have.is_float:
        if kind not in (int32, int64):
            raise UnsupportedError(f"{have.name} as {kind.name}")
        return builder.fptosi(value, kind.llvm)
    if kind.bits == have.bits:
        return value
    if kind.bits < have.bits:
        return builder.trunc(value, kind.llvm)
    return (builder.sext if have.letter == "i" else builder.zext)(value, kind.llvm)
