"""Clipper, beyond the node contract."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import namgraph as ng
from namgraph.graph import ParamError
from namgraph.nodes import Clipper
from namgraph.nodes.dsp.oversampling.half_band import _undo_droop
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import SPEC

from ..dsp.oversampling.test_adaa import VALUES

LENGTH = 1 << 16
# Energy off the harmonics over that on them, dB, 20 dB over, at 1, 2, 4 and 8 times the rate: of
# prototypes in float64, which had no filter against the droop of ADAA.
ALIASES: dict[tuple[str, int, int], tuple[float, ...]] = {
    ("hard", 0, 1701): (-33, -47, -58, -71),
    ("hard", 0, 6797): (-15, -26, -41, -50),
    ("hard", 1, 1701): (-42, -70, -81, -100),
    ("hard", 1, 6797): (-27, -46, -67, -81),
    ("tanh", 0, 1701): (-39, -93, -144, -144),
    ("tanh", 0, 6797): (-16, -31, -55, -109),
    ("tanh", 1, 1701): (-46, -108, -144, -144),
    ("tanh", 1, 6797): (-28, -50, -78, -123.5),
}
FLOOR_DB = -141.0
"""Float32: samples, taps and sums are rounded."""


def alias_db(y: NDArray[Any], turns: int, times: int = 1, adaa: int = 0) -> float:
    """Energy off the harmonics over energy on them, up to 20 kHz, without the droop filter."""
    lifted = np.fft.rfft(_undo_droop(times, adaa), times * LENGTH) if adaa and times > 1 else 1.0
    flat = lifted if isinstance(lifted, float) else np.abs(lifted[: LENGTH // 2 + 1])
    power = (np.abs(np.fft.rfft(y[-LENGTH:].astype(float))) / flat) ** 2
    number = np.arange(len(power))
    band, harmonic = (number > 0) & (number * 48_000 / LENGTH <= 20_000), number % turns == 0
    return 10 * math.log10(power[band & ~harmonic].sum() / power[band & harmonic].sum())


def play(node: Clipper, x: NDArray[Any], cuts: tuple[int, ...] = (4096,)) -> NDArray[np.float32]:
    y = NodeHarness(node, channels=1).play(np.asarray(x, np.float32)[None], cuts)
    return np.asarray(y[0])


@pytest.mark.parametrize(("curve", "adaa", "turns"), ALIASES)
def test_aliases(curve: str, adaa: int, turns: int) -> None:
    x = np.sin(2 * np.pi * turns * np.arange(LENGTH + 4096) / LENGTH)
    for times, expected in zip((1, 2, 4, 8), ALIASES[curve, adaa, turns], strict=True):
        y = play(Clipper(drive_db=20, curve=curve, adaa=adaa, oversample=times), x)
        found = alias_db(y, turns, times, adaa)
        assert found == pytest.approx(max(expected, FLOOR_DB), abs=1.0) or (
            expected < FLOOR_DB and found < FLOOR_DB + 1
        )


@pytest.mark.parametrize("quality", ["studio", "live"])
@pytest.mark.parametrize("adaa", [0, 1])
@pytest.mark.parametrize("times", [2, 4, 8])
def test_a_small_signal_is_only_delayed(times: int, adaa: int, quality: str) -> None:
    node = Clipper(oversample=times, adaa=adaa, quality=quality, curve="tanh")
    x = np.zeros(4096)
    x[100] = 1e-3
    y = play(node, x).astype(float) * 1e3
    hz = np.fft.rfftfreq(4096, 1 / 48_000)
    late = 100 + node.latency(SPEC)
    h = np.fft.rfft(y) * np.exp(2j * np.pi * hz / 48_000 * late)
    flat = (hz <= 18_000) & (hz > 0)
    assert np.abs(20 * np.log10(np.abs(h[flat]))).max() < 0.011
    assert np.abs(np.angle(h[flat]) / (2 * np.pi * hz[flat]) * 48_000).max() < 1e-5  # frames


@pytest.mark.parametrize("curve", VALUES)
def test_without_oversampling_it_is_the_curve_of_each_sample(curve: str) -> None:
    node = Clipper(drive_db=18, ceiling_db=-4, curve=curve, oversample=1, adaa=0)
    harness = NodeHarness(node)
    x = harness.noise(3000)
    loud = (x * np.float32(10 ** (18 / 20))).astype(float)
    bent = VALUES[curve](loud).astype(np.float32)
    expected = bent * np.float32(10 ** (-4 / 20))
    ulps = np.spacing(np.abs(expected)) + (3e-7 if curve in ("fold", "sine") else 0)
    assert (np.abs(harness.play(x, (17, 64)) - expected) <= ulps).all()
    assert node.latency(SPEC) == 0
    if curve == "hard":
        same_bits(harness.play(x), expected)


def test_softness_blends_from_hard_to_the_curve() -> None:
    harness = NodeHarness(Clipper(drive_db=12, curve="tanh", softness=0.0))
    x = harness.noise(2000)
    hard, curved, both = (
        NodeHarness(Clipper(drive_db=12, curve=curve, softness=s)).play(x)
        for curve, s in (("hard", 1.0), ("tanh", 1.0), ("tanh", 0.25))
    )
    same_bits(harness.play(x), hard)
    np.testing.assert_allclose(both, 0.75 * hard + 0.25 * curved, atol=5e-7)


def test_moving_softness_does_not_depend_on_cuts_or_jump() -> None:
    moves = [(300, "softness", 0.0), (2000, "softness", 1.0), (2200, "softness", 0.5)]
    x = np.sin(2 * np.pi * 220 * np.arange(9000) / 48_000).astype(np.float32)[None]
    node = Clipper(drive_db=6, curve="cubic")
    y = NodeHarness(node, channels=1).play(x, (64,), moves)
    same_bits(NodeHarness(node, channels=1).play(x, (1, 33, 7), moves), y)
    still = NodeHarness(node, channels=1).play(x, (64,))
    bend = np.abs(np.diff(y[0, 200:], 2)).max()
    hard = NodeHarness(Clipper(drive_db=6), channels=1).play(x)
    assert bend < 2 * max(np.abs(np.diff(z[0, 200:], 2)).max() for z in (still, hard))


def test_the_ceiling_holds_but_for_the_ringing_of_filters() -> None:
    x = np.sin(2 * np.pi * 440 * np.arange(9600) / 48_000)
    y = play(Clipper(drive_db=24, ceiling_db=-6), x)
    assert 0.5 < np.abs(y).max() < 0.5012 * 10 ** (1.5 / 20)
    assert np.median(np.abs(y)) == pytest.approx(0.5012, rel=2e-3)


@pytest.mark.parametrize(
    ("node", "frames"),
    [
        (Clipper(), 55),
        (Clipper(quality="live"), 23),
        (Clipper(oversample=8), 58),
        (Clipper(oversample=2, adaa=0), 47),
        (Clipper(oversample=4, quality="live"), 29),
    ],
)
def test_latency(node: Clipper, frames: int) -> None:
    assert node.latency(SPEC) == frames


def test_the_graph_makes_up_for_its_latency() -> None:
    graph = ng.Graph()
    source, mix = graph.input("in", channels=1), graph.add("mix", ng.Mix(2, invert=(2,)))
    graph.connect(source >> graph.add("clip", Clipper()), "mix.in1")
    graph.connect(source, "mix.in2")
    graph.connect(mix, graph.output("out", channels=1))
    x = 0.1 * np.sin(2 * np.pi * 997 * np.arange(9600) / 48_000).astype(np.float32)
    y = ng.render(graph, x, sample_rate=48_000)
    assert np.abs(y[1000:-1000]).max() < 0.1 * 10 ** (-60 / 20)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"curve": "soft"}, "curve is 'soft': must be one of hard, tanh"),
        ({"oversample": 3}, "oversample is 3: must be one of auto, 1, 2, 4, 8"),
        ({"oversample": "4"}, "oversample is '4': must be one of"),
        ({"adaa": 2}, "adaa is 2: must be one of 0, 1"),
        ({"adaa": None}, "adaa is None: must be one of"),
        ({"quality": "fast"}, "quality is 'fast': must be one of studio, live"),
        ({"drive_db": 49}, "drive_db"),
        ({"softness": math.nan}, "softness"),
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        Clipper(**wrong)
