"""Loudness: the figures of BS.1770, the cases of EBU Tech 3341 and 3342, and what is refused."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly, sosfreqz

import namgraph as ng
from namgraph.nodes.dsp.loudness.k_weighting import channel_weights, k_weighting
from namgraph.nodes.testing import NodeHarness

RATE = 48_000
STANDARD = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585),
    (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621),
)
"""b0, b1, b2, a1, a2 of BS.1770-4, tables 1 and 2."""
Audio = NDArray[np.float64]


def tones(*parts: tuple[float, float], hz: float = 1000.0, channels: int = 2) -> Audio:
    """A sine in parts: pairs of a peak level in dBFS and seconds."""
    levels = np.concatenate([np.full(round(s * RATE), 10.0 ** (db / 20.0)) for db, s in parts])
    one = levels * np.sin(2.0 * np.pi * hz * np.arange(len(levels)) / RATE)
    return np.tile(one, (channels, 1))


def test_the_filters_are_those_of_the_standard() -> None:
    shelf, high_pass = k_weighting(48_000.0)
    assert shelf == pytest.approx(STANDARD[0], abs=1e-12)
    assert high_pass == pytest.approx(STANDARD[1], abs=1e-12)


@pytest.mark.parametrize("rate", [44_100, 88_200, 96_000, 192_000])
def test_other_rates_have_the_same_response(rate: int) -> None:
    def response(at: float) -> Audio:
        rows = [[*row[:3], 1.0, *row[3:]] for row in k_weighting(at)]
        made: Audio = np.abs(sosfreqz(rows, np.geomspace(20.0, 5000.0, 50), fs=at)[1])
        return 20.0 * np.log10(made)

    assert response(rate) == pytest.approx(response(48_000.0), abs=0.06)
    x = np.sin(2.0 * np.pi * 997.0 * np.arange(2 * rate) / rate)
    assert ng.loudness(x, rate).integrated_lufs == pytest.approx(-3.0103, abs=0.007)


def test_997_hertz_at_full_scale() -> None:
    found = ng.loudness(tones((0.0, 3.1), hz=997.0, channels=1)[0], RATE)
    assert found.integrated_lufs == pytest.approx(-3.0103, abs=0.001)
    assert found.short_term_max_lufs == pytest.approx(-3.0103, abs=0.001)
    assert found.momentary_max_lufs == pytest.approx(-3.0103, abs=0.005)
    assert found.sample_peak_db == pytest.approx(0.0, abs=0.01)
    assert found.measurable


CASES: list[tuple[str, Audio, float]] = [
    ("1", tones((-23, 20)), -23.0),
    ("2", tones((-33, 20)), -33.0),
    ("3", tones((-36, 10), (-23, 60), (-36, 10)), -23.0),
    ("4", tones((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),
    ("5", tones((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
    ("6", np.concatenate([tones((db, 5), channels=1) for db in (-28, -28, -24, -30, -30)]), -23.0),
]


@pytest.mark.parametrize(("x", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_integrated_loudness_of_tech_3341(x: Audio, wanted: float) -> None:
    assert ng.loudness(x, RATE).integrated_lufs == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize(
    ("parts", "reading", "after"),
    [
        (((-20.0, 1.34), (-30.0, 1.66)) * 5, "short_term_lufs", 3.0),  # case 9
        (((-20.0, 0.18), (-30.0, 0.22)) * 25, "momentary_lufs", 1.0),  # case 12
    ],
)
def test_the_windows_hold_still(
    parts: Sequence[tuple[float, float]], reading: str, after: float
) -> None:
    harness, x = NodeHarness(ng.Loudness()), tones(*parts).astype(np.float32)
    seen = []
    for start in range(0, x.shape[1], 960):
        harness.play(x[:, start : start + 960])
        if start >= after * RATE:
            seen.append(harness.readings()[f"node.{reading}"])
    assert len(seen) > 100
    assert seen == pytest.approx([-23.0] * len(seen), abs=0.1)


@pytest.mark.parametrize("number", range(0, 20, 3))
def test_the_maxima_of_short_sounds(number: int) -> None:
    """Cases 10 and 13, and 11 and 14 as seen by the maximum: sounds that begin anywhere."""
    level = -38.0 + number
    long = ng.loudness(tones((-200, 0.15 * number), (level, 3), (-200, 1)), RATE)
    short = ng.loudness(tones((-200, 0.02 * number), (level, 0.4), (-200, 1)), RATE)
    assert long.short_term_max_lufs == pytest.approx(level, abs=0.1)
    assert short.momentary_max_lufs == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20), ((-50, -35, -20, -35, -50), 15)],
)
def test_loudness_range_of_tech_3342(levels: Sequence[float], wanted: float) -> None:
    found = ng.loudness(tones(*((db, 20) for db in levels)), RATE)
    assert found.range_lu == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize(
    ("part", "degrees", "amplitude", "wanted"),
    [(4, 0, 0.5, -6), (4, 45, 0.5, -6), (6, 60, 0.5, -6), (8, 67.5, 0.5, -6), (4, 45, 1.41, 3)],
)
def test_true_peaks_of_tech_3341(part: int, degrees: float, amplitude: float, wanted: int) -> None:
    """Cases 15 to 19: a sine of a part of the sample rate."""
    turns = np.arange(RATE) / part + degrees / 360.0
    x = amplitude * np.sin(2.0 * np.pi * turns) * np.minimum(1.0, 4.0 * np.hanning(RATE))
    assert -0.4 < ng.loudness(x, RATE).true_peak_dbtp - wanted < 0.2


@pytest.mark.parametrize("offset", range(4))
def test_true_peak_between_samples(offset: int) -> None:
    """Cases 20 to 23: the highest point lies on a sample, or a quarter, half, three quarters on."""
    rng = np.random.default_rng(3)
    fine = resample_poly(rng.normal(size=100), 32, 1, window=("kaiser", 12.0))
    fine /= np.abs(fine).max()
    top = int(np.abs(fine).argmax())
    found = ng.loudness(fine[(top + 4 * offset) % 16 :: 16], RATE)
    assert found.true_peak_dbtp == pytest.approx(0.0, abs=0.02)
    assert (found.sample_peak_db < -0.01) == (offset > 0)


def test_the_last_sample_has_peaks_around_it() -> None:
    x = np.zeros(1000)
    x[-2:] = 1.0
    assert ng.loudness(x, RATE).true_peak_dbtp > 1.5
    assert ng.loudness(x, RATE).sample_peak_db == 0.0


def test_peaks_beyond_every_number_stay_finite() -> None:
    x = np.full(RATE, np.finfo(np.float32).max)
    x[::2] *= -1.0
    found = ng.loudness(x, RATE)
    assert found.true_peak_dbtp == pytest.approx(770.637, abs=0.01)
    assert np.isfinite(found.integrated_lufs)


@pytest.mark.parametrize("rate", [8000, 3000, 1000])
def test_low_rates_are_measured(rate: int) -> None:
    found = ng.loudness(np.random.default_rng(0).normal(size=5 * rate), rate)
    assert -40.0 < found.integrated_lufs < 10.0


def programme(seed: int, seconds: int = 20, rate: int = RATE) -> Audio:
    """Noise in stereo, each second of another level."""
    rng = np.random.default_rng(seed)
    levels = np.repeat(10.0 ** (rng.uniform(-50.0, -10.0, seconds) / 20.0), rate)
    return rng.normal(size=(2, len(levels))) * levels


def loudness_range(x: Audio) -> float:
    """The range by Tech 3342, of all windows of 3 s that begin at multiples of 0.1 s."""
    for row in STANDARD:
        x = lfilter(row[:3], [1.0, *row[3:]], x)
    energy = (x * x).sum(axis=0).reshape(-1, RATE // 10).mean(axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(energy, 30).mean(axis=1)
    windows = windows[windows > 10.0 ** ((-70.0 + 0.691) / 10.0)]
    ranked = np.sort(windows[windows >= 0.01 * windows.mean()])
    soft, loud = (ranked[int((len(ranked) - 1) * share + 0.5)] for share in (0.10, 0.95))
    return float(10.0 * np.log10(loud / soft))


@pytest.mark.parametrize("seed", range(4))
def test_equals_pyloudnorm(seed: int) -> None:
    x = programme(seed).astype(np.float32)
    meter = pyloudnorm.Meter(RATE, filter_class="DeMan")
    found = ng.loudness(x, RATE)
    assert found.integrated_lufs == pytest.approx(meter.integrated_loudness(x.T), abs=0.001)
    assert found.range_lu == pytest.approx(loudness_range(x.astype(np.float64)), abs=0.011)


def test_without_gates_pauses_count() -> None:
    x = tones((-20, 2.0), (-200, 2.0)).astype(np.float32)
    found = {}
    for gate in (True, False):
        harness = NodeHarness(ng.Loudness(gate=gate))
        assert (harness.play(x) == x).all(), "passes unchanged"
        found[gate] = harness.readings()["node.integrated_lufs"]
    assert found[False] == pytest.approx(-23.0, abs=0.2)
    assert found[True] > -21.0
    harness.renew()
    assert set(harness.readings().values()) == {-200.0, 0.0}, "as new"


@pytest.mark.parametrize(
    ("count", "wanted"),
    [(1, [1]), (2, [1, 1]), (4, [1, 1, 1.41, 1.41]), (6, [1, 1, 1, 0, 1.41, 1.41])],
)
def test_channel_weights(count: int, wanted: list[float]) -> None:
    assert channel_weights(count) == pytest.approx(wanted, abs=0.005)


@pytest.mark.parametrize("x", [np.zeros(0), np.zeros(RATE), np.zeros((2, 5)), 1e-5 * np.ones(RATE)])
def test_nothing_to_measure(x: Audio) -> None:
    found = ng.loudness(x, RATE)
    assert (found.integrated_lufs, found.range_lu, found.measurable) == (-200.0, 0.0, False)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.full(100, np.nan), "samples: hold NaN"),
        (np.array([np.inf]), "samples: hold NaN or infinity"),
        (np.zeros((100, 2)), "1 to 64 channels"),
        (np.zeros((0, 100)), "1 to 64 channels"),
        (np.zeros((1, 2, 3)), "must be \\(channels, frames\\)"),
        (np.ones(9, np.int16), "samples are int16: must be floating point"),
        ("a.wav", "read a file first"),
        (None, "samples are object"),
    ],
)
def test_what_is_no_audio_is_refused(x: Any, words: str) -> None:
    with pytest.raises(ng.PortError, match=words):
        ng.loudness(x, RATE)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), "48000", None])
def test_what_is_no_rate_is_refused(rate: Any) -> None:
    with pytest.raises((ng.NamgraphError, TypeError), match="rate"):
        ng.loudness(np.zeros(100), rate)
