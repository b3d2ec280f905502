"""Operations of programs on matrices ``(channels, frames)`` of any shape, but for convolution.

Vectors run over time, as in all kernels here (see tiles.py).  Shapes are data in a record, so that
no model compiles a kernel of its own.  A result may be added to a matrix ``start``.
"""

from collections.abc import Callable
from functools import cache, partial

from ....runtime.native.abi import Native
from ....runtime.simd.activations import ACTIVATIONS, exponential
from ....runtime.simd.fields import Words
from ....runtime.simd.lanes import Lanes, Value
from .tiles import Tile, by_length, finish, new_tile, place, record_of, step

__all__ = [
    *("ACTIVATE", "BLEND", "COPY", "FILM", "GATE"),
    *("activate", "blend", "copy", "film", "gate", "softmax"),
    *("Rows", "Start"),
]

FILM = record_of(
    *("*source", "*condition", "*target", "*start", "started", "channels", "rows"),
    *("inputs", "shift_inputs", "weight", "bias"),
)
"""A FiLM: ``rows`` has, for the scale and the shift of each channel, the first of the ``inputs``
of its group; weights as ``[scales, shifts][channel][in]``, biases likewise.
"""
ACTIVATE = record_of("*source", "*target", "channels", "parameters")
GATE = record_of("*first", "*second", "*target", "channels")
BLEND = record_of("*first", "*second", "*raw", "*target", "channels")
COPY = record_of("*source", "*target", "*start", "started", "channels")


class Rows:
    """A matrix named in a record, at its current column."""

    def __init__(self, lanes: Lanes, words: Words, name: str) -> None:
        self.lanes = lanes
        self.here, self.step = place(lanes, words, name)

    def row(self, number: Value | int) -> Value:
        """Return a pointer to a row."""
        return self.lanes.at(self.here, self.lanes.times(number, self.step))

    def vectors(self, number: Value | int, count: int) -> list[Value]:
        """Load the first ``count`` vectors of a row."""
        row = self.row(number)
        return [self.lanes.load(row, v * self.lanes.width) for v in range(count)]


class Start(Rows):
    """The matrix ``start``, which a result is added to if ``started`` is set."""

    def __init__(self, lanes: Lanes, words: Words) -> None:
        super().__init__(lanes, words, "start")
        self.used = lanes.builder.icmp_signed("!=", words["started"], lanes.index(0))

    def add(self, tile: Tile, first: Value | int) -> None:
        """Add its rows to a tile, if ``started`` is set."""
        with self.lanes.when(self.used):
            for r, sums in enumerate(tile):
                before = self.vectors(self.lanes.plus(first, r), len(sums))
                for total, vector in zip(sums, before, strict=True):
                    total.value = self.lanes.add(vector, total.value)


@cache
def film(width: int) -> Native:
    """Return the kernel for FiLMs."""
    return by_length("nam.film", _emit_film, width)


@cache
def activate(name: str, width: int) -> Native:
    """Return the kernel for an activation with parameters for each channel."""
    return by_length(f"nam.activate.{name}", partial(_emit_activate, name), width)


@cache
def gate(width: int) -> Native:
    """Return the kernel for ``first * second``."""
    return by_length("nam.gate", _emit_gate, width)


@cache
def blend(width: int) -> Native:
    """Return the kernel for ``second * first + (1 - second) * raw``."""
    return by_length("nam.blend", _emit_blend, width)


@cache
def copy(width: int) -> Native:
    """Return the kernel for ``start + source``."""
    return by_length("nam.copy", _emit_copy, width)


@cache
def softmax(width: int) -> Native:
    """Return the kernel for ``e^x / sum e^x`` over the channels of each frame."""
    return by_length("nam.softmax", _emit_softmax, width)


def _emit_film(vectors: int, lanes: Lanes, state: Value) -> None:
    words = Words(lanes, FILM, lanes.pointer(state))
    source, condition, target, start = (
        *(Rows(lanes, words, name) for name in ("source", "condition", "target")),
        Start(lanes, words),
    )
    channels, inputs = words["channels"], words["inputs"]
    scale, shift = new_tile(lanes, 2, vectors)
    with lanes.loop(channels) as c:
        for number, sums in enumerate((scale, shift)):
            row = lanes.plus(lanes.times(channels, number), c)
            first = lanes.word(words.pointer("rows"), row)
            bias = lanes.broadcast(words.pointer("bias"), row)
            weights = lanes.at(words.pointer("weight"), lanes.times(row, inputs))
            for total in sums:
                total.value = bias
            with lanes.loop(words["shift_inputs"] if number else inputs) as i:
                loaded = condition.vectors(lanes.plus(first, i), vectors)
                step(lanes, [sums], loaded, lanes.at(weights, i))
        x = source.vectors(c, vectors)
        for a, b, vector in zip(scale, shift, x, strict=True):
            b.value = lanes.fma(vector, a.value, b.value)
        start.add([shift], c)
        finish(lanes, [total.value for total in shift], target.row(c))


def _emit_activate(name: str, vectors: int, lanes: Lanes, state: Value) -> None:
    words = Words(lanes, ACTIVATE, lanes.pointer(state))
    source, target = (Rows(lanes, words, n) for n in ("source", "target"))
    kind, channels = ACTIVATIONS[name], words["channels"]
    with lanes.loop(channels) as c:
        places = [lanes.plus(lanes.times(channels, n), c) for n in range(kind.parameters)]
        parameters = [lanes.broadcast(words.pointer("parameters"), at) for at in places]
        x = source.vectors(c, vectors)
        finish(lanes, [kind.emit(lanes, vector, parameters) for vector in x], target.row(c))


def _emit_softmax(vectors: int, lanes: Lanes, state: Value) -> None:
    """Subtract the largest channel first, so that no exponential overflows."""
    words = Words(lanes, ACTIVATE, lanes.pointer(state))
    source, target = (Rows(lanes, words, n) for n in ("source", "target"))
    tops, totals = new_tile(lanes, 2, vectors)
    for top, x in zip(tops, source.vectors(0, vectors), strict=True):
        top.value = x
    with lanes.loop(words["channels"]) as c:
        for top, x in zip(tops, source.vectors(c, vectors), strict=True):
            top.value = lanes.max(x, top.value)
    for total in totals:
        total.value = lanes.constant(0.0)
    with lanes.loop(words["channels"]) as c:
        made = []
        for top, total, x in zip(tops, totals, source.vectors(c, vectors), strict=True):
            made.append(exponential(lanes, lanes.sub(x, top.value)))
            total.value = lanes.add(total.value, made[-1])
        finish(lanes, made, target.row(c))
    with lanes.loop(words["channels"]) as c:
        shares = zip(target.vectors(c, vectors), totals, strict=True)
        finish(lanes, [lanes.div(x, total.value) for x, total in shares], target.row(c))


def _emit_gate(vectors: int, lanes: Lanes, state: Value) -> None:
    _elementwise(lanes, GATE, ("first", "second"), vectors, state, lanes.mul)


def _emit_blend(vectors: int, lanes: Lanes, state: Value) -> None:
    def mixed(a: Value, share: Value, raw: Value) -> Value:
        rest = lanes.sub(lanes.constant(1.0), share)
        return lanes.fma(share, a, lanes.mul(rest, raw))

    _elementwise(lanes, BLEND, ("first", "second", "raw"), vectors, state, mixed)


def _elementwise(
    lanes: Lanes,
    dtype: object,
    names: tuple[str, ...],
    vectors: int,
    state: Value,
    compute: Callable[..., Value],
) -> None:
    words = Words(lanes, dtype, lanes.pointer(state))  # type: ignore[arg-type]
    sources = [Rows(lanes, words, name) for name in names]
    target = Rows(lanes, words, "target")
    with lanes.loop(words["channels"]) as c:
        rows = [source.vectors(c, vectors) for source in sources]
        finish(lanes, [compute(*given) for given in zip(*rows, strict=True)], target.row(c))


def _emit_copy(vectors: int, lanes: Lanes, state: Value) -> None:
    words = Words(lanes, COPY, lanes.pointer(state))
    source, target = (Rows(lanes, words, n) for n in ("source", "target"))
    start = Start(lanes, words)
    (sums,) = new_tile(lanes, 1, vectors)
    with lanes.loop(words["channels"]) as c:
        for total, vector in zip(sums, source.vectors(c, vectors), strict=True):
            total.value = vector
        start.add([sums], c)
        finish(lanes, [total.value for total in sums], target.row(c))
