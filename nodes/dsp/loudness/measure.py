"""Momentary, short-term and integrated loudness and loudness range, of energies every 10 ms.

ITU-R BS.1770-4 (gates), EBU Tech 3341 (windows of 0.4 and 3 s), EBU Tech 3342 (range).  The gates
need all blocks since the start: they are kept as a histogram of ``BINS`` classes of 0.01 LU, with
the energy in each, and sums of ``GROUP`` classes, so that a gate adds up at most 200 numbers.
"""

import math
from typing import Any

import numpy as np

from ....graph import Io
from ....runtime import authoring as ng

__all__ = ["MEASURE", "NOTHING", "READINGS", "STEP_S", "measure_fields", "measure_step"]

NOTHING = -200.0
"""Readings in dB or LUFS where there is nothing to measure yet, or silence."""
STEP_S = 0.01
READINGS = (
    *("momentary_lufs", "short_term_lufs", "integrated_lufs", "range_lu"),
    *("momentary_max_lufs", "short_term_max_lufs"),
)
LISTS = ("energies", "blocks", "block_energies", "groups", "group_energies", "terms", "term_groups")
MEASURE = np.dtype(
    [
        *((name, np.float64) for name in READINGS),
        ("energy", np.float64),  # weighted sum of the channels' mean squares in the last 10 ms
        ("block_sum", np.float64),  # energy of the blocks that passed the absolute gate
        ("term_sum", np.float64),  # the same of windows of 3 s
        ("all_sum", np.float64),  # of all blocks
        ("gated", np.int64),
        ("steps", np.int64),  # of 10 ms since the start
        ("at", np.int64),
        ("block_count", np.int64),
        ("term_count", np.int64),
        ("all_count", np.int64),
        *((name, np.int64) for name in LISTS),  # addresses
        ("integrate", np.int64),  # addresses of C functions
        ("find_range", np.int64),
    ]
)
"""The first fields of the record of a node that measures."""
OFFSET = -0.691
MOMENTARY, SHORT_TERM = 40, 300
"""Steps in the windows of 0.4 and 3 s."""
EVERY = 10
"""Steps between two blocks that are gated: they overlap by 75 %."""
LOWEST, BINS, GROUP = -70.0, 10_000, 100
"""The absolute gate in LUFS, classes of 0.01 LU above it, classes in a group."""
RELATIVE_LU, RANGE_LU = -10.0, -20.0
"""Relative gates, of the integrated loudness and of the range."""
SOFTEST, LOUDEST = 0.10, 0.95
"""Shares of the windows that are below and above the range."""


def measure_fields(io: Io, gated: bool) -> dict[str, Any]:
    """Allocate the histograms; return the ``MEASURE`` fields of the record."""
    memory, silent = io.memory, {name: NOTHING for name in READINGS if name != "range_lu"}
    return {
        **silent,
        "gated": gated,
        "energies": memory.state(SHORT_TERM, np.float64),
        "blocks": memory.state(BINS, np.int64),
        "block_energies": memory.state(BINS, np.float64),
        "groups": memory.state(BINS // GROUP, np.int64),
        "group_energies": memory.state(BINS // GROUP, np.float64),
        "terms": memory.state(BINS, np.int64),
        "term_groups": memory.state(BINS // GROUP, np.int64),
        "integrate": _integrate.address,
        "find_range": _find_range.address,
    }


@ng.helper
def _lufs(energy):  # type: ignore[no-untyped-def]
    return OFFSET + 10.0 * math.log10(energy) if energy > 1e-19 else NOTHING


@ng.helper
def _bin(lufs):  # type: ignore[no-untyped-def]
    number = (lufs - LOWEST) * 100.0
    if number < 0.0:
        number = 0.0
    return np.int64(number if number < BINS else BINS - 1.0)


@ng.helper
def _window(address, at, steps):  # type: ignore[no-untyped-def]
    energies = ng.numbers(address, SHORT_TERM, np.float64)
    total = 0.0
    place = at - steps
    if place < 0:
        place += SHORT_TERM
    for _ in range(steps):
        total += energies[place]
        place += 1
        if place == SHORT_TERM:
            place = 0
    return total / steps


@ng.kernel
def _integrate(state: int, _ins: int, _outs: int, _frames: int) -> None:
    """Set the integrated loudness: the mean of the blocks above both gates."""
    s = ng.record(state, MEASURE)
    if s.gated == 0:
        s.integrated_lufs = _lufs(s.all_sum / s.all_count)
    elif s.block_count > 0:
        first = _bin(_lufs(s.block_sum / s.block_count) + RELATIVE_LU)
        counts = ng.numbers(s.blocks, BINS, np.int64)
        energies = ng.numbers(s.block_energies, BINS, np.float64)
        group_counts = ng.numbers(s.groups, BINS // GROUP, np.int64)
        group_energies = ng.numbers(s.group_energies, BINS // GROUP, np.float64)
        count = np.int64(0)
        total = 0.0
        after = first // GROUP + 1
        for number in range(first, after * GROUP):
            count += counts[number]
            total += energies[number]
        for number in range(after, BINS // GROUP):
            count += group_counts[number]
            total += group_energies[number]
        if count > 0:
            s.integrated_lufs = _lufs(total / count)


@ng.helper
def _ranked(terms, groups, rank):  # type: ignore[no-untyped-def]
    """Return the loudness of the window that has ``rank`` softer ones."""
    counts = ng.numbers(terms, BINS, np.int64)
    group_counts = ng.numbers(groups, BINS // GROUP, np.int64)
    below = np.int64(0)
    group = 0
    while group < BINS // GROUP - 1 and below + group_counts[group] <= rank:
        below += group_counts[group]
        group += 1
    number = group * GROUP
    while number < BINS - 1 and below + counts[number] <= rank:
        below += counts[number]
        number += 1
    return LOWEST + 0.01 * (number + 0.5)


@ng.kernel
def _find_range(state: int, _ins: int, _outs: int, _frames: int) -> None:
    """Set the loudness range: from the softest tenth of the windows to the loudest twentieth."""
    s = ng.record(state, MEASURE)
    first = _bin(_lufs(s.term_sum / s.term_count) + RANGE_LU)
    counts = ng.numbers(s.terms, BINS, np.int64)
    group_counts = ng.numbers(s.term_groups, BINS // GROUP, np.int64)
    gated = np.int64(0)
    for number in range(first // GROUP):
        gated += group_counts[number]
    for number in range(first // GROUP * GROUP, first):
        gated += counts[number]
    steps = np.float64(s.term_count - gated - 1)
    soft = _ranked(s.terms, s.term_groups, gated + np.int64(steps * SOFTEST + 0.5))
    loud = _ranked(s.terms, s.term_groups, gated + np.int64(steps * LOUDEST + 0.5))
    s.range_lu = loud - soft


@ng.helper
def _count(counts, groups, number):  # type: ignore[no-untyped-def]
    ng.numbers(counts, BINS, np.int64)[number] += 1
    ng.numbers(groups, BINS // GROUP, np.int64)[number // GROUP] += 1


@ng.kernel
def measure_step(state: int, ins: int, outs: int, frames: int) -> None:
    """Take the energy of the last 10 ms, and update the readings."""
    s = ng.record(state, MEASURE)
    ng.numbers(s.energies, SHORT_TERM, np.float64)[s.at] = s.energy
    s.at = s.at + 1 if s.at + 1 < SHORT_TERM else 0
    s.steps += 1
    if s.steps >= MOMENTARY:
        energy = _window(s.energies, s.at, MOMENTARY)
        lufs = _lufs(energy)
        s.momentary_lufs = lufs
        if lufs > s.momentary_max_lufs:
            s.momentary_max_lufs = lufs
        if s.steps % EVERY == 0:
            s.all_sum += energy
            s.all_count += 1
            if lufs > LOWEST:
                number = _bin(lufs)
                _count(s.blocks, s.groups, number)
                ng.numbers(s.block_energies, BINS, np.float64)[number] += energy
                ng.numbers(s.group_energies, BINS // GROUP, np.float64)[number // GROUP] += energy
                s.block_sum += energy
                s.block_count += 1
            ng.call_node(s.integrate, state, ins, outs, np.int32(0))
    if s.steps >= SHORT_TERM:
        energy = _window(s.energies, s.at, SHORT_TERM)
        lufs = _lufs(energy)
        s.short_term_lufs = lufs
        if lufs > s.short_term_max_lufs:
            s.short_term_max_lufs = lufs
        if s.steps % EVERY == 0 and lufs > LOWEST:
            _count(s.terms, s.term_groups, _bin(lufs))
            s.term_sum += energy
            s.term_count += 1
            ng.call_node(s.find_range, state, ins, outs, np.int32(0))
