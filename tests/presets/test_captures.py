"""The captures that ship sound as the simulated amplifiers that they were trained on."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.presets.assets.recipes.amplifier import process, tone_network
from namgraph.presets.assets.recipes.circuits import AMPLIFIERS, CLEAN, CRUNCH, HIGH_GAIN
from namgraph.presets.assets.recipes.oracle import esr, run
from namgraph.presets.bundled import shipped_models

RATE = 48_000
AT = slice(96_000, 168_000)


@cache
def amplified(name: str) -> Any:
    """Return what the simulated amplifier makes of the guitar."""
    return process(guitar()[: AT.stop].astype(np.float64), AMPLIFIERS[name])[AT]


@cache
def guitar() -> Any:
    x: Any = ng.read_audio(ng.asset("di.wav")).samples[0]
    return x


@pytest.mark.parametrize("path", shipped_models(), ids=lambda path: path.stem)
def test_a_capture_is_within_two_percent_of_its_amplifier(path: Path) -> None:
    x, target = guitar()[: AT.stop], amplified(path.stem.split("-")[0])
    found = ng.render(ng.Nam(path), x, RATE, tail=False)[AT]
    assert esr(found, target) < 0.005
    oracle = run(path, x[: RATE // 2])
    np.testing.assert_allclose(ng.render(ng.Nam(path), x[: RATE // 2], RATE, tail=False), oracle,
                               atol=3e-5 * abs(oracle).max())  # fmt: skip


@pytest.mark.parametrize("path", shipped_models(), ids=lambda path: path.stem)
def test_its_metadata_is_true(path: Path) -> None:
    assert 10_000 < path.stat().st_size < 30_000
    model = ng.load_nam(path)
    tones = {"crunch": "crunch", "clean": "clean", "highgain": "hi_gain"}
    assert model.tone_type == tones[path.stem.split("-")[0]]
    assert None not in (model.loudness, model.gain, model.validation_esr)


def test_they_differ_as_their_names_say() -> None:
    """Compression and third harmonic of a sine of 220 Hz at -40 and -10 dB."""
    t = np.arange(RATE) / RATE
    gains, thirds = [], []
    for name in ("clean", "crunch", "highgain"):
        amp = ng.Nam(ng.asset(f"{name}-wavenet.nam"))
        soft, loud = (
            abs(np.fft.rfft(ng.render(amp, level * np.sin(440.0 * np.pi * t), RATE, tail=False)))
            for level in (0.01, 10 ** (-10 / 20))
        )
        gains.append(30.0 - 20.0 * np.log10(loud[220] / soft[220]))
        thirds.append(20.0 * np.log10(loud[660] / loud[220]))
    assert gains[0] < 1.0 < 5.0 < gains[1] < 15.0 < gains[2]
    assert thirds[0] < -35.0 < -20.0 < thirds[1] < thirds[2]


def test_their_tone_networks_are_those_of_the_tone_stack_node() -> None:
    """The nodal solution against the polynomial in `nodes/dsp/filters/tone_stacks.py`."""
    hz = np.geomspace(50.0, 8_000.0, 40)
    click = np.zeros(1 << 16, np.float32)
    click[0] = 1.0
    for model, amp in (("bassman", CRUNCH), ("twin", CLEAN), ("soldano", HIGH_GAIN)):
        stack = ng.ToneStack(model=model, bass=10.0, middle=5.0, treble=5.0)
        response = np.fft.rfft(ng.render(stack, click, RATE, tail=False))
        found = np.interp(hz, np.fft.rfftfreq(click.size, 1.0 / RATE), abs(response))
        wanted = abs(tone_network(hz, 0.5, 0.5, 1.0, amp.parts))
        assert abs(20.0 * np.log10(found / wanted)).max() < 0.3, model
