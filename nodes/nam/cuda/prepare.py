"""Allocates what NAM nodes need on a device: ``allocate_cuda``."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....graph.prepare import NativeFunction
from ....runtime.cuda.device_processor import DeviceProcessor, allocate_host_memory
from ....runtime.plan.arena import Memory
from ..model.networks import Lstm
from ..model.wavenet import Network
from . import cuda_network

__all__ = ["allocate_cuda"]


def allocate_cuda(
    memory: Memory,
    networks: Sequence[Network],
    prewarm: int,
    before_launch: NativeFunction,
    precision: str,
    *,
    shared: bool = True,
) -> DeviceProcessor:
    """Return the device processor of networks of one shape, and allocate its host memory.

    ``prewarm``: frames after which the CPU networks have settled; as many input frames are kept,
    of one channel if all share it (``shared``), else of each.  ``before_launch`` is the node's
    kernel that runs before each launch.
    """
    made = [cuda_network(network, precision) for network in networks]
    first = made[0]
    host = allocate_host_memory(
        memory,
        instances=len(made),
        inputs=1 if shared else len(made),
        past_floats=first.past_floats,
        ring=max(1, prewarm, 0 if first.recurrent else first.past_floats),
        recurrent=first.recurrent,
    )
    return DeviceProcessor(
        kernel=first.kernel,
        weights=np.stack([n.weights for n in made]),
        instances=len(made),
        state_floats=first.state_floats,
        past_floats=first.past_floats,
        recurrent=first.recurrent,
        initial_state=np.stack([_initial_state(network) for network in networks]),
        prewarm=prewarm,
        before_launch=before_launch,
        memory=host,
    )


def _initial_state(network: Network) -> NDArray[np.float32]:
    """Return an LSTM's initial state: each layer's hidden state, then its cells; else nothing."""
    if not isinstance(network, Lstm):
        return np.zeros(0, np.float32)
    parts = [part for layer in network.layers for part in (layer.hidden, layer.cell)]
    return np.concatenate(parts).astype(np.float32)
