"""Audio-thread side of a ``WeightFunction``: computes weights anew, and writes them for kernels.

``compute_weights`` takes as much time as the function has products and dense layers; so it runs
once in 32 frames while a knob moves, and ``write_weights`` goes from one result to the next on a
line.  The sums have the order of ``model/parametric.py``, and so the same bits.
``prepare_functions`` belongs to control threads.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.prepare import Memory
from ....runtime.native.abi import helper
from ....runtime.native.pointers import element, floats, numbers, record
from ..model.parametric import WeightFunction, activation_value
from .live_weights import LiveWeights, Write

__all__ = ["FUNCTION", "compute_weights", "prepare_functions", "write_weights"]

FUNCTION = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("layers", "layer_count", "hidden", "wide", "coefficients", "starts", "factors"),
            *("places", "count", "now", "before", "writes", "write_count"),
        )
    ]
)
"""``now`` and ``before`` are float64: the weights at the end of a tick, and at its begin."""
LAYER = np.dtype(
    [
        *((name, np.int64) for name in ("weight", "bias", "inputs", "outputs", "code")),
        ("slope", np.float64),
    ]
)
"""Weights are ``[in][out]`` in float32, biases float64."""
WRITE = np.dtype(
    [
        *((name, np.int64) for name in ("target", "first", "positions", "sources", "count")),
        ("factor", np.float32),
        ("unused", np.float32),
    ]
)
"""``count`` weights, from number ``first`` on, into a whole array; with ``positions``, those of
``sources`` into these places."""
TILE = 512
"""Outputs computed at once, so that their sums stay near."""
_activation = helper(activation_value)


@helper
def _layer(layer: Any, source: int, target: int) -> None:
    x = numbers(source, layer.inputs, np.float64)
    for first in range(0, layer.outputs, TILE):
        count = min(TILE, layer.outputs - first)
        y = numbers(target + 8 * first, count, np.float64)
        bias = numbers(layer.bias + 8 * first, count, np.float64)
        for o in range(count):
            y[o] = bias[o]
        for i in range(layer.inputs):
            value = x[i]
            row = floats(layer.weight + 4 * (i * layer.outputs + first), count)
            for o in range(count):
                y[o] = y[o] + np.float64(row[o]) * value
        if layer.code != 0:
            for o in range(count):
                y[o] = _activation(layer.code, layer.slope, y[o])


@helper
def compute_weights(function: int, encoded: int) -> None:
    """Compute the weights for the numbers of the knobs; those of before are kept."""
    f = record(function, FUNCTION)
    source = encoded
    for number in range(f.layer_count):
        layer = element(f.layers, number, LAYER)
        target = f.hidden + 8 * f.wide * (number & 1)
        if number == f.layer_count - 1:
            target = f.coefficients + 8
        _layer(layer, source, target)
        source = target
    last = element(f.layers, f.layer_count - 1, LAYER)
    c = numbers(f.coefficients, 1 + last.outputs, np.float64)
    c[0] = 1.0
    now, before = (numbers(f.now, f.count, np.float64), numbers(f.before, f.count, np.float64))
    starts = numbers(f.starts, f.count + 1, np.int64)
    products = starts[f.count]
    factors = numbers(f.factors, products, np.float64)
    places = numbers(f.places, 3 * products, np.int32)
    for n in range(f.count):
        before[n] = now[n]
        total = 0.0
        for p in range(starts[n], starts[n + 1]):
            value = factors[p] * c[places[3 * p]]
            value = value * c[places[3 * p + 1]]
            total += value * c[places[3 * p + 2]]
        now[n] = total


@helper
def write_weights(function: int, share: float) -> None:
    """Write the weights that lie at a share of the way from before to now; 1 for now."""
    f = record(function, FUNCTION)
    for number in range(f.write_count):
        w = element(f.writes, number, WRITE)
        if w.positions == 0:
            _write_run(f, w, share)
        else:
            _write_places(f, w, share)


@helper
def _write_run(f: Any, w: Any, share: float) -> None:
    target, factor = floats(w.target, w.count), w.factor
    now = numbers(f.now + 8 * w.first, w.count, np.float64)
    before = numbers(f.before + 8 * w.first, w.count, np.float64)
    if share < 1.0:
        for i in range(w.count):
            target[i] = np.float32(before[i] + share * (now[i] - before[i])) * factor
    else:
        for i in range(w.count):
            target[i] = np.float32(now[i]) * factor


@helper
def _write_places(f: Any, w: Any, share: float) -> None:
    now, before = (numbers(f.now, f.count, np.float64), numbers(f.before, f.count, np.float64))
    positions = numbers(w.positions, w.count, np.int32)
    sources = numbers(w.sources, w.count, np.int32)
    target = floats(w.target, 1)
    for i in range(w.count):
        n = sources[i]
        value = now[n]
        if share < 1.0:
            value = before[n] + share * (value - before[n])
        target[positions[i]] = np.float32(value) * w.factor


def prepare_functions(memory: Memory, found: Sequence[LiveWeights]) -> list[Any]:
    """Allocate the functions of networks, one for all copies of a network; return their records."""
    by_network: dict[int, list[LiveWeights]] = {}
    for live in found:
        by_network.setdefault(id(live.network), []).append(live)
    return [_record(memory, copies) for copies in by_network.values()]


def _record(memory: Memory, copies: Sequence[LiveWeights]) -> Any:
    function, order = _in_order(copies[0])
    layers = [
        {
            "weight": memory.constant(np.ascontiguousarray(layer.weight.T)),
            "bias": memory.constant(layer.bias),
            "inputs": layer.weight.shape[1],
            "outputs": layer.weight.shape[0],
            "code": layer.activation,
            "slope": layer.slope,
        }
        for layer in function.layers
    ]
    writes = [_write(memory, write, order) for live in copies for write in live.writes]
    wide = max(layer["outputs"] for layer in layers)
    count = function.targets.size
    return {
        "layers": memory.table(LAYER, layers),
        "layer_count": len(layers),
        "hidden": memory.scratch(2 * wide, np.float64),
        "wide": wide,
        "coefficients": memory.scratch(1 + layers[-1]["outputs"], np.float64),
        "starts": memory.constant(function.starts),
        "factors": memory.constant(function.factors),
        "places": memory.constant(function.places),
        "count": count,
        "now": memory.state(count, np.float64),
        "before": memory.state(count, np.float64),
        "writes": memory.table(WRITE, writes),
        "write_count": len(writes),
    }


def _in_order(live: LiveWeights) -> tuple[WeightFunction, NDArray[np.int64]]:
    """Return the function with its weights in the order of memory, so that they lie in runs.

    Also the new number of each weight.
    """
    function = live.network.function
    wanted = np.concatenate([write.sources for write in live.writes])
    _, first = np.unique(wanted, return_index=True)
    order = wanted[np.sort(first)]
    number = np.zeros(function.targets.size, np.int64)
    number[order] = np.arange(order.size)
    counts = np.diff(function.starts)[order]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    begins = np.repeat(function.starts[:-1][order] - starts[:-1], counts)
    products = begins + np.arange(starts[-1])
    moved = replace(
        function,
        targets=function.targets[order],
        starts=starts,
        factors=function.factors[products],
        places=function.places[products],
    )
    return moved, number


def _write(memory: Memory, write: Write, number: NDArray[np.int64]) -> dict[str, Any]:
    sources = number[write.sources]
    whole = np.arange(write.size)
    row = {"target": write.target, "count": sources.size, "factor": write.factor}
    if np.array_equal(write.positions, whole) and np.array_equal(sources, sources[0] + whole):
        return {**row, "first": sources[0]}
    places = {"positions": write.positions, "sources": sources.astype(np.int32)}
    return {**row, **{name: memory.constant(array) for name, array in places.items()}}
