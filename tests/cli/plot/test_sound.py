"""Figures of an impulse response and of a recording."""

from pathlib import Path

import numpy as np
import pytest

from namgraph.cli.plot.sound import draw_sound, measure_sound, response
from namgraph.graph import AudioFileError

from ..command import CAB, DI, RATE, wav

SECONDS = np.arange(RATE) / RATE


def test_the_decay_of_noise_that_decays(tmp_path: Path) -> None:
    noise = np.random.default_rng(5).standard_normal(RATE) * 10 ** (-3 * SECONDS / 0.4)
    found = measure_sound(wav(tmp_path / "room.wav", noise / np.abs(noise).max()))
    assert found.is_response
    assert found.decay_s == pytest.approx(0.4, rel=0.03)
    assert found.peak_db == pytest.approx(0.0, abs=1e-6)


def test_the_response_of_a_one_pole_low_pass() -> None:
    pole = np.exp(-2 * np.pi * 500.0 / RATE)
    taps = ((1 - pole) * pole ** np.arange(4000)).astype(np.float32)
    hertz, level = response(taps, RATE)
    wanted = 20 * np.log10(np.abs((1 - pole) / (1 - pole * np.exp(-2j * np.pi * hertz / RATE))))
    assert np.abs(level - wanted).max() < 0.15


def test_a_cabinet_and_a_recording() -> None:
    cab, guitar = measure_sound(CAB), measure_sound(DI)
    assert cab.is_response
    assert cab.peak_at_ms < 1.0
    assert not guitar.is_response
    assert guitar.decay_s is None
    assert 80.0 < guitar.loudest_hz < 500.0


def test_short_and_wide_responses_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    one = measure_sound(wav(tmp_path / "one.wav", np.ones(1) * 0.5))
    assert one.decay_s is None
    wide = np.zeros((6, 480), np.float32)
    wide[1, 3] = 1.0
    many = measure_sound(wav(tmp_path / "many.wav", wide))
    assert many.peak_at_ms == pytest.approx(3000 / RATE)
    for found in (one, many):
        figure = draw_sound(found, "title")
        assert len(figure.axes) == 3
        assert all(np.isfinite(axes.get_ylim()).all() for axes in figure.axes)


def test_silence_has_no_picture(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="is silent: there is nothing to draw"):
        measure_sound(wav(tmp_path / "silent.wav", np.zeros(100)))
