"""GraphicEq, beyond the node contract: the response meets the sliders."""

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from namgraph.graph import ParamError, Spec
from namgraph.nodes import GraphicEq
from namgraph.nodes.dsp.filters.graphic import CENTRES, tables
from namgraph.nodes.testing import same_bits

from ..dsp.filters.sections import decibels
from .responses import click, impulse, play, player

RATE = 48_000
Floats = NDArray[np.float64]


def made(sliders: Any, bands: int = 10) -> GraphicEq:
    settings: Any = {f"band{n}_db": float(db) for n, db in enumerate(sliders, 1)}
    return GraphicEq(bands, **settings)


def random_sliders(bands: int, count: int) -> Floats:
    draw = np.random.default_rng(bands)
    ends = draw.choice([-12.0, 12.0], (count, bands))
    return np.concatenate([ends, draw.uniform(-12, 12, (count, bands))])


def wanted_db(sliders: Floats, bands: int, hertz: Floats, rate: float = RATE) -> Floats:
    """The response of the bells with the gains that are solved for, by scipy's biquads."""
    solver = tables(bands, rate)
    gains = solver.gains(sliders[: solver.count])
    total = np.zeros(len(hertz))
    for gain_db, damping, g in zip(gains, solver.dampings(gains), solver.warped, strict=True):
        over: Any = 1 + g * damping + g * g, 2 * g * g - 2, 1 - g * damping + g * g
        boosted = damping * 10 ** (gain_db / 20)
        under: Any = 1 + g * boosted + g * g, 2 * g * g - 2, 1 - g * boosted + g * g
        total += decibels(signal.freqz(under, over, hertz, fs=rate)[1])
    return total


def level_db(node: GraphicEq, hertz: Floats, rate: float = RATE) -> Floats:
    turns = -2j * np.pi * hertz / rate
    answer = impulse(node, 512 * round(2.5 * rate / 512), rate)[0].reshape(-1, 512)
    parts = np.exp(np.outer(turns, np.arange(512))) @ answer.T
    return decibels((parts * np.exp(np.outer(turns, 512 * np.arange(len(answer))))).sum(axis=1))


@pytest.mark.parametrize(("bands", "most"), [(10, 0.15), (31, 0.4)])
def test_all_patterns_of_sliders_are_met(bands: int, most: float) -> None:
    patterns = random_sliders(bands, 150)
    if bands == 10:
        ends = 12.0 * np.array(list(itertools.product((-1, 1), repeat=10)))
        patterns = np.concatenate([patterns, ends])
    errors = [np.abs(wanted_db(row, bands, CENTRES[bands]) - row).max() for row in patterns]
    assert max(errors) < most
    assert np.median(errors) < most / 2


@pytest.mark.parametrize("bands", [10, 31])
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_the_node_plays_these_bells(bands: int, rate: float) -> None:
    hertz = np.geomspace(25, 19_000, 30)
    for row in random_sliders(bands, 2):
        found = level_db(made(row, bands), hertz, rate)
        np.testing.assert_allclose(found, wanted_db(row, bands, hertz, rate), atol=1e-3)
        found = level_db(made(row, bands), CENTRES[bands], rate)
        np.testing.assert_allclose(found, row, atol=0.6)


def test_sliders_are_met_while_they_move() -> None:
    start, end = random_sliders(10, 1)[:2]
    engine = player(made(start))
    play(engine, np.zeros(64))
    for n, value in enumerate(end, 1):
        engine.set(f"node.band{n}_db", value)
    tones = 0.01 * np.sin(2 * np.pi * np.outer(CENTRES[10], np.arange(9_600) / RATE))
    play(engine, tones.sum(axis=0))  # 0.2 s: the way is done, but for 12 dB * e^-10
    answer = play(engine, np.zeros(48_000))
    assert np.isfinite(answer).all()
    share = np.exp(-960 / (0.02 * RATE))
    for now in (start, (1 - share) * end + share * start, end):
        assert np.abs(wanted_db(now, 10, CENTRES[10]) - now).max() < 1.2


def test_a_change_arrives_at_the_response_of_a_new_node() -> None:
    start, end = random_sliders(31, 1)[:2]
    engine = player(made(start, 31))
    for n, value in enumerate(end, 1):
        engine.set(f"node.band{n}_db", value)
    play(engine, np.zeros(48_000))
    pulse = np.zeros(4_000)
    pulse[0] = 1.0
    np.testing.assert_allclose(play(engine, pulse), impulse(made(end, 31), 4_000), atol=1e-6)


@pytest.mark.parametrize("bands", [10, 31])
def test_flat_sliders_change_no_bit_after_a_change_too(bands: int) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 24_000).astype(np.float32)
    engine = player(GraphicEq(bands))
    same_bits(play(engine, x)[0], x)
    engine.set("node.band3_db", 12.0)
    assert (play(engine, x)[0] != x).any()
    engine.set("node.band3_db", 0.0)
    play(engine, x)
    same_bits(play(engine, x)[0], x)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 32_000])
def test_bands_above_a_low_sample_rate_do_nothing(rate: float) -> None:
    for bands in (10, 31):
        row = random_sliders(bands, 1)[0]
        centres = CENTRES[bands][CENTRES[bands] < 0.4 * rate]
        found = level_db(made(row, bands), centres, rate)
        np.testing.assert_allclose(found, row[: len(centres)], atol=0.6)


def test_sliders_beyond_the_ten_do_nothing() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 1_000)
    row = random_sliders(10, 1)[0]
    same_bits(play(player(made([*row, 12.0, -12.0])), x), play(player(made(row)), x))


@pytest.mark.parametrize("bands", [10, 31])
def test_the_tail_is_long_enough_and_not_too_long(bands: int) -> None:
    tone = np.sin(2 * np.pi * CENTRES[bands][0] * np.arange(48_000) / RATE)
    for row in random_sliders(bands, 3):
        row[0] = 12.0
        node = made(row, bands)
        tail = node.tail(Spec(RATE, 64))
        answer = np.abs(play(player(node), [*tone, *np.zeros(tail + 4_000)])[0])
        assert answer[48_000 + tail :].max() < 1e-5 * answer.max()
        assert answer[48_000 + tail // 3 :].max() > 1e-5 * answer.max()
    assert GraphicEq(bands).tail(Spec(RATE, 64)) == 0


def test_a_jump_of_a_slider_does_not_click() -> None:
    for name in ("band3_db", "band4_db", "band9_db"):
        for value in (12.0, -12.0):
            for turn in (0.0, 0.15, 0.25):
                node = GraphicEq().with_params({name: -value})
                assert click(node, name, value, turn) < 4


def test_wrong_values_are_refused() -> None:
    for bands in (0, 11, 30, "10", None):
        with pytest.raises(ParamError, match="must be one of 10, 31"):
            GraphicEq(bands)  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="band31_db"):
        GraphicEq(31, band31_db=12.1)
