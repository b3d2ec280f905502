"""A recurrent network between two gains, with its input added to its output: kernel and record.

AIDA-X and GuitarML train such networks.  The bits are those of the operations of a program
(``program_ops.py``) for the same network.
"""

from typing import Any

import numpy as np

from .....graph.prepare import Memory
from .....runtime.native.abi import Native, helper, kernel
from .....runtime.native.pointers import call_node, floats, record
from ...model.wavenet import Gained

__all__ = ["GAINED", "MOST", "PIECE", "apply_after", "apply_before", "prepare_gained"]

PIECE = 256
"""Frames that the network plays at once."""
MOST = 4
"""Networks of a group, at most."""
GAINED = np.dtype(
    [
        *((name, np.float64) for name in ("input_gain", "output_gain")),
        *((name, np.int64) for name in ("skip", "kernel", "network", "aside")),
        *((name, np.int64) for name in ("records", "sources", "targets")),
    ]
)
"""``aside``: a piece of the network's input.  The last three are lists for a group that this
network is the first of."""


@helper
def apply_before(state: int, x_at: int, frames: int) -> None:
    """Store the network's input in ``aside``: the signal times the input gain."""
    s: Any = record(state, GAINED)
    x, aside, gain = floats(x_at, frames), floats(s.aside, frames), np.float32(s.input_gain)
    for i in range(frames):
        aside[i] = x[i] * gain + np.float32(0.0)


@helper
def apply_after(state: int, y_at: int, frames: int) -> None:
    """Add the network's input to its output, if so, and multiply that by the output gain."""
    s: Any = record(state, GAINED)
    y, aside, gain = floats(y_at, frames), floats(s.aside, frames), np.float32(s.output_gain)
    if s.skip != 0:
        for i in range(frames):
            y[i] = (aside[i] + y[i]) * gain + np.float32(0.0)
    else:
        for i in range(frames):
            y[i] = y[i] * gain + np.float32(0.0)


@kernel
def play_gained(state: int, ins: int, outs: int, frames: int) -> None:
    """Play one network; ``ins`` and ``outs`` are addresses of float32, not lists of channels."""
    s = record(state, GAINED)
    done = np.int64(0)
    while done < frames:
        count = np.int64(frames) - done
        if count > PIECE:
            count = np.int64(PIECE)
        apply_before(state, ins + 4 * done, count)
        call_node(s.kernel, s.network, s.aside, outs + 4 * done, np.int32(count))
        apply_after(state, outs + 4 * done, count)
        done += count


def prepare_gained(memory: Memory, network: Gained, made: tuple[Native, Any]) -> tuple[Native, Any]:
    """Return the kernel of a mono network and its record; ``made`` are those of the inner one."""
    lists = {name: memory.scratch(MOST, np.int64) for name in ("records", "sources", "targets")}
    block = memory.table(
        GAINED,
        [
            {
                "input_gain": np.float32(network.input_gain),
                "output_gain": np.float32(network.output_gain),
                "skip": int(network.skip),
                "kernel": made[0].address,
                "network": made[1],
                "aside": memory.scratch(PIECE),
                **lists,
            }
        ],
    )
    return play_gained, block
