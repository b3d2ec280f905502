"""Small LSTMs, unrolled: the code has the instructions of every column, and state is in registers.

Units are in vectors of 4, 8 or 16.  A last half vector of units shares each of its vectors between
two gates, so that 24 units take six vectors of 16 instead of eight; a last quarter shares one among
all four, so that 18 units take five.  A layer is one frame behind the layer before it: they do not
wait for each other.  The first columns of the
hidden state are broadcast from registers, as a store and load would delay them; the others are
loaded from memory, where they have arrived by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from .....runtime.simd.lanes import Cell, Lanes, Value
from ..recurrent_head import HEAD_LANES, emit_head
from .cell import full_cell, half_cell, quarter_cell

__all__ = ["MOST_TOGETHER", "Grid", "NetworkEmitter", "emit_frames", "emit_output", "emit_unrolled"]

REGISTER_COLUMNS = 8
"""Columns of the hidden state broadcast from registers."""
CELLS = {2: half_cell, 4: quarter_cell}
"""By the gates that share a vector."""
MOST_TOGETHER = {4: 24, 8: 32, 16: 48}
"""Most units of all layers whose cells are interleaved, by the lanes of a vector.

More took longer so, as their sums do not stay in registers.
"""
PARTIAL_SUMS = 2
"""Partial sums per gate: each depends on half of the multiply-adds."""


@dataclass(frozen=True)
class Grid:
    """The layout of ``hidden`` units in vectors of ``width`` lanes."""

    hidden: int
    width: int

    @property
    def full(self) -> int:
        """Vectors of units with one vector per gate."""
        rest = self.hidden % self.width
        return self.hidden // self.width + (rest > self.width // 2)

    @property
    def shares(self) -> int:
        """Gates in a vector of the units after the full vectors: 2, 4, or 0 if there are none."""
        rest = self.hidden - self.full * self.width
        return 0 if rest <= 0 else 4 if rest <= self.width // 4 else 2

    @property
    def units(self) -> int:
        """Vectors that hold the hidden state (or the cell state)."""
        return self.full + (self.shares > 0)

    @property
    def lanes(self) -> int:
        """Lanes of these vectors: float32 of a hidden state in memory."""
        return self.units * self.width

    @property
    def gates(self) -> int:
        """Vectors that hold the gates."""
        return 4 * self.full + (4 // self.shares if self.shares else 0)

    def layer_floats(self, inputs: int) -> int:
        """Return the float32 of a layer's weights: rows of gates, of biases and of each column."""
        return (1 + inputs + self.hidden) * self.gates * self.width

    def unit(self, number: int) -> int:
        """Return the lane, counted over all vectors, of a unit's state: in the last share."""
        beyond = number >= self.full * self.width
        return number + (self.width - self.width // self.shares if beyond else 0)

    def gate(self, which: int, number: int) -> int:
        """Return the lane, counted over all vectors, of a gate (i, f, g, o) of a unit."""
        vector, lane = divmod(number, self.width)
        if vector < self.full:
            return (4 * vector + which) * self.width + lane
        vector, share = divmod(which, self.shares)
        return (4 * self.full + vector) * self.width + share * (self.width // self.shares) + lane


def emit_unrolled(grid: Grid, depth: int, lanes: Lanes, *networks: Sequence[Value]) -> None:
    """Emit the loop over a block of networks of one shape, side by side in every frame.

    Each network has the addresses of its weights, its state, the biases of its first layer, its
    input and its output; the last of all arguments is the number of frames, in a list of its own.
    Side by side, one network computes while another waits for its own last result; each has the
    bits that it has alone.
    """
    *given, (frames,) = networks
    nets = [NetworkEmitter(grid, depth, lanes, *map(lanes.pointer, each)) for each in given]
    emit_frames(lanes, nets, frames)


def emit_frames(lanes: Lanes, nets: Sequence["NetworkEmitter"], frames: Value) -> None:
    """Emit the loop over frames, each layer one frame behind the one before, and keep the state."""
    grid, depth = nets[0].grid, nets[0].depth
    together = depth * grid.hidden <= MOST_TOGETHER[grid.width]
    for steps in lanes.staggered(depth, frames, together):
        _emit_layers(lanes, [(net, number, t) for number, t in steps for net in nets])
    for net in nets:
        net.save()


def _emit_layers(lanes: Lanes, layers: Sequence[tuple["NetworkEmitter", int, Value]]) -> None:
    """Emit one frame of layers that do not wait for each other: all gates, then all cells."""
    gates = []
    for net, number, t in layers:
        gates.append(net.sums(number, t))
        # A layer's columns are loaded anew for the next: all at once would not stay in registers.
        lanes.builder.fence("seq_cst", "singlethread")
    alone = len(layers) == layers[0][0].depth == layers[0][0].grid.units == 1
    chains = [
        partial(net.cell, number, v, sums, late=alone)
        for (net, number, _), sums in zip(layers, gates, strict=True)
        for v in range(net.grid.units)
    ]
    made = iter(lanes.interleave(*chains) if len(layers) > 1 else [emit() for emit in chains])
    for net, number, t in layers:
        net.finish(number, list(islice(made, net.grid.units)), t)


class NetworkEmitter:
    """Emits the code of a network, or of ``depth`` adjacent layers; state is in variables.

    Layers without a head store their hidden state at ``y``, ``grid.lanes`` float32 a frame; those
    that are ``fed`` read the hidden state of the layer before them so at ``x``.  The two may be the
    same memory.
    """

    def __init__(
        self,
        grid: Grid,
        depth: int,
        lanes: Lanes,
        *places: Value,
        fed: bool = False,
        head: bool = True,
    ) -> None:
        self.grid, self.depth, self.lanes = grid, depth, lanes
        self.weights, self.state, self.bias, self.x, self.y = places
        self.fed, self.head = fed, head
        self.hidden = [self._load(2 * n) for n in range(depth)]
        self.cells = [self._load(2 * n + 1) for n in range(depth)]

    def _load(self, row: int) -> list[Cell]:
        lanes, units = self.lanes, self.grid.units
        places = [(row * units + v) * lanes.width for v in range(units)]
        return [lanes.cell(lanes.load(self.state, place)) for place in places]

    def save(self) -> None:
        """Store the cell states (hidden states are stored in every step)."""
        for n, cells in enumerate(self.cells):
            for v, cell in enumerate(cells):
                place = ((2 * n + 1) * self.grid.units + v) * self.lanes.width
                self.lanes.store(cell.value, self.state, place)

    def finish(self, number: int, made: Sequence[tuple[Value, Value]], frame: Value) -> None:
        """Keep cells and hidden states of a layer; after the last one store the frame's output."""
        lanes, grid = self.lanes, self.grid
        for v, (cell, hidden) in enumerate(made):
            self.cells[number][v].value, self.hidden[number][v].value = cell, hidden
            lanes.store(hidden, self.state, (2 * number * grid.units + v) * lanes.width)
        if number < self.depth - 1:
            return
        if self.head:
            lanes.store_number(self._head(), self.y, frame)
            return
        kept = lanes.at(self.y, lanes.times(frame, grid.lanes))
        for v, (_, hidden) in enumerate(made):
            lanes.store(hidden, kept, v * lanes.width)

    def cell(
        self, number: int, vector: int, gates: Sequence[Value], late: bool
    ) -> tuple[Value, Value]:
        """Emit the cells of a vector of units of a layer; return cells and hidden states."""
        part, cell = gates[4 * vector : 4 * vector + 4], self.cells[number][vector].value
        if vector == self.grid.full:
            return CELLS[self.grid.shares](self.lanes, part, cell)
        return full_cell(self.lanes, part, cell, late)

    def _spread(self, number: int) -> list[Value]:
        lanes, grid, row = self.lanes, self.grid, 2 * number * self.grid.units
        made = []
        for unit in range(grid.hidden):
            place = grid.unit(unit)
            if unit < REGISTER_COLUMNS:
                vector, lane = divmod(place, lanes.width)
                made.append(lanes.spread(self.hidden[number][vector].value, lane))
            else:
                made.append(lanes.broadcast(self.state, row * lanes.width + place))
        return made

    def _inputs(self, frame: Value) -> list[Value]:
        lanes, grid = self.lanes, self.grid
        if not self.fed:
            return [lanes.broadcast(self.x, frame)]
        row = lanes.at(self.x, lanes.times(frame, grid.lanes))
        return [lanes.broadcast(row, grid.unit(unit)) for unit in range(grid.hidden)]

    def sums(self, number: int, frame: Value) -> list[Value]:
        """Emit the gates of a layer before their activations; the first reads ``frame``.

        Columns of the inputs and of the layer's own state go to the partial sums in turn, each of
        the two beginning with the first.
        """
        given = self._spread(number - 1) if number else self._inputs(frame)
        own = self._spread(number)
        lanes, grid = self.lanes, self.grid
        place = self._place(number)
        bias = self._row(place) if number else self._row(0, self.bias)
        sums: list[list[Value]] = [bias, *([] for _ in range(PARTIAL_SUMS - 1))]
        turns = [n % PARTIAL_SUMS for part in (given, own) for n in range(len(part))]
        for n, (turn, column) in enumerate(zip(turns, [*given, *own], strict=True)):
            row = self._row(place + (n + 1) * grid.gates * lanes.width)
            kept = sums[turn]
            sums[turn] = (
                [lanes.fma(w, column, s) for w, s in zip(row, kept, strict=True)]
                if kept
                else [lanes.mul(w, column) for w in row]
            )
        even, odd = sums
        return [lanes.add(a, b) for a, b in zip(even, odd, strict=True)] if odd else even

    def _place(self, number: int) -> int:
        """Return the offset of the bias and columns of a layer in the weights."""
        counts = [self.grid.hidden if n or self.fed else 1 for n in range(number)]
        return sum(map(self.grid.layer_floats, counts))

    def _row(self, place: int, source: Value | None = None) -> list[Value]:
        lanes, source = self.lanes, self.weights if source is None else source
        places = range(place, place + self.grid.gates * lanes.width, lanes.width)
        return [lanes.load(source, at, align=4 * lanes.width) for at in places]

    def _head(self) -> Value:
        place, vectors = self._place(self.depth), [hidden.value for hidden in self.hidden[-1]]
        return emit_output(self.grid, self.lanes, self.weights, place, vectors)


def emit_output(
    grid: Grid, lanes: Lanes, weights: Value, place: int, hidden: Sequence[Value]
) -> Value:
    """Emit the output sample: the weighted hidden state and the bias.

    The weights begin ``place`` float32 after ``weights``.
    """
    units = [grid.unit(n) for n in range(grid.hidden)]
    total = emit_head(lanes, weights, place, hidden, units)
    padded = grid.hidden + -grid.hidden % HEAD_LANES
    return lanes.builder.fadd(total, lanes.load_number(weights, place + padded))
