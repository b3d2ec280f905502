"""Audio-thread kernel and record of ``NamBank`` on the CPU.

Networks run one after another, but small recurrent ones of one shape side by side.
"""

import numpy as np

from ...runtime.native.abi import kernel
from ...runtime.native.pointers import call_node, element, load, record, store
from ...runtime.simd.scale import amplify
from ...runtime.simd.smoothing import decibels

__all__ = ["GAIN", "GROUP", "STATE", "play_bank"]

STATE = np.dtype(
    [
        *((name, np.int64) for name in ("count", "rows", "shared", "device", "room", "aside")),
        *((name, np.int64) for name in ("gains", "groups", "group_count", "ins", "outs")),
    ]
)
"""``rows`` are kernel and record of each network.  ``aside`` has ``room`` float32 for each network
of a group; ``ins`` and ``outs`` are lists of as many channels."""
GROUP = np.dtype([(name, np.int64) for name in ("kernel", "record", "members", "count")])
"""Networks that are played at once; of one alone the kernel takes channels, of more lists.
``members`` are their numbers."""
GAIN = np.dtype([("input_db", np.float64), ("output_db", np.float64)])


@kernel
def play_bank(state: int, ins: int, outs: int, frames: int) -> None:
    """Run all networks on one block; network k reads channel k (or the shared one), writes k."""
    s = record(state, STATE)
    for number in range(s.group_count):
        group = element(s.groups, number, GROUP)
        for n in range(group.count):
            k = load(group.members, n)
            x, gain = load(ins, 0 if s.shared != 0 else k), element(s.gains, k, GAIN)
            if gain.input_db != 0.0:
                aside = s.aside + 4 * n * s.room
                amplify(aside, x, decibels(gain.input_db), frames)
                x = aside
            store(s.ins, n, x)
            store(s.outs, n, load(outs, k))
        if group.count == 1:
            call_node(group.kernel, group.record, load(s.ins, 0), load(s.outs, 0), frames)
        else:
            call_node(group.kernel, group.record, s.ins, s.outs, frames)
        for n in range(group.count):
            gain = element(s.gains, load(group.members, n), GAIN)
            if gain.output_db != 0.0:
                y = load(s.outs, n)
                amplify(y, y, decibels(gain.output_db), frames)
