"""Many delay lines over a run of up to 32 frames, vectorised over time: taps, all-passes, networks.

A ring has a power of two of float32, and its first ``AGAIN`` again after its end: a run of up to
32 frames is one piece of memory wherever it begins.  Runs are counted in frames since reset and do
not cross a multiple of 32.  Every line is a record that begins with five words::

    ring      address
    mask      frames of the ring minus 1
    back      delay in whole frames; below 0 where the delay or the gain moves
    gain      float64, rounded to float32 here
    slow      address of a kernel (line, frame, row, frames), called where ``back`` is below 0

and lies ``stride`` bytes after the one before.  Frames do not depend on each other, and nothing is
fused: the bits are the same wherever a run is cut, and for every number of lanes
(``NAMGRAPH_LANES``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..doubles import f64
from ..embed import embed
from ..lanes import Lanes, Value, f32

__all__ = ["AGAIN", "all_passes_run", "lines_in_run", "lines_out_run", "taps_run"]

ROW = 32
"""Frames of a row: the longest run, and the distance from one line's row to the next's."""
AGAIN = 64
"""Frames of the beginning of a ring that are kept after its end."""


@dataclass(frozen=True)
class _Run:
    """A run of ROW frames, or of ``frames``."""

    lanes: Lanes
    frames: Value
    whole: bool

    def load(self, place: Value) -> list[Value]:
        """Load the vectors of a run."""
        lanes, made = self.lanes, []
        for at in range(0, ROW, lanes.width):
            if self.whole:
                made.append(lanes.load(place, at))
            else:
                made.append(lanes.load_first(place, lanes.minus(self.frames, at), at))
        return made

    def store(self, row: list[Value], place: Value) -> None:
        """Store them."""
        lanes = self.lanes
        for value, at in zip(row, range(0, ROW, lanes.width), strict=True):
            if self.whole:
                lanes.store(value, place, at)
            else:
                lanes.store_first(value, place, lanes.minus(self.frames, at), at)


class _Line:
    """The line at an address, in a run that begins at ``frame``."""

    def __init__(self, run: _Run, address: Value, frame: Value) -> None:
        lanes = run.lanes
        self.run, self.lanes, self.frame, self.address = run, lanes, frame, address
        self._place = lanes.pointer(address)
        self.ring, self.mask = lanes.pointer(lanes.word(self._place, 0)), lanes.word(self._place, 1)
        self.back = lanes.word(self._place, 2)

    def gain(self) -> Value:
        """Return a vector of the gain."""
        lanes = self.lanes
        number = lanes.builder.load(lanes.words(self._place, 3), typ=f64)
        return lanes.splat(lanes.builder.fptrunc(number, f32))

    def read(self) -> list[Value]:
        """Load what was written ``back`` frames ago."""
        at = self.lanes.builder.and_(self.lanes.minus(self.frame, self.back), self.mask)
        return self.run.load(self.lanes.at(self.ring, at))

    def write(self, row: list[Value]) -> None:
        """Store a row in the ring, twice if that is its beginning."""
        builder, lanes = self.lanes.builder, self.lanes
        begin = builder.and_(self.frame, self.mask)
        here = lanes.at(self.ring, begin)
        self.run.store(row, here)
        with lanes.when(builder.icmp_signed("<", begin, lanes.index(AGAIN))):
            self.run.store(row, lanes.at(here, lanes.plus(self.mask, 1)))

    def either(self, row: Value, quick: Callable[[], None]) -> None:
        """Emit ``quick`` for a line at rest, and for others the call of its kernel."""
        builder, lanes = self.lanes.builder, self.lanes
        still = builder.icmp_signed(">=", self.back, lanes.index(0))
        with builder.if_else(still) as (rests, moves):
            with rests:
                quick()
            with moves:
                slow = lanes.word(self._place, 4)
                lanes.call_node(slow, self.address, self.frame, row, self.run.frames)


def _emit(lanes: Lanes, frames: Value, body: Callable[[_Run], None]) -> None:
    """Emit ``body`` for whole rows and for shorter runs."""
    whole = lanes.builder.icmp_signed("==", frames, lanes.index(ROW))
    with lanes.builder.if_else(whole) as (full, part):
        with full:
            body(_Run(lanes, frames, True))
        with part:
            body(_Run(lanes, frames, False))


def _emit_in_place(
    lanes: Lanes,
    made: Callable[[_Line, list[Value]], list[Value]],
    row: Value,
    lines: Value,
    count: Value,
    stride: Value,
    frame: Value,
    frames: Value,
) -> None:
    """Emit ``row = made(line, row)`` for one line after the other."""
    place = lanes.pointer(row)

    def body(run: _Run) -> None:
        with lanes.loop(count) as k:
            line = _Line(run, lanes.plus(lines, lanes.times(k, stride)), frame)
            line.either(row, lambda: run.store(made(line, run.load(place)), place))

    _emit(lanes, frames, body)


def _emit_taps(lanes: Lanes, *args: Value) -> None:
    def made(line: _Line, row: list[Value]) -> list[Value]:
        gain = line.gain()
        return [lanes.add(y, lanes.mul(gain, x)) for y, x in zip(row, line.read(), strict=True)]

    _emit_in_place(lanes, made, *args)


def _emit_all_passes(lanes: Lanes, *args: Value) -> None:
    def made(line: _Line, row: list[Value]) -> list[Value]:
        gain, held = line.gain(), line.read()
        pairs = zip(row, held, strict=True)
        inner = [lanes.sub(x, lanes.mul(gain, d)) for x, d in pairs]
        line.write(inner)
        return [lanes.add(d, lanes.mul(gain, w)) for d, w in zip(held, inner, strict=True)]

    _emit_in_place(lanes, made, *args)


def _emit_out(
    lanes: Lanes,
    rows: Value,
    lines: Value,
    count: Value,
    stride: Value,
    frame: Value,
    frames: Value,
) -> None:
    def body(run: _Run) -> None:
        with lanes.loop(count) as k:
            line = _Line(run, lanes.plus(lines, lanes.times(k, stride)), frame)
            row = lanes.plus(rows, lanes.times(k, 4 * ROW))

            def quick() -> None:
                gain = line.gain()
                run.store([lanes.mul(gain, x) for x in line.read()], lanes.pointer(row))

            line.either(row, quick)

    _emit(lanes, frames, body)


def _emit_in(
    lanes: Lanes,
    rows: Value,
    inputs: Value,
    lines: Value,
    count: Value,
    stride: Value,
    frame: Value,
    frames: Value,
) -> None:
    def body(run: _Run) -> None:
        with lanes.loop(count) as k:
            line = _Line(run, lanes.plus(lines, lanes.times(k, stride)), frame)
            row = run.load(lanes.pointer(lanes.plus(rows, lanes.times(k, 4 * ROW))))
            side = lanes.times(lanes.builder.and_(k, lanes.index(1)), 4 * ROW)
            fed = run.load(lanes.pointer(lanes.plus(inputs, side)))
            line.write([lanes.add(a, b) for a, b in zip(row, fed, strict=True)])

    _emit(lanes, frames, body)


taps_run: Any = embed("delays.taps", 6, _emit_taps)
"""``taps_run(row, lines, count, stride, frame, frames)``: add ``gain`` times the delayed signal of
each line to a row."""

all_passes_run: Any = embed("delays.all_passes", 6, _emit_all_passes)
"""``all_passes_run(row, lines, count, stride, frame, frames)``: filter a row in place by all-passes
in series: w = x - gain d is written to the line, y = d + gain w, with d the line's output."""

lines_out_run: Any = embed("delays.out", 6, _emit_out)
"""``lines_out_run(rows, lines, count, stride, frame, frames)``: read ``gain`` times each line into
its row."""

lines_in_run: Any = embed("delays.in", 7, _emit_in)
"""``lines_in_run(rows, inputs, lines, count, stride, frame, frames)``: write the sum of a row and
an input to each line; even lines have the first of two rows of inputs, odd ones the second."""
