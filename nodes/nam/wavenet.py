"""A WaveNet laid out in memory, and the walk that plays it.

A network is a list of stages, each a kernel and a record that tells it where its numbers are: fill
the head's sums, then for each array the way in, the layers, and the head.  Every convolution with
more than one tap reads its input from a history: rows of past frames with room behind them.  Frames
are written on to the right; when the room is used up, what is still needed moves back to the left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.prepare import Memory
from ...runtime.abi import Native, kernel
from ...runtime.pointers import (
    call_node,
    copy_bytes,
    element,
    floats,
    load,
    move_bytes,
    record,
    store,
)
from ...runtime.simd.host import host_lanes
from .model import Conv, Layer, LayerArray, WaveNet
from .wavenet_dense import DENSE, dense
from .wavenet_layers import LAYER, LAYERS, layers
from .wavenet_tiles import VECTORS

__all__ = ["prepare_wavenet"]

NETWORK = np.dtype(
    [
        *((name, np.int64) for name in ("stages", "stage_count", "histories", "history_count")),
        *((name, np.int64) for name in ("piece", "condition", "output")),
        ("head_scale", np.float64),
    ]
)
STAGE = np.dtype([("kernel", np.int64), ("record", np.int64)])
HISTORY = np.dtype(
    [(n, np.int64) for n in ("address", "rows", "row", "lookback", "stop", "position")]
)
POSITION = np.dtype([("column", np.int64)])

LINE = 16
"""Float32 in a cache line."""
ROOM = 512
"""Frames between two moves of a short history."""
SPREAD = 0.618
"""Histories begin at different columns, or all would move in the same block."""


@kernel
def _play(state: int, ins: int, outs: int, frames: int) -> None:
    """Run ``frames`` float32 at ``ins`` through the network to ``outs``."""
    network = record(state, NETWORK)
    scale = np.float32(network.head_scale)
    done = 0
    while done < frames:
        count = min(network.piece, frames - done)
        copy_bytes(network.condition, ins + 4 * done, 4 * count)
        for number in range(network.history_count):
            history = element(network.histories, number, HISTORY)
            column = load(history.position, 0)
            if column + network.piece > history.stop:
                kept = history.address + 4 * (column - history.lookback)
                for row in range(history.rows):
                    start = 4 * row * history.row
                    move_bytes(history.address + start, kept + start, 4 * history.lookback)
                store(history.position, 0, history.lookback)
        for number in range(network.stage_count):
            stage = element(network.stages, number, STAGE)
            call_node(stage.kernel, stage.record, 0, 0, np.int32(count))
        for number in range(network.history_count):
            position = element(network.histories, number, HISTORY).position
            store(position, 0, load(position, 0) + count)
        result, y = floats(network.output, count), floats(outs + 4 * done, count)
        for i in range(count):
            y[i] = scale * result[i]
        done += count


def prepare_wavenet(
    memory: Memory, network: WaveNet, width: int | None = None
) -> tuple[Native, Any]:
    """Lay a network out; return the kernel that plays it and the record to call it with.

    The kernel takes the addresses of float32 themselves, not of lists of channels.
    """
    return _play, _Layout(memory, network, width or host_lanes()).record


@dataclass(frozen=True)
class _Place:
    """Where a signal lies: its first row, float32 from row to row, where its column is kept."""

    address: Any
    row: int
    position: Any

    def fields(self, name: str) -> dict[str, Any]:
        """Return the three fields of a record that name this place."""
        parts = {"address": self.address, "row": self.row, "position": self.position}
        return {f"{name}_{part}": value for part, value in parts.items()}


class _Layout:
    """Asks for all memory of a network, in the order it is used."""

    def __init__(self, memory: Memory, network: WaveNet, width: int) -> None:
        self.memory, self.width = memory, width
        self.piece = VECTORS[-1] * width
        self.start = memory.constant(np.zeros(1, np.int64))
        self.stages: list[dict[str, Any]] = []
        self.histories: list[dict[str, Any]] = []
        self.rooms = self._rooms(network)
        condition, output = self._scratch(1), self._scratch(1)
        heads = [self._head(array) for array in network.arrays]
        self._fill(heads[0], network.arrays[0].channels)
        signal = condition
        for number, array in enumerate(network.arrays):
            last = array is network.arrays[-1]
            signal = self._array(array, signal, condition, heads[number], last)
            self._dense(array.head, heads[number], output if last else heads[number + 1])
        self.record = memory.record(
            NETWORK,
            stages=memory.table(STAGE, self.stages),
            stage_count=len(self.stages),
            histories=memory.table(HISTORY, self.histories),
            history_count=len(self.histories),
            piece=self.piece,
            condition=condition.address,
            output=output.address,
            head_scale=network.head_scale,
        )

    def _rooms(self, network: WaveNet) -> Iterator[tuple[int, int, Any]]:
        """Return, history by history, columns kept, columns in all, and where the column is."""
        heads = [array.head for array in network.arrays if array.head.lookback]
        inner = [layer.conv for array in network.arrays for layer in array.layers]
        sizes, columns = [], []
        for number, conv in enumerate(heads + inner):
            kept = -(-conv.lookback // LINE) * LINE
            turns = -(-max(ROOM, kept) // self.piece)
            begin = int(number * SPREAD % 1 * turns) * self.piece
            sizes.append((kept, kept + (turns + 1) * self.piece))
            columns.append({"column": kept + begin})
        positions = self.memory.records(POSITION, columns)
        return ((*size, positions[8 * number]) for number, size in enumerate(sizes))

    def _scratch(self, channels: int) -> _Place:
        return _Place(self.memory.scratch((channels, self.piece)), self.piece, self.start)

    def _history(self, channels: int) -> _Place:
        kept, stop, position = next(self.rooms)
        row = (-(-stop // LINE) | 1) * LINE  # an odd count of lines: rows apart in the cache
        address = self.memory.state((channels, row))
        rows = {"address": address, "rows": channels, "row": row}
        self.histories.append({**rows, "lookback": kept, "stop": stop, "position": position})
        return _Place(address, row, position)

    def _head(self, array: LayerArray) -> _Place:
        """Return where an array's activations are summed: in a history if its head looks back."""
        return (self._history if array.head.lookback else self._scratch)(array.channels)

    def _array(
        self, array: LayerArray, signal: _Place, condition: _Place, head: _Place, last: bool
    ) -> _Place:
        """Add the stages of an array but for its head; return where its output will be."""
        histories = [self._history(array.channels) for _ in array.layers]
        output = self._scratch(array.channels)
        self._dense(array.rechannel, signal, histories[0])
        common = {
            "channels": array.channels,
            "condition": condition.address,
            "activated": self._scratch(array.channels).address,
            **head.fields("head"),
        }
        places = [*histories, output]
        rows = [
            self._layer(layer, places[n], places[n + 1], not (last and layer is array.layers[-1]))
            for n, layer in enumerate(array.layers)
        ]
        kinds = [layer.activation.name for layer in array.layers]
        for name, run in groupby(range(len(rows)), key=kinds.__getitem__):
            part = [rows[n] for n in run]
            table = self.memory.table(LAYER, part)
            made = layers(array.channels, name, self.width)
            self._stage(made, LAYERS, count=len(part), layers=table, **common)
        return output

    def _layer(self, layer: Layer, source: _Place, target: _Place, has_out: bool) -> dict[str, Any]:
        keep, channels = self.memory.constant, layer.conv.outputs
        return {
            **source.fields("source"),
            **target.fields("target"),
            "taps": layer.conv.taps,
            "dilation": layer.conv.dilation,
            "conv": keep(_by_tap(layer.conv)),
            "bias": keep(_bias(layer.conv)),
            "mixin": keep(_by_tap(layer.mixin)),
            "parameters": keep(layer.activation.table(channels)),
            "out": keep(_by_tap(layer.out)),
            "out_bias": keep(_bias(layer.out)),
            "has_out": int(has_out),
        }

    def _dense(self, conv: Conv, source: _Place, target: _Place) -> None:
        self._stage(
            dense(self.width),
            DENSE,
            **source.fields("source"),
            **target.fields("target"),
            taps=conv.taps,
            dilation=conv.dilation,
            inputs=conv.inputs,
            outputs=conv.outputs,
            weight=self.memory.constant(_by_tap(conv)),
            bias=self.memory.constant(_bias(conv)),
        )

    def _fill(self, place: _Place, channels: int) -> None:
        """Add the stage that clears a place: a convolution of nothing is its bias."""
        zeros = np.zeros((channels, 0, 1), np.float32)
        self._dense(Conv(zeros), place, place)

    def _stage(self, made: Native, kind: np.dtype[np.void], **fields: Any) -> None:
        block = self.memory.table(kind, [fields])
        self.stages.append({"kernel": made.address, "record": block})


def _by_tap(conv: Conv) -> NDArray[np.float32]:
    """Return the weights as ``[tap][in][out]``: a tile's are neighbours, whatever its size."""
    return np.ascontiguousarray(conv.weight.transpose(2, 1, 0))


def _bias(conv: Conv) -> NDArray[np.float32]:
    return np.zeros(conv.outputs, np.float32) if conv.bias is None else conv.bias
