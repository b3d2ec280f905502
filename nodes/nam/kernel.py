"""Audio-thread kernel and record of ``Nam`` on the CPU: input gain, network, output gain."""

from typing import Any

import numpy as np

from ...runtime.native.abi import helper, kernel
from ...runtime.native.pointers import call_node, load, record
from ...runtime.simd.scale import scale
from ...runtime.simd.smoothing import decibels, glide
from .slimmable import SIZES

__all__ = ["SMOOTHING_S", "STATE", "apply_input_gain", "apply_output_gain", "play"]

SMOOTHING_S = 0.01

STATE = np.dtype(
    [
        *((name, np.float64) for name in ("slim", "input_db", "output_db")),
        *((name, np.float64) for name in ("input_db_now", "output_db_now")),  # smoothed factors
        *((name, np.float64) for name in ("input_level_db", "output_level_db")),  # from levels.py
        *((name, np.float64) for name in ("input_db_coefficient", "output_db_coefficient")),
        *((name, np.int64) for name in ("kernel", "network", "sizes", "curve", "scaled")),
        *((name, np.int64) for name in ("inputs", "outputs", "multichannel")),
        *((name, np.int64) for name in ("device", "room")),  # for cuda/host_kernel.py
        *((name, np.float64) for name in ("input_before", "output_before")),
        *((name, np.float64) for name in ("slim_low", "slim_high")),
    ]
)


@helper
def apply_input_gain(state: int, ins: int, frames: int) -> int:
    """Scale the input channels; return the address of the list of scaled (or input) channels."""
    s = record(state, STATE)
    source = ins
    # At a settled 0 dB nothing is multiplied, so that the network gets the same bits.
    level = s.input_db + s.input_level_db
    if level != 0.0 or s.input_db_now != 1.0:
        target = decibels(level)
        coefficient = s.input_db_coefficient
        s.input_db_now = glide(s.curve, s.input_db_now, target, coefficient, frames)
        source = s.scaled
        for c in range(s.inputs):
            scale(load(source, c), load(ins, c), s.curve, frames)
    return source


@helper
def apply_output_gain(state: int, outs: int, frames: int) -> None:
    """Scale the output channels in place; a settled 0 dB changes no bit."""
    s: Any = record(state, STATE)
    level = s.output_db + s.output_level_db
    if level != 0.0 or s.output_db_now != 1.0:
        target = decibels(level)
        coefficient = s.output_db_coefficient
        s.output_db_now = glide(s.curve, s.output_db_now, target, coefficient, frames)
        for c in range(s.outputs):
            scale(load(outs, c), load(outs, c), s.curve, frames)


@kernel
def play(state: int, ins: int, outs: int, frames: int) -> None:
    """Run one block: input gain, network, output gain."""
    s = record(state, STATE)
    source = apply_input_gain(state, ins, frames)
    if s.sizes != 0:
        record(s.sizes, SIZES).slim = s.slim
    if s.multichannel != 0:
        call_node(s.kernel, s.network, source, outs, frames)
    else:
        call_node(s.kernel, s.network, load(source, 0), load(outs, 0), frames)
    apply_output_gain(state, outs, frames)
