"""Reverb's springs: the closed form of their response, chirps, decay, other sample rates."""

import math

import numpy as np
import pytest
from scipy import signal

from namgraph.nodes import Reverb
from namgraph.nodes.testing import NodeHarness

from .rooms import PLAIN, RATE, Signal, responses, t30


def closed_form(rate: float, time_s: float, side: int, size: float = 1.0) -> Signal:
    """The answer of one spring to an impulse in the middle, by its transfer function."""
    frames = 1 << 18
    way, gain = ((0.056, 0.62), (0.0437, 0.6))[side]
    stretch = max(1, round(rate / 8_600))
    z = np.exp(-2j * np.pi * np.arange(frames // 2 + 1) / frames)  # one frame
    chain = ((gain + z**stretch) / (1 + gain * z**stretch)) ** 100
    b, a = signal.butter(6, 4_300, fs=rate)
    chain *= np.polyval(b[::-1], z) / np.polyval(a[::-1], z)
    held = 100 * stretch * (1 - gain) / (1 + gain)
    q = [1 / (2 * math.cos(math.pi * (2 * k + 1) / 12)) for k in range(3)]
    held += sum(0.5 / x for x in q) / math.tan(math.pi * 4_300 / rate)
    loop = math.floor(way * rate * size - held + 0.5)
    heard = math.floor(0.5 * way * rate * size - held + 0.5)
    back = 10 ** (-3 * (loop + held) / rate / time_s)
    cut = math.exp(-2 * math.pi * 20 / rate)
    thin = 1 - (1 - cut) / (1 - cut * z)  # the node's high-pass
    response = thin * z ** (2 + heard) * chain / (1 + back * z**loop * chain)
    return np.fft.irfft(response)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 192_000])
def test_equal_to_the_closed_form(rate: int) -> None:
    node = Reverb(model="spring", time_s=0.4, high_s=0.4, **PLAIN)
    x = np.zeros((1, rate // 4), np.float32)
    x[0, 0] = 1.0
    found = NodeHarness(node, 1, rate=rate).play(x)
    for side in range(2):
        expected = closed_form(rate, 0.4, side)[: x.size]
        assert abs(expected).max() > 0.005
        np.testing.assert_allclose(found[side], expected, atol=3e-5 * abs(expected).max())


def test_high_notes_come_later() -> None:
    node = Reverb(model="spring", time_s=0.1, high_s=0.1, **PLAIN)  # one pass
    answer = responses(node, 0.3)[0, 0]

    def arrival_ms(hertz: float) -> float:
        band = signal.butter(2, (hertz - 150, hertz + 150), "band", fs=RATE, output="sos")
        energy = signal.sosfiltfilt(band, answer)[:4_800] ** 2
        return float((energy * np.arange(4_800)).sum() / energy.sum() / 48)

    times = [arrival_ms(hertz) for hertz in (500.0, 1_500.0, 2_500.0, 3_500.0)]
    assert times == sorted(times)
    for hertz, found in zip((500.0, 2_500.0, 3_500.0), times[:1] + times[2:], strict=True):
        turn = 2 * math.pi * hertz * 6 / RATE
        slow = 600 * (1 - 0.62**2) / (1 + 0.62**2 + 2 * 0.62 * math.cos(turn))
        low = 600 * 0.38 / 1.62
        assert found == pytest.approx(28.0 + (slow - low) / 48, abs=1.5), hertz


@pytest.mark.parametrize("time_s", [1.0, 3.0])
def test_low_notes_decay_in_the_time_asked(time_s: float) -> None:
    node = Reverb(model="spring", time_s=time_s, high_s=time_s, **PLAIN)
    assert t30(responses(node, 1.4 * time_s), 250.0, 700.0) == pytest.approx(time_s, rel=0.06)


def test_echoes_turn_over_at_every_round() -> None:
    node = Reverb(model="spring", time_s=2.0, high_s=2.0, **PLAIN)
    x = np.zeros((1, 24_000), np.float32)
    x[0, :1_200] = signal.windows.hann(1_200) * np.sin(2 * np.pi * 200 * np.arange(1_200) / RATE)
    y = NodeHarness(node, 1).play(x)[0].astype(np.float64)
    echoes = signal.correlate(y, x[0, :1_200].astype(np.float64), "valid", "fft")
    first, second = (int(k * 0.028 * RATE) for k in (1, 3))
    here = echoes[first - 60 : first + 60]
    there = echoes[second - 60 : second + 60]
    lead = here[np.argmax(abs(here))]
    assert lead > 0
    assert there[np.argmax(abs(there))] == pytest.approx(-(10 ** (-3 * 0.056 / 2)) * lead, rel=0.15)


def test_both_sides_differ_and_the_walk_moves_them() -> None:
    still, shaken = (
        responses(Reverb(model="spring", **(PLAIN | {"mod_depth": depth})), 1.0).sum(0)
        for depth in (0.0, 1.0)
    )
    assert abs(np.corrcoef(*still[:, 4_800:])[0, 1]) < 0.15
    assert abs(still - shaken)[:, 12_000:].max() > 0.1 * abs(still[:, 12_000:]).max()
