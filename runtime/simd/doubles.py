"""Emit vector LLVM IR on float64 lanes."""

from typing import Any

from llvmlite import ir

from .lanes import Lanes, Value, f32, i64

__all__ = ["Doubles", "f64"]

f64 = ir.DoubleType()


class Doubles(Lanes):
    """Emits what ``Lanes`` does on vectors of float64; offsets count float64.

    ``Doubles.beside(lanes)`` has half the lanes, so that a vector fills the same register.
    """

    number: Any = f64

    @classmethod
    def beside(cls, lanes: Lanes) -> "Doubles":
        """Return an emitter into the same function, with as many float64 as fit in a vector."""
        return cls(lanes.builder, lanes.width // 2, lanes.fused)

    def bits(self, vector: Value) -> Value:
        """Return the bits of every lane as int64."""
        return self.builder.bitcast(vector, ir.VectorType(i64, self.width))

    def from_bits(self, bits: Value) -> Value:
        """Return int64 lanes, taken as the bits of float64."""
        return self.builder.bitcast(bits, self.vector)

    def whole(self, number: int) -> Value:
        """Return a constant vector with one int64 in all lanes."""
        return ir.Constant(ir.VectorType(i64, self.width), [number] * self.width)

    def splat_whole(self, number: Value) -> Value:
        """Return a vector with one int64 in all lanes."""
        return self._splat(number, ir.VectorType(i64, self.width))

    def narrow(self, vector: Value) -> Value:
        """Return the lanes rounded to float32."""
        return self.builder.fptrunc(vector, ir.VectorType(f32, self.width))

    def widen(self, vector: Value) -> Value:
        """Return float32 lanes as float64."""
        return self.builder.fpext(vector, self.vector)

    def delayed(self, before: Value, now: Value) -> Value:
        """Return ``now`` one lane later, its first lane the last one of ``before``."""
        return self.shuffle(before, now, range(self.width - 1, 2 * self.width - 1))
