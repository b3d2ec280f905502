"""The engine's inside: what runs on the audio thread, once a block, as one native call."""

import numpy as np
from numba import types

from ..ends import give, point, take
from ..native.abi import NODE, native
from ..native.cpu import cycles, restore_floats, set_flush_to_zero
from ..native.pointers import call_node, load, load_acquire, record, store, store_release
from ..plan.player import PLAN
from .message_handler import ENGINE, TRACE

__all__ = ["process", "publish", "render_blocks"]


@native(types.void(types.int64, types.int64))
def publish(counter: int, value: int) -> None:
    """Make everything written so far visible to the thread that reads ``counter``."""
    store_release(counter, value)


@native(NODE)
def process(engine: int, ins: int, outs: int, frames: int) -> None:
    """Play one block: a kernel whose state is the engine, for a sound card, a shim or a plan."""
    saved = set_flush_to_zero()
    begun = cycles()
    e = record(engine, ENGINE)
    longest = record(e.plan, PLAN).max_frames
    done = 0
    while done < frames or frames == 0:
        left = frames - done
        n = left if left < longest else longest
        if e.pending_count > 0 or load_acquire(e.counters) != load(e.counters, 8):
            call_node(e.attend, engine, 0, 0, np.int32(n))
            n = e.granted
        if frames == 0:  # only the messages were wanted
            break
        take(e.plan, ins, done, n, e.counts)
        call_node(e.walk, e.plan, e.timed, np.int64(done == 0), np.int32(n))
        if e.fade_left > 0 or e.ringing != 0:  # another plan is still heard
            call_node(e.fade, engine, ins, done, np.int32(n))
        give(e.plan, outs, done, n, e.counts + 8)
        e.frame += n
        done += n
    if frames > 0:
        store(e.trace, e.blocks & (TRACE - 1), cycles() - begun)
        e.blocks += 1
    restore_floats(saved)


@native(types.void(types.int64, types.int64, types.int64, types.int64, types.int64))
def render_blocks(engine: int, ins: int, outs: int, frames: int, block: int) -> None:
    """Play many blocks in one call; the GIL is free all the while."""
    e = record(engine, ENGINE)
    # Read once: a swap keeps the ends, and may free the plan that they were read from.
    in_count, out_count = record(e.plan, PLAN).in_count, record(e.plan, PLAN).out_count
    done = 0
    while done < frames:
        left = frames - done
        n = left if left < block else block
        outputs = e.channels + 8 * in_count
        point(e.channels, ins, in_count, done)
        point(outputs, outs, out_count, done)
        call_node(e.process, engine, e.channels, outputs, np.int32(n))
        done += n
