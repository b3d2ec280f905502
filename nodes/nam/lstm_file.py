"""An LSTM from its part of a .nam file: PyTorch's cell, with the state it starts from."""

from ...graph.errors import NamFileError
from .fields import Fields, Weights
from .model import Lstm, LstmLayer

__all__ = ["read_lstm"]

MAX_HIDDEN = 512
MAX_LAYERS = 32


def read_lstm(config: Fields, weights: Weights) -> Lstm:
    """Check an LSTM's config, count its weights, and put both together."""
    for key, default in (("input_size", None), ("in_channels", 1), ("out_channels", 1)):
        given = {} if default is None else {"default": default}
        if config.integer(key, 1, MAX_HIDDEN, **given) != 1:
            raise NamFileError(f"{config.at(key)}: more than 1 is not supported yet")
    hidden = config.integer("hidden_size", 1, MAX_HIDDEN)
    depth = config.integer("num_layers", 0, MAX_LAYERS)

    def build(w: Weights) -> Lstm:
        layers = []
        for number in range(depth):
            inputs = hidden if number else 1
            layers.append(
                LstmLayer(
                    w.take(4 * hidden, inputs + hidden),
                    w.take(4 * hidden),
                    w.take(hidden),
                    w.take(hidden),
                )
            )
        return Lstm(tuple(layers), w.take(hidden), float(w.take(1)[0]))

    return weights.read(build)
