"""Helpers of the emitted convolver: addresses, ring buffers, routes, function calls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from llvmlite import ir

from ....runtime.simd.embed import new_function
from ....runtime.simd.fft.twiddles import PART, PARTS
from ....runtime.simd.fields import Fields
from ....runtime.simd.lanes import Lanes, Value, i64
from .inner_loops import ROW, finish, finish_real, multiply, newest
from .records import LINE, RECENT, ROUTE_WORDS

__all__ = [
    "Leaf",
    "Route",
    "call",
    "float_at",
    "maximum",
    "minimum",
    "older_steps",
    "recent",
    "ring_after",
    "routes",
    "row_at",
    "tail",
]


# ---- addresses ---------------------------------------------------------------------------------


def float_at(lanes: Lanes, address: Value, count: int | Value) -> Value:
    """Return ``address`` plus ``count`` float32."""
    return lanes.plus(address, lanes.times(count, 4))


def row_at(lanes: Lanes, address: Value, count: int | Value) -> Value:
    """Return ``address`` plus ``count`` rows (parts of leaves)."""
    return lanes.plus(address, lanes.times(count, 4 * ROW))


def recent(lanes: Lanes, c: Fields, channel: Value, frames: int | Value = 0) -> Value:
    """Return the address of the last two steps of an input, plus ``frames``."""
    return float_at(lanes, c["recent"], lanes.plus(lanes.times(channel, RECENT), frames))


def tail(lanes: Lanes, c: Fields, channel: Value, frames: int | Value = 0) -> Value:
    """Return the address of an output's precomputed part of the current step, plus ``frames``."""
    return float_at(lanes, c["tail"], lanes.plus(lanes.times(channel, LINE), frames))


# ---- numbers -----------------------------------------------------------------------------------


def minimum(lanes: Lanes, a: Value, b: Value) -> Value:
    """Return the smaller int64."""
    return lanes.builder.select(lanes.builder.icmp_signed("<", a, b), a, b)


def maximum(lanes: Lanes, a: Value, b: Value) -> Value:
    """Return the larger int64."""
    return lanes.builder.select(lanes.builder.icmp_signed(">", a, b), a, b)


def ring_after(lanes: Lanes, position: Value, steps: int | Value, count: Value) -> Value:
    """Advance a ring index by ``steps``, at most ``count``."""
    there = lanes.plus(position, steps)
    over = lanes.builder.icmp_signed(">=", there, count)
    return lanes.builder.select(over, lanes.minus(there, count), there)


# ---- routes ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Route:
    """One term of an output: an input convolved with a response."""

    input: Value
    response: Value
    is_first: Value
    is_last: Value


@contextmanager
def routes(lanes: Lanes, c: Fields, output: Value) -> Iterator[Route]:
    """Emit a loop over the routes of an output."""
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
    """Addresses for the products of one leaf: the factors, and the sums.

    ``ring`` and ``spectra`` are the first of a leaf's rows: ``slots`` of each part, part after
    part.  ``sums`` are the planes of ``multiply``, ``apart`` float32 from each other.
    """

    ring: Value
    spectra: Value
    slots: Value
    block: Value
    """Number of the block that is multiplied now, for it and the next three."""
    sums: Value
    product: Value
    apart: Value
    planes: int
    route: Route

    def older(self, lanes: Lanes, position: Value, begin: Value, end: Value) -> None:
        """Add the products of steps ``begin`` to ``end``, oldest first, up to ``position``."""
        b = lanes.builder
        part = b.and_(self.block, lanes.index(PARTS - 1))
        skip = lanes.times(part, self.slots)
        fresh = b.and_(b.icmp_signed("==", begin, lanes.index(0)), self.route.is_first)
        call(
            lanes,
            multiply,
            row_at(lanes, self.ring, skip),
            row_at(lanes, self.spectra, lanes.plus(skip, begin)),
            float_at(lanes, self.sums, lanes.times(part, PART)),
            self.apart,
            ring_after(lanes, position, lanes.plus(begin, 1), self.slots),
            self.slots,
            lanes.minus(end, begin),
            b.zext(fresh, i64),
            parameter=self.planes,
        )

    def finish(self, lanes: Lanes, position: Value, out: Value | None = None) -> None:
        """Add the products of the newest inputs; after the last route, transform back.

        Into ``product``, or 64 samples into ``out``.
        """
        older = older_steps(lanes, self.slots)
        args = (
            self.product,
            self.apart,
            self.ring,
            row_at(lanes, self.spectra, older),
            self.sums,
            ring_after(lanes, position, lanes.plus(older, 1), self.slots),
            self.slots,
            lanes.minus(self.slots, older),
            self.block,
            lanes.builder.zext(self.route.is_first, i64),
        )
        with lanes.builder.if_else(self.route.is_last) as (last, other):
            with last:
                if out is None:
                    call(lanes, finish, *args, parameter=self.planes)
                else:
                    call(lanes, finish_real, out, *args, parameter=self.planes)
            with other:
                call(lanes, newest, *args, parameter=self.planes)


def older_steps(lanes: Lanes, slots: Value) -> Value:
    """Return how many of a leaf's products ``Leaf.older`` adds, for four blocks at once."""
    return maximum(lanes, lanes.minus(slots, PARTS - 1), lanes.index(0))


# ---- calls -------------------------------------------------------------------------------------


def call(
    lanes: Lanes, emit: Callable[..., None], *args: Value, parameter: int | None = None
) -> None:
    """Emit a call of a function of the module; emit the function itself on its first use.

    Separate functions reduce register pressure and code size.
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
