"""One step of a partition level of 512 or 4096: some rows of its work list (``partition.py``).

The samples of period n are transformed, multiplied and transformed back during period n + 1, and
output in period n + 2.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ....runtime.simd.fft import leaf64, radix8
from ....runtime.simd.fft.radix8 import SEGMENT, SEGMENT_STRIDE
from ....runtime.simd.fft.twiddles import LEAF, PARTS
from ....runtime.simd.fields import Fields
from ....runtime.simd.lanes import Lanes, Value
from .inner_loops import ROW, add
from .layout import (
    Leaf,
    Route,
    call,
    float_at,
    ring_after,
    routes,
    row_at,
    tail,
)
from .partition import Op
from .records import CONVOLVER, LEVEL, OUT_SLOTS, PLANES_LONGER, ROW_WORDS, plane

__all__ = ["level"]


def level(lanes: Lanes, state: Value, record: Value, size: int) -> None:
    """Process this step's rows, and add the result of the period before to every ``tail``."""
    c, v = Fields(lanes, state, CONVOLVER), Fields(lanes, record, LEVEL)
    b, steps = lanes.builder, size // LEAF
    slot = b.and_(c["step"], lanes.index(steps - 1))
    block = lanes.minus(b.ashr(c["step"], lanes.index(steps.bit_length() - 1)), 1)
    with lanes.when(b.icmp_signed("==", slot, lanes.index(0))):
        v["position"] = ring_after(lanes, v["position"], 1, v["partitions"])
    slots = lanes.pointer(v["slots"])
    with lanes.loop(lanes.word(slots, lanes.plus(slot, 1)), lanes.word(slots, slot)) as row:
        call(lanes, _row, state, record, block, row, parameter=size)
    offset = _leaf_offset(lanes, slot)
    with lanes.loop(c["outputs"]) as o:
        done = lanes.plus(_result(lanes, c, size, lanes.minus(block, 1), o), offset)
        call(lanes, add, tail(lanes, c, o), float_at(lanes, v["out"], done))


def _row(lanes: Lanes, state: Value, record: Value, block: Value, row: Value, size: int) -> None:
    """Process one row of the work list, for all inputs or outputs."""
    c, v = Fields(lanes, state, CONVOLVER), Fields(lanes, record, LEVEL)
    table = lanes.pointer(lanes.plus(v["rows"], lanes.times(row, 8 * ROW_WORDS)))
    op, leaf, begin, end = (lanes.word(table, n) for n in range(ROW_WORDS))
    width, slots = plane(size), v["partitions"]

    def planes(field: str, channel: Value, offset: int | Value = 0) -> tuple[Value, Value]:
        count = PLANES_LONGER * PARTS if field == "sums" else PLANES_LONGER
        re = float_at(lanes, v[field], lanes.plus(lanes.times(channel, count * width), offset))
        return re, float_at(lanes, re, width)

    def rows_of(field: str, number: Value) -> Value:
        first = lanes.plus(lanes.times(number, size // LEAF), leaf)
        return row_at(lanes, v[field], lanes.times(first, lanes.times(slots, PARTS)))

    def products(output: Value, route: Route) -> Leaf:
        offset = _leaf_offset(lanes, leaf)
        return Leaf(
            rows_of("ring", route.input),
            rows_of("spectra", route.response),
            slots,
            block,
            planes("sums", output, offset)[0],
            planes("product", output, offset)[0],
            lanes.index(width),
            PLANES_LONGER,
            route,
        )

    with _case(lanes, op, Op.MULTIPLY), lanes.loop(c["outputs"]) as o, routes(lanes, c, o) as r:
        products(o, r).older(lanes, v["position"], begin, end)
    with _case(lanes, op, Op.FINISH), lanes.loop(c["outputs"]) as o, routes(lanes, c, o) as r:
        products(o, r).finish(lanes, v["position"])
    with _case(lanes, op, Op.FORWARD), lanes.loop(c["inputs"]) as i:
        bins = row_at(lanes, rows_of("ring", i), v["position"])
        source = planes("work", i, _leaf_offset(lanes, leaf))
        call(lanes, leaf64.forward, *source, bins, lanes.times(slots, ROW))
    stride = lanes.index(SEGMENT_STRIDE if size > SEGMENT else size // 8)
    with _case(lanes, op, Op.FIRST), lanes.loop(c["inputs"]) as i:
        read = lanes.builder.and_(lanes.times(block, size), c["samples_mask"])
        span = lanes.times(i, lanes.plus(c["samples_mask"], 1))
        samples, columns = float_at(lanes, c["samples"], lanes.plus(span, read)), size // 8
        ends = v["outer"], lanes.index(columns), stride, begin, end
        call(lanes, radix8.first, samples, *planes("work", i), *ends)
    with _case(lanes, op, Op.LAST), lanes.loop(c["outputs"]) as o:
        target = float_at(lanes, v["out"], _result(lanes, c, size, block, o))
        args = *planes("product", o), target, v["outer"], stride, begin, end
        call(lanes, radix8.last, *args)
    if size > SEGMENT:
        with _case(lanes, op, Op.SPLIT), lanes.loop(c["inputs"]) as i:
            call(lanes, radix8.inner_forward, *planes("work", i), v["inner"], begin, end)
        with _case(lanes, op, Op.JOIN), lanes.loop(c["outputs"]) as o:
            call(lanes, radix8.inner_inverse, *planes("product", o), v["inner"], begin, end)


@contextmanager
def _case(lanes: Lanes, op: Value, match: Op) -> Iterator[None]:
    with lanes.when(lanes.builder.icmp_signed("==", op, lanes.index(int(match)))):
        yield


def _leaf_offset(lanes: Lanes, leaf: Value) -> Value:
    """Return the offset of a leaf in a plane, in float32."""
    per = SEGMENT // LEAF
    segment = lanes.builder.ashr(leaf, lanes.index(per.bit_length() - 1))
    inside = lanes.builder.and_(leaf, lanes.index(per - 1))
    return lanes.plus(lanes.times(segment, SEGMENT_STRIDE), lanes.times(inside, LEAF))


def _result(lanes: Lanes, c: Fields, size: int, block: Value, output: Value) -> Value:
    """Return the offset of a block's result in ``out``, in float32."""
    slot = lanes.builder.and_(block, lanes.index(OUT_SLOTS - 1))
    number = lanes.plus(lanes.times(slot, c["outputs"]), output)
    return lanes.times(number, plane(size))
