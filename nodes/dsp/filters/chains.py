"""Chains of sections in groups of eight lanes: their layout, and the kernel that plays them.

A *chain* is a number of sections in series.  Its input is the node's or the output of another,
its output one of the node's or the input of others.  Chains lie side by side in groups of eight
lanes, which are played one after the other; where one group with at most four lanes is enough,
further channels lie beside the first.  A node's record begins with the fields of ``LAYOUT``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph import Io
from ....graph.prepare import NativeFunction
from ....runtime import authoring as ng
from ....runtime.native.pointers import element
from ....runtime.simd.loops.svf import (
    CHAIN,
    COEFFICIENTS,
    GRID,
    LANES,
    MOVING,
    ROWS,
    SKEW,
    SPAN,
    STATES,
    UNUSED,
    svf_carry,
    svf_half,
    svf_in,
    svf_out,
    svf_pair,
    svf_run,
    svf_tick,
)

__all__ = [
    "LAYOUT",
    "Chain",
    "Place",
    "chain_numbers",
    "in_series",
    "lay_out",
    "places",
    "play_lanes",
    "scale_outputs",
    "step_ratios",
]

LAYOUT = np.dtype(
    [
        ("frame", "i8"),  # since reset
        ("gliding", "i8"),  # set by ``tick`` to 1 while a parameter is on its way, else 0
        ("tick", "i8"),  # address of a kernel, called at ticks with the node's record
        ("channels", "i8"),
        ("groups", "i8"),
        ("side_by_side", "i8"),  # channels in a group
        ("apart", "i8"),  # lanes from one of them to the next
        ("steps", "i8"),
        ("step_table", "i8"),  # address: a STEP for each
        ("coefficients", "i8"),  # per group
        ("states", "i8"),  # per channels side by side, per group
        ("chains", "i8"),  # per group
        ("rows", "i8"),  # per group, twice
    ]
)
STEP = np.dtype([("kind", "i8"), ("source", "i8"), ("target", "i8"), ("other", "i8")])
"""What to do: sources and targets are bytes from ``rows``, or the numbers of outputs.

``other`` is a second target of the same source, or ``target`` again.  Of RUN, ``source`` is the
group and ``target`` the number of its lanes, for one channel.
"""
IN, CARRY, RUN, OUT = range(4)
ROW, ROWS_BYTES = 8 * LANES, 8 * LANES * ROWS


@dataclass(frozen=True)
class Chain:
    """Sections in series, up to eight.

    ``source`` is the number of the chain that feeds it, -1 for the node's input; ``output`` the
    number of the output port, -1 for a chain that only feeds others.
    """

    length: int
    source: int = -1
    output: int = -1


@dataclass(frozen=True)
class Place:
    """Where a chain lies: its group, and the lane of its first section."""

    group: int
    lane: int


def in_series(sections: int) -> list[Chain]:
    """Return the chains for so many sections in series: number n is lane n % 8 of group n // 8."""
    lengths = [min(LANES, sections - at) for at in range(0, sections, LANES)]
    return [Chain(n, k - 1, 0 if k == len(lengths) - 1 else -1) for k, n in enumerate(lengths)]


def places(chains: Sequence[Chain]) -> list[Place]:
    """Put every chain into the first group after that of its source that has room for it."""
    used: list[int] = []
    made: list[Place] = []
    for chain in chains:
        group = 0 if chain.source < 0 else made[chain.source].group + 1
        while group < len(used) and used[group] + chain.length > LANES:
            group += 1
        used += [0] * (group + 1 - len(used))
        made.append(Place(group, used[group]))
        used[group] += chain.length
    return made


def chain_numbers(lengths: Sequence[int], at: Sequence[int] | None = None) -> NDArray[np.float64]:
    """Return the ``CHAIN`` numbers of a group with chains of these lengths.

    They lie side by side, or begin at the lanes ``at``.
    """
    made = np.full(CHAIN, UNUSED)
    begins = np.cumsum([0, *lengths[:-1]]) if at is None else at
    for begin, length in zip(begins, lengths, strict=True):
        made[begin : begin + length] = SKEW * np.arange(length)
    made[LANES] = SKEW * (max(lengths) - 1)
    return made


def _steps(chains: Sequence[Chain], at: Sequence[Place]) -> list[tuple[int, int, int, int]]:
    first = [ROWS_BYTES * p.group + 8 * p.lane for p in at]
    last = [f + (ROW * SKEW + 8) * (c.length - 1) for f, c in zip(first, chains, strict=True)]
    made: list[tuple[int, int, int, int]] = []
    for group in range(1 + max(p.group for p in at)):
        here = [n for n, place in enumerate(at) if place.group == group]
        for source in sorted({chains[n].source for n in here}):
            fed = [first[n] for n in here if chains[n].source == source]
            kind, begin = (IN, 0) if source < 0 else (CARRY, last[source])
            pairs = zip(fed[::2], [*fed[1::2], fed[-1]], strict=False)
            made += [(kind, begin, one, other) for one, other in pairs]
        made.append((RUN, group, sum(chains[n].length for n in here), 0))
        made += [(OUT, last[n], chains[n].output, 0) for n in here if chains[n].output >= 0]
    return made


def lay_out(io: Io, chains: Sequence[Chain], tick: NativeFunction) -> dict[str, Any]:
    """Allocate the memory of chains for all channels; return the ``LAYOUT`` fields of the record.

    At every tick the kernel ``tick`` is called with the address of the record.  It writes what
    changes of the coefficients' ``aim`` (``COEFFICIENTS`` float64 for each group), ``side_by_side``
    times, ``apart`` lanes from each other, and may leave the rest; then it sets ``gliding`` to 1.
    """
    at, memory, channels = places(chains), io.memory, sum(io.inputs.values())
    groups = 1 + max(place.group for place in at)
    lanes = sum(chain.length for chain in chains)
    side_by_side = LANES // lanes if groups == 1 else 1
    numbers = []
    for group in range(groups):
        here = [n for n, place in enumerate(at) if place.group == group]
        numbers.append(chain_numbers([chains[n].length for n in here] * side_by_side))
    steps = _steps(chains, at)
    passes = -(-channels // side_by_side)
    return {
        "tick": tick.address,
        "channels": channels,
        "groups": groups,
        "side_by_side": side_by_side,
        "apart": lanes if groups == 1 else LANES,
        "steps": len(steps),
        "step_table": memory.constant(np.array(steps, STEP)),
        "coefficients": memory.state((groups, COEFFICIENTS), np.float64),
        "states": memory.state((passes, groups, STATES), np.float64),
        "chains": memory.constant(np.array(numbers)),
        "rows": memory.scratch((2, groups, ROWS, LANES), np.float64),
    }


@ng.helper
def step_ratios(targets: int, count: int) -> bool:
    """Step ``count`` numbers by equal ratios towards their targets; return whether any moved.

    At the address ``targets`` lie the targets, then the numbers, then their coefficients, float64.
    """
    numbers, moved = ng.numbers(targets, 3 * count, np.float64), False
    for n in range(count):
        now, target = numbers[count + n], numbers[n]
        if now != target:
            numbers[count + n] = ng.ratio_step(now, target, numbers[2 * count + n])
            moved = True
    return moved


@ng.helper
def scale_outputs(s: Any, outs: int, frames: int) -> None:
    """Multiply the outputs in place by the gain ``output_db`` of the record, which glides."""
    target = ng.decibels(s.output_db)
    s.output_db_now = ng.glide(s.curve, s.output_db_now, target, s.output_db_coefficient, frames)
    for c in range(s.channels):
        y = ng.channel_address(outs, c)
        ng.scale(y, y, s.curve, frames)


@ng.kernel
def play_lanes(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a block of the node whose record begins with ``LAYOUT``."""
    s = ng.record(state, LAYOUT)
    channels, rows, done = s.channels, s.rows, 0
    while done < frames:
        place = (s.frame + done) & (GRID - 1)
        longest = GRID - place
        if place == 0:
            s.gliding = 0
            ng.call_node(s.tick, state, ins, outs, np.int32(0))
            still = s.gliding == 0
            for g in range(s.groups):
                numbers = s.coefficients + 8 * COEFFICIENTS * g
                svf_tick(numbers)
                if ng.numbers(numbers, COEFFICIENTS, np.float64)[MOVING] != 0.0:
                    still = False
            if still:  # the next tick would find nothing to do: targets change between calls
                longest = SPAN
        n = frames - done
        if n > longest:
            n = longest
        channel, states = 0, s.states
        while channel < channels:
            # Two channels that do not share a group are played as a pair, if there are two.
            pair = s.side_by_side == 1 and channel + 1 < channels
            many, apart = s.side_by_side, 8 * s.apart
            if pair:
                many, apart = 2, ROWS_BYTES * s.groups
            elif many > channels - channel:
                many = channels - channel
            for number in range(s.steps):
                step = element(s.step_table, number, STEP)
                kind, source, target = step.kind, step.source, step.target
                if kind == RUN:
                    numbers = s.coefficients + 8 * COEFFICIENTS * source
                    memory, begins = states + 8 * STATES * source, s.chains + 8 * CHAIN * source
                    here = rows + ROWS_BYTES * source
                    if pair:
                        other = memory + 8 * STATES * s.groups
                        svf_pair(numbers, begins, place, memory, here, other, here + apart, n)
                    elif target + s.apart * (many - 1) <= LANES // 2:
                        svf_half(numbers, begins, place, memory, here, n)
                    else:
                        svf_run(numbers, begins, place, memory, here, n)
                else:
                    for k in range(many):
                        here = rows + apart * k
                        if kind == IN:
                            signal = ng.channel_address(ins, channel + k) + 4 * done
                            svf_in(here + target, here + step.other, signal, n)
                        elif kind == CARRY:
                            svf_carry(here + target, here + step.other, here + source, n)
                        else:
                            signal = ng.channel_address(outs, target * channels + channel + k)
                            svf_out(signal + 4 * done, here + source, n)
            channel += many
            states += 8 * STATES * s.groups * (2 if pair else 1)
        done += n
    s.frame += frames
