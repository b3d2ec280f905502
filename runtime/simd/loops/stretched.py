"""Long chains of stretched first-order all-passes over a run of frames, emitted.

A stretched all-pass of K frames is (a + z^-K) / (1 + a z^-K).  Its output does not depend on the
K - 1 frames before: K of them are computed at once, in the lanes of a vector, one section after the
other.  Lane j belongs to the frames whose number is j modulo K, so that the bits are the same
wherever a run is cut.  Two signals are played side by side, each with its own a: a chain only
waits for itself.  Arithmetic and state are float32, by fused multiply-add where the processor has
it.
"""

from typing import Any

from llvmlite import ir

from ..doubles import f64
from ..embed import embed
from ..lanes import Lanes, Value, f32, i32

__all__ = ["LANES", "WIDE", "stretched_pair_run", "stretched_pair_run_wide"]

LANES, WIDE = 8, 32
"""The largest K of the two functions."""
SIGNALS, ROW = 2, 32


def _emit_stretched(
    lanes: Lanes,
    width: int,
    rows: Value,
    states: Value,
    gains: Value,
    sections: Value,
    stretch: Value,
    frame: Value,
    frames: Value,
) -> None:
    lanes = Lanes(lanes.builder, width, lanes.fused)
    builder, zero = lanes.builder, lanes.constant(0.0)
    kept, level_at = lanes.pointer(states), lanes.pointer(gains)
    plus = []
    for signal in range(SIGNALS):
        number = builder.load(
            builder.gep(level_at, [lanes.index(signal)], source_etype=f64), typ=f64
        )
        plus.append(lanes.splat(builder.fptrunc(number, f32)))
    minus = [lanes.neg(gain) for gain in plus]
    names = [f"llvm.masked.{what}.v{width}f32.p0" for what in ("load", "store")]
    align = ir.Constant(i32, 4)
    done, phase = lanes.cell(lanes.index(0)), lanes.cell(builder.srem(frame, stretch))
    head, body, after = (builder.append_basic_block(n) for n in ("head", "body", "after"))
    builder.branch(head)
    builder.position_at_end(head)
    builder.cbranch(builder.icmp_signed("<", done.value, frames), body, after)
    builder.position_at_end(body)
    first, left = phase.value, lanes.minus(frames, done.value)
    count = lanes.minus(stretch, first)
    count = builder.select(builder.icmp_signed("<", left, count), left, count)
    # The lanes of this round: from the phase on, as many as there are frames.
    inside = builder.and_(lanes.first(lanes.plus(first, count)), builder.not_(lanes.first(first)))
    begin = lanes.minus(done.value, first)
    places = [lanes.at(lanes.pointer(rows), lanes.plus(begin, ROW * k)) for k in range(SIGNALS)]
    x = [lanes.cell(lanes._call(names[0], lanes.vector, [p, align, inside, zero])) for p in places]
    with lanes.loop(sections) as section:
        for signal in range(SIGNALS):
            number = lanes.plus(lanes.times(section, SIGNALS), signal)
            here = lanes.at(kept, lanes.times(number, width))
            state, now = lanes.load(here), x[signal].value
            y = lanes.fma(plus[signal], now, state)
            new = lanes.fma(minus[signal], y, now)
            lanes.store(lanes.where(inside, new, state), here)
            x[signal].value = y
    for place, value in zip(places, x, strict=True):
        lanes._call(names[1], ir.VoidType(), [value.value, place, align, inside])
    done.value = lanes.plus(done.value, count)
    phase.value = lanes.index(0)
    builder.branch(head)
    builder.position_at_end(after)


def _emit_narrow(lanes: Lanes, *args: Value) -> None:
    _emit_stretched(lanes, LANES, *args)


def _emit_wide(lanes: Lanes, *args: Value) -> None:
    _emit_stretched(lanes, WIDE, *args)


stretched_pair_run: Any = embed("stretched_pair_run", 7, _emit_narrow)
"""``stretched_pair_run(rows, states, gains, sections, stretch, frame, frames)``: filter two rows of
32 float32 in place by ``sections`` all-passes each, stretched to ``stretch`` frames, 1 to 8.

``states`` is the address of 8 float32 per section and row, ``gains`` that of a float64 per row,
``frame`` the number of the first frame since reset."""

stretched_pair_run_wide: Any = embed("stretched_pair_run_wide", 7, _emit_wide)
"""The same with 32 float32 per section and row, for ``stretch`` up to 32."""
