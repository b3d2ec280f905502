"""CUDA kernels of WaveNets: which networks are supported, source and launch parameters."""

from functools import cache
from pathlib import Path

from ....graph.errors import ParamError
from ....runtime.cuda.driver.kernel import CudaKernel
from ....runtime.cuda.ops import common_text
from ..model.wavenet import Network, WaveNet
from ..model.wavenet_parts import Layer, LayerArray
from .network import CudaNetwork, cached_per_network
from .preamble import preamble
from .tiling import Tiling, WavenetLayout
from .wavenet_layout import lay_out

__all__ = ["PRECISIONS", "cuda_wavenet", "kernel_of_layout", "refuse_wavenet"]

PRECISIONS = {"exact": 0, "fast": 3, "tf32": 1, "tf32x3": 3}
SOURCES = (
    *("fragments.cuh", "tensors.cuh", "activations.cuh"),
    *("steps.cuh", "arrays.cuh", "wavenet.cu"),
)
MAX_CHANNELS = 32
ANY_SHARED_BYTES, MAX_SHARED_BYTES = 99 << 10, 227 << 10
"""Shared memory limit of a thread block: on any device, and on the largest."""
TILINGS = tuple(
    Tiling(frames, warps, stages)
    for frames, warps in ((64, 4), (32, 2), (16, 1))
    for stages in (3, 2)
)
"""Tried in this order until a network fits."""
NARROW = tuple(Tiling(t.frames, max(1, t.frames // 32), t.stages) for t in TILINGS)
"""The same for networks of up to four channels: a warp then has lanes for twice the frames."""


def refuse_wavenet(network: Network) -> str:
    """Return why a device cannot run this network, or "" if it can."""
    if not isinstance(network, WaveNet):
        return f"{type(network).__name__} is not a WaveNet"
    if network.condition is not None:
        return "a condition network (condition_dsp)"
    if network.head:
        return "a head after the last array"
    if (network.inputs, network.outputs) != (1, 1):
        return f"{network.inputs} channels in and {network.outputs} out: must be one each"
    before = 0
    for number, array in enumerate(network.arrays):
        found = _refuse_array(array, before)
        if found:
            return f"array {number}: {found}"
        before = array.head.outputs
    if _choose_layout(network) is None:
        return f"more shared memory than {MAX_SHARED_BYTES >> 10} KiB"
    return ""


def cuda_wavenet(network: WaveNet, precision: str = "exact") -> CudaNetwork:
    """Return a network's kernel and weights.

    ``precision`` is one of

    * "exact"   float32 throughout: within 3e-6 of the peak, but for models that amplify rounding
      (one public A1 example: 4.3e-5, where the C++ reference is 2.5e-5 off)
    * "tf32x3"  on tensor cores where channels are multiples of 8, each product as three: up to
      four times the error; "fast", the choice of those who do not choose for a device, is the same
    * "tf32"    the same with one product: error 60 dB below the signal at best

    Raises ``ParamError`` for any other precision, and for a network that is refused.
    """
    if precision not in PRECISIONS:
        raise ParamError(f"precision is {precision!r}: must be one of {', '.join(PRECISIONS)}")
    reason = refuse_wavenet(network)
    if reason:
        raise ParamError(f"the network cannot run on a CUDA device: {reason}")
    layout = _choose_layout(network, PRECISIONS[precision])
    assert layout is not None
    return kernel_of_layout(layout)


def kernel_of_layout(layout: WavenetLayout) -> CudaNetwork:
    """Return the kernel of any layout: ``lay_out`` with a ``Tiling``, for measurements."""
    kernel = CudaKernel(
        source=preamble(layout) + _text(),
        entry="wavenet",
        threads=layout.tiling.threads,
        shared_bytes=4 * layout.shared,
    )
    return CudaNetwork(kernel, layout.weights, layout.state, layout.warm, recurrent=False)


@cache
def _text() -> str:
    folder = Path(__file__).with_name("kernels")
    sources = [(folder / name).read_text(encoding="utf-8") for name in SOURCES]
    return "\n".join([common_text(), *sources])


@cached_per_network
def _choose_layout(network: WaveNet, tensors: int = 0) -> WavenetLayout | None:
    """Return the first layout that fits on every device, else the first for the largest device."""
    wide = any(max(a.channels, a.layers[0].width) > 4 for a in network.arrays)
    larger = None
    for tiling in TILINGS if wide else NARROW:
        layout = lay_out(network, tiling, tensors)
        if 4 * layout.shared <= ANY_SHARED_BYTES:
            return layout
        if larger is None and 4 * layout.shared <= MAX_SHARED_BYTES:
            larger = layout
    return larger


def _refuse_array(array: LayerArray, before: int) -> str:
    for layer in array.layers:
        found = _refuse_layer(layer)
        if found:
            return found
    widths = {layer.width for layer in array.layers}
    (width, *others) = widths
    if others or array.head.inputs != width:
        return "layers of different widths"
    if before and before != width:
        return f"a width of {width}, but the head before it has {before} channels"
    if max(array.channels, width, array.head.outputs) > MAX_CHANNELS:
        return f"more than {MAX_CHANNELS} channels"
    if array.rechannel.bias is not None or array.rechannel.taps != 1:
        return "a rechannel convolution with a bias or several taps"
    if array.rechannel.groups != 1 or array.head.groups != 1:
        return "groups"
    return ""


def _refuse_layer(layer: Layer) -> str:
    if layer.films:
        return f"FiLM ({', '.join(sorted(layer.films))})"
    if layer.head is not None:
        return "head1x1"
    if any(conv.groups != 1 for conv in layer.convs):
        return "groups"
    if layer.mixin.inputs != 1:
        return f"a condition of {layer.mixin.inputs} channels"
    return ""
