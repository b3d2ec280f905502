"""PitchShift: pitch, level, attacks, sidebands, latency, stereo, no shift."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes import PitchShift
from namgraph.nodes.testing import NodeHarness
from namgraph.nodes.testing.harness import SPEC

from .strings import NOTES, RATE, Signal, beside_db, cents_off, level_db, pluck


def play(node: PitchShift, x: Signal) -> Signal:
    """Play a mono signal."""
    harness = NodeHarness(node, 1)
    y: Signal = harness.play(x.astype(np.float32)[None], [1000])[0].astype(np.float64)
    return y


@pytest.mark.parametrize("semitones", [-12, -7, -2, 7, 12])
@pytest.mark.parametrize("buffer_ms", [30, 40])
def test_pitch_and_sidebands(semitones: int, buffer_ms: int) -> None:
    harness = NodeHarness(PitchShift(semitones=semitones, buffer_ms=buffer_ms), 1)
    for name, hertz in NOTES.items():
        harness.renew()
        y = harness.play(pluck(hertz, 1.2).astype(np.float32)[None], [1000])[0, 9_600:]
        wanted = hertz * 2 ** (semitones / 12)
        assert abs(cents_off(y.astype(np.float64), wanted)) < 3, name
        assert beside_db(y.astype(np.float64), wanted) < -36, name  # the dossier asks for -17


def test_a_shorter_buffer_serves_a_guitar() -> None:
    for name in ("E2", "E3", "E4"):
        y = play(PitchShift(semitones=-2, buffer_ms=20), pluck(NOTES[name], 1.2))[9_600:]
        assert abs(cents_off(y, NOTES[name] * 2 ** (-2 / 12))) < 3
        assert beside_db(y, NOTES[name] * 2 ** (-2 / 12)) < -30


def test_a_stiff_string_and_a_chord() -> None:
    t = np.arange(57_600) / RATE
    partials = np.arange(1, 13)
    stiff = partials * 82.407 * np.sqrt(1 + 1e-4 * partials**2)
    rows = [0.1 * np.sin(2 * np.pi * f * t + k) / (k + 1) for k, f in enumerate(stiff)]
    x = np.sum(rows, axis=0)
    y = play(PitchShift(semitones=-2, buffer_ms=40), x)[9_600:]
    shifted = stiff * 2 ** (-2 / 12)
    f = np.fft.rfftfreq(1 << 19, 1 / RATE)
    level = np.abs(np.fft.rfft(y * np.hanning(y.size), 1 << 19))
    on = (abs(f[:, None] - shifted) < 4).any(axis=1)
    assert 10 * np.log10((level[~on] ** 2).sum() / (level[on] ** 2).sum()) < -17
    strings = [pluck(NOTES["E2"] * 2 ** (n / 12), 1.2) for n in (0, 7, 12, 16, 19, 24)]
    whole = play(PitchShift(semitones=2), np.sum(strings, axis=0))[9_600:]
    wanted = NOTES["E2"] * 2 ** (np.array((0, 7, 12, 16, 19, 24)) / 12 + 2 / 12)
    for hertz in wanted:
        assert abs(cents_off(whole, hertz)) < 6


@pytest.mark.parametrize("semitones", [-12, -7, -2, 7, 12])
def test_the_level_of_noise(semitones: int) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, 96_000)
    y = play(PitchShift(semitones=semitones), x)
    assert abs(level_db(y[9_600:], x[9_600:])) < 1
    parts = np.square(y[9_600:]).reshape(-1, 960).mean(axis=1)  # and no holes of 20 ms
    assert 10 * np.log10(parts.min() / parts.mean()) > -3


@pytest.mark.parametrize("semitones", [-12, -7, -2, 2, 7, 12])
def test_attacks_come_within_9_ms(semitones: int) -> None:
    harness = NodeHarness(PitchShift(semitones=semitones), 1)
    late = []
    for begin in range(14_400, 14_400 + 12 * 731, 731):
        sounding = 0.2 * pluck(196.0, 0.6) + 2 * pluck(110.0, 0.6, begin / RATE)
        harness.renew()
        y = abs(harness.play(sounding.astype(np.float32)[None], [1000])[0, begin:])
        dry = abs(sounding[begin:])
        bound = 0.5 * dry.max()
        late.append((np.argmax(y > bound) - np.argmax(dry > bound)) / 48)
    assert max(late) < 9, late


def test_without_snap_attacks_come_when_the_delay_lets_them() -> None:
    x = pluck(110.0, 0.4, 0.3)
    late = []
    for snap in (True, False):
        y = abs(play(PitchShift(semitones=-2, snap=snap, buffer_ms=60), x)[14_400:])
        late.append(np.argmax(y > 0.2) / 48)
    assert late[0] + 10 < late[1]


@pytest.mark.parametrize("buffer_ms", [20, 30, 40, 60])
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_no_shift_is_a_delay_to_the_bit(buffer_ms: int, rate: int) -> None:
    node = PitchShift(buffer_ms=buffer_ms, mix=0.7, tonality_hz=3_000.0)
    late = node.latency(ng.Spec(rate, 64))
    assert late == round((2 + buffer_ms) / 2 * rate / 1000)
    x = np.random.default_rng(1).uniform(-1, 1, (2, 12_000)).astype(np.float32)
    y = NodeHarness(node, 2, rate=rate).play(x, [37])
    assert not y[:, :late].any()
    np.testing.assert_array_equal(y[:, late:], x[:, :-late])


def test_back_to_no_shift() -> None:
    node = PitchShift(semitones=5)
    harness, late = NodeHarness(node, 1), node.latency(SPEC)
    x = harness.noise(48_000)
    y = harness.play(x, [64], [(20_000, "semitones", 0.0)])
    np.testing.assert_array_equal(y[:, 40_000:], x[:, 40_000 - late : -late])
    assert abs(level_db(y[0, 24_000:30_000], x[0, 24_000:30_000])) < 1.5


def test_channels_stay_proportional() -> None:
    x = pluck(110.0, 1.0)
    for other in (0.5, -1.0):
        stereo = np.stack((x, other * x)).astype(np.float32)
        y = NodeHarness(PitchShift(semitones=-5), 2).play(stereo)
        np.testing.assert_allclose(y[1], np.float32(other) * y[0], atol=1e-7)
        assert abs(y[0]).max() > 0.1


def test_cents_and_mix() -> None:
    t = np.arange(57_600) / RATE
    x = 0.5 * np.sin(2 * np.pi * 440 * t)
    y = play(PitchShift(semitones=1, cents=-50, buffer_ms=60), x)[9_600:]
    assert abs(cents_off(y, 440 * 2 ** (0.5 / 12))) < 1
    dry = play(PitchShift(semitones=7, mix=0.0), x)
    late = PitchShift().latency(SPEC)
    np.testing.assert_array_equal(dry[late:], x[:-late].astype(np.float32))


def test_tonality_leaves_treble_alone() -> None:
    t = np.arange(57_600) / RATE
    x = 0.3 * np.sin(2 * np.pi * 300 * t) + 0.3 * np.sin(2 * np.pi * 15_000 * t)
    y = play(PitchShift(semitones=12, tonality_hz=2_000.0), x)[9_600:]
    f = np.fft.rfftfreq(y.size, 1 / RATE)
    level = np.abs(np.fft.rfft(y * np.hanning(y.size)))
    high, folded = level[abs(f - 15_000) < 30].max(), level[abs(f - 18_000) < 2_000].max()
    assert 20 * np.log10(high / level[abs(f - 600) < 30].max()) == pytest.approx(0, abs=0.5)
    assert 20 * np.log10(folded / high) < -30
    # Without it 15 kHz, an octave up, folds to 18 kHz.
    y = play(PitchShift(semitones=12), x)[9_600:]
    level = np.abs(np.fft.rfft(y * np.hanning(y.size)))
    assert level[abs(f - 18_000) < 2_000].max() > 10 * folded


def test_silence_stays_silence_and_ends() -> None:
    node = PitchShift(semitones=-12)
    harness = NodeHarness(node, 1)
    x = pluck(220.0, 0.5).astype(np.float32)[None]
    end = node.tail(SPEC) + node.latency(SPEC)
    y = harness.play(np.pad(x, ((0, 0), (0, end + 4_800))))
    assert not y[:, x.shape[1] + end :].any()


def test_other_values_are_refused() -> None:
    with pytest.raises(ng.ParamError, match="buffer_ms"):
        PitchShift(buffer_ms=25)
    with pytest.raises(ng.ParamError, match="semitones"):
        PitchShift(semitones=25)
    with pytest.raises(ng.ParamError, match="snap"):
        PitchShift(snap="yes")  # type: ignore[arg-type]
