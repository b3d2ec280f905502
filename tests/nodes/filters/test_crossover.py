"""Crossover, beyond the node contract: a flat sum, and bands that are scipy's filters."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import signal

from namgraph.graph import ParamError, Spec
from namgraph.nodes import Crossover
from namgraph.nodes.testing import same_bits

from ..dsp.filters.sections import decibels
from .responses import bins, impulse, play, player, response

RATE = 48_000
HERTZ = bins(20, 20_000)
FREQUENCIES = (200.0, 1_500.0, 7_000.0)
every_crossover = pytest.mark.parametrize(
    ("bands", "slope"), list(itertools.product((2, 3, 4), (12, 24, 48)))
)


def made(bands: int, slope: int, **more: Any) -> Crossover:
    settings: Any = dict(zip(("f1_hz", "f2_hz", "f3_hz"), FREQUENCIES, strict=True)) | more
    return Crossover(bands, slope=slope, **settings)


def side(kind: str, hz: float, slope: int) -> Any:
    """A Linkwitz-Riley filter: scipy's Butterworth filter of half the order, twice."""
    sos = signal.butter(slope // 12, hz, kind, fs=RATE, output="sos")
    return signal.freqz_sos(sos, HERTZ, fs=RATE)[1] ** 2


@every_crossover
def test_the_sum_is_flat(bands: int, slope: int) -> None:
    total = response(made(bands, slope), HERTZ).sum(axis=0)
    np.testing.assert_allclose(np.abs(total), 1.0, atol=1e-5)


@every_crossover
def test_bands_are_products_of_scipys_filters(bands: int, slope: int) -> None:
    found, rest = response(made(bands, slope), HERTZ), np.ones(len(HERTZ), complex)
    sign = -1 if slope == 12 else 1
    splits = list(enumerate(FREQUENCIES[: bands - 1]))
    for number, hz in splits:
        band = rest * side("lowpass", hz, slope)
        for _, later in splits[number + 1 :]:
            band = band * (side("lowpass", later, slope) + sign * side("highpass", later, slope))
        np.testing.assert_allclose(found[number], band, atol=2e-6)
        rest = sign * rest * side("highpass", hz, slope)
    np.testing.assert_allclose(found[-1], rest, atol=2e-6)


@pytest.mark.parametrize("slope", [12, 24, 48])
@pytest.mark.parametrize("hz", [60.0, 1_000.0, 9_000.0])
def test_at_the_split_both_bands_are_down_by_6_db_and_in_phase(slope: int, hz: float) -> None:
    corner = bins(hz, hz)
    low, high = response(Crossover(slope=slope, f1_hz=float(corner[0])), corner)[:, 0]
    assert decibels(low) == pytest.approx(-6.02, abs=0.01)
    assert decibels(high) == pytest.approx(-6.02, abs=0.01)
    assert np.degrees(np.angle(low / high)) == pytest.approx(0.0, abs=0.1)


@every_crossover
def test_the_sum_stays_flat_while_the_frequencies_move(bands: int, slope: int) -> None:
    octaves = 1.0 if slope < 48 else 1 / 3  # the phase turns by 720 degrees, not 180 or 360
    for start, end in ((250.0, 250.0 * 2**octaves), (900.0, 900.0 / 2**octaves)):
        engine = player(made(bands, slope, f1_hz=start))
        tone = 0.5 * np.exp(2j * np.pi * 500 / RATE * np.arange(14_400))
        quarter = player(made(bands, slope, f1_hz=start))
        for playing in (engine, quarter):
            play(playing, np.zeros(64))
        heard = []
        for playing, part in ((engine, tone.real), (quarter, tone.imag)):
            before = play(playing, part[:4_800])
            playing.set("node.f1_hz", end)
            heard.append(np.hstack([before, play(playing, part[4_800:])]).sum(axis=0))
        level = decibels(2 * (heard[0].astype(np.float64) + 1j * heard[1]))[4_000:]
        assert np.abs(level).max() < 0.2


def test_frequencies_are_kept_in_order() -> None:
    crossed = response(Crossover(4, f1_hz=1_000.0, f2_hz=400.0, f3_hz=500.0), HERTZ)
    apart = response(Crossover(4, f1_hz=1_000.0, f2_hz=1_100.0, f3_hz=1_210.0), HERTZ)
    np.testing.assert_allclose(crossed, apart, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_channels_do_not_meet(channels: int) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (channels, 300))
    for bands, slope in itertools.product((2, 3, 4), (12, 24, 48)):
        together = play(player(made(bands, slope), channels=channels), x)
        for c in range(channels):
            same_bits(together[c::channels], play(player(made(bands, slope)), x[c]))


@every_crossover
def test_the_tail_is_long_enough_and_not_too_long(bands: int, slope: int) -> None:
    node = made(bands, slope)
    tail = node.tail(Spec(RATE, 64))
    answer = np.abs(impulse(node, tail + 8_000)).max(axis=0)
    assert answer[tail:].max() < 1e-5 * answer.max()
    assert answer[tail // 10 :].max() > 1e-5 * answer.max()


def test_ports_follow_the_number_of_bands() -> None:
    names = [[port.name for port in Crossover(bands).outputs] for bands in (2, 3, 4)]
    assert names == [["low", "high"], ["low", "mid", "high"], ["low", "mid", "high_mid", "high"]]


def test_wrong_values_are_refused() -> None:
    for bands in (1, 5, 2.5, "2", None):
        with pytest.raises(ParamError, match="bands is"):
            Crossover(bands)  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="slope is 18: must be one of 12, 24, 48"):
        Crossover(slope=18)
    with pytest.raises(ParamError, match="f2_hz"):
        Crossover(f2_hz=39.0)
