"""Output of a network in float64, by NumPy's own products: what kernels are compared with.

Slow and plain, from the definitions in ``nodes/nam/model/``; no kernel and no emitted code runs.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph import ParamError
from ....nodes.nam.model.captures import Conditioned, ConvStack, Gru, Softmax
from ....nodes.nam.model.networks import Activation, Conv, ConvNet, Linear, Lstm
from ....nodes.nam.model.wavenet import Gained, ParametricWaveNet, Sequential, WaveNet
from ....nodes.nam.model.wavenet_parts import Film, Layer

__all__ = ["reference_output"]

Signal = NDArray[np.float64]


def _sigmoid(x: Signal) -> Signal:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


def _fast_tanh(x: Signal) -> Signal:
    """Return "Fasttanh" of NeuralAmpModelerCore, an approximation that models name."""
    a, square = np.abs(x), x * x
    top = x * (
        2.45550750702956
        + 2.45550750702956 * a
        + (0.893229853513558 + 0.821226666969744 * a) * square
    )
    return np.asarray(
        top
        / (2.44506634652299 + (2.44506634652299 + square) * np.abs(x + 0.814642734961073 * x * a))
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tanh": np.tanh,
    "tanh22": np.tanh,
    "fasttanh": _fast_tanh,
    "hardtanh": lambda x: np.clip(x, -1.0, 1.0),
    "leaky_hardtanh": lambda x, low, high, below, above: np.where(
        x < low, (x - low) * below + low, np.where(x > high, (x - high) * above + high, x)
    ),
    "relu": lambda x: np.maximum(x, 0.0),
    "elu": lambda x: np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0))),
    "leaky": lambda x, slope: np.where(x > 0.0, x, slope * x),
    "sigmoid": _sigmoid,
    "sigmoid22": _sigmoid,
    "silu": lambda x: x * _sigmoid(x),
    "hardswish": lambda x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    "softsign": lambda x: x / (1.0 + np.abs(x)),
}
"""By the name of ``Activation``; parameters are columns."""


def reference_output(network: Any, x: Any) -> Signal:
    """Return the output of a network for ``x``, ``(channels, frames)``, from its initial state.

    That is zero but for LSTMs, whose files hold it; no silence is played first.  ``ParamError`` for
    a network that is not known here.
    """
    return _played(network, np.atleast_2d(np.asarray(x, np.float64)))


@singledispatch
def _played(network: Any, x: Signal) -> Signal:
    raise ParamError(f"{type(network).__name__} has no reference in float64: cannot be compared")


def _conv(conv: Conv, x: Signal) -> Signal:
    weight, frames, far = conv.weight.astype(np.float64), x.shape[1], conv.lookback
    padded = np.pad(x, ((0, 0), (far, 0)))
    rows = []
    for own, seen in zip(np.split(weight, conv.groups), np.split(padded, conv.groups), strict=True):
        taps = [own[:, :, k] @ seen[:, k * conv.dilation :][:, :frames] for k in range(conv.taps)]
        rows.append(sum(taps) + np.zeros((len(own), frames)))
    made = np.concatenate(rows)
    return made if conv.bias is None else made + conv.bias[:, None]


def _activated(kind: Activation, x: Signal) -> Signal:
    columns = kind.table(len(x)).astype(np.float64)[:, :, None]
    return np.asarray(FUNCTIONS[kind.name](x, *columns))


def _film(film: Film | None, x: Signal, condition: Signal) -> Signal:
    if film is None:
        return x
    both = _conv(film.conv, condition)
    return x * both[: len(x)] + (both[len(x) :] if film.shift else 0.0)


@_played.register
def _wavenet(network: WaveNet, x: Signal) -> Signal:
    condition = x if network.condition is None else _played(network.condition, x)
    signal, head = x, np.zeros((1, x.shape[1]))
    for number, array in enumerate(network.arrays):
        signal = _conv(array.rechannel, signal)
        total = head if number else np.zeros((array.head.inputs, x.shape[1]))
        for layer in array.layers:
            signal, part = _layer(layer, signal, condition)
            total = total + part
        head = _conv(array.head, total)
    output = network.head_scale * head
    for conv in network.head:
        assert network.head_activation is not None
        output = _conv(conv, _activated(network.head_activation, output))
    return output


def _layer(layer: Layer, x: Signal, condition: Signal) -> tuple[Signal, Signal]:
    """Return the input of the next layer, and what is added to the head sum."""
    films = layer.films.get
    given = _film(films("input_mixin_pre_film"), condition, condition)
    z = _film(
        films("conv_post_film"),
        _conv(layer.conv, _film(films("conv_pre_film"), x, condition)),
        condition,
    )
    z = z + _film(films("input_mixin_post_film"), _conv(layer.mixin, given), condition)
    z = _film(films("activation_pre_film"), z, condition)
    first, second = z[: layer.width], z[layer.width :]
    a = _activated(layer.activation, first)
    if layer.second is not None:
        share = _activated(layer.second, second)
        a = a * share if layer.gating == "gated" else share * a + (1.0 - share) * first
    a = _film(films("activation_post_film"), a, condition)
    head = a
    if layer.head is not None:
        head = _film(films("head1x1_post_film"), _conv(layer.head, a), condition)
    if layer.out is None:
        return x, head
    out = _conv(layer.out, a)
    if layer.gating == "blended":
        out = _film(films("layer1x1_post_film"), out, condition)
    return x + out, head


@_played.register
def _lstm(network: Lstm, x: Signal) -> Signal:
    states = [[la.hidden.astype(np.float64), la.cell.astype(np.float64)] for la in network.layers]
    made = []
    for fed in x.T:
        for layer, state in zip(network.layers, states, strict=True):
            gates = layer.weight @ np.concatenate([fed, state[0]]) + layer.bias
            i, f, g, o = gates.reshape(4, -1)
            state[1] = _sigmoid(f) * state[1] + _sigmoid(i) * np.tanh(g)
            fed = state[0] = _sigmoid(o) * np.tanh(state[1])
        made.append(network.head @ fed + network.head_bias if states else fed)
    return np.array(made, np.float64).T


@_played.register
def _gru(network: Gru, x: Signal) -> Signal:
    states = [np.zeros(network.hidden_size) for _ in network.layers]
    made = []
    for fed in x.T:
        for number, layer in enumerate(network.layers):
            h = states[number]
            own = (layer.recurrent @ h + layer.recurrent_bias).reshape(3, -1)
            given = (layer.weight @ fed + layer.bias).reshape(3, -1)
            z, r = _sigmoid(given[0] + own[0]), _sigmoid(given[1] + own[1])
            fed = states[number] = z * h + (1.0 - z) * np.tanh(given[2] + r * own[2])
        made.append(network.head @ fed + network.head_bias)
    return np.array(made, np.float64).T


@_played.register
def _convnet(network: ConvNet, x: Signal) -> Signal:
    for conv, kind in network.blocks:
        x = _activated(kind, _conv(conv, x))
    return _conv(network.head, x)


@_played.register
def _stack(network: ConvStack, x: Signal) -> Signal:
    for step in network.steps:
        if isinstance(step, Conv):
            x = _conv(step, x)
        elif isinstance(step, Softmax):
            raised = np.exp(x - x.max(axis=0))
            x = raised / raised.sum(axis=0)
        else:
            x = _activated(step, x)
    return x


@_played.register
def _linear(network: Linear, x: Signal) -> Signal:
    taps, frames = network.taps.astype(np.float64), x.shape[1]
    same = network.inputs == network.outputs
    made = np.zeros((network.outputs, frames))
    for o in range(network.outputs):
        for i in [o] if same else range(network.inputs):
            made[o] += np.convolve(x[i], taps[0 if same else max(o, i)])[:frames]
    return made if network.bias is None else made + np.reshape(network.bias, (-1, 1))


@_played.register
def _gained(network: Gained, x: Signal) -> Signal:
    x = network.input_gain * x
    return network.output_gain * (_played(network.inner, x) + (x if network.skip else 0.0))


@_played.register
def _sequential(network: Sequential, x: Signal) -> Signal:
    for part in network.parts:
        x = _played(part, x)
    return x


@_played.register
def _conditioned(network: Conditioned, x: Signal) -> Signal:
    return _played(network.at(), x)


@_played.register
def _parametric(network: ParametricWaveNet, x: Signal) -> Signal:
    return _played(network.inner, x)
