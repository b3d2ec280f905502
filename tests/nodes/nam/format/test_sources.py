"""``load_nam`` from a path, bytes, text, a dict and a file object; ``save_nam``."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.nam.format import memory_source
from namgraph.nodes.testing import same_bits

from .. import nets
from ..playing import Playing

FILE = nets.lstm(3, 2)
CONTENT = json.dumps(FILE).encode()
SIGNAL = np.random.default_rng(2).uniform(-0.5, 0.5, 300).astype(np.float32)


def zipped(path: Path) -> Any:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as made:
        made.write(path, "inside/amp.nam")
    return zipfile.ZipFile(whole).open("inside/amp.nam")


SOURCES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "path": (lambda path: path, "amp.nam"),
    "text of a path": (str, "amp.nam"),
    "bytes": (lambda path: path.read_bytes(), "<bytes>"),
    "bytearray": (lambda path: bytearray(path.read_bytes()), "<bytes>"),
    "memoryview": (lambda path: memoryview(path.read_bytes()), "<bytes>"),
    "bytes with a mark": (lambda path: b"\xef\xbb\xbf" + path.read_bytes(), "<bytes>"),
    "text": (lambda path: path.read_text(), "<text>"),
    "text after space": (lambda path: "\n\t " + path.read_text(), "<text>"),
    "text with a mark": (lambda path: "\ufeff" + path.read_text(), "<text>"),
    "dict": (lambda path: json.loads(path.read_text()), "<dict>"),
    "mapping": (lambda path: MappingProxyType(json.loads(path.read_text())), "<dict>"),
    "binary file": (lambda path: io.BytesIO(path.read_bytes()), "<file>"),
    "text file": (lambda path: io.StringIO(path.read_text()), "<file>"),
    "archive": (zipped, "inside/amp.nam"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_gives_the_same_model(name: str, tmp_path: Path) -> None:
    make, label = SOURCES[name]
    path = Path(nets.write(tmp_path, FILE, "amp.nam"))
    model = ng.load_nam(make(path))
    assert model.label == (str(path) if label == "amp.nam" else label)
    assert (model.architecture, model.sample_rate, model.weight_count) == (
        "LSTM", 48_000, len(FILE["weights"]),
    )  # fmt: skip
    same_bits(Playing(model)(SIGNAL), Playing(ng.load_nam(path))(SIGNAL))
    if name != "mapping":
        path.write_text("{")  # names the source: the same fault, found in it
    with pytest.raises(ng.NamJsonError) as caught:
        ng.load_nam(make(path) if name not in ("dict", "mapping") else {"weights": {1, 2}})
    assert str(caught.value).startswith(f"{model.label}: is not JSON")


def test_open_files_are_named_read_to_the_end_and_left_open(tmp_path: Path) -> None:
    path = nets.write(tmp_path, FILE, "amp.nam")
    with open(path, "rb") as binary, open(path, encoding="utf-8") as text:
        assert ng.load_nam(binary) == ng.load_nam(text) == ng.load_nam(path)
        assert not binary.closed
        assert not binary.read()
        with pytest.raises(ng.NamReadError, match=r"amp\.nam: is an empty file"):
            ng.load_nam(binary)
    with pytest.raises(ng.NamReadError, match=r"amp\.nam: cannot be read: .*closed file"):
        ng.load_nam(binary)
    with gzip.open(tmp_path / "amp.gz", "wb") as packed:
        packed.write(Path(path).read_bytes())
    with gzip.open(tmp_path / "amp.gz") as packed:
        assert ng.load_nam(packed) == ng.load_nam(path)
    cut = tmp_path / "cut.gz"
    cut.write_bytes((tmp_path / "amp.gz").read_bytes()[:-50])
    with gzip.open(cut) as packed, pytest.raises(ng.NamReadError, match="cannot be read: Compress"):
        ng.load_nam(packed)


def test_a_path_may_begin_with_a_brace_if_it_is_a_path(tmp_path: Path) -> None:
    path = Path(nets.write(tmp_path, FILE, "{amp}.nam"))
    assert ng.load_nam(path).architecture == "LSTM"


def test_a_dict_may_hold_arrays() -> None:
    arrays = FILE | {"weights": np.array(FILE["weights"], np.float32)}
    arrays["config"] = {k: np.int64(v) for k, v in FILE["config"].items()}
    same_bits(Playing(ng.load_nam(arrays))(SIGNAL), Playing(ng.load_nam(FILE))(SIGNAL))


def test_a_model_comes_back_itself() -> None:
    model = ng.load_nam(CONTENT)
    assert ng.load_nam(model) is model


def endless(size: int) -> bytes:
    return b" " * size


class Reader:
    """A file object whose ``read`` is any function."""

    def __init__(self, read: Callable[[int], Any], name: Any = "amp.nam") -> None:
        self.read, self.name = read, name


def refuse(size: int) -> bytes:
    raise OSError("the cable was pulled\nout")


loop: dict[str, Any] = {"version": "0.5.4"}
loop["config"] = loop
deep: Any = []
for _ in range(50_000):
    deep = [deep]

BAD: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "<bytes>: is an empty file, not a NAM model"),
    "no text": (b"\xff\xfe\x00", "<bytes>: is text in UTF-16"),
    "half a character": ('{"a": "\ud800"}', "<text>: is not text (character 7)"),
    "a sound": (Path(ng.asset("cab.wav")).read_bytes(), "<bytes>: is audio (WAV), not a NAM model"),
    "empty dict": ({}, "<dict>: architecture is missing"),
    "an object": (
        {"config": object()},
        "<dict>: is not JSON: no JSON for what is in it, an object",
    ),
    "a type": ({"config": np.ndarray}, "<dict>: is not JSON: no JSON"),
    "a key": ({(1, 2): 3}, "<dict>: is not JSON: keys must be str"),
    "a loop": (loop, "<dict>: "),
    "depth": ({"config": deep}, "<dict>: "),
    "NaN": (FILE | {"weights": [float("nan")]}, "<dict>: weights[0] is NaN: must be a number"),
    "endless": (Reader(endless), "amp.nam: has more than 1000000 bytes, the most that are read"),
    "broken": (Reader(refuse), r"amp.nam: cannot be read: the cable was pulled\nout"),
    "numbers": (Reader(lambda size: 7, name=3), "<file>: read(size) gave 7: must give bytes, or"),
    "no size": (Reader(lambda: b"{}"), "amp.nam: cannot be read: "),  # type: ignore[misc, arg-type]
    "an odd name": (Reader(lambda size: b"", name="a\nb"), r"a\nb: is an empty file"),
    "number": (3, "source is 3: must be the path of a file (str or os.PathLike), its content"),
    "None": (None, "source is None: must be the path"),
    "list": ([CONTENT], "source is a list of 1: must be the path"),
    "array": (np.zeros(3), "source is an array of shape (3,): must be the path"),
    "class": (io.BytesIO, "source is a type: must be the path"),
    "list text": ('["a"]', "source is JSON text (5 characters): must be the path"),
    "graph": (ng.Graph(), "source is a Graph: must be the path"),
    "long bytes": (b" " * 1_000_001, "<bytes>: has 1000001 bytes: at most 1000000"),
    "long text": ("{" + " " * 1_000_000, "<text>: has 1000001 bytes: at most 1000000"),
    "long dict": ({"weights": [0] * 600_000}, "<dict>: has 1200002 bytes: at most 1000000"),
    "long array": ({"weights": np.zeros(600_000)}, "<dict>: has 1200002 bytes: at most 1000000"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_source, "MAX_BYTES", 1_000_000)
    source, said = BAD[name]
    with pytest.raises(ng.NamFileError) as caught:
        ng.load_nam(source)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_saved_files_have_the_bytes_that_were_read(tmp_path: Path) -> None:
    path = Path(nets.write(tmp_path, FILE, "amp.nam"))
    target = tmp_path / "copy.nam"
    for source in (path, path.read_bytes(), path.read_text(), io.BytesIO(path.read_bytes())):
        ng.save_nam(ng.load_nam(source), target)
        assert target.read_bytes() == path.read_bytes()
        target.unlink()
    ng.save_nam(ng.load_nam(FILE), target)
    assert json.loads(target.read_text()) == FILE
    assert ng.load_nam(target) == ng.load_nam(FILE)


def test_what_cannot_be_saved(tmp_path: Path) -> None:
    path = Path(nets.write(tmp_path, FILE, "amp.nam"))
    model = ng.load_nam(path)
    with pytest.raises(ng.ParamError, match=r"model is 'amp\.nam': must be a Model, as"):
        ng.save_nam("amp.nam", "copy.nam")  # type: ignore[arg-type]
    with pytest.raises(ng.NamFileError, match=r"none/copy\.nam: cannot be written"):
        ng.save_nam(model, tmp_path / "none" / "copy.nam")
    path.write_text(json.dumps(nets.lstm(4, 1)))
    with pytest.raises(ng.NamFileError, match=r"amp\.nam: has changed since the model was read"):
        ng.save_nam(model, tmp_path / "copy.nam")
    path.unlink()
    with pytest.raises(ng.NamReadError, match=r"amp\.nam: cannot be read: No such file"):
        ng.save_nam(model, tmp_path / "copy.nam")
    size = ng.load_nam(nets.container(FILE, nets.a1("nano"))).sizes[0].model
    with pytest.raises(ng.NamFileError, match="model is <size 0 of <dict>>: must be a whole model"):
        ng.save_nam(size, tmp_path / "copy.nam")
    assert not list(tmp_path.iterdir()), "nothing is left behind"
