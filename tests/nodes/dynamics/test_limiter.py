"""Limiter, beyond the node contract."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, signal as dsp

import namgraph as ng
from namgraph.graph import ParamError, Spec
from namgraph.nodes import Limiter
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import SPEC, Audio

RATE = SPEC.rate
TIMES = np.arange(24_000) / RATE
PLACES = [("off"), 4, 8]


def signals() -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    n = len(TIMES)
    bursts = np.where(np.arange(n) % 3000 < 400, 5.0, 0.05) * np.sin(2 * np.pi * 3100 * TIMES)
    return {
        "noise": 4 * rng.uniform(-1, 1, n),
        "clicks": np.where(rng.random(n) < 1e-3, 6.0, 0.1 * np.sin(2 * np.pi * 200 * TIMES)),
        "square": 3 * np.sign(np.sin(2 * np.pi * 997 * TIMES)),
        "bursts": bursts,
        "12 kHz": 2 * np.sin(2 * np.pi * 12_000 * TIMES + np.pi / 4),
    }


def db(level: float) -> float:
    return 20 * math.log10(level)


def mono(x: NDArray[Any]) -> Audio:
    return np.asarray(x, np.float32)[None]


def true_peak(y: Audio) -> float:
    """The peak of the signal between its samples, 32 times oversampled, without its edges."""
    fine = dsp.resample_poly(y[0].astype(float), 32, 1, window=("kaiser", 12.0))
    return float(np.abs(fine[64_000:-64_000]).max())


def expected(x: Audio, node: Limiter) -> NDArray[np.float64]:
    """The output by other means: SciPy's sliding maximum, sums as convolutions, all in float64."""
    look = 2 * round(node.lookahead_ms * 5e-4 * RATE)
    loud = x.astype(float) * 10 ** (node.drive_db / 20)
    peaks = np.abs(loud).max(axis=0)
    peaks = np.concatenate([np.zeros(8), peaks])[: len(peaks)]
    needed = 1 - np.minimum(1.0, 10 ** (node.ceiling_db / 20) / np.maximum(peaks, 1e-30))
    held = ndimage.maximum_filter1d(needed, look + 1, origin=look // 2, mode="constant")
    back, now, released = 1 - math.exp(-1000 / (node.release_ms * RATE)), 0.0, []
    for most in held:
        now = max(most, now + back * (most - now))
        released.append(now)
    box = np.ones(look // 2) / (look // 2)
    reduction = np.convolve(np.convolve(released, box), box)[: len(peaks)]
    late = look + 8
    return (1 - reduction) * np.pad(loud, ((0, 0), (late, 0)))[:, : len(peaks)]


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("name", signals())
def test_no_sample_is_over_the_ceiling(name: str, places: str | int) -> None:
    harness = NodeHarness(Limiter(true_peak=places, ceiling_db=-3.0, lookahead_ms=0.2), channels=1)
    x = mono(signals()[name])
    for changes in ([], [(0, "release_ms", 1.0)]):
        y = harness.play(x, [1, 7, 64, 640], changes)
        assert np.abs(y).max() <= 10 ** (-3 / 20) * (1 + 1.2e-7)
        assert np.abs(y).max() > 0.4


@pytest.mark.parametrize(("places", "over_db"), [(4, 0.15), (8, 0.02)])
@pytest.mark.parametrize("name", signals())
def test_the_true_peak_is_near_the_ceiling_too(name: str, places: int, over_db: float) -> None:
    y = NodeHarness(Limiter(true_peak=places), channels=1).play(mono(signals()[name]))
    assert db(true_peak(y)) <= -1 + over_db


def test_without_true_peak_only_samples_are_limited() -> None:
    y = NodeHarness(Limiter(true_peak="off"), channels=1).play(mono(signals()["12 kHz"]))
    assert db(float(np.abs(y).max())) == pytest.approx(-1.0, abs=1e-4)
    assert db(true_peak(y)) == pytest.approx(-1 + 3.01, abs=0.01)


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize(("look_ms", "frames"), [(0.2, 10), (1.5, 72), (10.0, 480)])
def test_below_the_ceiling_it_is_a_delay_to_the_bit(
    places: str | int, look_ms: float, frames: int
) -> None:
    node = Limiter(true_peak=places, lookahead_ms=look_ms)
    late = node.latency(SPEC)
    assert late == frames + 8
    harness = NodeHarness(node)
    x = harness.noise(3000) * np.float32(0.2)
    y = harness.play(x, [17, 64, 3, 100])
    assert not y[:, :late].any()
    same_bits(y[:, late:], x[:, : 3000 - late])


@pytest.mark.parametrize(
    "node",
    [
        Limiter(true_peak="off", ceiling_db=-6.0, release_ms=30.0, lookahead_ms=1.0),
        Limiter(true_peak="off", drive_db=12.0, release_ms=300.0, lookahead_ms=4.0),
    ],
)
@pytest.mark.parametrize("name", signals())
def test_it_equals_a_slow_way_to_compute_it(name: str, node: Limiter) -> None:
    x = np.stack([mono(signals()[name])[0], NodeHarness(node).noise(len(TIMES))[0]])
    y = NodeHarness(node).play(x)
    np.testing.assert_allclose(y, expected(x, node), atol=2e-7)


@pytest.mark.parametrize(("release_ms", "below_db"), [(80.0, -50.0), (400.0, -64.0)])
def test_a_low_note_is_hardly_distorted(release_ms: float, below_db: float) -> None:
    count = 4 * 48_000  # the gain must be steady: ten time constants
    x = 2 * 10 ** (-1 / 20) * np.sin(2 * np.pi * 100 * np.arange(count) / RATE)
    y = NodeHarness(Limiter(release_ms=release_ms), channels=1).play(mono(x), [4096])[0]
    spectrum = np.abs(np.fft.rfft(y[-48_000:]))
    harmonics = math.sqrt(sum(spectrum[100 * k] ** 2 for k in range(2, 100)))
    assert db(harmonics / spectrum[100]) <= below_db


def test_linked_channels_have_one_gain() -> None:
    x = np.stack([mono(signals()["bursts"])[0], 0.1 * np.ones(len(TIMES), np.float32)])
    node = Limiter(true_peak="off")
    y = NodeHarness(node).play(x)
    np.testing.assert_allclose(y, expected(x, node), atol=2e-7)
    assert y[1, -10_000:].min() < 0.05, "the quiet channel is lowered with the loud one"


def test_channels_that_are_not_linked_are_as_if_alone() -> None:
    x = np.stack([signals()["bursts"], signals()["noise"], signals()["clicks"]]).astype(np.float32)
    y = NodeHarness(Limiter(link=False), channels=3).play(x)
    for found, given in zip(y, x, strict=True):
        same_bits(found[None], NodeHarness(Limiter(), channels=1).play(given[None]))


def test_it_returns_to_a_gain_of_exactly_one() -> None:
    harness = NodeHarness(Limiter(release_ms=2.0))
    late = harness.node.latency(SPEC)
    harness.play(harness.noise(50_000) * np.float32(30.0), [640])
    quiet = harness.noise(6000, seed=1) * np.float32(0.3)
    y = harness.play(quiet)
    same_bits(y[:, 4000:], quiet[:, 4000 - late : 6000 - late])
    assert harness.readings() == {"node.reduction_db": 0.0}


def test_it_reports_the_reduction() -> None:
    harness = NodeHarness(Limiter(ceiling_db=-10.0, true_peak="off"))
    harness.play(np.ones((2, 4000), np.float32))
    assert harness.readings()["node.reduction_db"] == pytest.approx(10.0, abs=1e-5)


def test_a_lower_ceiling_holds_for_what_enters_after_it_has_arrived() -> None:
    harness = NodeHarness(Limiter(ceiling_db=0.0, true_peak="off"))
    harness.play(harness.noise(4800) * np.float32(8.0))
    y = harness.play(harness.noise(20_000, 1) * np.float32(8.0), changes=[(0, "ceiling_db", -20.0)])
    late, glide = harness.node.latency(SPEC), round(0.01 * RATE) * 16
    assert np.abs(y).max() <= 1.0
    assert np.abs(y[:, late + glide :]).max() <= 0.1 * (1 + 2e-7)


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_other_sample_rates(rate: int) -> None:
    node = Limiter(lookahead_ms=0.2, true_peak="off")
    assert node.latency(Spec(rate, 64)) == 2 * max(1, round(1e-4 * rate)) + 8
    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("limiter", node) >> graph.output("out", channels=1)
    x = np.random.default_rng(2).uniform(-9, 9, 3000).astype(np.float32)
    y = ng.render(graph, x, sample_rate=rate)
    assert 0.5 < np.abs(y).max() <= 10 ** (-1 / 20) * (1 + 1.2e-7)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lookahead_ms": 0.1}, r"lookahead_ms is 0.1: must be a number in \[0.2, 10\] ms"),
        ({"lookahead_ms": 10.1}, r"lookahead_ms is 10.1: must be"),
        ({"lookahead_ms": None}, r"lookahead_ms is None: must be"),
        ({"true_peak": 2}, "true_peak is 2: must be one of off, 4, 8"),
        ({"true_peak": "4"}, "true_peak is '4': must be one of off, 4, 8"),
        ({"link": "yes"}, "link is 'yes': must be True or False"),
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        Limiter(**wrong)
