"""Reading, writing and resampling audio files: exact samples, and errors of one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from namgraph import AudioFileError
from namgraph.runtime.io.audio_file import read_audio, resample
from namgraph.runtime.io.audio_writer import SUBTYPES, audio_writer

NOISE = np.random.default_rng(5).uniform(-1, 1, (2, 1000)).astype(np.float32)
STEP = {"float": 0.0, "pcm32": 2.0**-23, "pcm24": 2.0**-23, "pcm16": 2.0**-15}


def wav(path: Path, samples: Any, rate: int = 48_000, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, np.asarray(samples, np.float32).T, rate, subtype=subtype)
    return path


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_written_samples_are_read_back(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.wav"
    with audio_writer(path, 44_100, subtype=subtype) as write:
        write(NOISE)
    found = read_audio(path)
    assert (found.rate, found.subtype) == (44_100, SUBTYPES[subtype])
    assert (found.channels, found.frames) == NOISE.shape
    assert np.abs(found.samples - NOISE).max() <= STEP[subtype]


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_the_same_samples_give_the_same_bytes(
    tmp_path: Path, subtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    with audio_writer(path, 48_000, subtype=subtype) as write:
        write(NOISE)
    first = path.read_bytes()
    if subtype == "float":  # libsndfile writes the time there: it must be gone
        at = first.index(b"PEAK")
        assert at < first.index(b"data")
        assert first[at + 12 : at + 16] == bytes(4)
    with audio_writer(path, 48_000, subtype=subtype) as write:
        write(NOISE)
    assert path.read_bytes() == first


def test_clipping_warns(tmp_path: Path) -> None:
    said: list[str] = []
    loud = np.array([[0.5, 2.0, -2.0, 1.0]], np.float32)
    with audio_writer(tmp_path / "a.wav", 48_000, subtype="pcm16", warn=said.append) as write:
        write(loud)
    assert len(said) == 1
    assert "2 samples beyond full scale" in said[0]
    assert "+6.0 dBFS" in said[0]
    np.testing.assert_allclose(
        read_audio(tmp_path / "a.wav").samples[0], [0.5, 1, -1, 1], atol=1e-4
    )


def test_float_files_keep_samples_beyond_full_scale(tmp_path: Path) -> None:
    said: list[str] = []
    with audio_writer(tmp_path / "a.wav", 48_000, subtype="float", warn=said.append) as write:
        write(NOISE * 3)
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav").samples, NOISE * 3)
    assert not said


def test_a_file_too_long_for_wav_is_written_as_rf64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namgraph.runtime.io.audio_writer.MAX_WAV_BYTES", 100)
    with audio_writer(tmp_path / "a.wav", 48_000) as write:
        write(NOISE)
    assert (tmp_path / "a.wav").read_bytes()[:4] == b"RF64"
    assert read_audio(tmp_path / "a.wav").frames == 1000


def test_read_errors_name_the_file(tmp_path: Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    (tmp_path / "raw.raw").write_bytes(bytes(64))
    for path, said in [
        (tmp_path / "none.wav", "No such file"),
        (tmp_path, "it is a folder, not audio"),
        (text, "not an audio file"),
        (tmp_path / "raw.raw", "begins with nothing but zero bytes, not audio"),
        (wav(tmp_path / "empty.wav", np.zeros((1, 0))), "holds no samples"),
    ]:
        with pytest.raises(AudioFileError, match=said) as caught:
            read_audio(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert str(caught.value).count(path.name) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_nan_or_infinite_are_counted(tmp_path: Path, value: float) -> None:
    samples = NOISE.copy()
    samples[1, 7] = samples[0, 9] = value
    with pytest.raises(AudioFileError, match=r"2 samples .* frame 7 of channel 1"):
        read_audio(wav(tmp_path / "bad.wav", samples))


def test_write_errors_are_raised_before_the_work(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("a file, not a folder")
    for path, said in [
        (plain / "a.wav", "Not a directory"),
        (tmp_path / "none" / "a.wav", "No such file or directory: make the folder .*none first"),
        (tmp_path / "a.txt", "must end in one of .wav"),
        (tmp_path, "must end in one of .wav"),
    ]:
        with pytest.raises(AudioFileError, match=said), audio_writer(path, 48_000):
            pytest.fail("the body began")
    (tmp_path / "folder.wav").mkdir()
    with (
        pytest.raises(
            AudioFileError,
            match=r"^[^:]*folder\.wav: cannot be written: it is a folder, not a plain file$",
        ),
        audio_writer(tmp_path / "folder.wav", 48_000),
    ):
        pytest.fail("the body began")
    with (
        pytest.raises(AudioFileError, match="subtype is 'mp3'"),
        audio_writer(tmp_path / "a.wav", 48_000, subtype="mp3"),
    ):
        pytest.fail("the body began")
    with (
        pytest.raises(AudioFileError, match=r"not 44100\.5"),
        audio_writer(tmp_path / "a.wav", 44_100.5),
    ):
        pytest.fail("the body began")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_keeps_the_existing_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.wav"
    path.write_text("before")

    def fail() -> None:
        with audio_writer(path, 48_000) as write:
            write(NOISE)
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    real, link = tmp_path / "real.wav", tmp_path / "link.wav"
    link.symlink_to(real)
    with audio_writer(link, 48_000) as write:
        write(NOISE)
    assert link.is_symlink()
    assert read_audio(real).frames == 1000


def test_resampling_adds_no_delay() -> None:
    t = np.arange(44_100) / 44_100
    tone = np.sin(2 * np.pi * 1000 * t).astype(np.float32)[None]
    made = resample(tone, 44_100, 48_000)
    assert made.shape == (1, 48_000)
    assert made.flags.c_contiguous
    wanted = np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000)
    assert np.abs(made[0] - wanted)[2000:-2000].max() < 1e-5
    assert resample(tone, 44_100, 44_100) is tone


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "aiff"])
def test_other_formats_are_encoded_with_pedalboard(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("pedalboard")
    t = np.arange(48_000) / 48_000
    tone = (0.25 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)[None]
    target = tmp_path / f"tone.{suffix}"
    with audio_writer(target, 48_000) as write:
        write(tone)
    found = read_audio(target)
    assert (found.rate, found.channels) == (48_000, 1)
    spectrum = np.abs(np.fft.rfft(found.samples[0, 4_000:44_000]))
    assert np.argmax(spectrum) == pytest.approx(440 * 40_000 / 48_000, abs=1)
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


def test_without_pedalboard_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with (
        pytest.raises(AudioFileError, match='pip install "pedalboard'),
        audio_writer(tmp_path / "a.flac", 48_000),
    ):
        pass
    assert not list(tmp_path.iterdir())
