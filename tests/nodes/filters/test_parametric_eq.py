"""ParametricEq, beyond the node contract: against the analogue filters and the RBJ cookbook."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy import signal

from namgraph.graph import ParamError, Spec
from namgraph.nodes import ParametricEq
from namgraph.nodes.testing import same_bits

from ..dsp.filters.sections import analogue, decibels
from .responses import bins, click, impulse, play, player, response

RATE = 48_000
HERTZ = bins(20, 20_000)
KINDS = ParametricEq.options()["type1"].choices


def rbj(kind: str, hz: float, q: float, gain_db: float) -> tuple[Any, Any]:
    """The biquad of the cookbook, as in R. Bristow-Johnson's note."""
    a, w = 10 ** (gain_db / 40), 2 * np.pi * hz / RATE
    c, alpha = np.cos(w), np.sin(w) / (2 * q)
    side, up, down = 2 * np.sqrt(a) * alpha, a + 1, a - 1
    poles = (1 + alpha, -2 * c, 1 - alpha)
    low = (up - down * c, down - up * c, up + down * c, down + up * c)
    rows: dict[str, tuple[Any, Any]] = {
        "bell": ((1 + alpha * a, -2 * c, 1 - alpha * a), (1 + alpha / a, -2 * c, 1 - alpha / a)),
        "low_shelf": (
            (a * (low[0] + side), 2 * a * low[1], a * (low[0] - side)),
            (low[2] + side, -2 * low[3], low[2] - side),
        ),
        "high_shelf": (
            (a * (low[2] + side), -2 * a * low[3], a * (low[2] - side)),
            (low[0] + side, 2 * low[1], low[0] - side),
        ),
        "low_pass": (((1 - c) / 2, 1 - c, (1 - c) / 2), poles),
        "high_pass": (((1 + c) / 2, -1 - c, (1 + c) / 2), poles),
        "notch": ((1, -2 * c, 1), poles),
        "band_pass": ((alpha, 0, -alpha), poles),
        "all_pass": (poles[::-1], poles),
        "off": (poles, poles),
    }
    return rows[kind]


def one(kind: str, hz: float, q: float, gain_db: float, **more: Any) -> ParametricEq:
    return ParametricEq(count=1, type1=kind, freq1_hz=hz, q1=q, gain1_db=gain_db, **more)


@pytest.mark.parametrize("kind", KINDS)
def test_bilinear_bands_are_the_cookbooks(kind: str) -> None:
    for hz, q, gain_db in ((80.0, 0.5, 12.0), (1_000.0, 4.0, -9.0), (12_000.0, 0.707, 6.0)):
        found = response(one(kind, hz, q, gain_db, design="bilinear"), HERTZ)[0]
        wanted = signal.freqz(*rbj(kind, hz, q, gain_db), 2 * np.pi * HERTZ / RATE)[1]
        loud = np.abs(wanted) > 0.05  # below, the rounding of samples to float32 shows
        np.testing.assert_allclose(decibels(found[loud]), decibels(wanted[loud]), atol=1e-5)


@pytest.mark.parametrize("q", [0.3, 0.707, 1.0, 3.0])
@pytest.mark.parametrize("gain_db", [-12.0, -6.0, 6.0, 12.0])
def test_matched_bells_are_the_analogue_ones(q: float, gain_db: float) -> None:
    for hz in (100.0, 1_000.0, 5_000.0, 10_000.0, 16_000.0):
        found = decibels(response(one("bell", hz, q, gain_db), HERTZ)[0])
        error = np.abs(found - decibels(analogue("bell", 1j * HERTZ / hz, q, gain_db)))
        assert error.max() < (0.7 if q <= 1 else 0.3)
        if hz <= 5_000:
            assert error[HERTZ < 5_000].max() < 0.02


@pytest.mark.parametrize("kind", ["low_shelf", "high_shelf"])
@pytest.mark.parametrize("gain_db", [-12.0, 6.0])
def test_matched_shelves_are_the_analogue_ones(kind: str, gain_db: float) -> None:
    for hz, q in itertools.product((100.0, 1_000.0, 5_000.0, 10_000.0), (0.5, 0.707, 1.0)):
        found = decibels(response(one(kind, hz, q, gain_db), HERTZ)[0])
        error = np.abs(found - decibels(analogue(kind, 1j * HERTZ / hz, q, gain_db)))
        assert error.max() < 0.45


def test_bands_are_in_series_and_in_their_places() -> None:
    kinds = ("high_pass", "bell", "off", "low_shelf", "notch", "high_shelf", "bell", "low_pass")
    settings: dict[str, Any] = {}
    wanted = np.ones(len(HERTZ), complex)
    for n, (kind, hz) in enumerate(zip(kinds, np.geomspace(50, 9_000, 8), strict=True), 1):
        values = (kind, float(hz), 0.5 + 0.2 * n, 2.0 * n - 7)
        settings |= dict(
            zip((f"type{n}", f"freq{n}_hz", f"q{n}", f"gain{n}_db"), values, strict=True)
        )
        wanted = wanted * signal.freqz(*rbj(*values[:2], *values[2:]), 2 * np.pi * HERTZ / RATE)[1]
    node = ParametricEq(design="bilinear", output_db=-4.0, **settings)
    found = response(node, HERTZ)[0]
    np.testing.assert_allclose(found, wanted * 10 ** (-4 / 20), atol=2e-6)


def test_bands_beyond_count_and_those_that_are_off_do_nothing() -> None:
    settings: Any = {"gain1_db": 6.0, "gain2_db": -9.0, "type3": "off", "gain3_db": 20.0}
    x = np.random.default_rng(0).uniform(-1, 1, (2, 3_000)).astype(np.float32)
    short = play(player(ParametricEq(count=2, **settings), channels=2), x)
    same_bits(play(player(ParametricEq(count=3, gain4_db=9.0, **settings), channels=2), x), short)
    nothing = ParametricEq(count=1, type1="off")
    same_bits(play(player(nothing, channels=2), x), x)


@pytest.mark.parametrize("channels", [1, 2, 3, 9])
def test_channels_do_not_meet(channels: int) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (channels, 500))
    for count in (1, 2, 3, 4, 5, 8):
        gains: Any = {f"gain{n}_db": 2.0 * n for n in range(1, 9)}
        node = ParametricEq(count=count, **gains)
        together = play(player(node, channels=channels), x)
        for c in range(channels):
            same_bits(together[c], play(player(node), x[c])[0])


def test_flat_bands_change_no_bit_after_a_change_too() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 48_000).astype(np.float32)
    engine = player(ParametricEq())
    same_bits(play(engine, x)[0], x)
    engine.set("node.gain4_db", 12.0)
    assert (play(engine, x)[0] != x).any()
    engine.set("node.gain4_db", 0.0)
    play(engine, x)
    same_bits(play(engine, x)[0], x)


@pytest.mark.parametrize(
    ("start", "end"),  # frequency, gain, Q
    [
        ((300.0, 6.0, 0.7), (9_600.0, 6.0, 0.7)),  # five octaves
        ((1_000.0, 0.0, 0.7), (1_000.0, 18.0, 0.7)),
        ((400.0, -6.0, 0.7), (1_600.0, 6.0, 2.0)),
    ],
)
def test_a_glide_is_that_of_a_filter_designed_at_every_frame(start: Any, end: Any) -> None:
    frames = 2_400
    x = (0.1 * np.sin(2 * np.pi * 1_000 / RATE * np.arange(frames))).astype(np.float32)
    engine = player(one("bell", start[0], start[2], start[1], design="bilinear"))
    play(engine, np.zeros(32))
    for name, value in zip(("freq1_hz", "gain1_db", "q1"), end, strict=True):
        engine.set(f"node.{name}", value)
    found = play(engine, x)[0].astype(np.float64)
    share, u, v, wanted = math.exp(-1 / (0.02 * RATE)), 0.0, 0.0, np.zeros(frames)
    for n in range(frames):
        hz, q = (b * (a / b) ** share**n for a, b in ((start[0], end[0]), (start[2], end[2])))
        a = 10 ** ((end[1] + (start[1] - end[1]) * share**n) / 40)
        g, k = math.tan(math.pi * hz / RATE), 1 / (q * a)
        a1 = 1 / (1 + g * (g + k))
        band = a1 * u + g * a1 * (float(x[n]) - v)
        low = v + g * band
        u, v = 2 * band - u, 2 * low - v
        wanted[n] = x[n] + k * (a * a - 1) * band
    error = np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2))
    assert 20 * math.log10(error) < -70


def test_extreme_bands_decay_and_the_tail_is_long_enough() -> None:
    loud: Any = {f"gain{n}_db": 24.0 for n in range(1, 9)}
    loud |= {f"q{n}": 20.0 for n in range(1, 9)} | {f"freq{n}_hz": 60.0 * 2**n for n in range(1, 9)}
    for node in (
        ParametricEq(**loud),
        one("low_pass", 200.0, 10.0, 0.0),
        one("notch", 90.0, 0.1, 0.0),
    ):
        tail = node.tail(Spec(RATE, 64))
        answer = np.abs(impulse(node, tail + 10_000)[0])
        assert np.isfinite(answer).all()
        assert answer[tail:].max() < 1e-5 * answer.max()
        assert answer[tail // 6 :].max() > 1e-5 * answer.max()
    assert ParametricEq().tail(Spec(RATE, 64)) == 0


@pytest.mark.parametrize(
    ("kind", "hz"),
    list(itertools.product(["bell", "low_shelf", "high_shelf"], [110.0, 220.0, 440.0])),
)
def test_a_jump_of_the_gain_does_not_click(kind: str, hz: float) -> None:
    for value in (24.0, -24.0):
        for turn in (0.0, 0.15, 0.25):
            assert click(one(kind, hz, 0.707, -value), "gain1_db", value, turn) < 4


@pytest.mark.parametrize("kind", ["bell", "low_shelf", "high_shelf", "high_pass", "all_pass"])
def test_a_jump_of_the_frequency_does_not_click(kind: str) -> None:
    for there, back in ((20.0, 20_000.0), (20_000.0, 20.0), (150.0, 600.0)):
        assert click(one(kind, there, 0.707, 6.0), "freq1_hz", back) < 4


def test_wrong_values_are_refused() -> None:
    with pytest.raises(ParamError, match="type3 is 'peak': must be one of bell, low_shelf"):
        ParametricEq(type3="peak")
    for count in (0, 9, 1.5, "2", None):
        with pytest.raises(ParamError, match="count"):
            ParametricEq(count=count)  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="design"):
        ParametricEq(design="analogue")
    with pytest.raises(ParamError, match="freq8_hz"):
        ParametricEq(freq8_hz=19.0)
