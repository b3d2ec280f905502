"""Atomic writing: long names, errors, temporary files of killed writers."""

import errno
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from namgraph import AudioFileError, FileError, Gain, Graph, PresetError, save_preset
from namgraph.runtime.io import atomic_write as atomic
from namgraph.runtime.io.atomic_write import (
    _part,
    remove_left_over,
    whole_file,
    why_not,
    writing,
)
from namgraph.runtime.io.audio_writer import audio_writer

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("length", [249, 255])
def test_names_of_maximal_length(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("a" * (length - 4) + ".wav")
    with audio_writer(path, 48_000) as write:
        write(np.zeros((1, 9), np.float32))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_an_error_of_the_body_is_not_converted(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space") as caught, whole_file(tmp_path / "a"):
        raise FULL
    assert caught.value is FULL
    assert not list(tmp_path.iterdir())


def test_an_error_while_writing_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    said = rf"^{path}: cannot be written: No space left on device$"
    with pytest.raises(PresetError, match=said), whole_file(path), writing(str(path), PresetError):
        raise FULL


def test_a_target_created_during_the_body(tmp_path: Path) -> None:
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

    monkeypatch.setattr(soundfile.SoundFile, "write", fail)
    monkeypatch.setattr("namgraph.runtime.io.audio_writer.why_not", lambda part: "Disk quota")
    with (
        pytest.raises(AudioFileError, match=r"a\.wav: cannot be written: Disk quota$"),
        audio_writer(tmp_path / "a.wav", 48_000) as write,
    ):
        write(np.zeros((1, 9), np.float32))


# --- what killed writers leave

KILLED = """
import os, sys
from namgraph.runtime.io.atomic_write import whole_file
with whole_file(sys.argv[1]) as part:
    part.write_text("half")
    print(part.name, flush=True)
    sys.stdin.read() if sys.argv[2] == "wait" else os._exit(9)
"""


def writer(path: Path, how: str) -> "tuple[subprocess.Popen[str], Path]":
    """Begin to write a file in another process, which dies or waits; return it, and the part."""
    command = [sys.executable, "-c", KILLED, str(path), how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, path.with_name(process.stdout.readline().strip())


def written(path: Path, text: str) -> None:
    with whole_file(path) as part:
        part.write_text(text)


@pytest.mark.parametrize("how", ["write", "remove"])
def test_the_next_writer_removes_the_file_of_a_killed_one(tmp_path: Path, how: str) -> None:
    process, part = writer(tmp_path / "a", "die")
    assert process.wait(60) == 9
    process.communicate()
    other = tmp_path / ".namgraph-0123456789abcdef.part"
    other.write_text("of another file")
    assert part.read_text() == "half"
    if how == "write":
        written(tmp_path / "a", "whole")
        assert (tmp_path / "a").read_text() == "whole"
    else:
        remove_left_over(tmp_path / "a")
    assert not part.exists()
    assert other.exists(), "this is no file of ours to remove"


@pytest.mark.skipif(os.name == "nt", reason="nothing is locked")
def test_the_file_of_a_running_writer_is_kept(tmp_path: Path) -> None:
    process, part = writer(tmp_path / "a", "wait")
    remove_left_over(tmp_path / "a")
    assert part.read_text() == "half"
    written(tmp_path / "a", "mine")
    assert (tmp_path / "a").read_text() == "mine"
    assert part.read_text() == "half"
    process.communicate("go on", timeout=60)
    assert process.returncode == 0
    assert (tmp_path / "a").read_text() == "half", "it ended last"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_another_kind_of_file_at_the_temporary_name(tmp_path: Path, kind: str) -> None:
    part, kept = _part(tmp_path / "a"), tmp_path / "kept"
    kept.write_text("kept")
    if kind == "pipe" and not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    if kind == "folder":
        part.mkdir()
    elif kind == "link":
        part.symlink_to(kept)
    else:
        os.mkfifo(part)
    written(tmp_path / "a", "whole")
    assert (tmp_path / "a").read_text() == "whole"
    assert kept.read_text() == "kept"


def test_without_locks_only_old_files_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "fcntl", None)
    part = _part(tmp_path / "a")
    part.write_text("half")
    written(tmp_path / "a", "one")
    assert part.exists()
    os.utime(part, (0, time.time() - 2 * atomic.LEFT_OVER_S))
    written(tmp_path / "a", "two")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "two"


def test_many_threads_write_one_file(tmp_path: Path) -> None:
    def write(n: int) -> None:
        for _ in range(50):
            written(tmp_path / "a", str(n) * 999)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert (tmp_path / "a").read_text() in [str(n) * 999 for n in range(4)]
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
