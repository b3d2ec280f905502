"""The preset "plugin" against the signal path of the NAM plugin, written as float64 loops.

Facts of version 0.7.14: input gain, gate detector on that, model, gate gain, tone stack, impulse
response of at most 8192 taps, high-pass at 5 Hz, output gain.
"""

import math
from typing import Any

import numpy as np
import pytest
from scipy.signal import fftconvolve, lfilter

import namgraph as ng

from ..reference import MODELS, needs_models

RATE = 48_000.0
Signal = np.ndarray[Any, np.dtype[np.float64]]


def gate_gain(x: Signal, threshold_db: float) -> Signal:
    """Return the gain of each frame: a power follower, and a quadratic law below the threshold."""
    share, level, lowest = 0.5 ** (1 / (0.01 * RATE)), 1e-12, -0.1 * (-120 - threshold_db) ** 2
    opening, closing, g, gains = -lowest / 0.005 / RATE, lowest / 0.05 / RATE, lowest, []
    for sample in x:
        level = min(max(share * level + (1 - share) * sample * sample, 1e-12), 1000.0)
        decibels = 10 * math.log10(level)
        target = -0.1 * (decibels - threshold_db) ** 2 if decibels < threshold_db else 0.0
        if target > g:
            g = min(g + min(max(0.5 * (target - g), 0.0), opening), 0.0)
        elif target < g:
            g = max(g + max(min(0.5 * (target - g), 0.0), closing), lowest)
        gains.append(10 ** (g / 10))
    return np.array(gains)


def shelf(hz: float, gain_db: float, sign: float) -> tuple[list[float], list[float]]:
    """Return a shelf of the cookbook with Q 0.707: low for sign 1, high for -1."""
    a, w = 10 ** (gain_db / 40), 2 * math.pi * hz / RATE
    c, k = math.cos(w), 2 * math.sqrt(a) * math.sin(w) / (2 * 0.707)
    b = [a * ((a + 1) - sign * (a - 1) * c + k), 2 * sign * a * ((a - 1) - sign * (a + 1) * c)]
    b.append(a * ((a + 1) - sign * (a - 1) * c - k))
    down = [(a + 1) + sign * (a - 1) * c + k, -2 * sign * ((a - 1) + sign * (a + 1) * c)]
    return b, [*down, (a + 1) + sign * (a - 1) * c - k]


def bell(hz: float, gain_db: float) -> tuple[list[float], list[float]]:
    a, w = 10 ** (gain_db / 40), 2 * math.pi * hz / RATE
    alpha, c = math.sin(w) / (2 * (1.5 if gain_db < 0 else 0.7)), math.cos(w)
    return [1 + alpha * a, -2 * c, 1 - alpha * a], [1 + alpha / a, -2 * c, 1 - alpha / a]


def behind_the_model(y: Signal, key: Signal, knobs: dict[str, float], loudness_db: float) -> Signal:
    """Return what the plugin makes of the model's output."""
    y = y * gate_gain(key, knobs["threshold"])
    y = lfilter(*shelf(150.0, 4 * (knobs["bass"] - 5), 1.0), y)
    y = lfilter(*bell(425.0, 3 * (knobs["middle"] - 5)), y)
    y = lfilter(*shelf(1800.0, 2 * (knobs["treble"] - 5), -1.0), y)
    response = ng.read_audio(ng.asset("cab.wav")).samples[0].astype(float)[:8192]
    y = fftconvolve(y, response * 10 ** (-18 / 20))[: len(y)]
    a = 1 / (1 + 2 * math.pi * 5 / RATE)
    y = lfilter([a, -a], [1.0, -a], y)
    made: Signal = y * 10 ** ((knobs["output"] + loudness_db) / 20)
    return made


def signal() -> np.ndarray[Any, np.dtype[np.float32]]:
    found = ng.read_audio(ng.asset("di.wav")).samples[0, :48_000].copy()
    found[30_000:] *= 1e-4  # so that the gate closes
    return found


@pytest.mark.parametrize(
    "knobs",
    [
        {"input": 0, "threshold": -80, "bass": 5, "middle": 5, "treble": 5, "output": 0},
        {"input": 6, "threshold": -50, "bass": 7, "middle": 3, "treble": 8, "output": -9},
        {"input": -12, "threshold": -30, "bass": 0, "middle": 10, "treble": 0, "output": 3},
    ],
)
def test_the_preset_is_the_plugin(knobs: dict[str, float]) -> None:
    graph = ng.load_preset("plugin").with_params(
        {
            "input.gain_db": knobs["input"],
            "gate.threshold_db": knobs["threshold"],
            "tone.bass": knobs["bass"],
            "tone.middle": knobs["middle"],
            "tone.treble": knobs["treble"],
            "output.gain_db": knobs["output"],
        }
    )
    x = signal()
    found = ng.render(graph, x, RATE, tail=False)
    key = (np.float32(10 ** (knobs["input"] / 20)) * x).astype(np.float32)
    path = ng.asset("crunch-wavenet.nam")
    model = ng.render(ng.Nam(path), key, RATE, tail=False).astype(float)
    loudness = ng.load_nam(path).metadata.get("loudness")
    gain = 0.0 if loudness is None else -18.0 - float(loudness)
    wanted = behind_the_model(model, key.astype(float), knobs, gain)
    assert abs(wanted).max() > 1e-3
    assert abs(found - wanted).max() <= 1e-5 * abs(wanted).max()


def test_the_preset_has_no_latency_and_plays_the_same_in_any_blocks() -> None:
    graph = ng.load_preset("plugin")
    assert graph.latency(RATE) == 0
    x = signal()[:6000]
    reference = ng.render(graph, x, RATE)
    for block in (1, 64, 1000):
        assert (ng.render(graph, x, RATE, block=block) == reference).all()


@needs_models
def test_a_model_of_the_reference_engine_plays_the_same_in_it() -> None:
    """With the render of NeuralAmpModelerCore in place of ours."""
    x = np.fromfile(MODELS / "ref" / "input.f32", np.float32)
    model = np.fromfile(MODELS / "ref" / "wavenet_a1_standard.f32", np.float32)
    graph = ng.load_preset("plugin").with_params({"output.gain_db": 0.0})
    graph.replace("amp", ng.Nam(MODELS / "wavenet_a1_standard.nam", levels="raw"))
    knobs = {"threshold": -80.0, "bass": 5.0, "middle": 5.0, "treble": 5.0, "output": 0.0}
    wanted = behind_the_model(model.astype(float), x.astype(float), knobs, 0.0)
    found = ng.render(graph, x, RATE, tail=False)
    assert abs(found - wanted).max() <= 1e-5 * abs(wanted).max()
