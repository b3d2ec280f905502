"""The kernel of a model as a node: its network between two gains."""

from typing import Any

import numpy as np

from ...runtime.native.abi import helper, kernel
from ...runtime.native.pointers import call_node, load, record
from ...runtime.simd.scale import scale
from ...runtime.simd.smoothing import decibels, glide
from .sizes import SIZES

__all__ = ["SMOOTHING_S", "STATE", "drive", "leave", "play"]

SMOOTHING_S = 0.01

STATE = np.dtype(
    [
        *((name, np.float64) for name in ("slim", "input_db", "output_db")),
        *((name, np.float64) for name in ("input_db_now", "output_db_now")),  # factors on their way
        *((name, np.float64) for name in ("input_level_db", "output_level_db")),  # levels.py
        ("coefficient", np.float64),
        *((name, np.int64) for name in ("kernel", "network", "sizes", "curve", "driven")),
        *((name, np.int64) for name in ("inputs", "outputs", "listed")),
        *((name, np.int64) for name in ("device", "room")),  # cuda/play.py
        *((name, np.float64) for name in ("input_before", "output_before")),
        *((name, np.float64) for name in ("slim_low", "slim_high")),
    ]
)


@helper
def drive(state: int, ins: int, frames: int) -> int:
    """Bring the input to the level the model wants; return where its channels are then."""
    s = record(state, STATE)
    source = ins
    # At 0 dB and at rest nothing is multiplied: the output is the model's, and costs no more.
    level = s.input_db + s.input_level_db
    if level != 0.0 or s.input_db_now != 1.0:
        target = decibels(level)
        s.input_db_now = glide(s.curve, s.input_db_now, target, s.coefficient, frames)
        source = s.driven
        for c in range(s.inputs):
            scale(load(source, c), load(ins, c), s.curve, frames)
    return source


@helper
def leave(state: int, outs: int, frames: int) -> None:
    """Bring what the model gives to the level that is wanted."""
    s: Any = record(state, STATE)
    level = s.output_db + s.output_level_db
    if level != 0.0 or s.output_db_now != 1.0:
        target = decibels(level)
        s.output_db_now = glide(s.curve, s.output_db_now, target, s.coefficient, frames)
        for c in range(s.outputs):
            scale(load(outs, c), load(outs, c), s.curve, frames)


@kernel
def play(state: int, ins: int, outs: int, frames: int) -> None:
    """Play the network."""
    s = record(state, STATE)
    source = drive(state, ins, frames)
    if s.sizes != 0:
        record(s.sizes, SIZES).slim = s.slim
    if s.listed != 0:
        call_node(s.kernel, s.network, source, outs, frames)
    else:
        call_node(s.kernel, s.network, load(source, 0), load(outs, 0), frames)
    leave(state, outs, frames)
