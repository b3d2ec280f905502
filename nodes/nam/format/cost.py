"""Refuse models that take too long or too much memory to prepare.  Control threads only."""

from collections.abc import Sequence

from ..model.captures import Conditioned, ConvStack, Gru
from ..model.model import Model
from ..model.networks import ConvNet, Linear, Lstm
from ..model.wavenet import Gained, Network, ParametricWaveNet, Sequential, WaveNet
from .checked_json import too_large

__all__ = ["check_work"]

MAX_WORK = 5e10
"""Multiply-adds to prewarm all sizes of a model: a few seconds."""
CONV_OVERHEAD = 40
"""Fixed cost of a convolution per frame, in multiply-adds."""
LSTM_LAYER_CONVS = 35
"""Fixed cost of an LSTM layer, in convolutions."""
FFT_MULTIPLY_ADDS = 4096
"""Most multiply-adds per frame of a convolution by FFT, whatever its length."""
MAX_SIZES = 64
MAX_OPERATIONS = 6144
"""Convolutions and LSTM layers of all sizes together; a WaveNet layer has at most 12."""
MAX_HISTORY_FLOATS = 32 << 20
"""Float32 of past frames in all sizes together (128 MiB)."""


def check_work(path: str, models: Sequence[Model]) -> None:
    """Refuse models that take too long or too much memory to prepare, in all sizes together."""
    whole = path or "the model"
    for m in models:
        if isinstance(m.network, WaveNet) and len(m.network.limits) > MAX_SIZES:
            count = len(m.network.limits)
            raise too_large(f"{whole} has {count} sizes", "sizes", count, MAX_SIZES)
    sizes = [size.model for m in models for size in m.sizes]
    count = sum(size.running.operation_count for size in sizes)
    if count > MAX_OPERATIONS:
        found = f"{whole} has {count} convolutions and LSTM layers in all sizes"
        raise too_large(found, "operations", count, MAX_OPERATIONS)
    costs = [_work(size.running) + CONV_OVERHEAD * _convs(size.running) for size in sizes]
    work = sum(float(c) * s.prewarm for c, s in zip(costs, sizes, strict=True))
    if work > MAX_WORK:
        found = f"{whole} needs {work:.3g} multiply-adds to prewarm"
        raise too_large(found, "multiply-adds to prewarm", work, MAX_WORK)
    floats = sum(_history_floats(size.running) for size in sizes)
    if floats > MAX_HISTORY_FLOATS:
        found = f"{whole} needs a history of {floats} numbers in all sizes"
        raise too_large(found, "history", floats, MAX_HISTORY_FLOATS)


def _work(network: Network) -> int:
    """Return the multiply-adds per frame; those of a Linear by FFT are bounded."""
    if isinstance(network, Sequential):
        return sum(map(_work, network.parts))
    if isinstance(network, Gained | Conditioned | ParametricWaveNet):
        return _work(network.inner)
    if isinstance(network, Linear) and network.fast:
        return len(network.taps) * min(network.receptive_field, FFT_MULTIPLY_ADDS)
    return network.multiply_adds


def _history_floats(network: Network) -> int:
    """Count the float32 of past frames that convolutions keep, of WaveNets and stacks."""
    if isinstance(network, Sequential):
        return sum(map(_history_floats, network.parts))
    if isinstance(network, Gained | Conditioned | ParametricWaveNet):
        return _history_floats(network.inner)
    return network.history_floats if isinstance(network, WaveNet | ConvStack) else 0


def _convs(network: Network) -> int:
    """Count the convolutions of a network; an LSTM layer counts as several."""
    if isinstance(network, Gained | Conditioned | ParametricWaveNet):
        return 2 + _convs(network.inner)
    if isinstance(network, Lstm | Gru):
        return LSTM_LAYER_CONVS * len(network.layers)
    if isinstance(network, ConvStack):
        return len(network.steps)
    if isinstance(network, Sequential):
        return sum(map(_convs, network.parts))
    if isinstance(network, ConvNet):
        return len(network.blocks)
    if not isinstance(network, WaveNet):
        return 0
    return len(network.convs) + (0 if network.condition is None else _convs(network.condition))
