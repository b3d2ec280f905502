"""The convolver as one emitted function: any cut of a signal, no latency, one flat cost per step.

Time is an absolute grid of 64 frames counted from reset.  Within a step the first 64 taps are
computed directly, frame by frame; everything later was written ahead into ``tail`` when the step
began.  When a step is full, one *boundary* does all the transforms: the level of 64 at once, longer
levels a share of their period's work (their ``rows``, cut into ``slots``), so that no step is
longer than another.  Non-uniform partitions: Gardner, "Efficient Convolution without Input-Output
Delay", JAES 43 (3), 1995; spreading the work: Garcia, AES 113, 2002.

The driver is emitted too, not written in Numba: it costs a cold start a few milliseconds instead
of a second, and no array is ever handed over.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from llvmlite import ir

from . import convolve, fft_leaf, fft_pass
from .convolve_records import (
    CONVOLVER,
    LEVEL,
    LINE,
    OUT_SLOTS,
    RECENT,
    ROUTE_WORDS,
    ROW_WORDS,
    Fields,
    leaf_offset,
    plane,
)
from .convolve_schedule import Op
from .embed import embed
from .fft_tables import LEAF
from .lanes import Lanes, Value, i64

__all__ = ["convolver"]

LEVELS = ((512, "level512"), (4096, "level4096"))
FLOAT = 4


def convolver(depth: int, width: int | None = None) -> Callable[[int, int, int, int], None]:
    """Return ``f(record, ins, outs, frames)`` for kernels to call.

    ``depth`` counts the levels it can run: 0 has the direct form only, 1 partitions of 64, 2 also
    of 512, 3 also of 4096.  A shallow one compiles sooner.
    """

    def emit(lanes: Lanes, state: Value, ins: Value, outs: Value, frames: Value) -> None:
        _convolve(lanes, depth, state, ins, outs, frames)

    return embed(f"convolver.depth{depth}", 4, emit, width)


def _convolve(
    lanes: Lanes, depth: int, state: Value, ins: Value, outs: Value, frames: Value
) -> None:
    c = Fields(lanes, state, CONVOLVER)
    phase = c["phase"]
    with lanes.loop(lanes.plus(phase, frames), step=LEAF) as edge:
        begin = _max(lanes, lanes.minus(edge, phase), lanes.index(0))
        end = _min(lanes, lanes.minus(lanes.plus(edge, LEAF), phase), frames)
        count = lanes.minus(end, begin)
        at = lanes.minus(lanes.plus(begin, phase), edge)
        with lanes.loop(c["inputs"]) as i:
            source = _float(lanes, lanes.word(lanes.pointer(ins), i), begin)
            target = _float(lanes, _recent(lanes, c, i), lanes.plus(at, LEAF))
            _call(lanes, convolve.copy_in, source, target, count)
        with lanes.loop(c["outputs"]) as o:
            out = _float(lanes, lanes.word(lanes.pointer(outs), o), begin)
            tail = _float(lanes, _tail(lanes, c, o), at)
            for_routes = _routes(lanes, c, o)
            with for_routes as (i, response, is_first, is_last):
                _call(
                    lanes,
                    convolve.direct,
                    _float(lanes, _recent(lanes, c, i), lanes.plus(at, LEAF)),
                    _float(lanes, c["head"], lanes.times(response, LEAF)),
                    lanes.builder.select(is_first, tail, c["line"]),
                    lanes.builder.select(is_last, out, c["line"]),
                    count,
                )
        at = lanes.plus(at, count)
        full = lanes.builder.icmp_signed("==", at, lanes.index(LEAF))
        c["phase"] = lanes.builder.select(full, lanes.index(0), at)
        with lanes.when(full):
            _call(lanes, _boundary, state, parameter=depth)


def _boundary(lanes: Lanes, state: Value, depth: int) -> None:
    """Take in the step that is full and write ``tail`` for the next."""
    c = Fields(lanes, state, CONVOLVER)
    if depth == 0:
        with lanes.loop(c["inputs"]) as i:
            recent = _recent(lanes, c, i)
            filled = _float(lanes, recent, LEAF)
            _call(lanes, convolve.copy_in, filled, recent, lanes.index(LEAF))
        return
    slots = c["partitions"]
    position = _before(lanes, c["position"], slots)
    c["position"] = position
    write = lanes.builder.and_(lanes.times(c["step"], LEAF), c["samples_mask"])
    span = lanes.plus(c["samples_mask"], 1)
    with lanes.loop(c["inputs"]) as i:
        row = lanes.plus(lanes.times(i, slots), position)
        _call(
            lanes,
            fft_leaf.forward_real,
            _float(lanes, _recent(lanes, c, i), LEAF),
            _float(lanes, c["ring"], lanes.times(row, convolve.ROW)),
            _recent(lanes, c, i),
            _float(lanes, c["samples"], lanes.plus(lanes.times(i, span), write)),
        )
    oldest = _around(lanes, lanes.plus(position, 1), slots)
    with lanes.loop(c["outputs"]) as o:
        product = c["product"]
        with _routes(lanes, c, o) as (i, response, is_first, _):
            _call(
                lanes,
                convolve.multiply_accumulate,
                _rows(lanes, c["ring"], lanes.times(i, slots)),
                _rows(lanes, c["spectra"], lanes.times(response, slots)),
                product,
                _float(lanes, product, LEAF),
                oldest,
                slots,
                slots,
                lanes.builder.zext(is_first, i64),
            )
        overlap = _float(lanes, c["overlap"], lanes.times(o, LEAF))
        _call(lanes, fft_leaf.inverse_real, product, _tail(lanes, c, o), overlap)
    c["step"] = lanes.plus(c["step"], 1)
    for size, name in LEVELS[: depth - 1]:
        _call(lanes, _level, state, c[name], parameter=size)


def _level(lanes: Lanes, state: Value, level: Value, size: int) -> None:
    """Do one step's share of a longer level's period, and add what an earlier period made."""
    c, v = Fields(lanes, state, CONVOLVER), Fields(lanes, level, LEVEL)
    b, steps = lanes.builder, size // LEAF
    slot = b.and_(c["step"], lanes.index(steps - 1))
    block = lanes.minus(b.ashr(c["step"], lanes.index(steps.bit_length() - 1)), 1)
    with lanes.when(b.icmp_signed("==", slot, lanes.index(0))):
        v["position"] = _before(lanes, v["position"], v["partitions"])
    slots = lanes.pointer(v["slots"])
    with lanes.loop(lanes.word(slots, lanes.plus(slot, 1)), lanes.word(slots, slot)) as row:
        _call(lanes, _row, state, level, block, row, parameter=size)
    offset = leaf_offset(lanes, slot)
    with lanes.loop(c["outputs"]) as o:
        first = lanes.plus(_result(lanes, c, v, size, lanes.minus(block, 1), o), offset)
        second = lanes.plus(_result(lanes, c, v, size, lanes.minus(block, 2), o), offset)
        _call(
            lanes,
            convolve.add_pair,
            _tail(lanes, c, o),
            _float(lanes, v["out"], first),
            _float(lanes, v["out"], lanes.plus(second, plane(size))),
        )


def _row(lanes: Lanes, state: Value, level: Value, block: Value, row: Value, size: int) -> None:
    """Do one row of a period's work: see ``convolve_schedule``."""
    c, v = Fields(lanes, state, CONVOLVER), Fields(lanes, level, LEVEL)
    rows = lanes.pointer(_words(lanes, v["rows"], lanes.times(row, ROW_WORDS)))
    op, a, begin, end = (lanes.word(rows, n) for n in range(ROW_WORDS))
    deep, width = size > fft_pass.SEGMENT, plane(size)
    stride = lanes.index(fft_pass.SEGMENT_STRIDE if deep else size // 8)
    leaves, slots = size // LEAF, v["partitions"]

    def planes(field: str, channel: Value) -> tuple[Value, Value]:
        re = _float(lanes, v[field], lanes.times(channel, 2 * width))
        return re, _float(lanes, re, width)

    def leaf(field: str, channel: Value) -> tuple[Value, Value]:
        offset = leaf_offset(lanes, a)
        re, im = planes(field, channel)
        return _float(lanes, re, offset), _float(lanes, im, offset)

    def leaf_rows(field: str, number: Value) -> Value:
        first = lanes.plus(lanes.times(number, leaves), a)
        return _rows(lanes, v[field], lanes.times(first, slots))

    with _case(lanes, op, Op.MULTIPLY), lanes.loop(c["outputs"]) as o:
        fresh = lanes.builder.icmp_signed("==", begin, lanes.index(0))
        place = _around(lanes, lanes.plus(lanes.plus(v["position"], 1), begin), slots)
        with _routes(lanes, c, o) as (i, response, is_first, _):
            _call(
                lanes,
                convolve.multiply_accumulate,
                leaf_rows("ring", i),
                _rows(lanes, leaf_rows("spectra", response), begin),
                *leaf("product", o),
                place,
                slots,
                lanes.minus(end, begin),
                lanes.builder.zext(lanes.builder.and_(fresh, is_first), i64),
            )
    with _case(lanes, op, Op.FORWARD), lanes.loop(c["inputs"]) as i:
        target = _rows(lanes, leaf_rows("ring", i), v["position"])
        _call(lanes, fft_leaf.forward, *leaf("work", i), target)
    with _case(lanes, op, Op.INVERSE), lanes.loop(c["outputs"]) as o:
        _call(lanes, fft_leaf.inverse, *leaf("product", o))
    with _case(lanes, op, Op.FIRST), lanes.loop(c["inputs"]) as i:
        read = lanes.builder.and_(lanes.times(block, size), c["samples_mask"])
        span = lanes.plus(c["samples_mask"], 1)
        samples = _float(lanes, c["samples"], lanes.plus(lanes.times(i, span), read))
        columns = lanes.index(size // 8)
        re, im = planes("work", i)
        args = (samples, re, im, v["outer"], columns, stride, begin, end)
        _call(lanes, fft_pass.first, *args)
    with _case(lanes, op, Op.LAST), lanes.loop(c["outputs"]) as o:
        target = _float(lanes, v["out"], _result(lanes, c, v, size, block, o))
        ends = (target, _float(lanes, target, width), v["outer"], stride, begin, end)
        _call(lanes, fft_pass.last, *planes("product", o), *ends)
    if deep:
        with _case(lanes, op, Op.SPLIT), lanes.loop(c["inputs"]) as i:
            _call(lanes, fft_pass.inner_forward, *planes("work", i), v["inner"], begin, end)
        with _case(lanes, op, Op.JOIN), lanes.loop(c["outputs"]) as o:
            _call(lanes, fft_pass.inner_inverse, *planes("product", o), v["inner"], begin, end)


# ---- places ------------------------------------------------------------------------------------


def _float(lanes: Lanes, address: Value, count: int | Value) -> Value:
    return lanes.plus(address, lanes.times(count, FLOAT))


def _words(lanes: Lanes, address: Value, count: Value) -> Value:
    return lanes.plus(address, lanes.times(count, 8))


def _rows(lanes: Lanes, address: Value, count: Value) -> Value:
    return _float(lanes, address, lanes.times(count, convolve.ROW))


def _recent(lanes: Lanes, c: Fields, i: Value) -> Value:
    return _float(lanes, c["recent"], lanes.times(i, RECENT))


def _tail(lanes: Lanes, c: Fields, o: Value) -> Value:
    return _float(lanes, c["tail"], lanes.times(o, LINE))


def _result(lanes: Lanes, c: Fields, v: Fields, size: int, block: Value, o: Value) -> Value:
    """Return where in ``out`` the result of a block lies, in floats."""
    slot = lanes.builder.and_(block, lanes.index(OUT_SLOTS - 1))
    number = lanes.plus(lanes.times(slot, c["outputs"]), o)
    return lanes.times(number, 2 * plane(size))


# ---- control -----------------------------------------------------------------------------------


@contextmanager
def _routes(lanes: Lanes, c: Fields, o: Value) -> Iterator[tuple[Value, Value, Value, Value]]:
    """Loop over what an output is the sum of: ``(input, response, is first, is last)``."""
    starts, routes = lanes.pointer(c["starts"]), lanes.pointer(c["routes"])
    begin, end = lanes.word(starts, o), lanes.word(starts, lanes.plus(o, 1))
    with lanes.loop(end, begin) as r:
        place = lanes.times(r, ROUTE_WORDS)
        pair = lanes.word(routes, place), lanes.word(routes, lanes.plus(place, 1))
        is_first = lanes.builder.icmp_signed("==", r, begin)
        is_last = lanes.builder.icmp_signed("==", lanes.plus(r, 1), end)
        yield *pair, is_first, is_last


@contextmanager
def _case(lanes: Lanes, op: Value, wanted: Op) -> Iterator[None]:
    with lanes.when(lanes.builder.icmp_signed("==", op, lanes.index(int(wanted)))):
        yield


def _call(
    lanes: Lanes, emit: Callable[..., None], *args: Value, parameter: int | None = None
) -> None:
    """Call a function of the module, emitting it on its first use.

    Functions of their own keep registers apart, and share what several places call.
    """
    module, caller = lanes.builder.module, lanes.builder.function
    label = f"namgraph.{emit.__module__.rsplit('.')[-1]}.{emit.__name__}"
    label += f".w{lanes.width}" if parameter is None else f".{parameter}.w{lanes.width}"
    function = module.globals.get(label)
    if function is None:
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), [i64] * len(args)), label)
        function.linkage = "internal"
        function.attributes._known = caller.attributes._known
        for attribute in caller.attributes:
            function.attributes.add(attribute)
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        body = function.append_basic_block("body")
        builder.branch(body)
        builder.position_at_end(body)
        inside = Lanes(builder, lanes.width, lanes.fused)
        more = () if parameter is None else (parameter,)
        emit(inside, *function.args, *more)
        builder.ret_void()
    lanes.builder.call(function, args)


def _min(lanes: Lanes, a: Value, b: Value) -> Value:
    return lanes.builder.select(lanes.builder.icmp_signed("<", a, b), a, b)


def _max(lanes: Lanes, a: Value, b: Value) -> Value:
    return lanes.builder.select(lanes.builder.icmp_signed(">", a, b), a, b)


def _before(lanes: Lanes, position: Value, count: Value) -> Value:
    """Step back around a ring."""
    less = lanes.minus(position, 1)
    below = lanes.builder.icmp_signed("<", less, lanes.index(0))
    return lanes.builder.select(below, lanes.minus(count, 1), less)


def _around(lanes: Lanes, position: Value, count: Value) -> Value:
    """Bring a position below twice ``count`` into the ring."""
    over = lanes.builder.icmp_signed(">=", position, count)
    return lanes.builder.select(over, lanes.minus(position, count), position)
