"""Programs: networks as flat lists of operations on matrices, and the walk that runs them.

A matrix is channels by frames.  One that a convolution looks back in is a history: rows of past
frames with room behind them.  Frames are written on to the right; when the room is used up, what is
still needed moves back to the left.  All other matrices hold one piece and remember nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime.native.abi import Native, kernel
from ....runtime.native.host import host_lanes
from ....runtime.simd.embed import embed
from ....runtime.simd.fields import Fields, Words
from ....runtime.simd.lanes import Lanes, Value
from .tiles import VECTORS

__all__ = ["Matrix", "Program", "walk"]

PROGRAM = np.dtype(
    [
        *((name, np.int64) for name in ("stages", "stage_count", "histories", "history_count")),
        *((name, np.int64) for name in ("piece", "multichannel", "source", "target")),
        *((name, np.int64) for name in ("inputs", "outputs")),
    ]
)
STAGE = np.dtype([(name, np.int64) for name in ("kernel", "record", "ins", "outs")])
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
BANK = 8
"""Positions that are kept side by side."""


def _emit_walk(lanes: Lanes, state: Value, ins: Value, outs: Value, frames: Value) -> None:
    builder, p = lanes.builder, Words(lanes, PROGRAM, lanes.pointer(state))
    piece = p["piece"]
    with lanes.loop(frames, step=piece) as done:
        left = lanes.minus(frames, done)
        count = builder.select(builder.icmp_signed("<", left, piece), left, piece)
        begin, size = lanes.times(done, 4), lanes.times(count, 4)
        with lanes.loop(p["inputs"]) as c:
            source = lanes.pointer(lanes.plus(_channel(lanes, p, ins, c), begin))
            lanes.copy(_row(lanes, p, "source", c), source, size)
        with lanes.loop(p["history_count"]) as number:
            _emit_room(lanes, _numbered(lanes, p["histories"], HISTORY, number), piece)
        with lanes.loop(p["stage_count"]) as number:
            stage = _numbered(lanes, p["stages"], STAGE, number)
            lanes.call_node(stage["kernel"], stage["record"], stage["ins"], stage["outs"], count)
        with lanes.loop(p["history_count"]) as number:
            position = _numbered(lanes, p["histories"], HISTORY, number).pointer("position")
            lanes.put_word(lanes.plus(lanes.word(position, 0), count), position, 0)
        with lanes.loop(p["outputs"]) as c:
            target = lanes.pointer(lanes.plus(_channel(lanes, p, outs, c), begin))
            lanes.copy(target, _row(lanes, p, "target", c), size)


def _emit_room(lanes: Lanes, history: Fields, piece: Value) -> None:
    """Move what is still needed of a history back to the left, where there is no room for more."""
    builder, position = lanes.builder, history.pointer("position")
    column, lookback = lanes.word(position, 0), history["lookback"]
    full = builder.icmp_signed(">", lanes.plus(column, piece), history["stop"])
    with lanes.when(full):
        back = lanes.times(lanes.minus(column, lookback), 4)
        step = lanes.times(history["row"], 4)
        with lanes.loop(history["rows"]) as row:
            start = lanes.plus(history["address"], lanes.times(row, step))
            kept = lanes.pointer(lanes.plus(start, back))
            lanes.move(lanes.pointer(start), kept, lanes.times(lookback, 4))
        lanes.put_word(lookback, position, 0)


def _numbered(lanes: Lanes, first: Value, kind: np.dtype[Any], number: Value) -> Fields:
    return Fields(lanes, lanes.plus(first, lanes.times(number, kind.itemsize)), kind)


def _row(lanes: Lanes, p: Words, name: str, c: Value) -> Value:
    """Return where a channel of the first or the last matrix begins."""
    return lanes.at(p.pointer(name), lanes.times(c, p["piece"]))


def _channel(lanes: Lanes, p: Words, ends: Value, c: Value) -> Value:
    """Return the address of a channel: of those in a list, or of the one that is no list."""
    found = lanes.cell(ends)
    with lanes.when(lanes.builder.icmp_signed("!=", p["multichannel"], lanes.index(0))):
        found.value = lanes.word(lanes.pointer(ends), c)
    return found.value


_walk = embed("nam.program", 4, _emit_walk)


@kernel
def walk(state: int, ins: int, outs: int, frames: int) -> None:
    """Run ``frames`` through a program: of channels in a list, or of one that is no list."""
    _walk(state, ins, outs, frames)


@dataclass(frozen=True, eq=False)
class Matrix:
    """Where a signal lies: first row, float32 from row to row, where its column is kept."""

    address: Any
    row: int
    position: Any
    channels: int

    def fields(self, name: str) -> dict[str, Any]:
        """Return the three fields of a record that name this place."""
        parts = {"address": self.address, "row": self.row, "position": self.position}
        return {f"{name}_{part}": value for part, value in parts.items()}

    def part(self, first: int, channels: int) -> "Matrix":
        """Return some of the channels."""
        block, offset = self.address if isinstance(self.address, tuple) else (self.address, 0)
        return Matrix(block[offset + 4 * first * self.row], self.row, self.position, channels)

    def pointers(self, memory: Memory) -> Any:
        """List where the channels begin (of a matrix that remembers nothing)."""
        return memory.pointers([self.part(c, 1).address for c in range(self.channels)])


class Program:
    """Asks for the memory of a program, operation by operation, in the order they run."""

    def __init__(self, memory: Memory, width: int | None = None) -> None:
        self.memory = memory
        self.width = width or host_lanes()
        self.piece = VECTORS[-1] * self.width
        self._start = memory.constant(np.zeros(1, np.int64))
        self._stages: list[dict[str, Any]] = []
        self._histories: list[dict[str, Any]] = []
        self._bank: Any = None
        self._shared: dict[tuple[Any, ...], Matrix] = {}

    def matrix(self, channels: int, lookback: int = 0) -> Matrix:
        """Ask for a matrix, in which that many frames before the current one can be found."""
        if lookback:
            return self._history(channels, lookback)
        return Matrix(self._scratch(channels), self.piece, self._start, channels)

    def shared(self, channels: int, *name: Any) -> Matrix:
        """Ask for a matrix that others who ask by the same name get too."""
        key = (channels, *name)
        if key not in self._shared:
            self._shared[key] = self.matrix(channels)
        return self._shared[key]

    def stage(self, made: Native, at: Any, ins: Any = 0, outs: Any = 0) -> None:
        """Add a kernel, to be called with a record and what the record does not say."""
        self._stages.append({"kernel": made.address, "record": at, "ins": ins, "outs": outs})

    def operation(self, made: Native, kind: np.dtype[np.void], **fields: Any) -> None:
        """Add a kernel that only needs its record.  Matrices stand for their three fields."""
        row: dict[str, Any] = {}
        for name, value in fields.items():
            row |= value.fields(name) if isinstance(value, Matrix) else {name: value}
        self.stage(made, self.memory.table(kind, [row]))

    def finish(self, source: Matrix, target: Matrix) -> Any:
        """Return the record to call ``walk`` with; matrices of one piece, filled and read.

        It takes lists of channels unless there is one in and one out.
        """
        return self.memory.table(
            PROGRAM,
            [
                {
                    "stages": self.memory.table(STAGE, self._stages),
                    "stage_count": len(self._stages),
                    "histories": self.memory.table(HISTORY, self._histories),
                    "history_count": len(self._histories),
                    "piece": self.piece,
                    "multichannel": int((source.channels, target.channels) != (1, 1)),
                    "source": source.address,
                    "inputs": source.channels,
                    "target": target.address,
                    "outputs": target.channels,
                }
            ],
        )

    def constants(self, *rows: Sequence[float] | Any) -> Any:
        """Keep numbers that are only read."""
        return self.memory.constant(np.concatenate([np.ravel(row) for row in rows]))

    def _scratch(self, channels: int) -> Any:
        return self.memory.scratch((channels, self.piece))

    def _history(self, channels: int, lookback: int) -> Matrix:
        number = len(self._histories)
        kept = -(-lookback // LINE) * LINE
        turns = -(-max(ROOM, kept) // self.piece)
        begin = int(number * SPREAD % 1 * turns) * self.piece
        stop = kept + (turns + 1) * self.piece
        row = (-(-stop // LINE) | 1) * LINE  # an odd count of lines: rows apart in the cache
        address = self.memory.state((channels, row))
        position = self._position(number, kept + begin)
        rows = {"address": address, "rows": channels, "row": row}
        self._histories.append({**rows, "lookback": kept, "stop": stop, "position": position})
        return Matrix(address, row, position, channels)

    def _position(self, number: int, column: int) -> Any:
        if number % BANK == 0:
            self._bank = self.memory.records(POSITION, [{"column": 0}] * BANK)
        self._bank.content["column"][number % BANK] = column
        return self._bank[8 * (number % BANK)]
