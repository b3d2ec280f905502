"""A model on a device: what is told to its kernel before each block, and the host in its place."""

import numpy as np

from ....runtime.cuda.commit import append_history
from ....runtime.cuda.records import BLOCK, EXECUTOR, NODE, PART
from ....runtime.native.abi import helper, kernel
from ....runtime.native.pointers import call_node, copy_bytes, load, record
from ....runtime.simd.smoothing import decibels, glide
from ..kernel import STATE, apply_input_gain, apply_output_gain
from ..slimmable import SIZES

__all__ = ["before_launch", "catch_up", "cpu_fallback"]

IN, OUT = 1, 2
"""Bits of ``BLOCK.factors``."""


@kernel
def before_launch(state: int, ins: int, outs: int, frames: int) -> None:
    """Write down the gains of a block; the device multiplies, with the bits the host would give.

    What glides is remembered as it was: if the device fails, the host plays the block again.
    """
    s = record(state, STATE)
    n = record(s.device, NODE)
    p = record(n.part, PART)
    s.input_before, s.output_before = s.input_db_now, s.output_db_now
    n.armed = 1
    factors = 0
    level = s.input_db + s.input_level_db
    if level != 0.0 or s.input_db_now != 1.0:
        target = decibels(level)
        s.input_db_now = glide(p.in_factor, s.input_db_now, target, s.coefficient, frames)
        factors = IN
    level = s.output_db + s.output_level_db
    if level != 0.0 or s.output_db_now != 1.0:
        target = decibels(level)
        s.output_db_now = glide(p.out_factor, s.output_db_now, target, s.coefficient, frames)
        factors += OUT
    record(p.order, BLOCK).factors = factors
    if not s.slim_low <= s.slim < s.slim_high:  # only the host has the other sizes
        record(p.lane, EXECUTOR).asked = 1


@helper
def catch_up(node: int, row: int, network: int, state: int, room: int, aside: int) -> None:
    """Play to a network of the host what a device has heard last; what it says goes ``aside``."""
    n = record(node, NODE)
    p = record(n.part, PART)
    done, size = 0, p.ring_frames
    ring = p.ring + 4 * size * row
    while done < size:
        at = (n.at + done) % size
        count = min(min(room, size - done), size - at)
        call_node(network, state, ring + 4 * at, aside, np.int32(count))
        done += count


@kernel
def cpu_fallback(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a model on the host, from where the device was.

    The first time, all that the device has last heard is played to the host's network: a WaveNet
    then goes on as if nothing had happened, an LSTM very nearly.
    """
    s = record(state, STATE)
    n = record(s.device, NODE)
    p = record(n.part, PART)
    if n.armed != 0:
        n.armed = 0
        s.input_db_now, s.output_db_now = s.input_before, s.output_before
    if n.stood_in == 0:
        if s.sizes != 0:
            record(s.sizes, SIZES).slim = s.slim_low
        n.stood_in = 1
        catch_up(s.device, 0, s.kernel, s.network, s.room, s.curve)
        if p.kept != 0:  # of no use any more: a device that takes over again begins afresh
            copy_bytes(p.kept, p.fresh, 4 * p.past_floats)
    if s.sizes != 0:
        record(s.sizes, SIZES).slim = s.slim
    source = apply_input_gain(state, ins, frames)
    n.at = append_history(n.part, 0, n.at, load(source, 0), np.int64(frames))
    call_node(s.kernel, s.network, load(source, 0), load(outs, 0), frames)
    apply_output_gain(state, outs, frames)
