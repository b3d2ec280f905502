"""Kinds of numbers in kernels: the types of C functions, of intrinsics and of translated code.

``int64(int64, float64)`` is a signature: a result and the kinds of its arguments.  Numba's own
types are made of them only where Numba compiles.
"""

from dataclasses import dataclass
from typing import Any

from llvmlite import ir

__all__ = ["KINDS", "Kind", "Signature", "boolean", "void"]

_LLVM = {"float32": ir.FloatType(), "float64": ir.DoubleType(), "void": ir.VoidType()}


@dataclass(frozen=True)
class Kind:
    """A kind of number; ``letter`` is ``i`` or ``u`` (unsigned), ``f``, ``b`` or ``v`` (void)."""

    name: str
    letter: str
    bits: int

    @property
    def llvm(self) -> Any:
        """The type in LLVM."""
        return _LLVM.get(self.name) or ir.IntType(self.bits)

    @property
    def is_integer(self) -> bool:
        """Whether it is a signed or unsigned integer; a boolean is none."""
        return self.letter in "iu"

    @property
    def is_float(self) -> bool:
        """Whether it is a floating-point number."""
        return self.letter == "f"

    def __call__(self, *takes: Any) -> "Signature":
        """Return the signature of a function that returns this kind."""
        return Signature(self, takes)


@dataclass(frozen=True)
class Signature:
    """The result and the arguments of a function."""

    gives: Any
    takes: tuple[Any, ...]


boolean = Kind("boolean", "b", 1)
void = Kind("void", "v", 0)
int8, int16, int32, int64 = (Kind(f"int{bits}", "i", bits) for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (Kind(f"uint{bits}", "u", bits) for bits in (8, 16, 32, 64))
float32, float64 = (Kind(f"float{bits}", "f", bits) for bits in (32, 64))
KINDS = {
    kind.name: kind
    for kind in (
        *(int8, int16, int32, int64, uint8, uint16, uint32, uint64),
        *(float32, float64, boolean, void),
    )
}
"""Every kind, by the name that Numba and NumPy give it."""
