"""Octaver: spectra of its octaves, tracking, dynamics, silence, no latency."""

from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes import Octaver
from namgraph.nodes.testing import NodeHarness
from namgraph.nodes.testing.harness import SPEC

from .strings import NOTES, RATE, Signal, cents_off, pluck

GUITAR = [NOTES[name] for name in ("E2", "E3", "E4")]
OFF: dict[str, Any] = {"down1": 0.0, "down2": 0.0, "up1": 0.0, "dry": 0.0, "tone_hz": 8_000.0}


def play(x: Signal, **values: float) -> Signal:
    """Play a mono signal, with everything off but ``values``."""
    harness = NodeHarness(Octaver(**{**OFF, **values}), 1)
    y: Signal = harness.play(x.astype(np.float32)[None], [1000])[0].astype(np.float64)
    return y


def amplitude(y: Signal, hertz: float) -> float:
    """The amplitude of a sine in the last second."""
    t, window = np.arange(RATE) / RATE, np.hanning(RATE)
    product = y[-RATE:] * window * np.exp(-2j * np.pi * hertz * t)
    return float(2 * abs(product.sum()) / window.sum())


def sine(hertz: float, seconds: float = 1.5) -> Signal:
    y: Signal = np.sin(2 * np.pi * hertz / RATE * np.arange(round(seconds * RATE)))
    return y


def lines(signs: list[int], count: int) -> Signal:
    """Fourier coefficients of a sine whose half periods have these signs."""
    turns = (np.arange(100_000 * len(signs)) + 0.5) / 100_000  # in half periods
    wave = np.repeat(signs, 100_000) * np.sin(np.pi * turns)
    lowest = np.exp(-2j * np.pi * turns / len(signs))
    return np.array([2 * abs(np.mean(wave * lowest**k)) for k in range(1, count + 1)])


@pytest.mark.parametrize("hertz", GUITAR)
def test_the_octave_below_has_the_spectrum_of_a_sine_turned_over(hertz: float) -> None:
    found = [amplitude(play(sine(hertz), down1=1.0), hertz * k / 2) for k in range(1, 6)]
    expected = lines([1, 1, -1, -1], 5)
    assert found[0] == pytest.approx(1.0, rel=0.01)
    np.testing.assert_allclose(found, expected / expected[0], rtol=0.02, atol=1e-3)


@pytest.mark.parametrize("hertz", GUITAR)
def test_two_octaves_below(hertz: float) -> None:
    found = [amplitude(play(sine(hertz), down2=1.0), hertz * k / 4) for k in range(1, 8)]
    expected = lines([1, 1, -1, 1, -1, -1, 1, -1], 7)
    assert found[0] == pytest.approx(1.0, rel=0.01)
    np.testing.assert_allclose(found, expected / expected[0], rtol=0.02, atol=1e-3)


@pytest.mark.parametrize("hertz", GUITAR)
def test_the_octave_above_is_that_of_a_rectifier(hertz: float) -> None:
    y = play(sine(hertz), up1=1.0)
    assert amplitude(y, hertz) < 1e-3
    assert amplitude(y, 2 * hertz) == pytest.approx(1.0, rel=0.01)
    assert amplitude(y, 4 * hertz) == pytest.approx(0.2, rel=0.02)  # 1 / 3 to 1 / 15
    assert abs(y[-RATE:].mean()) < 1e-3


def test_the_octave_above_aliases_less_than_a_plain_rectifier() -> None:
    hertz = 2_637.0
    on = np.zeros(RATE // 2 + 1, bool)
    on[[*range(1), *(round(2 * k * hertz) for k in range(1, 5))]] = True
    on = np.convolve(on, np.ones(9), "same") > 0

    def off_db(y: Signal) -> float:
        level = np.abs(np.fft.rfft(y[-RATE:] * np.blackman(RATE))) ** 2
        return float(10 * np.log10(level[~on].sum() / level[on].sum()))

    plain = abs(sine(hertz))
    assert off_db(play(sine(hertz), up1=1.0)) < off_db(plain - plain.mean()) - 6


@pytest.mark.parametrize("hertz", list(NOTES.values()))
def test_strings_are_tracked(hertz: float) -> None:
    x = pluck(hertz, 1.6)
    for octaves, values in ((1, {"down1": 1.0}), (2, {"down2": 1.0})):
        if hertz / 2**octaves < 20:
            continue
        y = play(x, **values)
        low = hertz / 2**octaves
        assert abs(cents_off(y[9_600:67_200], low)) < 5
        assert amplitude(y, low) > 0.5 * amplitude(x, hertz)
        assert amplitude(y, hertz) < 0.02 * amplitude(x, hertz)


def test_the_next_note_is_tracked_at_once() -> None:
    for first, second in ((329.628, 82.407), (82.407, 329.628), (110.0, 123.471)):
        x = np.concatenate((pluck(first, 0.7)[: round(0.5 * RATE)], pluck(second, 1.2)))
        y = play(x, down1=1.0)[round(0.6 * RATE) :]
        assert abs(cents_off(y[:RATE], second / 2)) < 10


def test_it_is_as_dynamic_as_the_signal() -> None:
    x = 0.5 * pluck(110.0, 1.2)
    values = {"down1": 0.5, "down2": 0.4, "up1": 0.3, "dry": 0.2}
    loud, quiet = play(x, **values), play(x / 64, **values)
    np.testing.assert_allclose(64 * quiet, loud, atol=2e-3)
    parts = [np.sqrt(np.mean(y[a : a + 4_800] ** 2)) for a in (9_600, 48_000) for y in (x, loud)]
    assert parts[1] / parts[0] == pytest.approx(parts[3] / parts[2], rel=0.2)


def test_tone_takes_the_edge_off_the_lower_octaves_alone() -> None:
    x = sine(440.0)
    for k, least in ((3, 3), (5, 9)):  # 660 Hz, 1100 Hz
        bright, dark = (amplitude(play(x, down1=1.0, tone_hz=f), 220 * k) for f in (8e3, 500.0))
        assert 20 * np.log10(bright / dark) > least
    bright, dark = (amplitude(play(x, up1=1.0, tone_hz=f), 880) for f in (8e3, 200.0))
    assert bright == dark


def test_dry_has_no_latency() -> None:
    node = Octaver(**{**OFF, "dry": 1.0})
    assert node.latency(SPEC) == 0
    x = np.random.default_rng(0).uniform(-1, 1, 4_800)
    np.testing.assert_array_equal(play(x, dry=1.0), x.astype(np.float32))


def test_silence_stays_silence() -> None:
    node = Octaver(down2=1.0, up1=1.0)
    x = pluck(110.0, 0.5).astype(np.float32)[None]
    y = NodeHarness(node, 1).play(np.pad(x, ((0, 0), (0, 48_000))))
    assert abs(y[:, -24_000:]).max() < 1e-9
    assert not NodeHarness(node, 2).play(np.zeros((2, 4_800), np.float32)).any()


def test_channels_are_tracked_by_themselves() -> None:
    x = np.stack((sine(110.0), sine(165.0))).astype(np.float32)
    y = NodeHarness(Octaver(**{**OFF, "down1": 1.0}), 2).play(x).astype(np.float64)
    assert amplitude(y[0], 55.0) == pytest.approx(1.0, rel=0.02)
    assert amplitude(y[1], 82.5) == pytest.approx(1.0, rel=0.02)


def test_other_values_are_refused() -> None:
    for name in ("down1", "down2", "up1", "dry"):
        with pytest.raises(ng.ParamError, match=name):
            Octaver(**{name: 1.1})
    with pytest.raises(ng.ParamError, match="tone_hz"):
        Octaver(tone_hz=100.0)
