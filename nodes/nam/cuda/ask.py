"""What a node of models asks of a device."""

import numpy as np

from ....runtime.arena import Memory
from ....runtime.cuda.work import DeviceWork, ask_work
from ..networks import Lstm
from ..wavenet_network import Network
from . import cuda_network
from .play import arm

__all__ = ["ask_cuda"]


def ask_cuda(memory: Memory, network: Network, prewarm: int, precision: str) -> DeviceWork:
    """Ask for all that one model needs on a device, and on the host to take over from it.

    ``prewarm`` are the frames after which the host's network has settled: as many are kept.
    """
    made = cuda_network(network, precision)
    ring = max(1, prewarm, 0 if made.recurrent else made.past_floats)
    asked = ask_work(
        memory,
        instances=1,
        heard=1,
        past_floats=made.past_floats,
        ring=ring,
        recurrent=made.recurrent,
    )
    return DeviceWork(
        kernel=made.kernel,
        weights=made.weights[None],
        instances=1,
        state_floats=made.state_floats,
        past_floats=made.past_floats,
        recurrent=made.recurrent,
        first=_first(network)[None],
        prewarm=prewarm,
        arm=arm,
        memory=asked,
    )


def _first(network: Network) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return the state an LSTM begins with: of each layer its hidden state, then its cells."""
    if not isinstance(network, Lstm):
        return np.zeros(0, np.float32)
    parts = [part for layer in network.layers for part in (layer.hidden, layer.cell)]
    return np.concatenate(parts).astype(np.float32)
