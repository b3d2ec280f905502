"""What the convolver's driver is written with: places in its memory, rings, routes, calls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from llvmlite import ir

from ....runtime.simd.embed import new_function
from ....runtime.simd.fft.twiddles import HALF
from ....runtime.simd.fields import Fields
from ....runtime.simd.lanes import Lanes, Value, i64
from .inner_loops import ROW, multiply, multiply_newest
from .records import LINE, RECENT, ROUTE_WORDS

__all__ = [
    "Leaf",
    "Route",
    "call",
    "float_at",
    "least",
    "most",
    "recent",
    "ring_after",
    "routes",
    "row_at",
    "tail",
]


# ---- addresses ---------------------------------------------------------------------------------


def float_at(lanes: Lanes, address: Value, count: int | Value) -> Value:
    """Step ``count`` float32 on from an address."""
    return lanes.plus(address, lanes.times(count, 4))


def row_at(lanes: Lanes, address: Value, count: int | Value) -> Value:
    """Step ``count`` rows (halves of a leaf) on from an address."""
    return lanes.plus(address, lanes.times(count, 4 * ROW))


def recent(lanes: Lanes, c: Fields, channel: Value, frames: int | Value = 0) -> Value:
    """Return where the last two steps of an input lie."""
    return float_at(lanes, c["recent"], lanes.plus(lanes.times(channel, RECENT), frames))


def tail(lanes: Lanes, c: Fields, channel: Value, frames: int | Value = 0) -> Value:
    """Return where all but the direct form of an output lies, for the step that is filling."""
    return float_at(lanes, c["tail"], lanes.plus(lanes.times(channel, LINE), frames))


# ---- numbers -----------------------------------------------------------------------------------


def least(lanes: Lanes, a: Value, b: Value) -> Value:
    """Return the smaller int64."""
    return lanes.builder.select(lanes.builder.icmp_signed("<", a, b), a, b)


def most(lanes: Lanes, a: Value, b: Value) -> Value:
    """Return the larger int64."""
    return lanes.builder.select(lanes.builder.icmp_signed(">", a, b), a, b)


def ring_after(lanes: Lanes, position: Value, steps: int | Value, count: Value) -> Value:
    """Step at most ``count`` on around a ring."""
    there = lanes.plus(position, steps)
    over = lanes.builder.icmp_signed(">=", there, count)
    return lanes.builder.select(over, lanes.minus(there, count), there)


# ---- routes ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Route:
    """One of the sums an output is made of."""

    input: Value
    response: Value
    is_first: Value
    is_last: Value


@contextmanager
def routes(lanes: Lanes, c: Fields, output: Value) -> Iterator[Route]:
    """Emit a loop over the routes that end in an output."""
    starts, table = lanes.pointer(c["starts"]), lanes.pointer(c["routes"])
    begin, end = lanes.word(starts, output), lanes.word(starts, lanes.plus(output, 1))
    with lanes.loop(end, begin) as number:
        place = lanes.times(number, ROUTE_WORDS)
        yield Route(
            lanes.word(table, place),
            lanes.word(table, lanes.plus(place, 1)),
            lanes.builder.icmp_signed("==", number, begin),
            lanes.builder.icmp_signed("==", lanes.plus(number, 1), end),
        )


@dataclass(frozen=True)
class Leaf:
    """The products of one leaf on their way: where the factors lie, and the sums.

    ``ring`` and ``spectra`` are the first of a leaf's rows: ``slots`` of the low half, then as many
    of the high half.  Sums are for this block and for the next, real and imaginary.
    """

    ring: Value
    spectra: Value
    slots: Value
    parity: Value
    """Which half's turn it is to be multiplied for this block and the next."""
    re: Value
    im: Value
    next_re: Value
    next_im: Value
    is_first: Value
    """Whether this is the first of the routes that are summed."""

    def older(self, lanes: Lanes, position: Value, begin: Value, end: Value) -> None:
        """Multiply steps ``begin`` to ``end``, oldest first, where ``position`` is the newest."""
        b, half = lanes.builder, lanes.times(self.parity, HALF)
        skip = lanes.times(self.parity, self.slots)
        fresh = b.and_(b.icmp_signed("==", begin, lanes.index(0)), self.is_first)
        call(
            lanes,
            multiply,
            row_at(lanes, self.ring, skip),
            row_at(lanes, self.spectra, lanes.plus(skip, begin)),
            *(float_at(lanes, p, half) for p in (self.re, self.im, self.next_re, self.next_im)),
            ring_after(lanes, position, lanes.plus(begin, 1), self.slots),
            self.slots,
            lanes.minus(end, begin),
            b.zext(fresh, i64),
        )

    def newest(self, lanes: Lanes, position: Value) -> None:
        """Multiply the newest input: add to this turn's half, and to what the last turn left."""
        for mine in (True, False):
            side = self.parity if mine else lanes.minus(1, self.parity)
            skip, half = lanes.times(side, self.slots), lanes.times(side, HALF)
            re, im = self.re, self.im
            if not mine:
                re = lanes.builder.select(self.is_first, self.next_re, re)
                im = lanes.builder.select(self.is_first, self.next_im, im)
            call(
                lanes,
                multiply_newest,
                row_at(lanes, self.ring, lanes.plus(skip, position)),
                row_at(lanes, self.spectra, lanes.plus(skip, lanes.minus(self.slots, 1))),
                *(float_at(lanes, p, half) for p in (re, im, self.re, self.im)),
            )


# ---- calls -------------------------------------------------------------------------------------


def call(
    lanes: Lanes, emit: Callable[..., None], *args: Value, parameter: int | None = None
) -> None:
    """Call a function of the module, emitting it on its first use.

    Functions of their own keep registers apart, and share what several places call.
    """
    module = lanes.builder.module
    label = f"namgraph.{emit.__module__.rsplit('.')[-1]}.{emit.__name__}"
    label += f".w{lanes.width}" if parameter is None else f".{parameter}.w{lanes.width}"
    function = module.globals.get(label)
    if function is None:
        function = new_function(module, label, "i" * len(args), "", lanes.width)
        builder = ir.IRBuilder(function.blocks[-1])
        more = () if parameter is None else (parameter,)
        emit(Lanes(builder, lanes.width, lanes.fused), *function.args, *more)
        builder.ret_void()
    lanes.builder.call(function, args)
