"""Sections in groups of eight lanes, for the channels of a node: layout, and a kernel for a series.

A series of up to four sections leaves lanes for other channels: two channels with four sections, or
eight with one, are played in one pass.  A longer series needs a group for every eight sections, on
each channel.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph import Io
from ....runtime import authoring as ng
from ....runtime.simd.loops.svf import (
    CHAIN,
    COEFFICIENTS,
    LANES,
    ROWS,
    STATES,
    UNUSED,
    svf_carry,
    svf_in,
    svf_out,
    svf_run,
)

__all__ = ["SERIES", "chain", "play_series", "series"]

SERIES = np.dtype(
    [
        ("done", np.int64),  # first frame of the run, in the block
        ("place", np.int64),  # its place between ticks
        ("channels", np.int64),
        ("groups", np.int64),  # in series
        ("per_group", np.int64),  # channels side by side in a group
        ("apart", np.int64),  # lanes from channel to channel
        ("last", np.int64),  # position of the last section in the last group
        ("coefficients", np.int64),  # per group in series
        ("states", np.int64),  # per channels side by side, per group in series
        ("chains", np.int64),  # per group in series
        ("rows", np.int64),
    ]
)
"""The record of ``play_series``: the same sections in series on every channel."""


def chain(lengths: Sequence[int], at: Sequence[int] | None = None) -> NDArray[np.float64]:
    """Return the ``CHAIN`` numbers of a group with chains of these lengths.

    They lie side by side, or begin at the lanes ``at``.
    """
    made = np.full(CHAIN, UNUSED)
    begins = np.cumsum([0, *lengths[:-1]]) if at is None else at
    for begin, length in zip(begins, lengths, strict=True):
        made[begin : begin + length] = range(length)
    made[LANES] = max(lengths) - 1
    return made


def series(io: Io, sections: int, channels: int) -> tuple[Any, Any]:
    """Allocate ``sections`` in series on each channel; return the record and the coefficients.

    These are the ``SERIES`` record, and ``COEFFICIENTS`` float64 for each group.  Section number n
    is lane n % 8 of group n // 8.  Of a series of up to four sections, the copy for the next
    channel is ``apart`` lanes further, ``per_group`` times.
    """
    groups = -(-sections // LANES)
    side_by_side = LANES // sections if groups == 1 else 1
    rest = sections - LANES * (groups - 1)
    chains = [chain([LANES])] * (groups - 1) + [chain([rest] * side_by_side)]
    memory = io.memory
    coefficients = memory.state((groups, COEFFICIENTS), np.float64)
    passes = -(-channels // side_by_side)
    made = memory.record(
        SERIES,
        channels=channels,
        groups=groups,
        per_group=side_by_side,
        apart=rest,
        last=rest - 1,
        coefficients=coefficients,
        states=memory.state((passes, groups, STATES), np.float64),
        chains=memory.constant(np.array(chains)),
        rows=memory.scratch((ROWS, LANES), np.float64),
    )
    return made, coefficients


@ng.kernel
def play_series(state: int, ins: int, outs: int, frames: int) -> None:
    """Play ``frames`` (32 at most, up to the next tick) from frame ``done`` of the block."""
    s = ng.record(state, SERIES)
    groups, rows, begin, states = s.groups, s.rows, 4 * s.done, s.states
    channel = 0
    while channel < s.channels:
        for k in range(s.per_group):
            if channel + k < s.channels:
                source = ng.channel_address(ins, channel + k) + begin
                svf_in(rows + 8 * s.apart * k, source, frames)
        for g in range(groups):
            if g > 0:
                svf_carry(rows, rows + 72 * (LANES - 1), frames)
            numbers, places = s.coefficients + 8 * COEFFICIENTS * g, s.chains + 8 * CHAIN * g
            svf_run(numbers, states, places, rows, s.place, frames)
            states += 8 * STATES
        for k in range(s.per_group):
            if channel + k < s.channels:
                target = ng.channel_address(outs, channel + k) + begin
                svf_out(target, rows + 72 * s.last + 8 * s.apart * k, frames)
        channel += s.per_group
