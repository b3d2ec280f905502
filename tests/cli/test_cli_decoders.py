"""Messages that audio decoders print: none reaches the command's stderr."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from namgraph import AudioFileError
from namgraph.cli.console import note, silent_decoders
from namgraph.cli.main import main
from namgraph.runtime.io.audio_file import read_audio
from namgraph.runtime.io.decoder_messages import quiet

from .command import LSTM

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="file descriptors of POSIX"),
    pytest.mark.skipif("MP3" not in soundfile.available_formats(), reason="libsndfile has no MP3"),
]
COMMAND = [sys.executable, "-m", "namgraph.cli.main"]


@pytest.fixture
def broken(there: Path) -> Path:
    """A folder with MP3 files of which no or few frames are left."""
    tone = 0.2 * np.sin(np.arange(48_000) / 10)
    soundfile.write("whole.mp3", tone, 48_000)
    data = Path("whole.mp3").read_bytes()
    Path("junk.mp3").write_bytes(data[:200] + bytes(5000))
    Path("tag.mp3").write_bytes(b"ID3\x03\0\0\0\0\0\x0a" + bytes(10))
    Path("lyrics3.mp3").write_bytes(b"LYRICSBEGIN" + b"IND0000200LYRICS200TAG" + bytes(125))
    Path("cut.mp3").write_bytes(data[: len(data) // 2])
    return there


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=200)
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", ["junk", "tag", "lyrics3"])
def test_an_mp3_without_audio_is_one_line(
    broken: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said = f"{name}.mp3: there is no audio in it: no MPEG frame was found"
    with pytest.raises(AudioFileError, match=f"^{said}$"):
        read_audio(f"{name}.mp3")
    capfd.readouterr()  # a program's own stderr is left alone
    for arguments in (
        ["info", f"{name}.mp3"],
        ["render", LSTM, f"{name}.mp3", "out.wav"],
        ["render", LSTM, "in.wav", "out.wav", "--ir", f"{name}.mp3"],
    ):
        assert main(arguments) == 2
        assert capfd.readouterr().err == f"namgraph: error: {said}\n"  # of libraries, too


def test_the_process_says_no_more_than_that_line(broken: Path) -> None:
    said = "junk.mp3: there is no audio in it: no MPEG frame was found"
    assert run("render", LSTM, "junk.mp3", "out.wav") == (2, f"namgraph: error: {said}\n")


def test_decoder_messages_do_not_reach_stderr(broken: Path) -> None:
    assert run("info", "cut.mp3") == (0, "")
    code = "import soundfile; soundfile.read('cut.mp3')"  # the control: it does write
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if not done.stderr:
        pytest.skip("this libsndfile is quiet by itself")
    code = "from namgraph.runtime.io.audio_file import read_audio; read_audio('cut.mp3')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr  # a program's own stderr is left alone


def test_stderr_lines_wait_for_a_silenced_decoder(capfd: pytest.CaptureFixture[str]) -> None:
    with silent_decoders():
        inside, done = threading.Event(), threading.Event()

        def speak() -> None:
            inside.wait()
            note("heard")
            done.set()

        speaker = threading.Thread(target=speak)
        speaker.start()
        with quiet():
            os.write(2, b"noise")
            inside.set()
            assert not done.wait(0.1)
        speaker.join()
        os.write(2, b"after")
    err = capfd.readouterr().err
    assert "noise" not in err
    assert "namgraph: heard\n" in err
    assert "after" in err


def test_a_closed_stderr_is_no_error(broken: Path) -> None:
    line = f"'{sys.executable}' -m namgraph.cli.main info whole.mp3 2>&-"
    assert subprocess.run(["sh", "-c", line], capture_output=True, timeout=200).returncode == 0
