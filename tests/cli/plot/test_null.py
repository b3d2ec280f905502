"""Null depth by band and overall, of differences that are known; a perfect null."""

from pathlib import Path

import numpy as np
import pytest

from namgraph.cli.plot.null import CENTERS, draw_null, measure_null
from namgraph.graph import AudioFileError

from ..command import RATE, wav

NOISE = np.random.default_rng(3).standard_normal(2 * RATE).astype(np.float32) * 0.1
SECONDS = np.arange(NOISE.size) / RATE


def test_a_scaled_copy_nulls_alike_in_every_band(tmp_path: Path) -> None:
    a, b = wav(tmp_path / "a.wav", NOISE), wav(tmp_path / "b.wav", NOISE * np.float32(1.001))
    found = measure_null(a, b)
    assert found.rms_db == pytest.approx(-60.0, abs=0.01)
    assert found.peak_db == pytest.approx(-60.0, abs=0.01)
    assert np.abs(found.depths + 60.0).max() < 0.1
    assert (found.late, found.inverted, found.longer, found.perfect) == (0, False, 0, False)


def test_a_difference_in_one_band_is_seen_there(tmp_path: Path) -> None:
    tone = (1e-4 * np.sin(2 * np.pi * 1000.0 * SECONDS)).astype(np.float32)
    found = measure_null(wav(tmp_path / "a.wav", NOISE), wav(tmp_path / "b.wav", NOISE + tone))
    band = int(np.abs(CENTERS - 1000.0).argmin())
    assert found.depths.argmax() == band
    others = np.delete(found.depths, [band - 1, band, band + 1])
    assert others.max() < found.depths[band] - 40.0
    share = (2 ** (1 / 6) - 2 ** (-1 / 6)) * 1000.0 / (RATE / 2)  # of the noise's power
    wanted = 10 * np.log10(1e-8 / 2 / (0.01 * share))
    assert found.depths[band] == pytest.approx(wanted, abs=1.0)


def test_a_perfect_null_is_said_and_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    a, b = wav(tmp_path / "a.wav", NOISE), wav(tmp_path / "b.wav", NOISE)
    found = measure_null(a, b)
    assert found.perfect
    assert np.isneginf(found.depths).all()
    figure = draw_null(found, ("a.wav", "b.wav"))
    for axes in figure.axes:
        assert "perfect null: all 96000 frames are equal" in [t.get_text() for t in axes.texts]
        assert np.isfinite(axes.get_ylim()).all()
    bars = figure.axes[0].patches
    assert len(bars) == CENTERS.size
    assert all(np.isfinite(bar.get_height()) and bar.get_height() < 0 for bar in bars)
    names = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert "exactly 0" in names
    assert "difference" not in names


def test_delay_polarity_and_length_are_named(tmp_path: Path) -> None:
    a = wav(tmp_path / "a.wav", NOISE)
    late = wav(tmp_path / "late.wav", np.concatenate([np.zeros(64, np.float32), NOISE]))
    found = measure_null(a, late)
    assert (found.late, found.longer, found.inverted) == (64, 64, False)
    assert measure_null(late, a).late == -64
    turned = measure_null(a, wav(tmp_path / "turned.wav", -NOISE))
    assert turned.inverted
    assert turned.rms_db == pytest.approx(20 * np.log10(2.0), abs=1e-6)


def test_a_band_without_signal_has_no_depth(tmp_path: Path) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 1000.0 * SECONDS) * np.hanning(SECONDS.size)).astype("f4")
    a = wav(tmp_path / "a.wav", tone, rate=8000)
    found = measure_null(a, wav(tmp_path / "b.wav", tone * np.float32(0.5), rate=8000))
    assert np.isnan(found.depths[CENTERS > 5000.0]).all()  # above half the rate
    assert found.rms_db == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        (np.zeros(1000), RATE, "b.wav: is silent: nothing can be compared with it"),
        (NOISE[:1000], 44_100, "has 1 channel at 44100 Hz, .*must agree to be compared"),
        (np.stack([NOISE, NOISE])[:, :1000], RATE, "has 2 channels at 48000 Hz"),
    ],
)
def test_what_cannot_be_compared(tmp_path: Path, samples: np.ndarray, rate: int, said: str) -> None:
    with pytest.raises(AudioFileError, match=said):
        measure_null(wav(tmp_path / "a.wav", NOISE), wav(tmp_path / "b.wav", samples, rate))
