"""Half-band filters: flat where they pass, down where images are, delays in whole frames."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal as dsp

from namgraph.nodes.dsp.oversampling.half_band import DESIGNS, half_band, latency, pad_taps


def response_db(
    taps: NDArray[np.float64], hz: NDArray[np.float64], rate: float
) -> NDArray[np.float64]:
    w = 2 * np.pi * hz / rate
    h = dsp.freqz(taps, worN=w)[1]
    return np.asarray(20 * np.log10(np.abs(h) + 1e-12))


@pytest.mark.parametrize(
    ("quality", "stage", "taps", "flat_hz", "ripple_db", "stop_hz", "stop_db"),
    [
        ("studio", 0, 95, 20_000, 1.5e-4, 28_000, -100.0),
        ("studio", 1, 31, 20_000, 1.5e-4, 76_000, -100.0),
        ("studio", 2, 23, 20_000, 1.5e-4, 172_000, -100.0),
        ("live", 0, 43, 18_000, 3e-3, 30_000, -80.0),
    ],
)
def test_a_stage_passes_one_half_and_stops_the_other(
    quality: str,
    stage: int,
    taps: int,
    flat_hz: int,
    ripple_db: float,
    stop_hz: int,
    stop_db: float,
) -> None:
    made, rate = half_band(DESIGNS[quality][stage]), 96_000 << stage
    assert len(made) == taps
    assert np.count_nonzero(made) == (taps + 1) // 2 + 1
    assert np.abs(response_db(made, np.linspace(0, flat_hz, 400), rate)).max() < ripple_db
    assert response_db(made, np.linspace(stop_hz, rate / 2, 2000), rate).max() < stop_db


@pytest.mark.parametrize(
    ("quality", "adaa", "frames"),
    [
        ("studio", 0, (0, 47, 55, 58)),
        ("studio", 1, (0, 49, 55, 58)),
        ("live", 0, (0, 21, 29, 32)),
        ("live", 1, (0, 23, 29, 32)),
    ],
)
def test_latency_is_a_whole_number_of_frames(
    quality: str, adaa: int, frames: tuple[int, ...]
) -> None:
    assert tuple(latency(times, quality, adaa) for times in (1, 2, 4, 8)) == frames


@pytest.mark.parametrize("times", [2, 4, 8])
@pytest.mark.parametrize("quality", DESIGNS)
@pytest.mark.parametrize(("curves", "flat_db"), [(1, 0.01), (2, 0.12), (3, 0.12)])
def test_the_pad_makes_up_for_adaa(times: int, quality: str, curves: int, flat_db: float) -> None:
    taps = pad_taps(times, quality, curves)
    hz = np.linspace(0, 20_000, 300)
    droop_db = 20 * curves * np.log10(np.cos(np.pi * hz / (48_000 * times)))
    total = response_db(taps, hz, 48_000 * times) + droop_db
    assert np.abs(total[hz <= 18_000]).max() < flat_db
    assert np.abs(total).max() < 2.5 * flat_db
    np.testing.assert_array_equal(pad_taps(times, quality, 0)[:-1], 0.0)


@pytest.mark.parametrize("curves", range(4))
@pytest.mark.parametrize("times", [2, 4, 8])
@pytest.mark.parametrize("quality", DESIGNS)
def test_all_delays_add_up_to_the_latency(times: int, quality: str, curves: int) -> None:
    taps = pad_taps(times, quality, curves)
    own = float(taps @ np.arange(len(taps)) / taps.sum())
    stages = [2 * d.side * times / 2 ** (n + 1) for n, d in enumerate(DESIGNS[quality])]
    total = sum(stages[: times.bit_length() - 1]) + own + curves / 2
    assert total / times == pytest.approx(latency(times, quality, curves), abs=1e-9)
