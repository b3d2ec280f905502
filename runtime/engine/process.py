"""The engine's native callback: one call for each block.  Audio thread."""

import numpy as np

from ..native.abi import NODE, native
from ..native.cpu import cycles, restore_floats, set_flush_to_zero
from ..native.pointers import (
    call_node,
    element,
    load,
    load_acquire,
    record,
    store,
    store_release,
)
from ..plan.records import PLAN
from ..simd.embed import embed
from ..simd.fields import Fields
from ..simd.finite import emit_copy
from ..simd.lanes import Lanes, Value
from .messages.message_queue import MESSAGE, NOW, Message
from .records import ENGINE, TRACE

__all__ = [
    "copy_in",
    "copy_out",
    "offset_pointers",
    "post_param",
    "process",
    "publish",
    "render_blocks",
]

PARAM_MESSAGE = int(Message.PARAM)


def _emit_copy_in(
    lanes: Lanes, plan: Value, ins: Value, offset: Value, frames: Value, bad: Value
) -> None:
    builder, p = lanes.builder, Fields(lanes, plan, PLAN)
    none, targets = lanes.index(0), p.pointer("ins")
    given = builder.icmp_signed("!=", ins, none)
    with lanes.loop(p["in_count"]) as c:
        source, target = lanes.cell(none), lanes.word(targets, c)
        with lanes.when(given):
            source.value = lanes.word(lanes.pointer(ins), c)
        has_input = builder.icmp_signed("!=", source.value, none)
        with builder.if_else(has_input) as (sound, silence):
            with sound:
                begin = lanes.plus(source.value, lanes.times(offset, 4))
                emit_copy(lanes, target, begin, frames, bad)
            with silence:
                lanes.clear(lanes.pointer(target), lanes.times(frames, 4))


def _emit_copy_out(
    lanes: Lanes, plan: Value, outs: Value, offset: Value, frames: Value, bad: Value
) -> None:
    p = Fields(lanes, plan, PLAN)
    sources = p.pointer("outs")
    with lanes.loop(p["out_count"]) as c:
        target = lanes.plus(lanes.word(lanes.pointer(outs), c), lanes.times(offset, 4))
        emit_copy(lanes, target, lanes.word(sources, c), frames, bad)


def _emit_offset_pointers(
    lanes: Lanes, targets: Value, sources: Value, count: Value, offset: Value
) -> None:
    into, out_of, step = lanes.pointer(targets), lanes.pointer(sources), lanes.times(offset, 4)
    with lanes.loop(count) as c:
        lanes.put_word(lanes.plus(lanes.word(out_of, c), step), into, c)


copy_in = embed("copy_in", 5, _emit_copy_in)
"""``copy_in(plan, ins, offset, frames, bad)``: copy the engine's input into a plan.

``ins`` lists ``float*``; a 0, for the list or for a channel, is silence.  Samples that are not
finite become 0, and are counted at ``bad``.
"""

copy_out = embed("copy_out", 5, _emit_copy_out)
"""``copy_out(plan, outs, offset, frames, bad)``: copy a plan's output to the engine's."""

offset_pointers = embed("offset_pointers", 4, _emit_offset_pointers)
"""``offset_pointers(targets, sources, count, offset)``: add ``offset`` frames to each pointer."""


@native("void(int64, int64)")
def publish(counter: int, value: int) -> None:
    """Store ``value`` with release order: all that was written before is visible to its reader."""
    store_release(counter, value)


@native("int64(int64, int64, int64, float64, int64)")
def post_param(engine: int, at: int, index: int, value: float, plan: int) -> int:
    """Write one PARAM message to the ring; return 0, and write nothing, where it may not fit.

    Control threads, under the lock of the queue; ``Ring`` is the same in Python.
    """
    e = record(engine, ENGINE)
    written, read = load(e.counters, 0), load_acquire(e.counters + 64)
    waiting = written - read
    if waiting >= e.slot_count or (at != NOW and e.pending_count + waiting >= e.slot_count):
        return 0
    m = element(e.slots, written & (e.slot_count - 1), MESSAGE)
    m.kind, m.at, m.index, m.value, m.plan = PARAM_MESSAGE, at, index, value, plan
    store_release(e.counters, written + 1)
    return 1


@native(NODE)
def process(engine: int, ins: int, outs: int, frames: int) -> None:
    """Play one block; with 0 frames, only read messages.  The state is an ``ENGINE`` record."""
    saved = set_flush_to_zero()
    begun = cycles()
    e = record(engine, ENGINE)
    longest = record(e.plan, PLAN).max_frames
    done = 0
    while done < frames or frames == 0:
        left = frames - done
        n = left if left < longest else longest
        if e.pending_count > 0 or load_acquire(e.counters) != load(e.counters, 8):
            call_node(e.handle_messages, engine, 0, 0, np.int32(n))
            n = e.frames_until_event
        if frames == 0:  # a call that only reads messages
            break
        if e.fade_left > 0:  # what begins after a crossfade begins at that frame
            n = min(np.int64(n), e.fade_left)
        copy_in(e.plan, ins, done, n, e.counts)
        call_node(e.walk, e.plan, e.timed, np.int64(done == 0), np.int32(n))
        if e.fade_left > 0 or e.tail != 0:  # an old plan still sounds
            call_node(e.crossfade, engine, ins, done, np.int32(n))
        copy_out(e.plan, outs, done, n, e.counts + 8)
        e.frame += n
        done += n
    if frames > 0:
        store(e.trace, e.blocks & (TRACE - 1), cycles() - begun)
        e.blocks += 1
    restore_floats(saved)


@native("void(int64, int64, int64, int64, int64)")
def render_blocks(engine: int, ins: int, outs: int, frames: int, block: int) -> None:
    """Play many blocks in one call, without the GIL."""
    e = record(engine, ENGINE)
    # Read once: a swap keeps the channel counts, and may free the plan they were read from.
    in_count, out_count = record(e.plan, PLAN).in_count, record(e.plan, PLAN).out_count
    done = 0
    while done < frames:
        left = frames - done
        n = left if left < block else block
        outputs = e.channels + 8 * in_count
        offset_pointers(e.channels, ins, in_count, done)
        offset_pointers(outputs, outs, out_count, done)
        call_node(e.process, engine, e.channels, outputs, np.int32(n))
        done += n
