"""Path arguments: every function that reads a file refuses other values in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.verify.null_test import verify
from namgraph.graph import FileError, NamgraphError
from namgraph.graph.paths import checked_files, checked_path, describe_value, format_path
from namgraph.presets.batch.job import read_job
from namgraph.presets.rig import open_rig
from namgraph.runtime.io.audio_file import read_audio

MODEL = b'{"version": "0.5.4", "weights": [' + b"0.1, " * 80_000 + b"0]}"
WRONG: list[tuple[Any, str]] = [
    (MODEL, f"is bytes ({len(MODEL)} of them): must be the path of a file"),
    (bytearray(b"x"), "is bytearray (1 of them): must be"),
    (MODEL.decode(), f"is JSON text ({len(MODEL)} characters): must be the path of a file"),
    (np.zeros((2, 8), np.float32), "is an array of shape (2, 8): must be the path of a file"),
    ({"version": "0.5.4"}, "is a dict of 1: must be the path of a file"),
    ([MODEL], "is a list of 1: must be the path of a file"),
    (ng.Graph(), "is a Graph: must be the path of a file"),
    (None, "is None: must be the path of a file"),
    (7, "is 7: must be the path of a file"),
    ("", "is an empty text: must be the path of a file"),
    ("a\0b.nam", r"is 'a\x00b.nam', with a zero byte: must be the path of a file"),
    ("\ud800.nam", r"is '\ud800.nam': no file can be called so"),
    ("x" * 300, "(300 characters): is too long"),
    ("x/" * 3000, "(6000 characters): is too long"),
]
READERS: list[tuple[Callable[[Any], Any], str]] = [
    (ng.Nam, "path"),
    (ng.Cab, "path"),
    (ng.load_preset, "path"),
    (lambda path: ng.save_preset(ng.Graph(), path), "path"),
    (lambda path: ng.draw(ng.Graph(), path), "path"),
    (lambda path: ng.render_models([path], np.zeros(8), 48_000), "paths[0]"),
    (lambda path: ng.NamBank([path]), "paths[0]"),
    (read_audio, "path"),
    (read_job, "path"),
    (verify, "model"),
    (lambda path: verify(ng.asset("crunch-lstm.nam"), source=path), "source"),
    (lambda path: verify(ng.asset("crunch-lstm.nam"), against=path), "against"),
    (open_rig, "rig"),
]


@pytest.mark.parametrize("reader", range(len(READERS)))
def test_what_is_no_path_is_named_in_one_line(reader: int) -> None:
    read, argument = READERS[reader]
    for value, said in WRONG:
        if argument in ("source", "against") and value is None:  # the usual one
            continue
        with pytest.raises(NamgraphError) as caught:
            read(value)
        line = str(caught.value)
        assert line.startswith(f"{argument} is "), line
        assert said in line
        assert "\n" not in line
        assert len(line) < 250


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("one.nam", "paths is 'one.nam': must be a list of files"),
        (Path("one.nam"), "must be a list of files"),
        (b"one.nam", "paths is bytes (7 of them): must be a list of files"),
        ({"a": 1}, "paths is a dict of 1: must be a list of files"),
        (3, "paths is 3: must be a list of files"),
        (np.zeros(4), "paths[0] is an array of shape (): must be the path of a file"),
    ],
)
def test_what_is_no_list_of_paths(value: Any, said: str) -> None:
    for read in (lambda v: ng.render_models(v, np.zeros(8), 48_000), ng.NamBank):
        with pytest.raises(NamgraphError) as caught:
            read(value)
        assert said in str(caught.value)


def test_paths_pass(tmp_path: Path) -> None:
    for name in ("a.nam", "[Marshall] JCM {800}.nam", "b\u00fc \U0001f3b8.nam", "x" * 255):
        assert checked_path(name, "path", FileError) == name
        assert checked_path(tmp_path / name, "path", FileError) == str(tmp_path / name)
    assert checked_files((Path("a"), "b"), "paths", FileError) == ("a", "b")
    assert checked_files(iter(["a"]), "paths", FileError) == ("a",)


def test_a_node_of_ones_own_has_its_paths_checked() -> None:
    @ng.node("test_paths_reader")
    class Reader(ng.Node):
        path: str = ng.file()

    assert Reader(path="a.txt").path == "a.txt"
    kept: Any = Reader(path=Path("a.txt")).path  # type: ignore[arg-type]
    assert kept == Path("a.txt")
    for wrong in (None, b"a", ["a"]):
        with pytest.raises(FileError, match=r"^path is "):
            Reader(path=wrong)  # type: ignore[arg-type]


def test_what_is_said_of_a_value_is_short() -> None:
    assert describe_value(np.zeros((3, 4))) == "an array of shape (3, 4)"
    assert describe_value("x" * 1000) == "'" + "x" * 36 + "..."
    assert describe_value(object()) == "an object"
    assert format_path("short") == "short"
    assert len(format_path("y" * 4000)) < 125
