"""Which GRUs are played side by side, and their kernel.

Two take (Zen 4, whose vectors of 16 run at half rate, blocks of 64) 1.0 times as long as one with
8 units, 1.2 with 12 and 16, 1.4 with two layers of 8, 1.6 with two of 16; four 1.5 times with 8
units, 2.1 to 2.2 with 12, 16 and two layers of 8.  Four of two layers of 16 took 4.1 times as long
as one, and two in three vectors of units (24 units, in vectors of 8) 2.4 times.
"""

from functools import cache

from .....runtime.native.abi import Native
from .....runtime.native.host import host_lanes
from .....runtime.simd.lanes import Lanes, Value
from ...model.captures import Gru
from ..gru.prepare import unrolled_width
from ..gru.unrolled import emit_unrolled
from .gained import MOST
from .records import records_kernel

__all__ = ["gru_group_kernel", "gru_group_size"]

MOST_VECTORS = 2
MOST_UNITS = 16
"""Most vectors of units, and most units, of a layer."""
FOUR_UNITS = 16
"""Most units of all layers of networks that are played four at a time."""
MOST_LAYERS = 2


def gru_group_size(network: Gru, width: int | None = None) -> int:
    """Return how many networks of this shape are played at a time: 4, 2, or 1 if none gain."""
    hidden, depth = network.hidden_size, len(network.layers)
    lanes = unrolled_width(hidden, depth, width or host_lanes())
    if not lanes or depth > MOST_LAYERS or not network.inputs == network.outputs == 1:
        return 1
    if hidden > min(MOST_UNITS, MOST_VECTORS * lanes):
        return 1
    return MOST if hidden <= lanes and depth * hidden <= FOUR_UNITS else 2


def gru_group_kernel(
    network: Gru, count: int, width: int | None = None, gained: bool = False
) -> Native:
    """Return the kernel of ``count`` networks of this shape; see ``records_kernel``."""
    hidden, depth = network.hidden_size, len(network.layers)
    lanes = unrolled_width(hidden, depth, width or host_lanes())
    return _kernel(hidden, depth, lanes, count, gained)


@cache
def _kernel(hidden: int, depth: int, width: int, count: int, gained: bool) -> Native:
    def emit(lanes: Lanes, *networks: list[Value]) -> None:
        emit_unrolled(hidden, depth, lanes, *networks)

    return records_kernel(f"nam.gru.group{count}.h{hidden}.d{depth}", count, width, emit, gained)
