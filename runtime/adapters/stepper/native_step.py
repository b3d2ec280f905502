"""One step of every stream as one native call; packing, playing and reading are timed apart.

The thread that calls ``Stepper.step``; without the GIL.
"""

from typing import Any

import numpy as np

from ...engine.array_call import REFUSED, VIEW, list_channels, may_clash, view_array
from ...engine.process import copy_in, copy_out
from ...engine.records import ENGINE
from ...native.abi import helper, native
from ...native.cpu import cycles, restore_floats, set_flush_to_zero
from ...native.pointers import call_node, element, load, prefetch, record, store
from ...plan.arena import ALIGN
from ...plan.kernels.transport import begin_block, end_block
from ...plan.records import PARAM, PLAN, ROW, ROW_BYTES
from ...plan.row_operations import mute_and_reset
from ...simd.finite import find_non_finite

__all__ = ["IMAGES", "STEPPER", "count_step", "open_step", "step"]

STEPPER = np.dtype(
    [
        ("engine", np.int64),
        ("frames", np.int64),  # the most of a step
        ("streams", np.int64),
        ("states", np.int64),  # address of IMAGES or TILES; of one stream 0: it is the plan's own
        ("steps", np.int64),
        ("played", np.int64),  # frames of all steps
        ("pack", np.int64),  # cycles of all steps: inputs in, nodes, outputs out
        ("execute", np.int64),
        ("read", np.int64),
        ("longest", np.int64),  # cycles of the longest step
    ]
)
"""A stepper."""
IMAGES = np.dtype(
    [
        ("first", np.int64),  # address of the first stream's image: constants, then state
        ("stride", np.int64),  # bytes from one to the next
        ("plan", np.int64),  # offset in an image of its PLAN
        ("frames", np.int64),  # int64[streams]: frames played
        ("links", np.int64),  # (offset, offset it refers to) of pointers in the state
        ("link_count", np.int64),
        ("lines", np.int64),  # cache lines of an image to load ahead
    ]
)
"""The images of streams: see ``images.py``."""
VIEW_BYTES = VIEW.itemsize
AHEAD = 2
"""Images that are loaded ahead."""


@helper
def open_step(s: Any, e: Any, block: int, out: int, float32: int) -> int:
    """Handle messages, fill the two views of the engine; return the frames, or ``REFUSED``."""
    if e.pending_count > 0 or load(e.counters, 0) != load(e.counters, 8):
        call_node(e.handle_messages, s.engine, 0, 0, np.int32(0))
    p = record(e.plan, PLAN)
    x, y = record(e.views, VIEW), record(e.views + VIEW_BYTES, VIEW)
    frames = view_array(block, s.streams, p.in_count, float32, False, x)
    if frames < 0 or frames > s.frames:
        return REFUSED
    if frames != view_array(out, s.streams, p.out_count, float32, True, y):
        return REFUSED
    if s.streams > 1 and may_clash(x, y, s.streams, p.in_count, p.out_count, frames):
        return REFUSED
    return int(frames)


@helper
def count_step(s: Any, frames: int, pack: int, execute: int, whole: int) -> None:
    """Add a step and its cycles to the counters."""
    s.steps += 1
    s.played += frames
    s.pack += pack
    s.execute += execute
    s.read += whole - pack - execute
    s.longest = max(s.longest, whole)


@helper
def _expect(image: int, count: int) -> None:
    """Begin to load the beginning of an image, while those before it are played."""
    for line in range(count):
        prefetch(image + ALIGN * line)


@helper
def _apply_params(params: int, known: int, count: int) -> None:
    """Give an image the parameters as they were set last: ``params`` is its table."""
    for k in range(count):
        own, value = element(params, k, PARAM), load(known, 2 * k + 1)
        store(params, 2 * k + 1, value)
        store(own.address, 0, value)


@helper
def _walk_image(images: Any, image: int, frames: int) -> None:
    """Do what ``walk`` does; the state to which a muted node is reset has pointers of the plan."""
    p = record(image + images.plan, PLAN)
    begin_block(p.transport)
    for k in range(p.row_count):
        row = element(p.rows, k, ROW)
        call_node(row.kernel, row.state, row.ins, row.outs, np.int32(frames))
        if row.checked > 0:
            find_non_finite(row.outs, row.checked, frames, p.verdict)
            if load(p.verdict, 0) != 0:
                mute_and_reset(p.rows + ROW_BYTES * k, p.params, frames)
                for n in range(images.link_count):
                    place = image + load(images.links, 2 * n)
                    store(place, 0, image + load(images.links, 2 * n + 1))
    end_block(p.transport, frames)


@native("int64(int64, int64, int64, int64)")
def step(stepper: int, block: int, out: int, float32: int) -> int:
    """Play one block of every stream; return its frames, or ``REFUSED``, with nothing played.

    ``stepper`` is the address of a ``STEPPER``, ``block`` and ``out`` those of array objects:
    see ``view_array``.
    """
    s = record(stepper, STEPPER)
    e = record(s.engine, ENGINE)
    begun = cycles()
    frames = open_step(s, e, block, out, float32)
    if frames < 0:
        return REFUSED
    p = record(e.plan, PLAN)
    x, y = record(e.views, VIEW), record(e.views + VIEW_BYTES, VIEW)
    saved = set_flush_to_zero()
    outputs = e.channels + 8 * p.in_count
    images = record(s.states, IMAGES)
    pack, execute, last = 0, 0, begun
    for k in range(s.streams):
        list_channels(x, k, p.in_count, e.channels)
        list_channels(y, k, p.out_count, outputs)
        copy_in(e.plan, e.channels, 0, frames, e.counts)
        if s.states == 0:
            packed = cycles()
            call_node(e.walk, e.plan, e.timed, 1, np.int32(frames))
            e.frame += frames
        else:
            image = images.first + k * images.stride
            _expect(image + AHEAD * images.stride, images.lines)
            _apply_params(record(image + images.plan, PLAN).params, p.params, p.param_count)
            packed = cycles()
            _walk_image(images, image, frames)
            store(images.frames, k, load(images.frames, k) + frames)
        executed = cycles()
        copy_out(e.plan, outputs, 0, frames, e.counts + 8)
        pack += packed - last
        execute += executed - packed
        last = cycles()
    restore_floats(saved)
    count_step(s, frames, pack, execute, last - begun)
    return int(frames)
