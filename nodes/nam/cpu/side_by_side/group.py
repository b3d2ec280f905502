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
from ...model.wavenet import Gained, Network
from .gru import gru_group_kernel, gru_group_size
from .lstm import lstm_group_kernel, lstm_group_size

__all__ = ["group_kernel", "group_size", "inner_network", "prepare_group", "shape_of"]


def inner_network(network: Network | None) -> tuple[Lstm | Gru | None, bool]:
    """Return the recurrent network that a network is, or has between two gains, and which."""
    gained = isinstance(network, Gained)
    inner = network.inner if isinstance(network, Gained) else network
    return (inner if isinstance(inner, Lstm | Gru) else None), gained


def shape_of(network: Network | None) -> Hashable:
    """Return what recurrent networks of one kernel have in common; ``None`` for other networks."""
    inner, gained = inner_network(network)
    if inner is None:
        return None
    sizes = inner.hidden_size, len(inner.layers), inner.inputs, inner.outputs
    return type(inner).__name__, gained, *sizes


def group_size(network: Network | None, width: int | None = None) -> int:
    """Return how many networks of this shape are played at a time; 1 if none gain."""
    inner, _ = inner_network(network)
    if isinstance(inner, Lstm):
        return lstm_group_size(inner, width)
    return 1 if inner is None else gru_group_size(inner, width)


def group_kernel(network: Network | None, count: int, width: int | None = None) -> Native | None:
    """Return the kernel of ``count`` mono networks of this shape; ``None`` if they do not gain.

    Its record is the list of the records of networks as they are prepared alone; ``ins`` and
    ``outs`` are lists of as many channels.  Each network has the bits that it has alone.
    """
    inner, gained = inner_network(network)
    if inner is None or not 1 < count <= group_size(network, width):
        return None
    if isinstance(inner, Lstm):
        return lstm_group_kernel(inner, count, width, gained)
    return gru_group_kernel(inner, count, width, gained)


def prepare_group(
    memory: Memory,
    networks: Sequence[Network | None],
    made: Sequence[Any],
    width: int | None = None,
) -> tuple[Native, Any] | None:
    """Return the kernel of several networks and its record; ``None`` if they do not gain.

    ``made`` are the records that ``prepare_network`` returned.
    """
    kernel = group_kernel(networks[0], len(networks), width)
    if kernel is None or len({shape_of(network) for network in networks}) > 1:
        return None
    return kernel, memory.pointers(list(made))
