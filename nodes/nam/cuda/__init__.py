"""CUDA backend of NAM models: which networks it supports, their kernels and weights.

wavenet.py, lstm.py   from a network to a kernel's source and its weights
network.py            ``CudaNetwork``, which both return
host_kernel.py        host kernels of the node: before each launch, and the CPU fallback
"""

from ..model.networks import ConvNet, Linear, Lstm
from ..model.wavenet import Network, Sequential, WaveNet
from .lstm import cuda_lstm, refuse_lstm
from .network import CudaNetwork, cached_per_network
from .wavenet import cuda_wavenet, refuse_wavenet

__all__ = ["CudaNetwork", "cuda_network", "refusal"]


def refusal(network: Network) -> str:
    """Return why a network cannot run on a device, or "" if it can."""
    if isinstance(network, WaveNet):
        return refuse_wavenet(network)
    if isinstance(network, Lstm):
        return refuse_lstm(network)
    if isinstance(network, ConvNet | Linear | Sequential):
        return f"{type(network).__name__} runs on the CPU alone"
    return "this capture runs on the CPU alone"


@cached_per_network
def cuda_network(network: Network, precision: str = "exact") -> CudaNetwork:
    """Return a network's kernel, weights and sizes; ``refusal`` must be empty."""
    if isinstance(network, WaveNet):
        return cuda_wavenet(network, precision)
    assert isinstance(network, Lstm)
    return cuda_lstm(network)
