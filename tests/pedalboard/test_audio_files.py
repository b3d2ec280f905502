"""Encoded audio files: written with pedalboard.io, read back with libsndfile."""

from pathlib import Path

import numpy as np
import pytest

import namgraph as ng

from .graphs import noise

pytest.importorskip("pedalboard")

from namgraph.runtime.io.encoders import ENCODED

RATE = 44_100
CLOSE = {"aiff": 1e-6, "flac": 1e-6, "mp3": 0.2, "ogg": 0.2}


@pytest.mark.parametrize("suffix", sorted(ENCODED))
@pytest.mark.parametrize("channels", [1, 2])
def test_written_files_are_read_back(suffix: str, channels: int, tmp_path: Path) -> None:
    t = np.arange(RATE) / RATE
    x = np.stack([0.5 * np.sin(2 * np.pi * 220 * (c + 1) * t) for c in range(channels)])
    path = tmp_path / f"sound{suffix}"
    ng.write_audio(path, x.astype("f4"), RATE)
    found = ng.read_audio(path)
    heard = found.samples
    assert (found.rate, len(heard)) == (RATE, channels)
    assert abs(heard.shape[1] - RATE) < 3000
    if heard.shape[1] == RATE:
        np.testing.assert_allclose(heard, x, atol=CLOSE[ENCODED[suffix]])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_samples_beyond_full_scale_are_clipped(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match="beyond full scale were clipped"):
        ng.write_audio(tmp_path / "loud.flac", 8 * noise(2), RATE)
    assert np.abs(ng.read_audio(tmp_path / "loud.flac").samples).max() <= 1.0 + 1e-6


def test_errors_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_text("no sound")
    for bad, match in [("text.mp3", "there is no audio in it"), ("none.flac", "No such file")]:
        with pytest.raises(ng.AudioFileError, match=match) as caught:
            ng.read_audio(tmp_path / bad)
        assert bad in str(caught.value)
    with pytest.raises(
        ng.AudioFileError, match=r"must end in one of .wav, .flac, .aif, .aiff, .mp3, .ogg"
    ):
        ng.write_audio(tmp_path / "x.wma", noise(1), RATE)
    with pytest.raises(ng.AudioFileError, match="cannot be written"):
        ng.write_audio(tmp_path / "x.mp3", noise(9), RATE)
    assert [p.name for p in tmp_path.iterdir()] == ["text.mp3"]
