"""Read a WaveNet: its layer arrays, its head, and the checks that they fit together."""

from collections.abc import Callable

from ....graph.errors import FieldValueError, UnsupportedFeatureError
from ..model.networks import Activation, Conv
from ..model.wavenet import Network, WaveNet
from .activation import FINITE, read_activation
from .checked_json import Fields, Weights, as_integer, fault, too_large
from .wavenet_array import MAX_CHANNELS, MAX_TAPS, ArrayFile

__all__ = ["MAX_ARRAYS", "MAX_FIELD", "MAX_HISTORY", "read_wavenet"]

MAX_ARRAYS = 32
MAX_LAYERS = 1024
"""Layers of all layer arrays together."""
MAX_BLOCKS = 64
MAX_HISTORY = 16 << 20
"""Float32 of past frames that all convolutions of a model together may keep (64 MiB)."""
ROOM = 640
"""Most frames by which a history is longer than its lookback."""
MAX_FIELD = 1 << 20
"""Receptive field in frames; prewarming runs as many."""


def read_wavenet(
    config: Fields, nested: Callable[[Fields], Network], film_condition: int | None = None
) -> Callable[[Weights], WaveNet]:
    """Check the config of a WaveNet; return the function that builds it from weights.

    ``film_condition`` is the width of the condition of FiLMs, if it is not that of the layers.
    """
    inputs = config.integer("in_channels", 1, MAX_CHANNELS, 1)
    config.number("head_scale", -FINITE, FINITE)  # NAM Core requires it, but uses the last weight
    rows = config.items("layers", MAX_ARRAYS)
    arrays = [ArrayFile(Fields(value, path), film_condition) for value, path in rows]
    condition = None
    if config.has("condition_dsp"):
        condition = nested(config.fields("condition_dsp"))
        if condition.inputs != inputs:
            path = config.at("condition_dsp")
            message = f"{path} has {condition.inputs} inputs: must have {inputs}"
            raise FieldValueError(message, field=path, allowed=f"with {inputs} inputs")
    _check_chain(arrays, inputs, inputs if condition is None else condition.outputs)
    head, activation = _read_head(config, arrays[-1].head_out)
    _check_sizes(config, arrays, head)

    def build(w: Weights) -> WaveNet:
        made = tuple(array.build(w) for array in arrays)
        convs = tuple(Conv(w.take(o, i, k), w.take(o)) for o, i, k in head)
        return WaveNet(made, float(w.take(1)[0]), convs, activation, condition)

    return build


def _check_chain(arrays: list[ArrayFile], inputs: int, condition: int) -> None:
    """Check the channel counts from each layer array to the next."""
    before = inputs
    carried: int | None = None
    for array in arrays:
        row = array.row
        if array.inputs != before:
            allowed = f"{before}, the channels of its input"
            raise fault(row.at("input_size"), array.inputs, allowed)
        if array.condition != condition:
            allowed = f"{condition}, the width of the condition"
            raise fault(row.at("condition_size"), array.condition, allowed)
        if carried is not None and carried != array.head_width:
            key = "channels" if array.head1x1 is None else "head1x1.out_channels"
            if array.width != array.channels and array.head1x1 is None:
                key = "bottleneck"
            allowed = f"{carried}, the head size of the array before"
            raise fault(row.at(key), array.head_width, allowed)
        before, carried = array.channels, array.head_out


def _read_head(config: Fields, inputs: int) -> tuple[list[tuple[int, int, int]], Activation | None]:
    """Read the shapes (out, in, taps) of the head's convolutions, and its activation."""
    if not config.has("head"):
        return [], None
    head = config.fields("head")
    if head.has("in_channels") and head.integer("in_channels", 1, MAX_CHANNELS) != inputs:
        raise fault(head.at("in_channels"), head.raw("in_channels"), f"{inputs}, the arrays' width")
    channels = head.integer("channels", 1, MAX_CHANNELS)
    outputs = head.integer("out_channels", 1, MAX_CHANNELS)
    items = head.items("kernel_sizes", MAX_BLOCKS)
    taps = [as_integer(v, path, 1, MAX_TAPS) for v, path in items]
    activation = read_activation(head.raw("activation"), head.at("activation"))
    widths = [inputs, *[channels] * (len(taps) - 1), outputs]
    return list(zip(widths[1:], widths, taps, strict=False)), activation


def _check_sizes(config: Fields, arrays: list[ArrayFile], head: list[tuple[int, int, int]]) -> None:
    path = config.at("layers")
    layers = sum(array.count for array in arrays)
    if layers > MAX_LAYERS:
        raise too_large(f"{path} have {layers} layers", "layers", layers, MAX_LAYERS)
    field = 1 + sum(array.lookback for array in arrays) + sum(k - 1 for _, _, k in head)
    if field > MAX_FIELD:
        raise too_large(f"{path} look back {field} frames", "receptive field", field, MAX_FIELD)
    history = sum(array.history_floats(ROOM) for array in arrays)
    history += sum(inputs * (taps + ROOM) for _, inputs, taps in head)
    if history > MAX_HISTORY:
        found = f"{path} need a history of {history} numbers"
        raise too_large(found, "history", history, MAX_HISTORY)
    if any(array.widths for array in arrays):
        grouped = [array.grouped for array in arrays if array.grouped]
        if grouped:
            raise UnsupportedFeatureError(f"{grouped[0]}: must be 1 in a slimmable WaveNet")
