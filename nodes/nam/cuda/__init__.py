"""Models on a GPU: which can, and what the device is given.

wavenet.py, lstm.py   from a network to a kernel and its weights; *.cu beside them
network.py            what both return
play.py               the node's kernels around them, on the host
"""

from ..model.networks import Lstm
from ..model.wavenet import Network, WaveNet
from .lstm import cuda_lstm, refuse_lstm
from .network import CudaNetwork, once_a_network
from .wavenet import cuda_wavenet, refuse_wavenet

__all__ = ["CudaNetwork", "cuda_network", "refusal"]


def refusal(network: Network) -> str:
    """Return why a network cannot run on a device, or nothing if it can."""
    if isinstance(network, WaveNet):
        return refuse_wavenet(network)
    if isinstance(network, Lstm):
        return refuse_lstm(network)
    return f"{type(network).__name__} runs on the CPU alone"


@once_a_network
def cuda_network(network: Network, precision: str = "exact") -> CudaNetwork:
    """Return a network's kernel and what it needs; the network must not be refused."""
    if isinstance(network, WaveNet):
        return cuda_wavenet(network, precision)
    assert isinstance(network, Lstm)
    return cuda_lstm(network)
