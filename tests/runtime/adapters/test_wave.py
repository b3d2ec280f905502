"""WAV files that end too soon, and files that only look so."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from namgraph import AudioFileError
from namgraph.runtime.adapters.files import read_audio

FRAMES = 4_800


def plain(path: Path, subtype: str = "PCM_24", channels: int = 2) -> bytearray:
    noise = np.random.default_rng(5).uniform(-1, 1, (FRAMES, channels))
    soundfile.write(path, noise, 48_000, subtype=subtype)
    return bytearray(path.read_bytes())


def length_at(data: bytearray) -> int:
    """Where the length of the samples stands."""
    return data.index(b"data") + 4


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("left", [0, 1, 230, FRAMES - 1])
def test_a_file_that_was_cut_off(tmp_path: Path, subtype: str, left: int) -> None:
    path = tmp_path / "cut.wav"
    data = plain(path, subtype)
    start = length_at(data) + 4
    size = int.from_bytes(data[start - 4 : start], "little")
    path.write_bytes(data[: start + left * size // FRAMES])
    said = rf"^{path}: is cut off: its header says {FRAMES} frames, {left} are there"
    with pytest.raises(AudioFileError, match=said):
        read_audio(path)


def test_a_compressed_file_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    data = plain(path, "IMA_ADPCM", 1)
    path.write_bytes(data[: length_at(data) + 4 + 300])
    with pytest.raises(AudioFileError, match=r"is cut off: .* bytes, 300 are there"):
        read_audio(path)


@pytest.mark.parametrize("told", [0, 0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFF000, 0x80000000])
def test_a_stream_has_no_length(tmp_path: Path, told: int) -> None:
    path = tmp_path / "stream.wav"
    data = plain(path)
    wanted = read_audio(path).samples
    at = length_at(data)
    data[at : at + 4] = told.to_bytes(4, "little")
    path.write_bytes(data)
    np.testing.assert_array_equal(read_audio(path).samples, wanted)


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    path = tmp_path / "whole.wav"
    data = plain(path, "PCM_24", 1)
    path.write_bytes(data + b"LIST\x04\0\0\0abcd")  # chunks after the samples
    assert read_audio(path).frames == FRAMES
    at = length_at(data)
    told = int.from_bytes(data[at : at + 4], "little") + 2  # half a frame too many
    path.write_bytes(data[:at] + told.to_bytes(4, "little") + data[at + 4 :])
    assert read_audio(path).frames == FRAMES


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros((0, 1)), 48_000)
    data = path.read_bytes()
    for more in (b"", b"LIST\x04\0\0\0abcd", b"LIST\x03\0\0\0abc"):
        path.write_bytes(data + more)
        with pytest.raises(AudioFileError, match="holds no samples"):
            read_audio(path)


def test_chunks_before_the_samples_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    data = plain(path)
    at = data.index(b"data")
    more = b"junk\x03\0\0\0abc\0"
    riff = (len(data) + len(more) - 8).to_bytes(4, "little")
    path.write_bytes(b"RIFF" + riff + data[8:at] + more + data[at:-6])
    with pytest.raises(AudioFileError, match=f"{FRAMES} frames, {FRAMES - 1} are there"):
        read_audio(path)


def test_a_header_may_be_cut_off_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    data = plain(path)
    for size in range(length_at(data) + 8):
        path.write_bytes(data[:size])
        with pytest.raises(AudioFileError, match=rf"^{path}: "):
            read_audio(path)
