"""Rotary, beyond the node contract: Doppler, rotation, inertia, crossover, drive."""

import math

import numpy as np
import pytest

from namgraph.graph import ParamError
from namgraph.nodes import Rotary
from namgraph.nodes.testing import NodeHarness

from .signals import RATE, Audio, Curve, decibels, impulse, pitch_cents, tone

HORN_M, SOUND = 0.19, 343.0


def still(**settings: float) -> Rotary:
    """A rotary speaker that does not turn."""
    names = ("horn_slow_hz", "horn_fast_hz", "drum_slow_hz", "drum_fast_hz")
    stopped: dict[str, float] = dict.fromkeys(names, 0.0)
    return Rotary(**(stopped | settings))


def level(y: Audio) -> Curve:
    """The level of a tone in windows of 1 ms."""
    square = np.convolve(y.astype(np.float64) ** 2, np.ones(48) / 48, "valid")
    made: Curve = np.sqrt(square)
    return made


@pytest.mark.parametrize(("speed", "turns"), [(1.0, 6.7), (0.0, 0.8)])
def test_the_doppler_effect_is_that_of_the_horn(speed: float, turns: float) -> None:
    node = Rotary(speed=speed, distance_m=1.0, balance_db=12.0)
    y = NodeHarness(node, 1).play(tone(4.5, 4_000.0))[0]
    hertz = 2.0 ** (pitch_cents(y, 4_000.0) / 1200.0) - 1.0
    expected = 2 * math.pi * turns * HORN_M / SOUND
    # The moving low-pass shifts the phase as well; that counts for more where the horn is slow.
    assert hertz.max() == pytest.approx(expected, rel=0.02 if speed else 0.03)
    assert hertz.min() == pytest.approx(-expected, rel=0.02 if speed else 0.03)


def test_the_level_swings_once_a_turn() -> None:
    y = NodeHarness(Rotary(speed=1.0), 1).play(tone(10.2, 3_000.0))[0]
    curve = level(y)[4_800 : 4_800 + 480_000]
    spectrum = np.abs(np.fft.rfft(curve - curve.mean(), 16 * curve.size))
    hz = np.argmax(spectrum) * RATE / (16 * curve.size)
    assert hz == pytest.approx(6.7, rel=1e-3)


def test_the_drum_turns_the_other_way_at_its_own_speed() -> None:
    y = NodeHarness(Rotary(speed=1.0, distance_m=0.1, mic_spread=0.5), 1).play(tone(10.2, 100.0))
    curves = []
    for c in y:
        window = np.hanning(1_921)
        square = np.convolve(c.astype(np.float64) ** 2, window / window.sum(), "same")
        curves.append(np.sqrt(square)[4_800 : 4_800 + 480_000])
    turn = np.exp(-2j * np.pi * 5.7 / RATE * np.arange(480_000))
    left, right = (np.angle((c * turn).sum()) for c in curves)
    horn = NodeHarness(Rotary(speed=1.0, distance_m=0.1, mic_spread=0.5), 1).play(tone(4.2, 3e3))
    turn = np.exp(-2j * np.pi * 6.7 / RATE * np.arange(144_000))
    one, two = (np.angle((level(c)[4_800:148_800] * turn).sum()) for c in horn)
    assert math.sin(right - left) * math.sin(two - one) < 0.0


def test_stopped_it_does_not_change() -> None:
    for node in (still(), Rotary(brake=1.0, speed=1.0)):
        harness = NodeHarness(node, 1)
        x = harness.noise(4_800)
        harness.play(x)
        first = harness.play(x)
        assert np.abs(harness.play(x) - first).max() < 1e-6


def test_both_bands_add_up_to_an_all_pass() -> None:
    # Where both rotors are as far: the drum is 1 cm nearer to its axis, so the sum has no notch.
    y = NodeHarness(still(distance_m=2.0, mic_spread=0.0), 1).play(impulse(24_000))[0]
    spectrum = np.fft.rfft(y.astype(np.float64), 48_000)
    low, high = (decibels(spectrum[part]) for part in (slice(50, 300), slice(500, 1_500)))
    assert np.abs(low - low.mean()).max() < 1.0
    assert np.abs(high - low.mean()).max() < 3.0


def test_the_crossover_is_24_db_per_octave() -> None:
    quiet = NodeHarness(still(balance_db=12.0), 1).play(impulse(24_000))[0]
    loud = NodeHarness(still(balance_db=-12.0), 1).play(impulse(24_000))[0]
    gain = 10.0 ** (12.0 / 40.0)
    # Both outputs are gain * a + b / gain: solved for the two bands.
    horn = (gain * quiet.astype(np.float64) - loud / gain) / (gain**2 - gain**-2)
    drum = (gain * loud.astype(np.float64) - quiet / gain) / (gain**2 - gain**-2)
    for band, falls in ((horn, (400, 200)), (drum, (1_600, 3_200))):
        spectrum = decibels(np.fft.rfft(band, 48_000))
        assert spectrum[falls[1]] - spectrum[falls[0]] == pytest.approx(-23.5, abs=2.0)


def test_speed_changes_slowly_and_the_drum_more_slowly() -> None:
    harness = NodeHarness(Rotary(speed=0.0, balance_db=12.0, distance_m=1.0), 1)
    x = tone(6.0, 4_000.0)
    y = harness.play(x, changes=[(24_000, "speed", 1.0)])[0]
    begin = 4_800  # before, there is silence, which has no pitch
    hertz = np.abs(2.0 ** (pitch_cents(y, 4_000.0, begin) / 1200.0) - 1.0)
    for seconds in (0.5, 1.0, 2.0):
        rate = 6.7 - (6.7 - 0.8) * math.exp(-seconds / 1.0)
        at = round((0.5 + seconds) * RATE) - begin
        around = hertz[at - 6_000 : at + 6_000].max()
        assert around == pytest.approx(2 * math.pi * rate * HORN_M / SOUND, rel=0.12)


def test_drive_saturates_at_full_scale_and_is_neutral_at_0_db() -> None:
    clean = NodeHarness(still(), 1).play(np.float32(0.5) * tone(0.5, 100.0))[0, 12_000:]
    spectrum = np.abs(np.fft.rfft(clean[:9_600]))
    assert spectrum[60] < 1e-4 * spectrum[20], "no third harmonic"
    driven = NodeHarness(still(drive_db=24.0), 1).play(np.float32(0.5) * tone(0.5, 100.0))[0]
    spectrum = np.abs(np.fft.rfft(driven[12_000:21_600]))
    assert spectrum[60] > 0.1 * spectrum[20]
    full = NodeHarness(still(), 1).play(tone(0.5, 100.0))[0, 12_000:]
    assert np.abs(driven[12_000:]).max() < 1.5 * np.abs(full).max()


def test_without_spread_both_microphones_hear_the_same() -> None:
    y = NodeHarness(Rotary(mic_spread=0.0, speed=1.0), 1).play(tone(0.5))
    assert (y[0] == y[1]).all()
    y = NodeHarness(Rotary(mic_spread=1.0, speed=1.0), 1).play(tone(0.5))
    assert np.abs(y[0] - y[1]).max() > 0.1


@pytest.mark.parametrize("value", [-1.0, 13.0, math.nan, "fast", None])
def test_other_speeds_are_refused(value: object) -> None:
    with pytest.raises(ParamError, match="horn_fast_hz is"):
        Rotary(horn_fast_hz=value)  # type: ignore[arg-type]
