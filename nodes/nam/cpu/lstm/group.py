"""Several LSTMs of one shape, side by side in every frame: two captures, or copies of one.

A frame needs the result of the frame before, so that a single small LSTM waits much of the time,
and the others compute meanwhile.  Two take (Zen 4, whose vectors of 16 run at half rate, blocks of
64) 1.3 times as long as one with 3 units, 1.4 with 8, 1.6 with 12, 1.7 with 16 and with two layers
of 8, 1.9 with 24; four of 3 units take 2.2 times as long, of 8 units 2.5 times.  Larger ones leave
no gap to fill: their sums would not stay in registers, and took up to twice as long side by side as
one after another.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from .....graph.prepare import Memory
from .....runtime.native.abi import Native, kernel
from .....runtime.native.host import host_lanes
from .....runtime.simd.embed import embed
from .....runtime.simd.lanes import Lanes, Value
from ...model.networks import Lstm
from .sizes import lstm_grid
from .unrolled import Grid, emit_unrolled

__all__ = ["lstm_group_size", "prepare_lstm_group"]

ARGUMENTS = 5
"""Of each network: its weights, state and biases, its input and output."""
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
    return 4 if depth == 1 and hidden <= min(FOUR_UNITS, grid.width) else 2


def prepare_lstm_group(
    memory: Memory, networks: Sequence[Lstm], made: Sequence[Any], width: int | None = None
) -> tuple[Native, Any] | None:
    """Return the kernel of several mono networks and its record; ``None`` if they do not gain.

    ``made`` are the records that ``prepare_lstm`` returned; there are at most ``lstm_group_size``
    networks.  ``ins`` and ``outs`` of the kernel are lists of as many channels.  Each network has
    the bits that it has alone.
    """
    width = width or host_lanes()
    shapes = {(net.hidden_size, len(net.layers), net.inputs, net.outputs) for net in networks}
    if len(shapes) > 1 or not 1 < len(networks) <= lstm_group_size(networks[0], width):
        return None
    hidden, depth, *_ = shapes.pop()
    grid = lstm_grid(hidden, depth, width)
    assert grid is not None
    return _group_kernel(hidden, depth, grid.width, len(networks)), memory.pointers(list(made))


@cache
def _group_kernel(hidden: int, depth: int, width: int, count: int) -> Native:
    """Return the kernel of ``count`` networks; its record is the list of theirs."""

    def emit(lanes: Lanes, records: Value, ins: Value, outs: Value, frames: Value) -> None:
        networks = []
        for number in range(count):
            record, x, y = (lanes.word(lanes.pointer(at), number) for at in (records, ins, outs))
            own = [lanes.word(lanes.pointer(record), n) for n in range(ARGUMENTS - 2)]
            networks.append([*own, x, y])
        emit_unrolled(Grid(hidden, width), depth, lanes, *networks, [frames])

    run = embed(f"nam.lstm.group{count}.h{hidden}.d{depth}", 4, emit, width)

    @kernel
    def play(state: int, ins: int, outs: int, frames: int) -> None:
        run(state, ins, outs, frames)

    return play
