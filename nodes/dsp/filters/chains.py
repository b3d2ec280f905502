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
from ....graph.prepare import NativeFunction
from ....runtime import authoring as ng
from ....runtime.simd.loops.svf import (
    CHAIN,
    COEFFICIENTS,
    GRID,
    LANES,
    ROWS,
    SKEW,
    STATES,
    UNUSED,
    svf_carry,
    svf_in,
    svf_out,
    svf_run,
    svf_tick,
)

__all__ = ["SERIES", "chain", "play_series", "series"]

SERIES = np.dtype(
    [
        ("frame", np.int64),  # since reset
        ("tick", np.int64),  # the address of a kernel, called at ticks with the node's record
        ("channels", np.int64),
        ("groups", np.int64),  # in series
        ("per_group", np.int64),  # channels side by side in a group
        ("apart", np.int64),  # lanes from channel to channel
        ("last", np.int64),  # lane of the last section in the last group, of the first channel
        ("coefficients", np.int64),  # per group in series
        ("states", np.int64),  # per channels side by side, per group in series
        ("chains", np.int64),  # per group in series
        ("rows", np.int64),
    ]
)
"""The same sections in series on every channel: the first fields of a node's record."""
NEXT = 8 * LANES * SKEW + 8
"""Bytes from the first output of a section, in the rows, to that of the next."""


def chain(lengths: Sequence[int], at: Sequence[int] | None = None) -> NDArray[np.float64]:
    """Return the ``CHAIN`` numbers of a group with chains of these lengths.

    They lie side by side, or begin at the lanes ``at``.
    """
    made = np.full(CHAIN, UNUSED)
    begins = np.cumsum([0, *lengths[:-1]]) if at is None else at
    for begin, length in zip(begins, lengths, strict=True):
        made[begin : begin + length] = SKEW * np.arange(length)
    made[LANES] = SKEW * (max(lengths) - 1)
    return made


def series(io: Io, sections: int, tick: NativeFunction) -> dict[str, Any]:
    """Allocate ``sections`` in series on each channel; return the ``SERIES`` fields of the record.

    At every tick the kernel ``tick`` is called with the address of the record: it writes what
    changes of the coefficients' ``aim``, and may leave the rest.  Section number n
    is lane n % 8 of group n // 8.  Of a series of up to four sections, the copy for the next
    channel is ``apart`` lanes further, ``per_group`` times.
    """
    groups = -(-sections // LANES)
    side_by_side = LANES // sections if groups == 1 else 1
    rest = sections - LANES * (groups - 1)
    chains = [chain([LANES])] * (groups - 1) + [chain([rest] * side_by_side)]
    memory, channels = io.memory, io.outputs["out"]
    passes = -(-channels // side_by_side)
    return {
        "tick": tick.address,
        "channels": channels,
        "groups": groups,
        "per_group": side_by_side,
        "apart": rest,
        "last": rest - 1,
        "coefficients": memory.state((groups, COEFFICIENTS), np.float64),
        "states": memory.state((passes, groups, STATES), np.float64),
        "chains": memory.constant(np.array(chains)),
        "rows": memory.scratch((ROWS, LANES), np.float64),
    }


@ng.kernel
def play_series(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a block of the node whose record begins with ``SERIES``."""
    s = ng.record(state, SERIES)
    groups, rows, done = s.groups, s.rows, 0
    while done < frames:
        place = (s.frame + done) & (GRID - 1)
        if place == 0:
            ng.call_node(s.tick, state, ins, outs, np.int32(0))
            for g in range(groups):
                svf_tick(s.coefficients + 8 * COEFFICIENTS * g)
        n = frames - done
        if n > GRID - place:
            n = GRID - place
        channel, states = 0, s.states
        while channel < s.channels:
            for k in range(s.per_group):
                if channel + k < s.channels:
                    source = ng.channel_address(ins, channel + k) + 4 * done
                    svf_in(rows + 8 * s.apart * k, source, n)
            for g in range(groups):
                if g > 0:
                    svf_carry(rows, rows + NEXT * (LANES - 1), n)
                numbers, places = s.coefficients + 8 * COEFFICIENTS * g, s.chains + 8 * CHAIN * g
                svf_run(numbers, states, places, rows, place, n)
                states += 8 * STATES
            for k in range(s.per_group):
                if channel + k < s.channels:
                    target = ng.channel_address(outs, channel + k) + 4 * done
                    svf_out(target, rows + NEXT * s.last + 8 * s.apart * k, n)
            channel += s.per_group
        done += n
    s.frame += frames
