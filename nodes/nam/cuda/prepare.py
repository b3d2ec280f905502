"""What a node of models asks of a device."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....graph.prepare import NativeFunction
from ....runtime.cuda.device_processor import DeviceProcessor, ask_work
from ....runtime.plan.arena import Memory
from ..model.networks import Lstm
from ..model.wavenet import Network
from . import cuda_network

__all__ = ["allocate_cuda"]


def allocate_cuda(
    memory: Memory,
    networks: Sequence[Network],
    prewarm: int,
    arm: NativeFunction,
    precision: str,
    *,
    shared: bool = True,
) -> DeviceProcessor:
    """Ask for all that networks of one shape need on a device, and on the host to take over.

    ``prewarm`` are the frames after which the host's networks have settled: as many are kept, once
    if all hear the same (``shared``).  ``arm`` is the node's kernel before each launch.
    """
    made = [cuda_network(network, precision) for network in networks]
    one = made[0]
    asked = ask_work(
        memory,
        instances=len(made),
        heard=1 if shared else len(made),
        past_floats=one.past_floats,
        ring=max(1, prewarm, 0 if one.recurrent else one.past_floats),
        recurrent=one.recurrent,
    )
    return DeviceProcessor(
        kernel=one.kernel,
        weights=np.stack([n.weights for n in made]),
        instances=len(made),
        state_floats=one.state_floats,
        past_floats=one.past_floats,
        recurrent=one.recurrent,
        first=np.stack([_first(network) for network in networks]),
        prewarm=prewarm,
        arm=arm,
        memory=asked,
    )


def _first(network: Network) -> NDArray[np.float32]:
    """Return the state an LSTM begins with: of each layer its hidden state, then its cells."""
    if not isinstance(network, Lstm):
        return np.zeros(0, np.float32)
    parts = [part for layer in network.layers for part in (layer.hidden, layer.cell)]
    return np.concatenate(parts).astype(np.float32)
