"""WaveNets for a device: what can be played there, and the kernel that does."""

from functools import cache
from pathlib import Path

from ....graph.errors import ParamError
from ....runtime.cuda.driver.kernel import CudaKernel
from ....runtime.cuda.ops import common_text
from ..model.wavenet import Network, WaveNet
from ..model.wavenet_parts import Layer, LayerArray
from .network import CudaNetwork, once_a_network
from .preamble import header
from .tiling import Plan, Tiling
from .wavenet_layout import plan

__all__ = ["PRECISIONS", "cuda_wavenet", "planned", "refuse_wavenet"]

PRECISIONS = {"exact": 0, "tf32": 1, "tf32x3": 3}
PARTS = (
    *("fragments.cuh", "tensors.cuh", "activations.cuh"),
    *("steps.cuh", "arrays.cuh", "wavenet.cu"),
)
WIDEST = 32
ANY, MOST = 99 << 10, 227 << 10
"""Bytes of shared memory that a block may ask for: on any device, and on the largest."""
TILINGS = tuple(
    Tiling(frames, warps, stages)
    for frames, warps in ((64, 4), (32, 2), (16, 1))
    for stages in (3, 2)
)
"""What is tried in turn until a network fits."""
NARROW = tuple(Tiling(t.frames, max(1, t.frames // 32), t.stages) for t in TILINGS)
"""The same for networks whose columns are four floats: a warp has lanes for twice as many."""


def refuse_wavenet(network: Network) -> str:
    """Return why a device cannot play this network, or nothing if it can."""
    if not isinstance(network, WaveNet):
        return f"no WaveNet ({type(network).__name__})"
    if network.condition is not None:
        return "a network of its own makes the condition"
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
    return "" if _tiling(network) else f"more shared memory than {MOST >> 10} KiB"


def cuda_wavenet(network: WaveNet, precision: str = "exact") -> CudaNetwork:
    """Return a network as the device plays it; it must not be one that is refused.

    ``precision`` is one of

    * "exact"   float32 throughout: within 3e-6 of the peak, but for models that amplify rounding
      (one public A1 example: 4.3e-5, where the C++ reference is 2.5e-5 off)
    * "tf32x3"  where channels come by eights, on tensor cores, each product as three: up to four
      times as far off
    * "tf32"    the same with one product: a rough sketch, 60 dB below the signal at best

    Anything else, and a network that is refused, raises ParamError.
    """
    if precision not in PRECISIONS:
        raise ParamError(f"precision is {precision!r}: must be one of {', '.join(PRECISIONS)}")
    reason = refuse_wavenet(network)
    if reason:
        raise ParamError(f"the network cannot run on a CUDA device: {reason}")
    made = _tiling(network, PRECISIONS[precision])
    assert made is not None
    return planned(made)


def planned(made: Plan) -> CudaNetwork:
    """Return a network laid out as the caller likes: ``plan`` with a ``Tiling``, for measuring."""
    kernel = CudaKernel(
        source=header(made) + _text(),
        entry="wavenet",
        threads=made.tiling.threads,
        shared_bytes=4 * made.shared,
    )
    return CudaNetwork(kernel, made.weights, made.state, made.warm, recurrent=False)


@cache
def _text() -> str:
    folder = Path(__file__).with_name("kernels")
    parts = [(folder / name).read_text(encoding="utf-8") for name in PARTS]
    return "\n".join([common_text(), *parts])


@once_a_network
def _tiling(network: WaveNet, tensors: int = 0) -> Plan | None:
    """Return the first layout that fits on every device, else the first that fits on any."""
    wide = any(max(a.channels, a.layers[0].width) > 4 for a in network.arrays)
    larger = None
    for tiling in TILINGS if wide else NARROW:
        made = plan(network, tiling, tensors)
        if 4 * made.shared <= ANY:
            return made
        if larger is None and 4 * made.shared <= MOST:
            larger = made
    return larger


def _refuse_array(array: LayerArray, before: int) -> str:
    for layer in array.layers:
        found = _refuse_layer(layer)
        if found:
            return found
    widths = {layer.width for layer in array.layers}
    (width, *others) = widths
    if others or array.head.inputs != width:
        return "layers of several widths"
    if before and before != width:
        return f"a width of {width} where the head before gives {before} channels"
    if max(array.channels, width, array.head.outputs) > WIDEST:
        return f"more than {WIDEST} channels"
    if array.rechannel.bias is not None or array.rechannel.taps != 1:
        return "a way in with a bias or several taps"
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
