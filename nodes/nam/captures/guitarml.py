"""Read GuitarML's models: the JSON of a PyTorch LSTM or GRU, as Proteus and NeuralPi play it.

Facts by Proteus's and NeuralPi's sources: the rows of the gates are PyTorch's, both biases add up,
inputs beyond the first are knobs from 0 to 1, and the input is added to the output (``skip``).
"""

import numpy as np

from ....graph.errors import UnsupportedArchitectureError
from ..format.checked_json import Fields, fault, format_json
from ..format.lstm import MAX_HIDDEN, MAX_LAYERS
from ..model.networks import Conv
from ..model.wavenet import Gained, Network
from .arrays import Arrays
from .layers import MAX_KNOBS, Recurrent, gru_layer, join_layers, lstm_layer

__all__ = ["read_guitarml"]

GATES = {"LSTM": 4, "GRU": 3}


def read_guitarml(root: Fields) -> Network:
    """Return the network of a file; ``NamFileError`` if a key or a weight is not as it must be."""
    about, state = root.fields("model_data"), root.fields("state_dict")
    for key, known in (("model", ("SimpleRNN",)), ("unit_type", tuple(GATES))):
        kind = about.text(key) if about.has(key) else known[0]
        if kind not in known:
            raise UnsupportedArchitectureError(
                f"{about.at(key)} is {format_json(kind)}: must be {' or '.join(known)}",
                architecture=kind,
                supported=known,
            )
    unit = about.text("unit_type") if about.has("unit_type") else "LSTM"
    inputs = about.integer("input_size", 1, 1 + MAX_KNOBS)
    hidden = about.integer("hidden_size", 1, MAX_HIDDEN)
    depth = about.integer("num_layers", 1, MAX_LAYERS, 1)
    if about.integer("output_size", 1, 1 << 30, 1) != 1:
        raise fault(about.at("output_size"), about.raw("output_size"), "1")
    arrays = Arrays()
    layers = [
        _layer(state, unit, number, hidden if number else inputs, hidden, arrays)
        for number in range(depth)
    ]
    weight = arrays.take(state.raw("lin.weight"), state.at("lin.weight"), 1, hidden)
    bias = np.zeros(1, np.float32)
    if state.has("lin.bias"):
        bias = arrays.take(state.raw("lin.bias"), state.at("lin.bias"), 1)
    network = join_layers([*layers, Conv(weight[:, :, None], bias)], inputs, 1)
    skip = about.integer("skip", 0, 1, 1) if about.has("skip") else 1
    return Gained(network, skip=True) if skip else network


def _layer(
    state: Fields, unit: str, number: int, inputs: int, hidden: int, arrays: Arrays
) -> Recurrent:
    rows = GATES[unit] * hidden

    def take(name: str, *shape: int) -> np.ndarray:
        key = f"rec.{name}_l{number}"
        return arrays.take(state.raw(key), state.at(key), *shape)

    weight, own = take("weight_ih", rows, inputs), take("weight_hh", rows, hidden)
    bias, own_bias = (
        take(name, rows) if state.has(f"rec.{name}_l{number}") else np.zeros(rows, np.float32)
        for name in ("bias_ih", "bias_hh")
    )
    if unit == "GRU":  # PyTorch's rows are r, z, n
        order = np.r_[hidden : 2 * hidden, :hidden, 2 * hidden : rows]
        return gru_layer(weight[order], own[order], bias[order], own_bias[order])
    with np.errstate(over="ignore"):  # the engine mutes infinite output
        return lstm_layer(weight, own, bias + own_bias)
