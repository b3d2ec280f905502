"""WAV headers: truncated files, unset lengths, missing pad bytes."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from namgraph import AudioFileError
from namgraph.runtime.io.audio_file import read_audio
from namgraph.runtime.io.wav_header import MAX_CHUNKS, Spliced, read_wave

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
def test_a_truncated_file(tmp_path: Path, subtype: str, left: int) -> None:
    path = tmp_path / "cut.wav"
    data = plain(path, subtype)
    start = length_at(data) + 4
    size = int.from_bytes(data[start - 4 : start], "little")
    path.write_bytes(data[: start + left * size // FRAMES])
    said = rf"^{path}: is cut off: its header says {FRAMES} frames, {left} are there"
    with pytest.raises(AudioFileError, match=said):
        read_audio(path)


def test_a_truncated_compressed_file(tmp_path: Path) -> None:
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


def test_a_complete_file_is_read(tmp_path: Path) -> None:
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


def test_chunks_before_the_samples_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    data = plain(path)
    at = data.index(b"data")
    more = b"junk\x03\0\0\0abc\0"
    riff = (len(data) + len(more) - 8).to_bytes(4, "little")
    path.write_bytes(b"RIFF" + riff + data[8:at] + more + data[at:-6])
    with pytest.raises(AudioFileError, match=f"{FRAMES} frames, {FRAMES - 1} are there"):
        read_audio(path)


def test_a_header_truncated_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    data = plain(path)
    for size in range(length_at(data) + 8):
        path.write_bytes(data[:size])
        with pytest.raises(AudioFileError, match=rf"^{path}: "):
            read_audio(path)


def chunks(*parts: tuple[bytes, bytes], padded: bool = True) -> bytes:
    """Return a WAV file of these chunks, with pad bytes or without."""
    body = b""
    for name, content in parts:
        pad = bytes(len(content) % 2) if padded else b""
        body += name + len(content).to_bytes(4, "little") + content + pad
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WAVE" + body


@pytest.mark.parametrize("before", [1, 3])
@pytest.mark.parametrize("padded", [True, False])
def test_a_chunk_of_odd_length_may_have_no_pad_byte(
    tmp_path: Path, padded: bool, before: int
) -> None:
    samples = np.random.default_rng(6).integers(-(2**15), 2**15, 1001).astype("<i2")
    form = np.array([1, 1], "<u2").tobytes() + np.array([48_000, 96_000], "<u4").tobytes()
    form += np.array([2, 16], "<u2").tobytes()
    odd = [(b"bext", bytes(603)), (b"LIST", b"INFOx"), (b"bext", bytes(1))][:before]
    path = tmp_path / "odd.wav"
    path.write_bytes(chunks(*odd, (b"fmt ", form), (b"data", samples.tobytes()), padded=padded))
    found = read_audio(path)
    assert (found.channels, found.rate) == (1, 48_000)
    np.testing.assert_array_equal(found.samples[0], samples / np.float32(2**15))


def test_a_long_stream_without_a_length_is_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "stream.wav"
    data = plain(path)
    data[length_at(data) : length_at(data) + 4] = bytes(4)
    path.write_bytes(data)
    with path.open("rb") as file:
        pieces = read_wave("a", file).pieces
        assert sum(len(p) for p in pieces if isinstance(p, bytes)) == 4
        seen = io.BufferedReader(Spliced(file, pieces))
        at = length_at(data)
        wanted = bytes(data[:at] + b"\xff" * 4 + data[at + 4 :])
        assert seen.read() == wanted
        for place, whence in ((7, 0), (-9, 2), (at - 1, 0)):
            begin = seen.seek(place, whence)
            assert seen.read(3) == wanted[begin : begin + 3]


def test_a_file_of_empty_chunks_only_is_read_up_to_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "chunks.wav"
    path.write_bytes(b"RIFF\xff\xff\xff\x7fWAVE" + b"junk\0\0\0\0" * 200_000)
    with path.open("rb") as file:
        assert read_wave("a", file).pieces == ()
        assert file.tell() == 12 + 8 * MAX_CHUNKS
    with pytest.raises(AudioFileError, match=f"^{path}: "):
        read_audio(path)
