"""Files that appear whole: names of any length, and who is to blame for what."""

import errno
from pathlib import Path

import numpy as np
import pytest
import soundfile

from namgraph import AudioFileError, FileError, Gain, Graph, PresetError, save_preset
from namgraph.runtime.adapters.atomic import whole_file, why_not, writing
from namgraph.runtime.adapters.files import audio_writer

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("length", [249, 255])
def test_a_name_as_long_as_names_may_be(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("a" * (length - 4) + ".wav")
    with audio_writer(path, 48_000) as write:
        write(np.zeros((1, 9), np.float32))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_an_error_of_the_body_stays_its_own(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space") as caught, whole_file(tmp_path / "a"):
        raise FULL
    assert caught.value is FULL
    assert not list(tmp_path.iterdir())


def test_an_error_while_writing_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    said = rf"^{path}: cannot be written: No space left on device$"
    with pytest.raises(PresetError, match=said), whole_file(path), writing(str(path), PresetError):
        raise FULL


def test_a_place_that_was_taken_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(FileError, match=rf"^{path}: cannot be written: "), whole_file(path):
        path.mkdir()
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_preset_and_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise FULL

    graph = Graph()
    graph.input("in", channels=1) >> graph.add("g", Gain()) >> graph.output("out", channels=1)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(PresetError, match=r"rack\.json: cannot be written: No space"):
        save_preset(graph, tmp_path / "rack.json")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_why_a_library_could_not_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not(Path("/dev/full")) == "No space left on device"
    assert why_not(tmp_path) == "Is a directory"
    assert why_not(tmp_path / "fine") == ""

    def fail(*_: object, **__: object) -> None:
        raise soundfile.LibsndfileError(2)

    monkeypatch.setattr(soundfile, "write", fail)
    monkeypatch.setattr("namgraph.runtime.adapters.files.why_not", lambda part: "Disk quota")
    with (
        pytest.raises(AudioFileError, match=r"a\.wav: cannot be written: Disk quota$"),
        audio_writer(tmp_path / "a.wav", 48_000) as write,
    ):
        write(np.zeros((1, 9), np.float32))
