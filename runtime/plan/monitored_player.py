"""The monitored player: ``walk`` with times, dry/wet mixes, overrun protection.  Audio thread."""

import numpy as np

from ..native.abi import helper, kernel
from ..native.cpu import cycles
from ..native.pointers import call_node, element, load, record, store
from ..simd.finite import find_non_finite
from .kernels.dry_wet import DRY_WET
from .kernels.transport import begin_block, end_block
from .records import PLAN, ROW, ROW_BYTES
from .row_operations import mute, mute_and_reset, reset_row

__all__ = ["TRACED", "blame", "monitored_walk", "play_monitored_row"]

TRACED = 512
"""Calls per row whose times are stored."""


@helper
def play_monitored_row(
    plan: int, number: int, timed: int, fresh: int, verdict: int, frames: int
) -> None:
    """Play one row of a plan as ``monitored_walk`` does; ``verdict`` is scratch: one int64."""
    p = record(plan, PLAN)
    place = p.rows + ROW_BYTES * number
    row = record(place, ROW)
    before = cycles()
    muted = row.mute_left > 0
    if muted:
        mute(place, frames)
        row.mute_left -= frames
        if row.mute_left <= 0:
            reset_row(place, p.params)
    else:
        call_node(row.kernel, row.state, row.ins, row.outs, frames)
        if row.checked > 0:
            find_non_finite(row.outs, row.checked, np.int64(frames), verdict)
            if load(verdict, 0) != 0:
                mute_and_reset(place, p.params, frames)
    if row.dry_wet != 0:
        b = record(row.dry_wet, DRY_WET)
        if b.length > 0 or b.mix * b.on + b.now != 2.0:
            call_node(p.mix_dry_wet, row.dry_wet, row.ins, row.outs, frames)
    if timed:
        spent = cycles() - before
        row.cycles = spent if fresh else row.cycles + spent
        if not muted:
            row.cycles_sum += spent
            row.cycles_max = max(row.cycles_max, spent)
            if row.trace != 0:
                store(row.trace, row.calls & (TRACED - 1), spent)
            row.calls += 1
        if p.cycle_limit > 0 and row.checked > 0:
            if row.cycles <= p.cycle_limit:
                row.consecutive_overruns = 0
            else:
                row.consecutive_overruns += 1
                if row.consecutive_overruns >= p.max_consecutive_overruns:
                    row.consecutive_overruns = 0
                    row.overruns += 1
                    row.mute_left = p.mute_frames
                    mute(place, frames)


@kernel
def monitored_walk(plan: int, timed: int, fresh: int, frames: int) -> None:
    """Run every row of a plan once, in order; the output equals that of ``walk`` to the bit.

    In addition nodes can be mixed and bypassed, are timed if ``timed``, and are muted for a while
    after they have exceeded the cycle limit for several blocks in a row.  ``fresh`` is 0 for a
    later part of a block that is split: its times add up.
    """
    p = record(plan, PLAN)
    count, verdict = p.row_count, p.verdict
    begin_block(p.transport)
    for k in range(count):
        play_monitored_row(plan, k, timed, fresh, verdict, frames)
    end_block(p.transport, frames)


@kernel
def blame(plan: int, spent: int, deadline: int, unused: int) -> None:
    """Find the row that made a block late; store its address, or 0, in the plan's ``verdict``.

    It is the row most above its own mean, if that explains half of the delay; else the longest one,
    if all rows together exceed the deadline (where threads share them: all rows of one thread).  If
    neither holds, the time was spent outside of the plan: the system ran another process.  All
    times are in cycles.
    """
    p = record(plan, PLAN)
    rows, count = p.rows, p.row_count
    excess, culprit, most, longest, longest_lane = 0, 0, 0, 0, 0
    for k in range(count):
        row = element(rows, k, ROW)
        above = row.cycles - row.cycles_sum // max(row.calls, 1)
        if above > excess:
            excess, culprit = above, rows + ROW_BYTES * k
        if row.cycles > most:
            most, longest = row.cycles, rows + ROW_BYTES * k
    for lane in range(p.lane_count):
        total = 0
        for k in range(count):
            row = element(rows, k, ROW)
            if row.lane == lane:
                total += row.cycles
        longest_lane = max(longest_lane, total)
    if 2 * excess < spent - deadline:
        culprit = longest if longest_lane > deadline else 0
    if culprit != 0:
        record(culprit, ROW).late += 1
    store(p.verdict, 0, culprit)
