"""A cabinet's response exchanged while it plays, by a swap: no click, and exact bits after it."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import namgraph as ng
from namgraph.graph import Graph
from namgraph.nodes import Cab
from namgraph.nodes.dsp.convolver.partition import receptive_field
from namgraph.runtime import Engine

from .cab_harness import Audio, error, noise

RATE, FADE = 48_000, 960
LONG = 6000
"""Taps, more than 0.1 s: what sounds of the old response is played to its end."""
STEEPEST = 4.0
"""Bend of a sine at an exchange, over that of the sine alone: the limit of parameters that jump."""


def graph(taps: int, seed: int, gain: float = 1.0) -> Graph:
    fall = np.exp(-6.0 * np.arange(taps) / taps)
    h = 0.3 * gain * np.random.default_rng(seed).standard_normal(taps) * fall
    return Graph.chain(cab=Cab(h, RATE, gain_rule="none"), channels=1)


def oversampled(taps: int, seed: int, gain: float = 1.0) -> Graph:
    (cab,) = graph(taps, seed, gain).nodes.values()
    return Graph.chain(cab=ng.Oversample(cab, times=2), channels=1)


def engine(made: Graph, fade: int = FADE) -> Engine:
    return Engine(made, sample_rate=RATE, max_frames=512, fade_s=fade / RATE)


def play(made: Engine, x: Audio, cuts: tuple[int, ...]) -> Audio:
    parts, at, lengths = [], 0, itertools.cycle(cuts)
    while at < x.shape[1]:
        count = min(next(lengths), x.shape[1] - at)
        parts.append(made.process(x[:, at : at + count]))
        at += count
    return np.concatenate(parts, axis=1)


def exchanged(
    graphs: tuple[Graph, Graph], x: Audio, at: int, cuts: tuple[int, ...], fade: int = FADE
) -> Audio:
    made = engine(graphs[0], fade)
    before = play(made, x[:, :at], cuts)
    made.swap(graphs[1])
    return np.concatenate([before, play(made, x[:, at:], cuts)], axis=1)


def bend(
    taps: int,
    at: int,
    hertz: float = 220.0,
    fade: int = FADE,
    seeds: tuple[int, int] = (1, 2),
    gain: float = 1.0,
    make: Callable[[int, int, float], Graph] = graph,
) -> float:
    """Return the second difference of a sine around an exchange over that before and after it."""
    rest = at + 2 * taps + 2 * fade + 4800
    turns = hertz / RATE * np.arange(rest + 4800) + 0.15
    graphs = make(taps, seeds[0], 1.0), make(taps, seeds[1], gain)
    sine = 0.25 * np.sin(2 * np.pi * turns)[None].astype(np.float32)
    y: NDArray[np.float64] = exchanged(graphs, sine, at, (64,), fade)[0].astype(np.float64)
    bent = np.abs(np.diff(y, n=2))
    quiet = max(bent[at - 2400 : at - 8].max(), bent[rest:].max())
    return float(bent[at - 8 : rest].max() / quiet)


@pytest.mark.parametrize("taps", [40, 700, 2048, LONG])
@pytest.mark.parametrize("offset", [0, 1, 37])
def test_an_exchange_at_any_frame_does_not_click(taps: int, offset: int) -> None:
    assert bend(taps, 2 * taps + 4800 + offset) <= STEEPEST


def test_an_oversampled_cabinet_warms_up_too() -> None:
    assert bend(2048, 8897, 82.0, seeds=(1, 1), gain=0.9, make=oversampled) <= STEEPEST


@pytest.mark.parametrize("taps", [40, 2048])
def test_a_response_much_like_it_bends_not_even_a_low_note(taps: int) -> None:
    assert bend(taps, 2 * taps + 4801, 82.0, seeds=(1, 1), gain=0.9) <= STEEPEST


@pytest.mark.parametrize("taps", [40, 2048, LONG])
def test_nor_does_a_response_most_unlike_it(taps: int) -> None:
    assert bend(taps, 2 * taps + 4801, 82.0, seeds=(1, 1), gain=-1.0) <= STEEPEST
    assert bend(taps, 2 * taps + 4801, 82.0) <= STEEPEST


def test_the_measure_hears_an_exchange_without_a_crossfade() -> None:
    assert bend(40, 5001, fade=0) > 2 * STEEPEST


@pytest.mark.parametrize("taps", [40, 2048, 4000])
@pytest.mark.parametrize(("at", "cuts"), [(4096, (64,)), (5003, (1, 64, 17, 300))])
def test_the_new_response_fades_in_once_its_past_is_filled_and_is_exact_after_it(
    taps: int, at: int, cuts: tuple[int, ...]
) -> None:
    x = noise(at + taps + 3 * FADE)
    found = exchanged((graph(taps, 1), graph(taps, 2)), x, at, cuts)
    old = play(engine(graph(taps, 1)), x, (512,))
    new = play(engine(graph(taps, 2)), x[:, at:], (512,))
    begin, end = at + taps, at + taps + FADE
    np.testing.assert_array_equal(found[:, :begin], old[:, :begin])
    np.testing.assert_array_equal(found[:, end:], new[:, taps + FADE :])
    at_end = np.arange(FADE) / FADE
    share = 1.0 - at_end * at_end * (3.0 - 2.0 * at_end)
    both = share * old[:, begin:end] + (1.0 - share) * new[:, taps : taps + FADE]
    assert error(found[:, begin:end], both) < 1e-6
    always = play(engine(graph(taps, 2)), x, (512,))  # as if it had been there from the start
    assert error(found[:, end:], always[:, end:].astype(np.float64)) < 1e-6


def test_a_long_response_rings_on_and_the_new_one_is_exact_once_that_is_over() -> None:
    at, settled = 5003, FADE + LONG + max(FADE, receptive_field(LONG) - LONG)
    x = noise(at + settled + 2000)
    x[:, at + FADE : at + FADE + LONG // 2] = 0.0  # what sounds there is tails
    found = exchanged((graph(LONG, 1), graph(LONG, 2)), x, at, (64, 100))
    new = play(engine(graph(LONG, 2)), x[:, at:], (512,))
    np.testing.assert_array_equal(found[:, at + settled :], new[:, settled:])
    tail = slice(at + FADE + 64, at + FADE + 1000)
    extra = found[:, tail] - new[:, FADE + 64 : FADE + 1000]
    assert np.sqrt(np.mean(extra**2)) > 0.1  # of the old response


@pytest.mark.parametrize("cuts", [(64,), (1, 300, 17)])
def test_a_parameter_is_heard_at_once_while_a_response_warms_up(cuts: tuple[int, ...]) -> None:
    taps, at, set_at = 4000, 1000, 2003
    x = noise(at + taps + 3 * FADE)
    changes = {"gain.gain_db": -9.0, "cab.level_db": -3.0}

    def rack(seed: int) -> Graph:
        (cab,) = graph(taps, seed).nodes.values()
        return Graph.chain(gain=ng.Gain(), cab=cab, channels=1)

    def changed(made: Engine, x: Audio, frames: int) -> Audio:
        before = play(made, x[:, :frames], cuts)
        for name, value in changes.items():
            made.set(name, value)
        made.mix("cab", 0.7)
        return np.concatenate([before, play(made, x[:, frames:], cuts)], axis=1)

    made = engine(rack(1))
    before = play(made, x[:, :at], cuts)
    made.swap(rack(2))
    found = np.concatenate([before, changed(made, x[:, at:], set_at - at)], axis=1)
    old = changed(engine(rack(1)), x, set_at)
    np.testing.assert_array_equal(found[:, : at + taps], old[:, : at + taps])
    unset = play(engine(rack(1)), x, cuts)
    assert not np.array_equal(unset[:, set_at : at + taps], old[:, set_at : at + taps])
    wanted = changed(engine(rack(2)), x[:, at:], set_at - at)
    np.testing.assert_array_equal(found[:, at + taps + FADE :], wanted[:, taps + FADE :])
    assert made["cab.level_db"] == -3.0


def test_what_is_set_together_with_a_swap_is_of_the_new_graph() -> None:
    taps, at = 4000, 1000
    x = noise(at + taps)
    made, old = engine(graph(taps, 1)), play(engine(graph(taps, 1)), x, (64,))
    before = play(made, x[:, :at], (64,))
    made.swap(graph(taps, 2))
    made.set("cab.level_db", -20.0)
    found = np.concatenate([before, play(made, x[:, at:], (64,))], axis=1)
    np.testing.assert_array_equal(found, old)
