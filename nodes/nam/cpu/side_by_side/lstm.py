"""Which LSTMs are played side by side, and their kernel.

Two take (Zen 4, whose vectors of 16 run at half rate, blocks of 64) 1.3 times as long as one with
3 units, 1.4 with 8, 1.6 with 12, 1.7 with 16 and with two layers of 8, 1.9 with 24; four of 3 units
take 2.2 times as long, of 8 units 2.5 times.  Larger ones leave no gap to fill: their sums would
not stay in registers, and took up to twice as long side by side as one after another.
"""

from functools import cache

from .....runtime.native.abi import Native
from .....runtime.native.host import host_lanes
from .....runtime.simd.lanes import Lanes, Value
from ...model.networks import Lstm
from ..lstm.sizes import lstm_grid
from ..lstm.unrolled import Grid, emit_unrolled
from .gained import MOST
from .records import records_kernel

__all__ = ["lstm_group_kernel", "lstm_group_size"]

MOST_UNITS = 24
"""Most units of all layers of networks that are played two at a time."""
MOST_GATES = 6
MOST_GATES_OF_LAYERS = 8
"""Most vectors of gates of such networks, of a layer and of all layers."""
FOUR_UNITS = 8
"""Most units of networks of one layer that are played four at a time."""


def lstm_group_size(network: Lstm, width: int | None = None) -> int:
    """Return how many networks of this shape are played at a time: 4, 2, or 1 if none gain."""
    hidden, depth = network.hidden_size, len(network.layers)
    grid = lstm_grid(hidden, depth, width or host_lanes())
    if not depth or grid is None or not network.inputs == network.outputs == 1:
        return 1
    gates = grid.gates
    if depth * hidden > MOST_UNITS or gates > MOST_GATES or depth * gates > MOST_GATES_OF_LAYERS:
        return 1
    return MOST if depth == 1 and hidden <= min(FOUR_UNITS, grid.width) else 2


def lstm_group_kernel(
    network: Lstm, count: int, width: int | None = None, gained: bool = False
) -> Native:
    """Return the kernel of ``count`` networks of this shape; see ``records_kernel``."""
    hidden, depth = network.hidden_size, len(network.layers)
    grid = lstm_grid(hidden, depth, width or host_lanes())
    assert grid is not None
    return _kernel(hidden, depth, grid.width, count, gained)


@cache
def _kernel(hidden: int, depth: int, width: int, count: int, gained: bool) -> Native:
    def emit(lanes: Lanes, *networks: list[Value]) -> None:
        emit_unrolled(Grid(hidden, width), depth, lanes, *networks)

    return records_kernel(f"nam.lstm.group{count}.h{hidden}.d{depth}", count, width, emit, gained)
