"""Audio-thread kernel and record of ``NamBank`` on the CPU: networks run one after another."""

import numpy as np

from ...runtime.native.abi import kernel
from ...runtime.native.pointers import call_node, element, load, record
from ...runtime.simd.scale import amplify
from ...runtime.simd.smoothing import decibels

__all__ = ["GAIN", "STATE", "play_bank"]

STATE = np.dtype(
    [(name, np.int64) for name in ("count", "rows", "shared", "device", "room", "aside", "gains")]
)
GAIN = np.dtype([("input_db", np.float64), ("output_db", np.float64)])


@kernel
def play_bank(state: int, ins: int, outs: int, frames: int) -> None:
    """Run all networks on one block; network k reads channel k (or the shared one), writes k."""
    s = record(state, STATE)
    for k in range(s.count):
        x, y = load(ins, 0 if s.shared != 0 else k), load(outs, k)
        gain = element(s.gains, k, GAIN)
        if gain.input_db != 0.0:
            amplify(s.aside, x, decibels(gain.input_db), frames)
            x = s.aside
        call_node(load(s.rows, 2 * k), load(s.rows, 2 * k + 1), x, y, frames)
        if gain.output_db != 0.0:
            amplify(y, y, decibels(gain.output_db), frames)
