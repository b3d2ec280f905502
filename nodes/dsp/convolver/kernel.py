"""The convolver as one emitted function: any block size, no latency, constant cost per step.

Time is an absolute grid of steps of 64 frames, counted from reset.  What a step's own frames add to
it, through the first 64 taps, is computed directly, frame by frame; what all earlier steps add was
written to ``tail`` when the step began.  At the end of a step, a *boundary* does the transforms:
those of the level of 64 at once, and a share of each longer level's work (``level.py``), so that
all steps cost about the same.
Non-uniform partitions: Gardner, "Efficient Convolution without Input-Output Delay", JAES 43 (3),
1995; spreading the work: Garcia, "Optimal Filter Partition for Efficient Convolution with Short
Input/Output Delay", AES 113, 2002.

The outer loops are emitted too, not compiled by Numba: that adds a few milliseconds to a cold start
instead of a second.
"""

from collections.abc import Callable

from ....runtime.simd.embed import embed
from ....runtime.simd.fft.leaf64 import forward_real
from ....runtime.simd.fft.twiddles import LEAF, PARTS
from ....runtime.simd.fields import Fields
from ....runtime.simd.lanes import Lanes, Value
from .direct import FIRST_HALF, SECOND_HALF, WHOLE, direct, direct_step
from .inner_loops import ROW, copy_in
from .layout import (
    Leaf,
    Route,
    call,
    float_at,
    maximum,
    minimum,
    older_steps,
    recent,
    ring_after,
    routes,
    row_at,
    tail,
)
from .level import level
from .records import CONVOLVER, PLANES

__all__ = ["convolver"]

LONGER = ((512, "level512"), (4096, "level4096"))


def convolver(depth: int, width: int | None = None) -> Callable[..., None]:
    """Return ``f(record, ins, outs, frames)``, to be called in kernels.

    ``depth`` is the number of partition levels: 0 has the direct form only, 1 partitions of 64, 2
    also of 512, 3 also of 4096.  Fewer levels compile faster.
    """

    def emit(lanes: Lanes, state: Value, ins: Value, outs: Value, frames: Value) -> None:
        _convolve(lanes, depth, state, ins, outs, frames)

    return embed(f"convolver.depth{depth}", 4, emit, width)


def _convolve(
    lanes: Lanes, depth: int, state: Value, ins: Value, outs: Value, frames: Value
) -> None:
    c = Fields(lanes, state, CONVOLVER)
    phase = c["phase"]
    with lanes.loop(
        lanes.plus(phase, frames), step=LEAF
    ) as edge:  # the frames at which steps begin
        begin = maximum(lanes, lanes.minus(edge, phase), lanes.index(0))
        end = minimum(lanes, lanes.minus(lanes.plus(edge, LEAF), phase), frames)
        count = lanes.minus(end, begin)
        at = lanes.minus(lanes.plus(begin, phase), edge)
        filling = lanes.plus(at, LEAF)
        with lanes.loop(c["inputs"]) as i:
            source = float_at(lanes, lanes.word(lanes.pointer(ins), i), begin)
            call(lanes, copy_in, source, recent(lanes, c, i, filling), count)
        with lanes.loop(c["outputs"]) as o:
            out = float_at(lanes, lanes.word(lanes.pointer(outs), o), begin)
            ahead, line = tail(lanes, c, o, at), c["line"]
            with routes(lanes, c, o) as route:
                args = (
                    recent(lanes, c, route.input, filling),
                    float_at(lanes, c["head"], lanes.times(route.response, LEAF)),
                    lanes.builder.select(route.is_first, ahead, line),
                    lanes.builder.select(route.is_last, out, line),
                )
                _direct(lanes, depth, at, count, *args)
        at = lanes.plus(at, count)
        full = lanes.builder.icmp_signed("==", at, lanes.index(LEAF))
        c["phase"] = lanes.builder.select(full, lanes.index(0), at)
        with lanes.when(full):
            call(lanes, _boundary if depth else _shift, state, parameter=depth)


def _direct(lanes: Lanes, depth: int, at: Value, count: Value, *args: Value) -> None:
    """Call the direct form for ``count`` frames from ``at`` on in a step."""
    if not depth:  # there are samples before the step
        call(lanes, direct, *args, count)
        return
    b = lanes.builder

    def equal(a: Value, number: int) -> Value:
        return b.icmp_signed("==", a, lanes.index(number))

    halves = (equal(at, 0), FIRST_HALF), (equal(at, LEAF // 2), SECOND_HALF)
    shares = [(b.and_(equal(count, LEAF // 2), begins), share) for begins, share in halves]
    left = b.not_(equal(count, LEAF))
    with lanes.when(equal(count, LEAF)):
        call(lanes, direct_step, *args, parameter=WHOLE)
    for matches, share in shares:
        left = b.and_(left, b.not_(matches))
        with lanes.when(matches):
            call(lanes, direct_step, *args, parameter=share)
    with lanes.when(left):
        call(lanes, direct, *args, count)


def _shift(lanes: Lanes, state: Value, depth: int) -> None:
    """Move the full step to the place of the previous one."""
    c = Fields(lanes, state, CONVOLVER)
    with lanes.loop(c["inputs"]) as i:
        filled = recent(lanes, c, i, LEAF)
        call(lanes, copy_in, filled, recent(lanes, c, i), lanes.index(LEAF))


def _boundary(lanes: Lanes, state: Value, depth: int) -> None:
    """Transform the full step and write ``tail`` for the next."""
    c = Fields(lanes, state, CONVOLVER)
    slots, step, mask = c["partitions"], c["step"], c["samples_mask"]
    position = ring_after(lanes, c["position"], 1, slots)
    c["position"] = position
    rows = lanes.times(slots, PARTS)
    write = lanes.builder.and_(lanes.times(step, LEAF), mask)
    with lanes.loop(c["inputs"]) as i:
        span = lanes.times(i, lanes.plus(mask, 1))
        call(
            lanes,
            forward_real,
            recent(lanes, c, i, LEAF),
            row_at(lanes, c["ring"], lanes.plus(lanes.times(i, rows), position)),
            lanes.times(slots, ROW),
            float_at(lanes, c["samples"], lanes.plus(span, write)),
        )
    with lanes.loop(c["outputs"]) as o:
        product = c["product"]
        sums = float_at(lanes, c["sums"], lanes.times(o, PLANES * PARTS * LEAF))

        def leaf(route: Route) -> Leaf:
            return Leaf(
                row_at(lanes, c["ring"], lanes.times(route.input, rows)),
                row_at(lanes, c["spectra"], lanes.times(route.response, rows)),
                slots,
                step,
                sums,
                product,
                lanes.index(LEAF),
                PLANES,
                route,
            )

        with routes(lanes, c, o) as route:
            leaf(route).older(lanes, position, lanes.index(0), older_steps(lanes, slots))
        with routes(lanes, c, o) as route:
            leaf(route).finish(lanes, position, tail(lanes, c, o))
    c["step"] = lanes.plus(step, 1)
    for size, name in LONGER[: depth - 1]:
        call(lanes, level, state, c[name], parameter=size)
