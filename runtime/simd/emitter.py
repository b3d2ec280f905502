"""Emit scalar LLVM IR: integers, memory access, loops, variables.  ``lanes.py`` adds vectors.

Methods append instructions to the function being emitted and return LLVM values: a Python ``for``
loop emits unrolled code, ``with emitter.loop(n) as i`` emits a loop.  Counts and offsets may be
Python ints or int64 values.  A variable that changes in a loop is a ``Cell``, which LLVM keeps in a
register.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from ..native.pointers import call_memory

__all__ = ["Cell", "Emitter", "Value", "f32", "i32", "i64", "pointer"]

Value = Any
"""An LLVM value (llvmlite has no type annotations)."""

f32, i32, i64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
pointer = ir.PointerType()


class Cell:
    """A variable: read and assign ``value``."""

    def __init__(self, emitter: "Emitter", kind: Any, first: Value) -> None:
        self._builder, self._kind = emitter.builder, kind
        with self._builder.goto_entry_block():  # where LLVM's mem2reg pass looks
            self._place = self._builder.alloca(kind)
        self.value = first

    @property
    def value(self) -> Value:
        """The value assigned last."""
        return self._builder.load(self._place, typ=self._kind)

    @value.setter
    def value(self, new: Value) -> None:
        self._builder.store(new, self._place)


class Emitter:
    """Emits scalar instructions through an llvmlite ``builder``.

    ``number`` is the type of the samples in memory: float32, float64 in ``doubles.py``.
    """

    number: Any = f32

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    # ---- integers ------------------------------------------------------------------------------

    def index(self, number: int | Value) -> Value:
        """Return a Python int as an int64 value, and values unchanged."""
        return ir.Constant(i64, number) if isinstance(number, int) else number

    def plus(self, a: int | Value, b: int | Value) -> Value:
        """Add two int64."""
        return self.builder.add(self.index(a), self.index(b))

    def minus(self, a: int | Value, b: int | Value) -> Value:
        """Subtract two int64."""
        return self.builder.sub(self.index(a), self.index(b))

    def times(self, a: int | Value, b: int | Value) -> Value:
        """Multiply two int64."""
        return self.builder.mul(self.index(a), self.index(b))

    # ---- memory --------------------------------------------------------------------------------

    def pointer(self, address: Value) -> Value:
        """Convert an int64 address to a pointer."""
        return self.builder.inttoptr(address, pointer)

    def at(self, place: Value, offset: int | Value) -> Value:
        """Return a pointer plus ``offset`` samples."""
        if isinstance(offset, int) and offset == 0:
            return place
        offset = self.index(offset)
        return self.builder.gep(place, [offset], inbounds=True, source_etype=self.number)

    def word(self, place: Value, number: int | Value) -> Value:
        """Load int64 number ``number`` after a pointer."""
        return self.builder.load(self.words(place, number), typ=i64)

    def put_word(self, value: int | Value, place: Value, number: int | Value) -> None:
        """Store an int64 as number ``number`` after a pointer."""
        self.builder.store(self.index(value), self.words(place, number))

    def words(self, place: Value, number: int | Value) -> Value:
        """Return a pointer plus ``number`` int64."""
        return self.builder.gep(place, [self.index(number)], inbounds=True, source_etype=i64)

    def load_number(self, place: Value, offset: int | Value = 0) -> Value:
        """Load one sample."""
        return self.builder.load(self.at(place, offset), align=4, typ=self.number)

    def store_number(self, value: Value, place: Value, offset: int | Value = 0) -> None:
        """Store one sample."""
        self.builder.store(value, self.at(place, offset), align=4)

    def clear(self, place: Value, size: Value) -> None:
        """Set ``size`` bytes to zero."""
        call_memory(self.builder, "memset", place, ir.Constant(ir.IntType(8), 0), size)

    def copy(self, target: Value, source: Value, size: Value) -> None:
        """Copy ``size`` bytes between ranges that do not overlap."""
        call_memory(self.builder, "memcpy", target, source, size)

    def move(self, target: Value, source: Value, size: Value) -> None:
        """Copy ``size`` bytes between ranges that may overlap."""
        call_memory(self.builder, "memmove", target, source, size)

    # ---- control -------------------------------------------------------------------------------

    def cell(self, first: Value) -> Cell:
        """Return a variable that starts as ``first``."""
        return Cell(self, first.type, first)

    @contextmanager
    def loop(
        self, stop: int | Value, start: int | Value = 0, step: int | Value = 1
    ) -> Iterator[Value]:
        """Emit a loop whose index runs from ``start`` while it is below ``stop``."""
        builder, counter = self.builder, self.cell(self.index(start))
        head, body, after = (builder.append_basic_block(n) for n in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        index = counter.value
        builder.cbranch(builder.icmp_signed("<", index, self.index(stop)), body, after)
        builder.position_at_end(body)
        yield index
        counter.value = self.plus(index, step)
        builder.branch(head)
        builder.position_at_end(after)

    def staggered(
        self, stages: int, frames: Value, together: bool = True
    ) -> Iterator[list[tuple[int, Value]]]:
        """Emit a loop over ``frames`` in which each stage is one frame behind the one before it.

        Yields lists of ``(stage, frame)`` whose code is to be emitted, the last stage first: it
        takes what the stage before made in the previous turn.  Those of a list do not wait for
        each other; ``together`` makes one list of a whole turn, besides those of one stage each
        for the first and last turns, which is twice the code.
        """
        if stages == 1:
            with self.loop(frames) as t:
                yield [(0, t)]
            return
        builder, behind = self.builder, self.index(stages - 1)
        with self.loop(self.plus(frames, behind)) as turn:
            steps = [(stage, self.minus(turn, stage)) for stage in reversed(range(stages))]
            if not together:
                yield from self._one_by_one(steps, frames)
                return
            begun = builder.icmp_signed(">=", turn, behind)
            whole = builder.and_(begun, builder.icmp_signed("<", turn, frames))
            with builder.if_else(whole, likely=True) as (steady, ends):
                with steady:
                    yield steps
                with ends:
                    yield from self._one_by_one(steps, frames)

    def _one_by_one(
        self, steps: Sequence[tuple[int, Value]], frames: Value
    ) -> Iterator[list[tuple[int, Value]]]:
        for stage, frame in steps:
            with self.when(self.builder.icmp_unsigned("<", frame, frames)):
                yield [(stage, frame)]

    def interleave(self, *emits: Callable[[], Any]) -> list[Any]:
        """Emit code that does not depend on each other, in turn instead of one after another.

        Compiler and processor look ahead a hundred instructions or so: one chain fills the gaps
        where another waits for its own results only if the two are next to each other.  Each part
        must stay in the current basic block.
        """
        block, made, parts = self.builder.block, [], []
        begin = len(block.instructions)
        for emit in emits:
            made.append(emit())
            parts.append(block.instructions[begin:])
            del block.instructions[begin:]
        places = [
            ((n + 0.5) / len(part), number, step)
            for number, part in enumerate(parts)
            for n, step in enumerate(part)
        ]
        block.instructions.extend(step for *_, step in sorted(places, key=lambda at: at[:2]))
        self.builder.position_at_end(block)
        return made

    def call_node(self, kernel: Value, state: Value, ins: Value, outs: Value, n: Value) -> None:
        """Call the kernel at an int64 address for ``n`` (an int64) frames."""
        kind = ir.FunctionType(ir.VoidType(), [i64, i64, i64, i32])
        function = self.builder.inttoptr(kernel, kind.as_pointer())
        self.builder.call(function, [state, ins, outs, self.builder.trunc(n, i32)])

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Emit a branch that runs only if ``condition`` (an i1) holds."""
        with self.builder.if_then(condition):
            yield
