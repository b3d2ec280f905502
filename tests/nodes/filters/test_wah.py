"""Wah: frequencies and widths of its voices, sweeps, and the level as a pedal."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.graph import ParamError
from namgraph.nodes import Wah
from namgraph.nodes.filters.wah import PEAK, VOICES
from namgraph.nodes.testing import NodeHarness
from namgraph.nodes.testing.signals import check_clicks, check_tail

RATE = 48_000.0
Floats = NDArray[np.float64]


def played(node: Wah, x: Any, **how: Any) -> NDArray[np.float32]:
    """Return the output of one channel."""
    y: NDArray[np.float32] = NodeHarness(node, channels=1).play(np.atleast_2d(x), **how)[0]
    return y


def response(node: Wah, size: int = 1 << 16) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return frequencies and the gain at each."""
    x = np.zeros(size, np.float32)
    x[0] = 1
    spectrum = np.fft.rfft(played(node, x).astype(np.float64))
    return np.arange(size // 2 + 1) * (RATE / size), np.abs(spectrum)


@pytest.mark.parametrize(("position", "hertz", "q"), [(0, 450, 8), (0.5, 998.6, 4), (1, 2216, 2)])
def test_frequency_width_and_gain_of_the_crybaby(position: float, hertz: float, q: float) -> None:
    frequency, gain = response(Wah(position=position))
    top = int(np.argmax(gain))
    assert frequency[top] == pytest.approx(hertz, rel=0.005)
    assert gain[top] == pytest.approx(PEAK, rel=1e-3)
    edge = gain[top] / math.sqrt(2)
    below = np.interp(edge, gain[: top + 1], frequency[: top + 1])
    above = np.interp(-edge, -gain[top:], frequency[top:])
    assert above - below == pytest.approx(hertz / q, rel=0.02)
    assert gain[1] < 0.01, "it has a zero at 0 Hz"


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
def test_the_response_is_that_of_the_analogue_filter(voice: str, scale: float) -> None:
    low, octaves, resonance, fall, lows = VOICES[voice]
    for position in (0.0, 0.4, 1.0):
        frequency, gain = response(Wah(position=position, q=scale, voice=voice), 1 << 15)
        q = scale * 2 ** (resonance - fall * position)
        heard = (frequency > 20) & (frequency < 8000)
        turn = np.tan(np.pi * low * 2 ** (octaves * position) / RATE)
        s = 1j * np.tan(np.pi * frequency[heard] / RATE) / turn  # as the bilinear transform bends
        wanted = abs((PEAK / q * s + lows) / (s * s + s / q + 1))
        np.testing.assert_allclose(gain[heard], wanted, rtol=2e-3, atol=1e-5)


def redesigned(x: Floats, pedal: Floats) -> Floats:
    """Return the output of a filter that is designed anew at every frame."""
    low, octaves, resonance, fall, _ = VOICES["crybaby"]
    u = v = 0.0
    y = np.zeros_like(x)
    for n, w in enumerate(pedal.tolist()):
        g = math.tan(math.pi * low * 2 ** (octaves * w) / RATE)
        k = 2 ** (fall * w - resonance)
        a1 = 1 / (1 + g * (g + k))
        band = a1 * u + g * a1 * (x[n] - v)
        u, v = 2 * band - u, v + 2 * g * band
        y[n] = PEAK * k * band
    return y


def test_a_sweep_is_that_of_a_filter_designed_at_every_frame() -> None:
    """From heel to toe in 50 ms: a new position at every tick, followed at once."""
    x = np.random.default_rng(2).normal(size=9600).astype(np.float32)
    harness = NodeHarness(Wah(position=0.0), channels=1)
    record = harness.plan._prepared[harness.number].record.content
    record["position_coefficient"] = 1.0  # no glide: the positions are the test's own
    ticks = np.clip((np.arange(0, x.size + 64, 32) - 3200) / 2400, 0, 1)
    changes = [(32 * n, "position", float(w)) for n, w in enumerate(ticks[1:]) if n]
    found = harness.play(x[None], changes=changes)[0]
    pedal = np.interp(np.arange(x.size), 32.0 * np.arange(ticks.size), ticks)
    pedal[:32] = 0.0
    wanted = redesigned(x.astype(np.float64), pedal)
    error = np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2))
    assert 20 * np.log10(error) <= -60


def pedal_of(node: Wah, x: Any) -> float:
    harness = NodeHarness(node, channels=1)
    harness.play(np.atleast_2d(np.asarray(x, np.float32)))
    return harness.readings()["node.pedal"]


@pytest.mark.parametrize(("level", "wanted"), [(-60, 0), (-45, 0.25), (-6, 0.9), (6, 1), (-90, 0)])
def test_the_level_in_db_is_the_pedal(level: float, wanted: float) -> None:
    """Of a square wave, whose rectified value is constant."""
    x = np.full(9600, 10 ** (level / 20), np.float32)
    x[::2] *= -1
    assert pedal_of(Wah(auto=True), x) == pytest.approx(wanted, abs=1e-3)
    assert pedal_of(Wah(auto=True, direction=-1), x) == pytest.approx(1 - wanted, abs=1e-3)
    more = min(max(0.0, 1 + (level + 12) / 60), 1.0)
    assert pedal_of(Wah(auto=True, sensitivity_db=12.0), x) == pytest.approx(more, abs=1e-3)


def test_attack_and_release_are_time_constants() -> None:
    """63 % of the way in amplitude; the pedal shows it at ticks."""
    loud = np.ones(960, np.float32)
    share = 1 - math.exp(-928 / 480)  # of 10 ms, at the last tick
    found = pedal_of(Wah(auto=True, attack_ms=10.0), loud)
    assert found == pytest.approx(1 + 20 * math.log10(share) / 60, abs=1e-4)
    fall = np.concatenate([np.ones(48_000), np.zeros(9600)])
    found = pedal_of(Wah(auto=True, release_ms=100.0), fall)
    level = 20 * math.log10(math.exp(-(9600 - 32) / 4800))
    assert found == pytest.approx(1 + level / 60, abs=1e-4)


def test_the_loudest_channel_moves_all_channels() -> None:
    x = np.zeros((2, 9600), np.float32)
    x[0] = 0.01 * np.random.default_rng(3).normal(size=9600)
    x[1] = 0.5
    moved = NodeHarness(Wah(auto=True))
    found = moved.play(x)[0]
    assert moved.readings()["node.pedal"] == pytest.approx(1 + 20 * math.log10(0.5) / 60, abs=1e-3)
    assert abs(found - NodeHarness(Wah(auto=True)).play(x[[0, 0]])[0]).max() > 0.01


def test_with_a_key_the_level_is_that_of_the_key() -> None:
    x = np.full((4, 9600), 1.0, np.float32)
    x[2:] = [[0.01], [-0.1]]
    keyed, plain = NodeHarness(Wah(auto=True, sidechain=True)), NodeHarness(Wah(auto=True))
    keyed.play(x)
    plain.play(x[2:])
    assert keyed.readings() == plain.readings()
    assert keyed.readings()["node.pedal"] == pytest.approx(1 - 20 / 60, abs=1e-3)


@pytest.mark.parametrize("voice", VOICES)
def test_nothing_clicks_and_tails_are_honest(voice: str) -> None:
    check_clicks(Wah(voice=voice), Wah(voice=voice, auto=True))
    for q in (0.3, 3.0):
        ends = [Wah(voice=voice, q=q, position=w) for w in (0.0, 1.0)]
        check_tail(*ends, Wah(voice=voice, q=q, auto=True))


def test_wrong_options() -> None:
    with pytest.raises(ParamError, match="voice is 'vox'"):
        Wah(voice="vox")
    with pytest.raises(ParamError, match="sidechain is True without auto: give auto=True"):
        Wah(sidechain=True)
    with pytest.raises(ParamError, match="direction is 2"):
        Wah(direction=2)
    with pytest.raises(ParamError, match="position"):
        Wah(position=1.5)
