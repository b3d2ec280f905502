"""A kernel run at another rate than the stream's: a resampler in, a resampler out.

Frame n of the stream, counted from reset, lies at n / stream seconds; frame m of the inner signal
at m / inner seconds.  Where the two grids stand to each other is one whole number, which is all
that is remembered besides the last frames of both signals.  Every frame that is made, on either
side, is one sum of products in a fixed order, of frames that are fixed by its number: so no cut of
the stream changes a bit, and the latency is exact (``resample_filter.py``).

Once ``count`` frames of the stream are in, ``ceil(count * inner / stream)`` inner frames have been
made.  The inner kernel is called with as few as there are, often one, sometimes none.
"""

from typing import Any

import numpy as np

from ...graph.prepare import Memory, NativeFunction
from ...runtime.native.abi import Native, helper, kernel
from ...runtime.native.host import host_lanes
from ...runtime.native.pointers import call_node, copy_bytes, move_bytes, record
from ...runtime.simd.embed import embed
from ...runtime.simd.lanes import Lanes, Value
from .resample_filter import Rates, filters, rates

__all__ = ["Rates", "rates", "resampled"]

PIECE = 64
"""Stream frames at a time."""
SUMS = 2
"""Vectors that add up side by side: each waits for its last sum."""

STATE = np.dtype(
    [
        ("position", np.int64),  # of the next stream frame in its cycle of ``down``
        *((n, np.int64) for n in ("up", "down", "latency", "lag_out", "kernel", "inner")),
        *((n, np.int64) for n in ("table_in", "table_out", "ahead_in", "taps_in", "taps_out")),
        *((n, np.int64) for n in ("past_in", "past_out", "between")),
    ]
)


def _emit_dot(lanes: Lanes, table: Value, x: Value, y: Value, taps: Value) -> None:
    """Store the sum of the products of two rows."""
    weights, signal = lanes.pointer(table), lanes.pointer(x)
    sums = [lanes.cell(lanes.constant(0.0)) for _ in range(SUMS)]
    with lanes.loop(taps, step=SUMS * lanes.width) as i:
        for number, cell in enumerate(sums):
            at = lanes.plus(i, number * lanes.width)
            cell.value = lanes.fma(lanes.load(weights, at), lanes.load(signal, at), cell.value)
    whole = sums[0].value
    for cell in sums[1:]:
        whole = lanes.add(whole, cell.value)
    lanes.store_number(lanes.total(whole), lanes.pointer(y))


_dot = embed("resample.dot", 4, _emit_dot)


@helper
def _walk(
    table: int, taps: int, place: int, phase: int, phases: int, step: int, y: int, count: int
) -> None:
    """Make ``count`` frames at ``y``, each ``step / phases`` of a frame after the last.

    The first is made of ``taps`` frames from ``place`` on, with row ``phase`` of the table.
    """
    whole, part = step // phases, step % phases
    for k in range(count):
        _dot(table + 4 * taps * phase, place, y + 4 * k, taps)
        place += 4 * whole
        phase += part
        if phase >= phases:
            place += 4
            phase -= phases


@kernel
def _resampled(state: int, ins: int, outs: int, frames: int) -> None:
    """Run ``frames`` float32 at ``ins`` through the inner kernel to ``outs``."""
    s = record(state, STATE)
    up, down, taps_in, taps_out = s.up, s.down, s.taps_in, s.taps_out
    past_in, past_out = s.past_in, s.past_out
    done = 0
    while done < frames:
        count = min(PIECE, frames - done)
        now = s.position
        first = -(-now * up // down)
        made = -(-(now + count) * up // down) - first
        copy_bytes(past_in + 4 * taps_in, ins + 4 * done, 4 * count)
        at = (first + s.lag_out) * down - s.latency * up
        place = past_in + 4 * (at // up + s.ahead_in - now)
        _walk(s.table_in, taps_in, place, at % up, up, down, s.between, made)
        if made > 0:
            call_node(s.kernel, s.inner, s.between, past_out + 4 * taps_out, np.int32(made))
        at = now * up
        place = past_out + 4 * (at // down + 1 - first)
        _walk(s.table_out, taps_out, place, at % down, down, up, outs + 4 * done, count)
        move_bytes(past_in, past_in + 4 * count, 4 * taps_in)
        move_bytes(past_out, past_out + 4 * made, 4 * taps_out)
        s.position = (now + count) % down
        done += count


def resampled(
    memory: Memory, between: Rates, inner: NativeFunction, state: Any
) -> tuple[Native, Any]:
    """Put a kernel between two resamplers; return the kernel that runs all, and its record.

    Both kernels, the one given and the one returned, take the addresses of float32 themselves, not
    of lists of channels.
    """
    lower = min(between.stream, between.inner)
    most = -(-PIECE * between.up // between.down) + 1
    line = SUMS * host_lanes()
    taps_in, taps_out = (-(-n // line) * line for n in (between.taps_in, between.taps_out))
    enter = filters(between.stream, lower, between.taps_in, between.up, taps_in)
    leave = filters(between.inner, lower, between.taps_out, between.down, taps_out)
    made = memory.record(
        STATE,
        up=between.up,
        down=between.down,
        latency=between.latency,
        lag_out=between.lag_out,
        kernel=inner.address,
        inner=state,
        table_in=memory.constant(enter),
        table_out=memory.constant(leave),
        # A row ends half a filter after its middle, and the past holds ``taps_in`` before now.
        ahead_in=between.taps_in // 2 + 1,
        taps_in=taps_in,
        taps_out=taps_out,
        past_in=memory.state(taps_in + PIECE),
        past_out=memory.state(taps_out + most),
        between=memory.scratch(most),
    )
    return _resampled, made
