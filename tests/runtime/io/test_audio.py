"""``ng.read_audio`` and ``ng.write_audio``: round trips, and errors of one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng

RATE = 44_100
STEREO = np.random.default_rng(0).uniform(-0.9, 0.9, (2, 1000)).astype(np.float32)


@pytest.mark.parametrize(
    ("subtype", "stored", "step"),
    [
        ("float", "FLOAT", 0.0),
        ("pcm32", "PCM_32", 2.0**-24),  # what float32 itself holds near 1
        ("pcm24", "PCM_24", 2.0**-23),
        ("pcm16", "PCM_16", 2.0**-15),
    ],
)
def test_written_samples_are_read_back(
    tmp_path: Path, subtype: str, stored: str, step: float
) -> None:
    path = tmp_path / "a.wav"
    ng.write_audio(path, STEREO, RATE, subtype=subtype)
    found = ng.read_audio(str(path))
    assert isinstance(found, ng.AudioFile)
    assert (found.rate, found.subtype, found.channels, found.frames) == (RATE, stored, 2, 1000)
    assert found.samples.dtype == np.float32
    assert np.abs(found.samples - STEREO).max() <= step
    independent, rate = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(independent.T, found.samples)
    assert rate == RATE


def test_one_dimension_is_mono_and_float64_is_accepted(tmp_path: Path) -> None:
    ng.write_audio(tmp_path / "a.wav", [0.25, -0.5], 48_000.0)
    np.testing.assert_array_equal(ng.read_audio(tmp_path / "a.wav").samples, [[0.25, -0.5]])


def test_clipping_is_a_warning(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match=r"a.wav: 1 samples beyond full scale were clipped"):
        ng.write_audio(tmp_path / "a.wav", [0.0, 2.0], RATE)
    assert ng.read_audio(tmp_path / "a.wav").samples.max() == pytest.approx(1.0, abs=1e-6)
    ng.write_audio(tmp_path / "b.wav", [0.0, 2.0], RATE, subtype="float")
    assert ng.read_audio(tmp_path / "b.wav").samples.max() == 2.0


@pytest.mark.parametrize(
    ("samples", "rate", "more", "said"),
    [
        (np.zeros((1000, 2)), RATE, {}, r"shape \(1000, 2\): .*: transpose them"),
        (np.zeros((1, 2, 3)), RATE, {}, r"shape \(1, 2, 3\): must be \(channels, frames\)"),
        (np.zeros(0), RATE, {}, "not empty"),
        ([1, 2], RATE, {}, "samples are int64: must be floating point"),
        ([[0.0], [0.0, 1.0]], RATE, {}, "samples are no array"),
        ([0.0, np.nan], RATE, {}, r"1 sample is NaN or infinite \(the first is frame 1 of"),
        ([0.0, 1e300], RATE, {}, "NaN or infinite"),
        ([0.0], 0, {}, "rate is 0: must be a whole number"),
        ([0.0], 44_100.5, {}, "rate is 44100.5: must be a whole number"),
        ([0.0], float("nan"), {}, "rate is nan"),
        ([0.0], RATE, {"subtype": "pcm8"}, "subtype is 'pcm8': must be one of float, pcm32"),
    ],
)
def test_write_errors_are_one_line(
    tmp_path: Path, samples: Any, rate: Any, more: Any, said: str
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"what was there")
    with pytest.raises(ng.AudioFileError, match=said):
        ng.write_audio(path, samples, rate, **more)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_wrong_types_are_named() -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="path is int: must be the name of an audio file"):
        ng.read_audio(wrong)
    with pytest.raises(TypeError, match="path is int"):
        ng.write_audio(wrong, [0.0], RATE)
    fast: Any = "48000"
    with pytest.raises(TypeError, match="rate is '48000': must be a number"):
        ng.write_audio("a.wav", [0.0], fast)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ng.AudioFileError, match=r"no.wav: cannot be read: No such file"):
        ng.read_audio(tmp_path / "no.wav")
    with pytest.raises(ng.AudioFileError, match=r"a.wav: cannot be written: No such file"):
        ng.write_audio(tmp_path / "no" / "a.wav", [0.0], RATE)


def test_the_short_names_are_the_same_functions(tmp_path: Path) -> None:
    assert (ng.read, ng.write) == (ng.read_audio, ng.write_audio)
    noise = np.random.default_rng(0).uniform(-1, 1, (2, 999)).astype(np.float32)
    for suffix, subtype in ((".wav", "float"), (".wav", "pcm24"), (".wave", "pcm16")):
        path = tmp_path / f"{subtype}{suffix}"
        ng.write(path, noise, 44_100, subtype=subtype)
        samples, rate = ng.read(path)
        assert (samples.shape, samples.dtype, rate) == ((2, 999), np.float32, 44_100)
        np.testing.assert_allclose(samples, noise, atol={"pcm16": 4e-5}.get(subtype, 2e-7))
    whole = ng.read(tmp_path / "float.wav")
    assert (whole[0] is whole.samples, whole[1]) == (True, 44_100)
    with pytest.raises(IndexError):
        _ = whole[2]
    spread = ng.Graph.chain(ng.Gain(), channels=2)
    heard = ng.render(spread, *ng.read(tmp_path / "float.wav"))
    np.testing.assert_array_equal(heard, noise)


@pytest.mark.parametrize("suffix", [".flac", ".aiff", ".aif", ".mp3", ".ogg"])
def test_every_format_goes_out_and_comes_in(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("pedalboard")
    tone = (0.5 * np.sin(np.arange(9600) * 0.05)).astype(np.float32)
    ng.write(tmp_path / f"a{suffix}", np.stack([tone, -tone]), 48_000)
    samples, rate = ng.read(tmp_path / f"a{suffix}")
    assert (len(samples), rate) == (2, 48_000)
    lossy = suffix in (".mp3", ".ogg")
    assert samples.shape[1] >= 9600
    if not lossy:
        np.testing.assert_allclose(samples[0], tone, atol=1e-6)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.03)
