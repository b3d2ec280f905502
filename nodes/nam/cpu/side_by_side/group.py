"""Several recurrent networks of one shape, side by side in every frame: captures, or copies of one.

A frame needs the result of the frame before, so that a single small LSTM or GRU waits much of the
time, and the others compute meanwhile.
"""

from collections.abc import Hashable, Sequence
from typing import Any

from .....graph.prepare import Memory
from .....runtime.native.abi import Native
from ...model.captures import Gru
from ...model.networks import Lstm
from ...model.wavenet import Network
from .gru import gru_group_kernel, gru_group_size
from .lstm import lstm_group_kernel, lstm_group_size

__all__ = ["group_kernel", "group_size", "prepare_group", "shape_of"]


def shape_of(network: Network | None) -> Hashable:
    """Return what recurrent networks of one kernel have in common; ``None`` for other networks."""
    if not isinstance(network, Lstm | Gru):
        return None
    sizes = network.hidden_size, len(network.layers), network.inputs, network.outputs
    return type(network).__name__, *sizes


def group_size(network: Network | None, width: int | None = None) -> int:
    """Return how many networks of this shape are played at a time; 1 if none gain."""
    if isinstance(network, Lstm):
        return lstm_group_size(network, width)
    return gru_group_size(network, width) if isinstance(network, Gru) else 1


def group_kernel(network: Lstm | Gru, count: int, width: int | None = None) -> Native:
    """Return the kernel of ``count`` mono networks of this shape; at most ``group_size``.

    Its record is the list of the records of networks as they are prepared alone; ``ins`` and
    ``outs`` are lists of as many channels.  Each network has the bits that it has alone.
    """
    if isinstance(network, Lstm):
        return lstm_group_kernel(network, count, width)
    return gru_group_kernel(network, count, width)


def prepare_group(
    memory: Memory,
    networks: Sequence[Network | None],
    made: Sequence[Any],
    width: int | None = None,
) -> tuple[Native, Any] | None:
    """Return the kernel of several networks and its record; ``None`` if they do not gain.

    ``made`` are the records that ``prepare_lstm`` or ``prepare_gru`` returned.
    """
    first = networks[0]
    if not isinstance(first, Lstm | Gru) or not 1 < len(networks) <= group_size(first, width):
        return None
    if len({shape_of(network) for network in networks}) > 1:
        return None
    return group_kernel(first, len(networks), width), memory.pointers(list(made))
