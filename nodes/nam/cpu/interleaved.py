"""Copies of a mono network that play interleaved frames, one after another.

An LSTM's copies could be the lanes of a vector (``lstm/voices.py``); with 16 lanes, eight of them
in use, that took as long as or longer than eight copies one by one (Zen 4, 8 to 40 units).
"""

import numpy as np

from ....runtime.native.abi import kernel
from ....runtime.native.pointers import call_node, element, floats, record

__all__ = ["COPY", "INTERLEAVED", "PIECE", "play_copies"]

PIECE = 64
"""Frames that a copy plays at once."""
INTERLEAVED = np.dtype([(name, np.int64) for name in ("times", "copies", "source", "target")])
COPY = np.dtype([(name, np.int64) for name in ("kernel", "record")])


@kernel
def play_copies(state: int, ins: int, outs: int, frames: int) -> None:
    """Let copy p play frames p, p + times and so on, of a multiple of ``times`` frames.

    ``ins`` and ``outs`` are addresses of float32, not of lists of channels.
    """
    s = record(state, INTERLEAVED)
    times, done = s.times, 0
    count = np.int64(frames) // times
    x, y = floats(ins, frames), floats(outs, frames)
    while done < count:
        n = count - done
        n = n if n < PIECE else PIECE
        source, target = floats(s.source, n), floats(s.target, n)
        for p in range(times):
            copy, first = element(s.copies, p, COPY), done * times + p
            for i in range(n):
                source[i] = x[first + i * times]
            call_node(copy.kernel, copy.record, s.source, s.target, np.int32(n))
            for i in range(n):
                y[first + i * times] = target[i]
        done += n
