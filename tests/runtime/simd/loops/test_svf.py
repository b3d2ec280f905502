"""Sections in the lanes of a vector, against the same sections one after the other: equal bits."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numba import types
from numpy.typing import NDArray

from namgraph.nodes.dsp.filters.chains import chain_numbers
from namgraph.nodes.dsp.filters.svf import svf_section
from namgraph.runtime import authoring as ng
from namgraph.runtime.native.abi import native
from namgraph.runtime.simd.loops import svf
from namgraph.runtime.simd.loops.svf import (
    COEFFICIENTS,
    GOAL,
    GRID,
    LANES,
    MOVING,
    ROWS,
    SKEW,
    START,
    STATES,
)

word = types.int64


@native(types.void(*[word] * 6))
def run(coefficients: int, states: int, chains: int, rows: int, place: int, frames: int) -> None:
    svf.svf_run(coefficients, chains, place, states, rows, frames)


@native(types.void(*[word] * 6))
def run_half(
    coefficients: int, states: int, chains: int, rows: int, place: int, frames: int
) -> None:
    svf.svf_half(coefficients, chains, place, states, rows, frames)


@native(types.void(*[word] * 7))
def run_both(
    coefficients: int, states: int, chains: int, rows: int, place: int, frames: int, apart: int
) -> None:
    other = states + 8 * STATES
    svf.svf_pair(coefficients, chains, place, states, rows, other, rows + apart, frames)


@native(types.void(word))
def tick(coefficients: int) -> None:
    svf.svf_tick(coefficients)


@native(types.void(*[word] * 6))
def alone(work: int, frames: int, coefficients: int, states: int, lane: int, place: int) -> None:
    signal = ng.numbers(work, frames, np.float64)
    numbers = ng.numbers(coefficients, COEFFICIENTS, np.float64)
    svf_section(signal, frames, numbers, ng.numbers(states, STATES, np.float64), lane, place)


@native(types.void(*[word] * 4))
def through(target: int, source: int, rows: int, frames: int) -> None:
    svf.svf_in(rows + 8, rows + 32, source, frames)
    svf.svf_carry(rows + 64 + 16, rows + 64 + 40, rows + 8, frames)
    svf.svf_out(target, rows + 64 + 16, frames)


def at(array: NDArray[Any]) -> int:
    return int(array.ctypes.data)


@pytest.mark.parametrize(
    "lengths", [(8,), (4, 4), (2, 2, 2, 2), (1,) * 8, (3, 5), (5,), (3, 2, 1)], ids=str
)
def test_lanes_are_bit_equal_to_sections_one_after_the_other(lengths: Sequence[int]) -> None:
    draw = np.random.default_rng(len(lengths))
    numbers, chains = np.zeros(COEFFICIENTS), chain_numbers(lengths)
    together, apart = np.zeros(STATES), np.zeros(STATES)
    rows = np.empty((ROWS, LANES))
    begins = np.cumsum([0, *lengths[:-1]])
    for interval in range(6):
        if interval not in (0, 3):
            numbers[: 2 * LANES] = draw.uniform(0.1, 1.0, 2 * LANES)
            numbers[2 * LANES : 5 * LANES] = draw.uniform(-1.0, 1.0, 3 * LANES)
        tick.ctypes(at(numbers))
        assert (numbers[MOVING] == 1.0) == (interval in (1, 2, 4, 5))
        place = 0
        while place < GRID:
            frames = min(int(draw.integers(1, GRID + 1)), GRID - place)
            signals = draw.standard_normal((len(lengths), frames))
            rows[...] = np.nan
            rows[:frames, begins] = signals.T
            run.ctypes(at(numbers), at(together), at(chains), at(rows), place, frames)
            for begin, length, signal in zip(begins, lengths, signals, strict=True):
                wanted = signal.copy()
                for lane in range(begin, begin + length):
                    alone.ctypes(at(wanted), frames, at(numbers), at(apart), lane, place)
                late = SKEW * (length - 1)
                found = rows[late : late + frames, begin + length - 1]
                np.testing.assert_array_equal(found, wanted)
            np.testing.assert_array_equal(together, apart)
            place += frames


@pytest.mark.parametrize("moving", [False, True])
def test_a_pair_is_two_groups_with_the_same_sections(moving: bool) -> None:
    draw = np.random.default_rng(0)
    numbers, chains = np.zeros(COEFFICIENTS), chain_numbers([5, 3])
    numbers[: 5 * LANES] = draw.uniform(0.1, 1.0, 5 * LANES)
    tick.ctypes(at(numbers))
    if moving:
        numbers[: 5 * LANES] *= 1.1
        tick.ctypes(at(numbers))
    rows, one = draw.standard_normal((2, ROWS, LANES)), np.zeros((2, STATES))
    both, copy = one.copy(), rows.copy()
    run_both.ctypes(at(numbers), at(both), at(chains), at(copy), 3, 20, rows[0].nbytes)
    for k in range(2):
        run.ctypes(at(numbers), at(one[k]), at(chains), at(rows[k]), 3, 20)
    np.testing.assert_array_equal(both, one)
    np.testing.assert_array_equal(copy, rows)


@pytest.mark.parametrize("moving", [False, True])
def test_half_a_group_is_its_first_four_lanes(moving: bool) -> None:
    draw = np.random.default_rng(0)
    numbers, chains = np.zeros(COEFFICIENTS), chain_numbers([3, 1, 4])
    numbers[: 5 * LANES] = draw.uniform(0.1, 1.0, 5 * LANES)
    tick.ctypes(at(numbers))
    if moving:
        numbers[: 5 * LANES] *= 1.1
        tick.ctypes(at(numbers))
    rows = draw.standard_normal((ROWS, LANES))
    halved, whole, half = rows.copy(), np.zeros(STATES), np.zeros(STATES)
    run.ctypes(at(numbers), at(whole), at(chains), at(rows), 3, 20)
    run_half.ctypes(at(numbers), at(half), at(chains), at(halved), 3, 20)
    np.testing.assert_array_equal(halved[:20, :4], rows[:20, :4])
    np.testing.assert_array_equal(half.reshape(2, LANES)[:, :4], whole.reshape(2, LANES)[:, :4])
    assert not half.reshape(2, LANES)[:, 4:].any()


def test_a_lane_without_a_section_keeps_its_state() -> None:
    numbers, states, rows = np.ones(COEFFICIENTS), np.full(STATES, 7.0), np.ones((ROWS, LANES))
    run.ctypes(at(numbers), at(states), at(chain_numbers([2], [3])), at(rows), 0, GRID)
    kept = np.delete(states.reshape(2, LANES), [3, 4], axis=1)
    assert (kept == 7.0).all()
    assert (states.reshape(2, LANES)[:, 3:5] != 7.0).all()


def test_a_ramp_begins_where_the_last_one_was_to_end() -> None:
    numbers = np.zeros(COEFFICIENTS)
    for step, wanted in (
        (1.0, (1.0, 1.0)),
        (3.0, (1.0, 3.0)),
        (3.0, (3.0, 3.0)),
        (2.0, (3.0, 2.0)),
    ):
        numbers[: 5 * LANES] = step
        tick.ctypes(at(numbers))
        assert (numbers[START : START + 5 * LANES] == wanted[0]).all()
        assert (numbers[GOAL : GOAL + 5 * LANES] == wanted[1]).all()
        assert numbers[MOVING] == (wanted[0] != wanted[1])


def test_one_number_that_moves_is_enough() -> None:
    for number in range(5 * LANES):
        numbers = np.zeros(COEFFICIENTS)
        tick.ctypes(at(numbers))
        numbers[number] = 1e-300
        tick.ctypes(at(numbers))
        assert numbers[MOVING] == 1.0


def test_samples_go_in_and_out_of_lanes() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, GRID).astype(np.float32)
    y, rows = np.full(GRID, 9, np.float32), np.zeros((GRID + 1, LANES))
    through.ctypes(at(y), at(x), at(rows), 20)
    np.testing.assert_array_equal(y, [*x[:20], *[9] * 12])
    for lane, begin in ((1, 0), (4, 0), (2, 1), (5, 1)):
        np.testing.assert_array_equal(rows[begin : begin + 20, lane], x[:20])
    assert np.count_nonzero(rows) == 80
