"""Fuzz, beyond the node contract."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.graph import ParamError
from namgraph.nodes import Fuzz
from namgraph.nodes.testing import NodeHarness
from namgraph.nodes.testing.harness import SPEC

from .test_clipper import alias_db

MODELS = ("round", "muff", "octave")
Wide = NDArray[np.float64]


def play(node: Fuzz, x: NDArray[Any]) -> Wide:
    y = NodeHarness(node, channels=1).play(np.asarray(x, np.float32)[None], (4096,))
    return np.asarray(y[0], np.float64)


def harmonics(node: Fuzz, hz: int = 440, volts: float = 0.3) -> Wide:
    """The amplitudes of the harmonics from the first on, settled; number 0 is DC."""
    y = play(node, volts * np.sin(2 * np.pi * hz * np.arange(4 * 48_000) / 48_000))[-48_000:]
    made = np.abs(np.fft.rfft(y)) / 24_000
    return np.asarray(made[:20_000:hz] + 1e-15)


def even_db(node: Fuzz) -> float:
    """Even harmonics against odd ones."""
    h = harmonics(node)
    return 10 * math.log10((h[2::2] ** 2).sum() / (h[1::2] ** 2).sum())


@pytest.mark.parametrize("model", ["round", "muff"])
@pytest.mark.parametrize("side", [-1, 1])
def test_bias_makes_even_harmonics(model: str, side: int) -> None:
    found = [even_db(Fuzz(model=model, bias=0.5 + side * off)) for off in (0.0, 0.1, 0.25, 0.5)]
    assert found[0] < -80
    assert found == sorted(found)
    assert found[-1] > -25


def test_the_octave_is_an_octave_up() -> None:
    h = harmonics(Fuzz(model="octave"))
    assert 20 * math.log10(h[1] / h[2]) < -30
    off = harmonics(Fuzz(model="octave", bias=0.9))
    assert off[1] > 10 * h[1]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("bias", [0.0, 0.5, 0.8])
def test_there_is_no_dc(model: str, bias: float) -> None:
    h = harmonics(Fuzz(model=model, bias=bias))
    assert 20 * math.log10(h[0] / 2 / h[1:].max()) < -60


@pytest.mark.parametrize("model", MODELS)
def test_aliases_of_a_tone_of_2_khz_at_full_fuzz(model: str) -> None:
    turns, length = 2731, 1 << 16
    x = 0.3 * np.sin(2 * np.pi * turns * np.arange(length + 24_000) / length)
    assert alias_db(play(Fuzz(model=model, fuzz=1.0), x).astype(np.float32), turns) < -60


def test_the_tone_control_has_a_dip_in_the_middle() -> None:
    x = np.zeros(1 << 16)
    x[1000] = 1e-6  # for which the curves are straight
    hz = np.fft.rfftfreq(len(x), 1 / 48_000)
    made = {t: np.abs(np.fft.rfft(play(Fuzz(tone=t, fuzz=0.0), x))) for t in (0.0, 0.5, 1.0)}
    # Without the rest of the circuit: the two ends of the control are its two filters.
    with np.errstate(divide="ignore", invalid="ignore"):
        flat = made[0.0] * np.hypot(1, hz / 536)
    heard = (hz > 150) & (hz < 6000)
    middle = 20 * np.log10(made[0.5][heard] / (0.5 * flat[heard]))
    at = hz[heard][np.argmin(middle)]
    assert at == pytest.approx(1000, abs=100)
    assert middle.min() == pytest.approx(-7, abs=1)
    high = made[1.0][heard] / flat[heard]
    assert high[-1] > 0.9 > 0.2 > high[0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("bias", [0.1, 0.5])
def test_silence_is_silent_from_the_start(model: str, bias: float) -> None:
    harness = NodeHarness(Fuzz(model=model, bias=bias))
    assert np.abs(harness.play(np.zeros((2, 4000), np.float32))).max() < 1e-9


def test_a_low_bias_gates_quiet_notes() -> None:
    def gain(bias: float, volts: float) -> float:
        return float(harmonics(Fuzz(bias=bias), volts=volts)[1]) / volts

    quiet, loud = 0.001, 0.3
    assert gain(0.0, quiet) / gain(0.0, loud) < 0.3 * gain(0.5, quiet) / gain(0.5, loud)


@pytest.mark.parametrize("model", MODELS)
def test_channels_do_not_hear_each_other(model: str) -> None:
    node = Fuzz(model=model, bias=0.2)
    x = NodeHarness(node).noise(3000)
    x[1] *= np.float32(0.01)
    y = NodeHarness(node).play(x)
    for channel in (0, 1):
        alone = NodeHarness(node, channels=1).play(x[channel : channel + 1])
        np.testing.assert_array_equal(y[channel], alone[0])


@pytest.mark.parametrize(
    ("model", "quality", "frames"),
    [("round", "studio", 55), ("muff", "live", 23), ("octave", "studio", 56)],
)
def test_latency(model: str, quality: str, frames: int) -> None:
    assert Fuzz(model=model, quality=quality).latency(SPEC) == frames


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": "face"}, "model is 'face': must be one of round, muff, octave"),
        ({"quality": 4}, "quality is 4: must be one of studio, live"),
        ({"bias": -0.1}, "bias"),
        ({"low_cut_hz": math.inf}, "low_cut_hz"),
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        Fuzz(**wrong)
