"""Emit vector LLVM IR on float32 lanes; ``emitter.py`` has the scalar part.

A ``Lanes`` emits into one function, with vectors of one width.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from ..native.host import fuses, registers
from .emitter import Cell, Emitter, Value, f32, i32, i64, pointer

__all__ = ["Cell", "Lanes", "Value", "f32", "i32", "i64", "pointer"]


class Lanes(Emitter):
    """Emits instructions on vectors of ``width`` float32 lanes.

    ``registers`` is the number of vectors that may be live at once; ``fused`` whether ``fma`` is
    one instruction.  Operands are vectors; arithmetic accepts scalar float32 as well.
    """

    def __init__(self, builder: Any, width: int, fused: bool | None = None) -> None:
        super().__init__(builder)
        self.width = width
        self.registers = registers(width)
        self.fused = fuses() if fused is None else fused
        self.vector = ir.VectorType(self.number, width)

    # ---- memory --------------------------------------------------------------------------------

    def load(self, place: Value, offset: int | Value = 0, align: int = 4) -> Value:
        """Load a vector from a pointer plus ``offset`` samples; ``align`` is in bytes."""
        return self.builder.load(self.at(place, offset), align=align, typ=self.vector)

    def store(self, value: Value, place: Value, offset: int | Value = 0, align: int = 4) -> None:
        """Store a vector to a pointer plus ``offset`` samples."""
        self.builder.store(value, self.at(place, offset), align=align)

    def load_first(self, place: Value, count: Value, offset: int | Value = 0) -> Value:
        """Load the first ``count`` (0 to width) lanes, nothing after them; the others are 0."""
        args = [self.at(place, offset), ir.Constant(i32, 4), self.first(count), self.constant(0.0)]
        name = f"llvm.masked.load.{self._suffix(self.vector)}.p0"
        return self._call(name, self.vector, args)

    def store_first(
        self, value: Value, place: Value, count: Value, offset: int | Value = 0
    ) -> None:
        """Store the first ``count`` (0 to width) lanes and nothing after them."""
        args = [value, self.at(place, offset), ir.Constant(i32, 4), self.first(count)]
        self._call(f"llvm.masked.store.{self._suffix(self.vector)}.p0", ir.VoidType(), args)

    def first(self, count: Value) -> Value:
        """Return the mask of the first ``count`` lanes."""
        kind = ir.VectorType(i32, self.width)
        number = self.builder.trunc(self.index(count), i32)
        return self.builder.icmp_signed(
            "<", ir.Constant(kind, list(range(self.width))), self._splat(number, kind)
        )

    def broadcast(self, place: Value, offset: int | Value = 0) -> Value:
        """Load one sample into all lanes."""
        return self.splat(self.load_number(place, offset))

    def prefetch(self, place: Value) -> None:
        """Begin to load the cache line at a pointer into the L2 cache; any address will do."""
        args = [place, *(ir.Constant(i32, n) for n in (0, 2, 1))]  # to read, L2, data
        self._call("llvm.prefetch.p0", ir.VoidType(), args)

    # ---- vectors -------------------------------------------------------------------------------

    def constant(self, numbers: float | Sequence[float]) -> Value:
        """Return a constant vector: one number in all lanes, or one for each lane."""
        if not isinstance(numbers, Sequence):
            numbers = [numbers] * self.width
        return ir.Constant(self.vector, [ir.Constant(self.number, float(n)) for n in numbers])

    def splat(self, number: Value) -> Value:
        """Return a vector with one number in all lanes."""
        return self._splat(number, self.vector)

    def _splat(self, number: Value, kind: Any) -> Value:
        none = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(none, number, ir.Constant(i32, 0))
        mask = ir.Constant(ir.VectorType(i32, self.width), [0] * self.width)
        return self.builder.shuffle_vector(one, none, mask)

    def lane(self, vector: Value, number: int) -> Value:
        """Return one lane as a number."""
        return self.builder.extract_element(vector, ir.Constant(i32, number))

    def shuffle(self, a: Value, b: Value, lanes: Sequence[int]) -> Value:
        """Return lanes of ``a`` (numbers 0 to width - 1) and ``b`` (from width on)."""
        mask = ir.Constant(ir.VectorType(i32, len(lanes)), [int(n) for n in lanes])
        return self.builder.shuffle_vector(a, b, mask)

    def spread(self, vector: Value, number: int) -> Value:
        """Return a vector with one lane of ``vector`` in all lanes."""
        return self.shuffle(vector, vector, [number] * self.width)

    def add(self, a: Value, b: Value) -> Value:
        """Return ``a + b``."""
        return self.builder.fadd(a, b)

    def sub(self, a: Value, b: Value) -> Value:
        """Return ``a - b``."""
        return self.builder.fsub(a, b)

    def mul(self, a: Value, b: Value) -> Value:
        """Return ``a * b``."""
        return self.builder.fmul(a, b)

    def div(self, a: Value, b: Value) -> Value:
        """Return ``a / b``, correctly rounded."""
        return self.builder.fdiv(a, b)

    def neg(self, a: Value) -> Value:
        """Return ``-a``."""
        return self.builder.fneg(a)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """Return ``a * b + c``, rounded once if the host has fused multiply-add, else twice."""
        if not self.fused:
            return self.add(self.mul(a, b), c)
        return self._call(f"llvm.fma.{self._suffix(a.type)}", a.type, [a, b, c])

    def min(self, a: Value, b: Value) -> Value:
        """Return the smaller; ``b`` where either is NaN (as ``vminps`` has it)."""
        return self.builder.select(self.builder.fcmp_ordered("<", a, b), a, b)

    def max(self, a: Value, b: Value) -> Value:
        """Return the larger; ``b`` where either is NaN (as ``vmaxps`` has it)."""
        return self.builder.select(self.builder.fcmp_ordered(">", a, b), a, b)

    def abs(self, a: Value) -> Value:
        """Return the magnitude."""
        return self._call(f"llvm.fabs.{self._suffix(a.type)}", a.type, [a])

    def sqrt(self, a: Value) -> Value:
        """Return the square root, correctly rounded."""
        return self._call(f"llvm.sqrt.{self._suffix(a.type)}", a.type, [a])

    def nearest(self, a: Value) -> Value:
        """Return the nearest integer, as a float."""
        return self._call(f"llvm.rint.{self._suffix(a.type)}", a.type, [a])

    def where(self, mask: Value, a: Value, b: Value) -> Value:
        """Return ``a`` in the lanes where the mask is set, ``b`` in the others."""
        return self.builder.select(mask, a, b)

    def above(self, a: Value, b: Value) -> Value:
        """Return the mask of ``a > b`` (false for NaN)."""
        return self.builder.fcmp_ordered(">", a, b)

    def total(self, vector: Value) -> Value:
        """Return the sum of all lanes, by halves: a fixed order, so the result is reproducible."""
        count = self.width
        while count > 1:
            count //= 2
            low = self.shuffle(vector, vector, range(count))
            high = self.shuffle(vector, vector, range(count, 2 * count))
            vector = self.add(low, high)
        return self.builder.extract_element(vector, ir.Constant(i32, 0))

    def _suffix(self, kind: Any) -> str:
        """Return the ending of the name of an LLVM intrinsic for a type."""
        name = {"float": "f32", "double": "f64"}
        if isinstance(kind, ir.VectorType):
            return f"v{kind.count}{name[str(kind.element)]}"
        return name[str(kind)]

    def _call(self, name: str, result: Any, args: Sequence[Value]) -> Value:
        module = self.builder.module
        kind = ir.FunctionType(result, [a.type for a in args])
        function = module.globals.get(name) or ir.Function(module, kind, name)
        return self.builder.call(function, args)
