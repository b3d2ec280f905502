"""What goes into a plan and comes out of it: copied, with 0 in the place of what is no number."""

from .plan.player import PLAN
from .simd.embed import embed
from .simd.fields import Fields
from .simd.finite import emit_copy
from .simd.lanes import Lanes, Value

__all__ = ["give", "point", "take"]


def _emit_take(
    lanes: Lanes, plan: Value, ins: Value, offset: Value, frames: Value, bad: Value
) -> None:
    builder, p = lanes.builder, Fields(lanes, plan, PLAN)
    none, targets = lanes.index(0), p.pointer("ins")
    given = builder.icmp_signed("!=", ins, none)
    with lanes.loop(p["in_count"]) as c:
        source, target = lanes.cell(none), lanes.word(targets, c)
        with lanes.when(given):
            source.value = lanes.word(lanes.pointer(ins), c)
        heard = builder.icmp_signed("!=", source.value, none)
        with builder.if_else(heard) as (sound, silence):
            with sound:
                begin = lanes.plus(source.value, lanes.times(offset, 4))
                emit_copy(lanes, target, begin, frames, bad)
            with silence:
                lanes.clear(lanes.pointer(target), lanes.times(frames, 4))


def _emit_give(
    lanes: Lanes, plan: Value, outs: Value, offset: Value, frames: Value, bad: Value
) -> None:
    p = Fields(lanes, plan, PLAN)
    sources = p.pointer("outs")
    with lanes.loop(p["out_count"]) as c:
        target = lanes.plus(lanes.word(lanes.pointer(outs), c), lanes.times(offset, 4))
        emit_copy(lanes, target, lanes.word(sources, c), frames, bad)


def _emit_point(lanes: Lanes, targets: Value, sources: Value, count: Value, offset: Value) -> None:
    into, out_of, step = lanes.pointer(targets), lanes.pointer(sources), lanes.times(offset, 4)
    with lanes.loop(count) as c:
        lanes.put_word(lanes.plus(lanes.word(out_of, c), step), into, c)


take = embed("take", 5, _emit_take)
"""``take(plan, ins, offset, frames, bad)``: bring the engine's input to a plan.

``ins`` lists the channels; where it is 0, or one of them is, there is silence.  ``bad`` is where
samples that are no numbers are counted.
"""

give = embed("give", 5, _emit_give)
"""``give(plan, outs, offset, frames, bad)``: bring a plan's output to the engine's."""

point = embed("point", 4, _emit_point)
"""``point(targets, sources, count, offset)``: list ``count`` channels from a frame on."""
