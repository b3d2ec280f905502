"""Programs: a network as a flat list of operations on matrices, and the kernel that runs them.

A matrix is ``(channels, frames)``.  If a convolution reads past frames of it, it is a history: rows
to which new frames are written from left to right.  When a row is full, its last piece is copied to
the left end, and writing goes on behind it.  Frames before the left end are read where they were
written in the lap before: no piece that is read lies across the end of a row.  Every other matrix
holds one piece (the frames computed at once, ``piece``) and no state.

``Program`` belongs to control threads; ``walk`` runs on the audio thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....graph.prepare import LONGEST_BLOCK, Memory
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
HISTORY = np.dtype([(n, np.int64) for n in ("address", "rows", "row", "kept", "stop", "position")])
"""``kept``: the frames copied to the left end when a piece would end after column ``stop``."""
POSITION = np.dtype([(name, np.int64) for name in ("column", "lap")])
"""The column of the next frame, and how many columns further right those before the left end are.

Both are 0 for matrices that are no histories.
"""

CACHE_LINE_FLOATS = 16
SHORT_ROOM = 2
"""Pieces of room in a history that is not longer than a piece."""
LONG_ROOM = 3
"""Pieces of room in a longer history: the copy at the left end, the piece that is written, and the
columns at the right end that no whole piece fits in."""
STAGGER = 0.618
"""Fraction of a lap by which histories start apart, so that they do not end in one block."""
POSITIONS_PER_BLOCK = 4
"""Positions allocated side by side, in one cache line."""


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
        with lanes.loop(p["stage_count"]) as number:
            stage = _numbered(lanes, p["stages"], STAGE, number)
            lanes.call_node(stage["kernel"], stage["record"], stage["ins"], stage["outs"], count)
        with lanes.loop(p["history_count"]) as number:
            history = _numbered(lanes, p["histories"], HISTORY, number)
            _emit_advance(lanes, history, count, piece)
        with lanes.loop(p["outputs"]) as c:
            target = lanes.pointer(lanes.plus(_channel(lanes, p, outs, c), begin))
            lanes.copy(target, _row(lanes, p, "target", c), size)


def _emit_advance(lanes: Lanes, history: Fields, count: Value, piece: Value) -> None:
    """Go on by ``count`` frames; begin a new lap if the next piece does not fit.

    A lap is longer than a piece, and so than what is kept: the ranges do not overlap.
    """
    builder, position = lanes.builder, history.pointer("position")
    column = lanes.plus(lanes.word(position, 0), count)
    lanes.put_word(column, position, 0)
    full = builder.icmp_signed(">", lanes.plus(column, piece), history["stop"])
    with lanes.when(full):
        kept, first = history["kept"], history.pointer("address")
        lap = lanes.minus(column, kept)
        with lanes.loop(history["rows"]) as row:
            start = lanes.at(first, lanes.times(row, history["row"]))
            with lanes.loop(kept, step=CACHE_LINE_FLOATS) as done:
                target = lanes.at(start, done)
                source, parts = lanes.at(target, lap), range(0, CACHE_LINE_FLOATS, lanes.width)
                line = [lanes.load(source, part) for part in parts]
                for part, vector in zip(parts, line, strict=True):
                    lanes.store(vector, target, part)
        lanes.put_word(kept, position, 0)
        lanes.put_word(lap, position, 1)


def _numbered(lanes: Lanes, first: Value, kind: np.dtype[Any], number: Value) -> Fields:
    return Fields(lanes, lanes.plus(first, lanes.times(number, kind.itemsize)), kind)


def _row(lanes: Lanes, p: Words, name: str, c: Value) -> Value:
    """Return the address of a channel of the source or target matrix."""
    return lanes.at(p.pointer(name), lanes.times(c, p["piece"]))


def _channel(lanes: Lanes, p: Words, ends: Value, c: Value) -> Value:
    """Return the address of a channel, from a list of addresses or, for mono, itself."""
    found = lanes.cell(ends)
    with lanes.when(lanes.builder.icmp_signed("!=", p["multichannel"], lanes.index(0))):
        found.value = lanes.word(lanes.pointer(ends), c)
    return found.value


_walk = embed("nam.program", 4, _emit_walk)


@kernel
def walk(state: int, ins: int, outs: int, frames: int) -> None:
    """Run a program on a block; takes channels as the kernel of ``prepare_network`` does."""
    _walk(state, ins, outs, frames)


@dataclass(frozen=True, eq=False)
class Matrix:
    """A signal in memory: address of its first row, floats per row, address of its column."""

    address: Any
    row: int
    position: Any
    channels: int

    def fields(self, name: str) -> dict[str, Any]:
        """Return the three record fields ``NAME_address``, ``NAME_row`` and ``NAME_position``."""
        parts = {"address": self.address, "row": self.row, "position": self.position}
        return {f"{name}_{part}": value for part, value in parts.items()}

    def part(self, first: int, channels: int) -> "Matrix":
        """Return the matrix of ``channels`` channels from ``first`` on."""
        block, offset = self.address if isinstance(self.address, tuple) else (self.address, 0)
        return Matrix(block[offset + 4 * first * self.row], self.row, self.position, channels)

    def pointers(self, memory: Memory) -> Any:
        """Return a list of the channels' addresses; not for a history."""
        return memory.pointers([self.part(c, 1).address for c in range(self.channels)])


class Program:
    """Allocates the memory of a program; operations are added in the order they run."""

    def __init__(
        self, memory: Memory, width: int | None = None, frames: int = LONGEST_BLOCK
    ) -> None:
        self.memory = memory
        self.width = width or host_lanes()
        self.frames = frames  # most that the audio thread gives at a time
        self.piece = VECTORS[-1] * self.width
        self._start = memory.constant(np.zeros(1, POSITION))
        self._stages: list[dict[str, Any]] = []
        self._histories: list[dict[str, Any]] = []
        self._positions: Any = None
        self._shared: dict[tuple[Any, ...], Matrix] = {}

    def matrix(self, channels: int, lookback: int = 0) -> Matrix:
        """Allocate a matrix; with ``lookback``, a history of that many past frames."""
        if lookback:
            return self._history(channels, lookback)
        return Matrix(self._scratch(channels), self.piece, self._start, channels)

    def shared(self, channels: int, *name: Any) -> Matrix:
        """Return the matrix of this name and width, allocated at the first call."""
        key = (channels, *name)
        if key not in self._shared:
            self._shared[key] = self.matrix(channels)
        return self._shared[key]

    def stage(self, made: Native, at: Any, ins: Any = 0, outs: Any = 0) -> None:
        """Add a kernel, to be called with its record, inputs and outputs."""
        self._stages.append({"kernel": made.address, "record": at, "ins": ins, "outs": outs})

    def operation(self, made: Native, kind: np.dtype[np.void], **fields: Any) -> None:
        """Add a kernel that needs its record only; a matrix is written as its three fields."""
        row: dict[str, Any] = {}
        for name, value in fields.items():
            row |= value.fields(name) if isinstance(value, Matrix) else {name: value}
        self.stage(made, self.memory.table(kind, [row]))

    def finish(self, source: Matrix, target: Matrix) -> Any:
        """Return the record to call ``walk`` with.

        ``walk`` copies its input to ``source`` and its output from ``target``, neither a history.
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
        """Allocate constants, flattened one after another."""
        return self.memory.constant(np.concatenate([np.ravel(row) for row in rows]))

    def _scratch(self, channels: int) -> Any:
        return self.memory.scratch((channels, self.piece))

    def _history(self, channels: int, lookback: int) -> Matrix:
        number = len(self._histories)
        lookback = -(-lookback // CACHE_LINE_FLOATS) * CACHE_LINE_FLOATS
        kept = min(lookback, self.piece)
        stop = lookback + (SHORT_ROOM if lookback == kept else LONG_ROOM) * self.piece
        turns = (stop - kept) // self.piece
        begin = kept + int(number * STAGGER % 1 * turns) * self.piece
        lines = -(-stop // CACHE_LINE_FLOATS) | 1  # odd: rows begin in different cache sets
        row = lines * CACHE_LINE_FLOATS
        address = self.memory.state((channels, row))
        position = self._position(number, begin, stop - self.piece)
        rows = {"address": address, "rows": channels, "row": row}
        self._histories.append({**rows, "kept": kept, "stop": stop, "position": position})
        return Matrix(address, row, position, channels)

    def _position(self, number: int, column: int, lap: int) -> Any:
        inside = number % POSITIONS_PER_BLOCK
        if inside == 0:
            self._positions = self.memory.records(POSITION, [{"column": 0}] * POSITIONS_PER_BLOCK)
        self._positions.content[inside] = column, lap
        return self._positions[POSITION.itemsize * inside]
