"""Read a ConvNet; batch norm is folded into the convolutions."""

from collections.abc import Callable

import numpy as np

from ....graph.errors import FieldValueError
from ..model.networks import Activation, Conv, ConvNet
from .activation import read_activation
from .checked_json import Fields, Weights, as_integer, fault, too_large
from .wavenet import MAX_FIELD, MAX_HISTORY, ROOM
from .wavenet_array import MAX_CHANNELS, MAX_DILATION

__all__ = ["read_convnet"]

MAX_BLOCKS = 256
TAPS = 2


def read_convnet(config: Fields) -> Callable[[Weights], ConvNet]:
    """Check the config of a ConvNet; return the function that builds it from weights."""
    channels = config.integer("channels", 1, MAX_CHANNELS)
    items = config.items("dilations", MAX_BLOCKS)
    dilations = [as_integer(v, path, 0, MAX_DILATION) for v, path in items]
    normalised = config.flag("batchnorm")
    activation = read_activation(config.raw("activation"), config.at("activation"))
    groups = config.integer("groups", 1, MAX_CHANNELS, 1)
    inputs = config.integer("in_channels", 1, MAX_CHANNELS, 1)
    outputs = config.integer("out_channels", 1, MAX_CHANNELS, 1)
    for size in (inputs, channels):
        if size % groups:
            raise fault(config.at("groups"), groups, f"a divisor of {size} channels")
    if sum(dilations) >= MAX_FIELD:
        path = config.at("dilations")
        field = sum(dilations)
        raise too_large(f"{path} look back {field} frames", "receptive field", field, MAX_FIELD)
    history = sum(max(inputs, channels) * (d + ROOM) for d in dilations)
    if history > MAX_HISTORY:
        path = config.at("dilations")
        found = f"{path} need a history of {history} numbers"
        raise too_large(found, "history", history, MAX_HISTORY)

    def build(w: Weights) -> ConvNet:
        begin, blocks, given = w.taken, list[tuple[Conv, Activation]](), inputs
        for dilation in dilations:
            weight = w.take(channels, given // groups, TAPS)
            if normalised:
                made = _folded(w, weight, dilation, groups)
            else:
                made = Conv(weight, w.take(channels), dilation, groups)
            blocks.append((made, activation))
            given = channels
        head = Conv(w.take(outputs, channels, 1), w.take(outputs))
        return ConvNet(tuple(blocks), head, w.taken - begin)

    return build


def _folded(w: Weights, weight: np.ndarray, dilation: int, groups: int) -> Conv:
    """Take the batch norm's weights; return the convolution with them folded in."""
    channels = len(weight)
    place = w.taken
    mean, variance, gamma, beta = (w.take(channels).astype(np.float64) for _ in range(4))
    spread = variance + float(w.take(1)[0])
    if len(w) and not (spread > 0).all():
        at = place + channels + int((spread > 0).argmin())
        raise _unfit(f"{w.path}[{at}]", "a variance must be above 0")
    scale = gamma / np.sqrt(np.where(spread > 0, spread, 1.0))
    with np.errstate(over="ignore"):
        folded = (weight * scale[:, None, None]).astype(np.float32)
        bias = (beta - scale * mean).astype(np.float32)
    if not (np.isfinite(folded).all() and np.isfinite(bias).all()):
        raise _unfit(f"{w.path}[{place}]", "normalised weights are beyond float32")
    return Conv(folded, bias, dilation, groups)


def _unfit(place: str, words: str) -> FieldValueError:
    return FieldValueError(f"{place}: {words}", field=place, allowed=words)
