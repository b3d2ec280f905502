"""Runs a kernel at another sample rate than the stream's, between two resamplers.

Frame n of the stream, counted from reset, is at n / stream seconds; frame m of the inner signal at
m / inner seconds.  The phase between the two grids is one whole number: it and the last frames of
both signals are the whole state.  Every output frame of both resamplers is one sum of products in a
fixed order, of frames determined by its number: so the output does not depend on block sizes, and
the latency is exact (``resample_filter.py``).

After ``count`` frames of the stream, ``ceil(count * inner / stream)`` inner frames have been
processed.  The inner kernel is called with blocks of any size, often 1.
"""

from typing import Any

import numpy as np

from ...graph.prepare import Memory, NativeFunction
from ...runtime.native.abi import Native, helper, kernel
from ...runtime.native.pointers import call_node, copy_bytes, move_bytes, record
from ...runtime.simd.embed import embed
from ...runtime.simd.lanes import Lanes, Value
from .resample_filter import Rates, filters, rates

__all__ = ["Rates", "rates", "resampled"]

PIECE = 64
"""Stream frames per pass."""
SUMS = 32
"""Partial sums, added by halves: in two vectors or more of any width, with the same bits."""

STATE = np.dtype(
    [
        ("position", np.int64),  # index of the next stream frame, modulo ``down``
        *((n, np.int64) for n in ("up", "down", "latency", "lag_out", "kernel", "inner")),
        *((n, np.int64) for n in ("table_in", "table_out", "ahead_in", "taps_in", "taps_out")),
        *((n, np.int64) for n in ("past_in", "past_out", "between")),
    ]
)


def _emit_dot(lanes: Lanes, table: Value, x: Value, y: Value, taps: Value) -> None:
    """Emit the dot product of two rows of ``taps`` float32, stored at ``y``."""
    weights, signal = lanes.pointer(table), lanes.pointer(x)
    sums = [lanes.cell(lanes.constant(0.0)) for _ in range(SUMS // lanes.width)]
    with lanes.loop(taps, step=SUMS) as i:
        for number, cell in enumerate(sums):
            at = lanes.plus(i, number * lanes.width)
            cell.value = lanes.fma(lanes.load(weights, at), lanes.load(signal, at), cell.value)
    parts = [cell.value for cell in sums]
    while len(parts) > 1:
        half = len(parts) // 2
        parts = [lanes.add(a, b) for a, b in zip(parts[:half], parts[half:], strict=True)]
    lanes.store_number(lanes.total(parts[0]), lanes.pointer(y))


_dot = embed("resample.dot", 4, _emit_dot)


@helper
def _interpolate(
    table: int, taps: int, place: int, phase: int, phases: int, step: int, y: int, count: int
) -> None:
    """Interpolate ``count`` frames to ``y``, at steps of ``step / phases`` input frames.

    The first is the dot product of ``taps`` frames at ``place`` and row ``phase`` of the table.
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
    """Process ``frames`` float32 from ``ins`` to ``outs`` with the inner kernel.  Audio thread."""
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
        _interpolate(s.table_in, taps_in, place, at % up, up, down, s.between, made)
        if made > 0:
            call_node(s.kernel, s.inner, s.between, past_out + 4 * taps_out, np.int32(made))
        at = now * up
        place = past_out + 4 * (at // down + 1 - first)
        _interpolate(s.table_out, taps_out, place, at % down, down, up, outs + 4 * done, count)
        move_bytes(past_in, past_in + 4 * count, 4 * taps_in)
        move_bytes(past_out, past_out + 4 * made, 4 * taps_out)
        s.position = (now + count) % down
        done += count


def resampled(
    memory: Memory, between: Rates, inner: NativeFunction, state: Any
) -> tuple[Native, Any]:
    """Return a kernel that runs ``inner`` between two resamplers, and its record.

    Both kernels are mono: ``ins`` and ``outs`` are addresses of float32, not of lists of channels.
    """
    lower = min(between.stream, between.inner)
    max_inner = -(-PIECE * between.up // between.down) + 1
    taps_in, taps_out = (-(-n // SUMS) * SUMS for n in (between.taps_in, between.taps_out))
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
        # A row ends half a filter after its middle; the history has ``taps_in`` frames before now.
        ahead_in=between.taps_in // 2 + 1,
        taps_in=taps_in,
        taps_out=taps_out,
        past_in=memory.state(taps_in + PIECE),
        past_out=memory.state(taps_out + max_inner),
        between=memory.scratch(max_inner),
    )
    return _resampled, made
