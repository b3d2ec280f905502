"""A C function that allocates in every call: what heap counters must see.

Compiled by Numba's own decorator, since namgraph's refuses it.
"""

import numpy as np
from numba import cfunc

from namgraph.runtime.native.abi import NODE
from namgraph.runtime.native.pointers import channel

__all__ = ["allocates"]


@cfunc(NODE)  # type: ignore[untyped-decorator]
def allocates(state: int, ins: int, outs: int, frames: int) -> None:
    """Write through an array that is made for the purpose."""
    y = channel(outs, 0, frames)
    z = np.zeros(frames, np.float32)
    for i in range(frames):
        z[i] = np.float32(i)
    for i in range(frames):
        y[i] = z[frames - 1 - i]
