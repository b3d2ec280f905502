"""Layers of captures, and the network that a list of them makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.errors import UnsupportedFeatureError
from ..format.checked_json import too_large
from ..format.wavenet import MAX_FIELD, MAX_HISTORY
from ..model.captures import Conditioned, ConvStack, Gru, GruLayer, Softmax
from ..model.knob import Knob
from ..model.networks import Activation, Conv, Lstm, LstmLayer
from ..model.wavenet import Network, Sequential

__all__ = ["MAX_KNOBS", "Recurrent", "gru_layer", "join_layers", "lstm_layer"]

Floats = NDArray[np.float32]
MAX_KNOBS = 16
Step = Conv | Activation | Softmax


@dataclass(frozen=True)
class Recurrent:
    """A layer of an LSTM or a GRU, and its sizes."""

    layer: LstmLayer | GruLayer
    inputs: int
    hidden: int


def lstm_layer(weight: Floats, recurrent: Floats, bias: Floats) -> Recurrent:
    """Return a layer from weights ``[4 H][inputs]`` and ``[4 H][H]``, gates i, f, g, o."""
    hidden = recurrent.shape[1]
    zero = np.zeros(hidden, np.float32)
    whole = np.concatenate([weight, recurrent], axis=1)
    return Recurrent(LstmLayer(whole, bias, zero, zero), weight.shape[1], hidden)


def gru_layer(weight: Floats, recurrent: Floats, bias: Floats, own: Floats) -> Recurrent:
    """Return a layer from weights ``[3 H][inputs]`` and ``[3 H][H]``, gates z, r, n, and biases.

    The biases of z and r are added to those of the input, where only their sum counts.
    """
    hidden = recurrent.shape[1]
    both, rest = bias.copy(), own.copy()
    with np.errstate(over="ignore"):
        both[: 2 * hidden] += own[: 2 * hidden]
    rest[: 2 * hidden] = 0.0
    return Recurrent(GruLayer(weight, recurrent, both, rest), weight.shape[1], hidden)


def join_layers(layers: Sequence[Recurrent | Step], inputs: int, outputs: int) -> Network:
    """Return the network of layers in series; inputs beyond the first are knobs if it is mono.

    Recurrent layers of one kind and size become one network, with the dense layer after them as
    its head.
    """
    parts, at = list[Any](), 0
    while at < len(layers):
        layer = layers[at]
        if isinstance(layer, Recurrent):
            run = [layer]
            for more in layers[at + 1 :]:
                same = isinstance(more, Recurrent) and more.hidden == more.inputs == layer.hidden
                if not same or type(more.layer) is not type(layer.layer):  # type: ignore[union-attr]
                    break
                run.append(more)  # type: ignore[arg-type]
            at += len(run)
            head = layers[at] if at < len(layers) else None
            fits = isinstance(head, Conv) and head.taps == head.groups == 1
            at += fits
            parts.append(_recurrent(run, head if fits else None))  # type: ignore[arg-type]
        else:
            steps: list[Step] = []
            while at < len(layers) and not isinstance(step := layers[at], Recurrent):
                steps.append(step)
                at += 1
            parts.append(ConvStack(tuple(steps), parts[-1].outputs if parts else inputs))
    _check_history(parts)
    if inputs > 1 and outputs == 1:
        parts[0] = _conditioned(parts[0], inputs - 1)
    return parts[0] if len(parts) == 1 else Sequential(tuple(parts))


def _recurrent(run: Sequence[Recurrent], head: Conv | None) -> Lstm | Gru:
    hidden, inputs = run[0].hidden, run[0].inputs
    weight, bias = np.eye(hidden, dtype=np.float32), np.zeros(hidden, np.float32)
    if head is not None:
        weight = head.weight[:, :, 0]
        bias = np.zeros(head.outputs, np.float32) if head.bias is None else head.bias
    layers: Any = tuple(each.layer for each in run)
    kind = Lstm if isinstance(run[0].layer, LstmLayer) else Gru
    return kind(layers, weight, bias, inputs)


def _conditioned(first: Any, count: int) -> Conditioned:
    step = first.steps[0] if isinstance(first, ConvStack) else None
    if step is not None and not (isinstance(step, Conv) and step.groups == 1):
        raise UnsupportedFeatureError(
            f"in_shape has {count + 1} inputs: knobs must go to an lstm, gru, dense or conv1d layer"
        )
    if count > MAX_KNOBS:
        raise too_large(f"in_shape has {count} knobs", "knobs", count, MAX_KNOBS)
    return Conditioned(first, tuple(Knob(f"knob{n + 1}") for n in range(count)))


def _check_history(parts: Sequence[Any]) -> None:
    """Refuse convolutions that look back too far, or keep too many numbers."""
    stacks = [part for part in parts if isinstance(part, ConvStack)]
    field = sum(stack.receptive_field - 1 for stack in stacks)
    if field > MAX_FIELD:
        raise too_large(f"layers look back {field} frames", "receptive field", field, MAX_FIELD)
    history = sum(stack.history_floats for stack in stacks)
    if history > MAX_HISTORY:
        found = f"layers need a history of {history} numbers"
        raise too_large(found, "history", history, MAX_HISTORY)
