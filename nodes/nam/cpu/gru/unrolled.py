"""Small GRUs, unrolled: the code has the instructions of every column, and state is in registers.

With ``z`` and ``r`` the exponentials ``e^-sum`` of the gates, and tanh as its quotient ``P / Q``,

    n  = tanh(nx + sigmoid(..) nh) = tanh(nx + nh / (1 + r)) = P / Q
    h' = (h + z n) / (1 + z) = (h Q + z P) / ((1 + z) Q)
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from .....runtime.simd.lanes import Cell, Lanes, Value
from ..lstm.cell import exp_minus, tanh_parts
from ..recurrent_head import emit_head

__all__ = [
    "GATES",
    "NetworkEmitter",
    "emit_frames",
    "emit_output",
    "emit_unrolled",
    "gru_cell",
    "layer_floats",
]

GATES = 3
"""z, r, n: sums of a column.  The bias row has a fourth, that of the hidden part of n."""
REGISTER_COLUMNS = 8
"""Columns of the hidden state broadcast from registers; the others are loaded from memory."""


def gru_cell(lanes: Lanes, sums: Sequence[Value], hidden: Value) -> Value:
    """Emit one frame of a vector of units; return the hidden state.  Sums: z, r, nx, nh."""
    one = lanes.constant(1.0)
    r, z = (exp_minus(lanes, sums[n]) for n in (1, 0))
    n = lanes.add(sums[2], lanes.div(sums[3], lanes.add(one, r)))
    above, below = tanh_parts(lanes, n)
    kept = lanes.fma(z, above, lanes.mul(hidden, below))
    return lanes.div(kept, lanes.mul(lanes.add(one, z), below))


def layer_floats(inputs: int, hidden: int, padded: int) -> int:
    """Return the float32 of a layer's weights: a bias row of four gates, then the columns."""
    return (4 + GATES * (inputs + hidden)) * padded


def emit_unrolled(hidden: int, depth: int, lanes: Lanes, *networks: Sequence[Value]) -> None:
    """Emit the loop over a block of networks of one shape, side by side in every frame.

    Arguments are those of ``lstm/unrolled.py``: of each network the addresses of its weights, its
    state, the biases of its first layer, its input and its output; then a list of the number of
    frames.  Each network has the bits that it has alone.
    """
    *given, (frames,) = networks
    nets = [NetworkEmitter(hidden, depth, lanes, *map(lanes.pointer, each)) for each in given]
    emit_frames(lanes, nets, frames)


def emit_frames(lanes: Lanes, nets: Sequence["NetworkEmitter"], frames: Value) -> None:
    """Emit the loop over frames, each layer one frame behind the one before."""
    for steps in lanes.staggered(nets[0].depth, frames, together=False):
        for number, t in steps:
            _emit_layer(lanes, nets, number, t)


def _emit_layer(lanes: Lanes, nets: Sequence["NetworkEmitter"], number: int, frame: Value) -> None:
    """Emit one frame of a layer of each network: all sums, then all cells."""
    sums = [net.sums(number, frame) for net in nets]
    chains = [
        partial(net.cell, number, v, each[v])
        for net, each in zip(nets, sums, strict=True)
        for v in range(net.units)
    ]
    made = iter(lanes.interleave(*chains) if len(nets) > 1 else [emit() for emit in chains])
    for net in nets:
        net.finish(number, list(islice(made, net.units)), frame)


class NetworkEmitter:
    """Emits the code of a network, or of ``depth`` adjacent layers.

    State is in variables, and in memory after every frame.  Layers without a head store their
    hidden state at ``y``, ``padded`` float32 a frame; those that are ``fed`` read the hidden state
    of the layer before them so at ``x``.  The two may be the same memory.
    """

    def __init__(
        self,
        hidden: int,
        depth: int,
        lanes: Lanes,
        *places: Value,
        fed: bool = False,
        head: bool = True,
    ) -> None:
        self.hidden, self.depth, self.lanes = hidden, depth, lanes
        self.weights, self.state, self.bias, self.x, self.y = places
        self.fed, self.head = fed, head
        self.units = -(-hidden // lanes.width)
        """Vectors of units."""
        self.padded = self.units * lanes.width
        rows = [[number * self.padded + v * lanes.width for v in range(self.units)]
                for number in range(depth)]  # fmt: skip
        self.now: list[list[Cell]] = [
            [lanes.cell(lanes.load(self.state, at)) for at in row] for row in rows
        ]

    def sums(self, number: int, frame: Value) -> list[list[Value]]:
        """Emit the sums of a layer's gates, of each vector of units; the first reads ``frame``."""
        place = self._place(number)
        given = self._spread(number - 1) if number else self._inputs(frame)
        bias = self._row(self.weights, place, 4) if number else self._row(self.bias, 0, 4)
        units, column = self.units, place + 4 * self.padded
        nothing: list[Value | None] = [None] * (2 * units)
        both = [bias[: 2 * units], list(nothing)]  # z and r, of both parts
        fed = [bias[2 * units : 3 * units], nothing[:units]]
        own = [bias[3 * units :], nothing[:units]]
        self._add(given, column, both, fed)
        column += (self.hidden if number or self.fed else 1) * GATES * self.padded
        self._add(self._spread(number), column, both, own)
        gates, nx, nh = (
            [self._joined(a, b) for a, b in zip(*sums, strict=True)] for sums in (both, fed, own)
        )
        return [[gates[v], gates[units + v], nx[v], nh[v]] for v in range(units)]

    def cell(self, number: int, vector: int, sums: Sequence[Value]) -> Value:
        """Emit the new hidden state of a vector of units."""
        return gru_cell(self.lanes, sums, self.now[number][vector].value)

    def finish(self, number: int, made: Sequence[Value], frame: Value) -> None:
        """Keep the hidden states of a layer; after the last one store the frame's output."""
        lanes = self.lanes
        for v, hidden in enumerate(made):
            self.now[number][v].value = hidden
            lanes.store(hidden, self.state, number * self.padded + v * lanes.width)
        if number < self.depth - 1:
            return
        if self.head:
            output = emit_output(self.hidden, lanes, self.weights, self._place(self.depth), made)
            lanes.store_number(output, self.y, frame)
            return
        row = lanes.at(self.y, lanes.times(frame, self.padded))
        for v, hidden in enumerate(made):
            lanes.store(hidden, row, v * lanes.width)

    def _inputs(self, frame: Value) -> Iterator[Value]:
        """Emit the inputs of the first layer, each broadcast to all lanes."""
        lanes = self.lanes
        if not self.fed:
            yield lanes.broadcast(self.x, frame)
            return
        row = lanes.at(self.x, lanes.times(frame, self.padded))
        for unit in range(self.hidden):
            yield lanes.broadcast(row, unit)

    def _add(
        self,
        columns: Iterator[Value],
        place: int,
        both: Sequence[list[Value | None]],
        single: Sequence[list[Value | None]],
    ) -> None:
        """Add columns to partial sums, of even and of odd columns: z and r, and one part of n."""
        lanes = self.lanes
        for n, column in enumerate(columns):
            row = self._row(self.weights, place + n * GATES * self.padded, GATES)
            places = [(both[n % 2], k) for k in range(2 * self.units)]
            places += [(single[n % 2], k) for k in range(self.units)]
            for weight, (sums, k) in zip(row, places, strict=True):
                before = sums[k]
                sums[k] = (
                    lanes.mul(weight, column)
                    if before is None
                    else lanes.fma(weight, column, before)
                )

    def _joined(self, a: Value | None, b: Value | None) -> Value:
        return a if b is None else self.lanes.add(a, b)

    def _spread(self, number: int) -> Iterator[Value]:
        """Emit the hidden state of a layer, unit by unit, each broadcast to all lanes."""
        lanes = self.lanes
        for unit in range(self.hidden):
            if unit < REGISTER_COLUMNS:
                vector, lane = divmod(unit, lanes.width)
                yield lanes.spread(self.now[number][vector].value, lane)
            else:
                yield lanes.broadcast(self.state, number * self.padded + unit)

    def _place(self, number: int) -> int:
        """Return the offset of a layer, or of the head, in the weights."""
        inputs = [self.hidden if n or self.fed else 1 for n in range(number)]
        return sum(layer_floats(count, self.hidden, self.padded) for count in inputs)

    def _row(self, source: Value, place: int, gates: int) -> list[Value]:
        width = self.lanes.width
        places = range(place, place + gates * self.padded, width)
        return [self.lanes.load(source, at, align=4 * width) for at in places]


def emit_output(
    hidden: int, lanes: Lanes, weights: Value, place: int, vectors: Sequence[Value]
) -> Value:
    """Emit the output sample: the weighted hidden state and the bias.

    The weights begin ``place`` float32 after ``weights``.
    """
    total = emit_head(lanes, weights, place, vectors, range(hidden))
    padded = len(vectors) * lanes.width
    return lanes.builder.fadd(total, lanes.load_number(weights, place + padded))
