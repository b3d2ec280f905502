"""Read an LSTM: layers with PyTorch's cell, initial states, and a head."""

from collections.abc import Callable

from ....graph.errors import FieldValueError
from ..model.networks import Lstm, LstmLayer
from .checked_json import Fields, Weights, fault

__all__ = ["read_lstm"]

MAX_HIDDEN = 512
MAX_LAYERS = 32


def read_lstm(config: Fields) -> Callable[[Weights], Lstm]:
    """Check the config of an LSTM; return the function that builds it from weights."""
    channels = config.integer("in_channels", 1, MAX_HIDDEN, 1)
    if config.integer("input_size", 1, MAX_HIDDEN) != channels:
        raise fault(config.at("input_size"), config.raw("input_size"), f"{channels}, in_channels")
    outputs = config.integer("out_channels", 1, MAX_HIDDEN, 1)
    hidden = config.integer("hidden_size", 1, MAX_HIDDEN)
    depth = config.integer("num_layers", 0, MAX_LAYERS)
    if depth == 0 and channels != outputs:
        found = f"{outputs} for {channels} inputs"
        place, allowed = config.at("out_channels"), "equal without layers"
        message = f"{place} is {found}: must be {allowed}"
        raise FieldValueError(message, field=place, allowed=allowed)

    def build(w: Weights) -> Lstm:
        layers = []
        for number in range(depth):
            inputs = hidden if number else channels
            layers.append(
                LstmLayer(
                    w.take(4 * hidden, inputs + hidden),
                    w.take(4 * hidden),
                    w.take(hidden),
                    w.take(hidden),
                )
            )
        return Lstm(tuple(layers), w.take(outputs, hidden), w.take(outputs), channels)

    return build
