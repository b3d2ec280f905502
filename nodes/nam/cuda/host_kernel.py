"""Host kernels of a model on a device: gains before each launch, and the CPU fallback.

Audio thread.
"""

import numpy as np

from ....runtime.cuda.commit import append_history
from ....runtime.cuda.records import BLOCK, EXECUTOR, NODE_BUFFERS, NODE_STATE
from ....runtime.native.abi import helper, kernel
from ....runtime.native.pointers import call_node, copy_bytes, load, record
from ....runtime.simd.smoothing import decibels, glide
from ..kernel import STATE, apply_input_gain, apply_output_gain
from ..slimmable import SIZES

__all__ = ["before_launch", "cpu_fallback", "replay_history"]

IN, OUT = 1, 2
"""Bits of ``BLOCK.factors``."""


@kernel
def before_launch(state: int, ins: int, outs: int, frames: int) -> None:
    """Write the gains of a block, one a frame; the device multiplies, to the same bits as the host.

    The smoothed gains before the block are saved: after a failure the host computes it again.
    """
    s = record(state, STATE)
    n = record(s.device, NODE_STATE)
    b = record(n.buffers, NODE_BUFFERS)
    s.input_before, s.output_before = s.input_db_now, s.output_db_now
    n.prepared = 1
    factors = 0
    level = s.input_db + s.input_level_db
    if level != 0.0 or s.input_db_now != 1.0:
        target = decibels(level)
        coefficient = s.input_db_coefficient
        s.input_db_now = glide(b.in_factor, s.input_db_now, target, coefficient, frames)
        factors = IN
    level = s.output_db + s.output_level_db
    if level != 0.0 or s.output_db_now != 1.0:
        target = decibels(level)
        coefficient = s.output_db_coefficient
        s.output_db_now = glide(b.out_factor, s.output_db_now, target, coefficient, frames)
        factors += OUT
    record(b.header, BLOCK).factors = factors
    if not s.slim_low <= s.slim < s.slim_high:  # only the host has the other sizes
        record(b.executor, EXECUTOR).cpu_requested = 1


@helper
def replay_history(node: int, row: int, network: int, state: int, room: int, aside: int) -> None:
    """Run a CPU network over a row of the node's ring of past input; its output goes to ``aside``.

    At most ``room`` frames at a time, the size of ``aside``.
    """
    n = record(node, NODE_STATE)
    b = record(n.buffers, NODE_BUFFERS)
    done, size = 0, b.ring_frames
    ring = b.ring + 4 * size * row
    while done < size:
        at = (n.position + done) % size
        count = min(min(room, size - done), size - at)
        call_node(network, state, ring + 4 * at, aside, np.int32(count))
        done += count


@kernel
def cpu_fallback(state: int, ins: int, outs: int, frames: int) -> None:
    """Run the model on the host, from where the device was.

    The first time, the CPU network replays the ring of past input: a WaveNet then continues
    exactly, an LSTM approximately.
    """
    s = record(state, STATE)
    n = record(s.device, NODE_STATE)
    b = record(n.buffers, NODE_BUFFERS)
    if n.prepared != 0:
        n.prepared = 0
        s.input_db_now, s.output_db_now = s.input_before, s.output_before
    if n.cpu_active == 0:
        if s.sizes != 0:
            record(s.sizes, SIZES).slim = s.slim_low
        n.cpu_active = 1
        replay_history(s.device, 0, s.kernel, s.network, s.room, s.curve)
        if b.lstm_state != 0:  # out of date from here on: a device would start from the initial one
            copy_bytes(b.lstm_state, b.initial_state, 4 * b.past_floats)
    if s.sizes != 0:
        record(s.sizes, SIZES).slim = s.slim
    source = apply_input_gain(state, ins, frames)
    n.position = append_history(n.buffers, 0, n.position, load(source, 0), np.int64(frames))
    call_node(s.kernel, s.network, load(source, 0), load(outs, 0), frames)
    apply_output_gain(state, outs, frames)
