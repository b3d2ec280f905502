"""Reading audio files in blocks: headers that claim too much, memory limits, errors of one line."""

import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph.runtime.io.audio_reader as sound
from namgraph import AudioFileError
from namgraph.cli.describe import describe
from namgraph.runtime.io.audio_file import read_audio, resample, scan_audio
from namgraph.runtime.io.audio_reader import open_sound

NOISE = np.random.default_rng(5).uniform(-1, 1, (100_000, 2))
MOST = (1 << 36) - 1
UNKNOWN = 0
TOTAL = slice(18, 26)
"""Offset in a FLAC file of rate, channels, and (last 36 bits) frames."""


def claim(path: Path, frames: int) -> Path:
    """Write a FLAC file of 100,000 frames that claims others."""
    soundfile.write(path, NOISE, 48_000, format="FLAC", subtype="PCM_16")
    data = bytearray(path.read_bytes())
    known = int.from_bytes(data[TOTAL], "big")
    data[TOTAL] = (known & ~MOST | frames).to_bytes(8, "big")
    path.write_bytes(data)
    return path


def empty_claim(path: Path, frames: int) -> Path:
    """Write the head of a FLAC file, and no frame."""
    data = claim(path, frames).read_bytes()
    path.write_bytes(b"fLaC" + b"\x80\0\0\x22" + data[8:42] + bytes(55))
    return path


@pytest.mark.parametrize("read", [read_audio, scan_audio, describe])
@pytest.mark.parametrize("frames", [MOST, 100_001])
def test_a_header_that_claims_more_frames_than_there_are(
    tmp_path: Path, read: Any, frames: int
) -> None:
    path = claim(tmp_path / "a.flac", frames)
    with pytest.raises(AudioFileError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(frames) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [read_audio, scan_audio, describe])
def test_a_header_that_claims_frames_where_there_are_none(tmp_path: Path, read: Any) -> None:
    path = empty_claim(tmp_path / "a.flac", MOST)
    assert path.stat().st_size == 97
    with pytest.raises(AudioFileError, match=f"^{path}: "):
        read(path)


@pytest.mark.parametrize("read", [read_audio, scan_audio, describe])
def test_a_truncated_compressed_file_is_reported_as_cut_off(tmp_path: Path, read: Any) -> None:
    path = claim(tmp_path / "a.flac", len(NOISE))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioFileError, match=rf"^{path}: is (damaged or )?cut off"):
        read(path)


def test_a_stream_without_a_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = claim(tmp_path / "a.flac", UNKNOWN)
    wanted = soundfile.read(claim(tmp_path / "b.flac", len(NOISE)), dtype="float32")[0].T
    np.testing.assert_array_equal(read_audio(path).samples, wanted)
    assert scan_audio(path) == (2, len(NOISE), 48_000)
    assert describe(path)["frames"] == len(NOISE)


def test_a_long_file_is_described_and_scanned_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 48_000, 8, "PCM_24") as file:
        for _ in range(60):
            file.write(np.zeros((48_000, 8), np.float32))
    assert path.stat().st_size < 100_000
    whole = 60 * 48_000 * 8 * 4
    for read in (describe, scan_audio):
        tracemalloc.start()
        read(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < whole / 10
    tracemalloc.start()  # the same counter sees what holds all samples
    held = read_audio(path).samples
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held.nbytes == whole <= peak


def test_samples_in_memory_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 150_000
    monkeypatch.setattr(sound, "MAX_AUDIO_SAMPLES", limit)
    said = f"100000 frames of 2 channels: at most {limit} samples are held"
    for frames in (len(NOISE), UNKNOWN):
        path = claim(tmp_path / "a.flac", frames)
        for read in (read_audio, scan_audio):
            with pytest.raises(AudioFileError, match=said if frames else "at most"):
                read(path)
        assert describe(path)["frames"] == len(NOISE)


def test_a_memory_error_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = claim(tmp_path / "a.flac", len(NOISE))

    def refuse(*_: Any, **__: Any) -> Any:
        raise MemoryError

    with open_sound(path) as found:
        monkeypatch.setattr(found.checked_blocks.__globals__["np"], "empty", refuse)
        with pytest.raises(AudioFileError, match=r"needs more than .* of memory"):
            found.samples()


def test_resampling_has_the_same_limit() -> None:
    short = np.zeros((1, 10_000), np.float32)
    said = r"^in\.wav: from 1 to 1e\+06 Hz it would have 1e\+10 samples: at most 2147483648 "
    with pytest.raises(AudioFileError, match=said):
        resample(short, 1, 1_000_000, "in.wav")


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    for path, said in (
        (tmp_path, "it is a folder, not audio"),
        (tmp_path / "pipe.wav", "it is a pipe, not audio"),
        (Path("/dev/zero"), "it is a device, not audio"),
    ):
        for read in (read_audio, scan_audio):
            with pytest.raises(AudioFileError, match=f"^{path}: cannot be read: {said}$"):
                read(path)
    (tmp_path / "none.wav").touch()
    with pytest.raises(AudioFileError, match="is an empty file, not audio"):
        read_audio(tmp_path / "none.wav")
