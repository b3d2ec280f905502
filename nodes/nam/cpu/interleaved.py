"""Copies of a mono network that play interleaved frames, one after another or in groups.

Small LSTMs and GRUs are played side by side, two or four at a time (``side_by_side/``).  Copies
could also be the lanes of a vector (``lstm/voices.py``); with 16 lanes, eight of them in use, that
took as long as or longer than eight copies one by one (Zen 4, 8 to 40 units).
"""

import numpy as np

from ....runtime.native.abi import kernel
from ....runtime.native.pointers import call_node, element, floats, record

__all__ = ["GROUP", "INTERLEAVED", "PIECE", "play_copies"]

PIECE = 64
"""Frames that a copy plays at once."""
INTERLEAVED = np.dtype(
    [
        *((name, np.int64) for name in ("times", "size", "groups", "count")),
        *((name, np.int64) for name in ("source", "target", "ins", "outs")),
    ]
)
"""The ``count`` groups are of ``size`` copies.  ``source`` and ``target`` are ``[size][PIECE]``
float32; ``ins`` and ``outs`` are what the kernels take: these, or lists of those of all copies."""
GROUP = np.dtype([(name, np.int64) for name in ("kernel", "record")])


@kernel
def play_copies(state: int, ins: int, outs: int, frames: int) -> None:
    """Let copy p play frames p, p + times and so on, of a multiple of ``times`` frames.

    ``ins`` and ``outs`` are addresses of float32, not of lists of channels.
    """
    s = record(state, INTERLEAVED)
    times, size, done = s.times, s.size, 0
    count = np.int64(frames) // times
    x, y = floats(ins, frames), floats(outs, frames)
    while done < count:
        n = count - done
        n = n if n < PIECE else PIECE
        source, target = floats(s.source, size * PIECE), floats(s.target, size * PIECE)
        for number in range(s.count):
            begin = number * size + done * times
            for p in range(size):
                first = begin + p
                for i in range(n):
                    source[p * PIECE + i] = x[first + i * times]
            group = element(s.groups, number, GROUP)
            call_node(group.kernel, group.record, s.ins, s.outs, np.int32(n))
            for p in range(size):
                first = begin + p
                for i in range(n):
                    y[first + i * times] = target[p * PIECE + i]
        done += n
