"""Kinds of files by content: each reader names the kind of a file that it cannot read."""

import gzip
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.verify.null_test import verify
from namgraph.graph import NamgraphError
from namgraph.presets.batch.job import read_job
from namgraph.presets.rig import open_rig
from namgraph.runtime.io.audio_file import read_audio
from namgraph.runtime.io.file_kind import AUDIO, complaint, kind_of, kind_of_file

PAGE = b"\n<!DOCTYPE HTML><html><head><title>Not found</title></head></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 295184\n"
KERAS = {"in_shape": [None, None, 1], "layers": [{"type": "lstm", "shape": [None, None, 2]}]}
PROTEUS = {"model_data": {"unit_type": "LSTM"}, "state_dict": {"rec.weight_ih_l0": [[0.1]]}}
SMART = {"residual_channels": 16, "dilations": [1, 2], "variables": []}
RACK = {"namgraph": 1, "name": "", "inputs": {}, "outputs": {}, "nodes": {}, "connections": []}
MODEL = Path(ng.asset("crunch-lstm.nam")).read_bytes()


def sound(kind: str, subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(480, np.float32), 48_000, format=kind, subtype=subtype)
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("amp.nam", MODEL)
    return file.getvalue()


def array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


FILES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is an empty file, not"),
    "page": (PAGE, "is a web page, not {}: fetch the file itself again"),
    "page with mark": (b"\xef\xbb\xbf<html>", "is a web page"),
    "xml": (b'<?xml version="1.0"?><rack/>', "is XML or HTML text"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is a picture (SVG)"),
    "pointer": (
        POINTER,
        "is a Git LFS pointer, not {}: the file itself is fetched by git lfs pull",
    ),
    "gzip": (gzip.compress(MODEL), "is a gzip archive, not {}: unpack it"),
    "zip": (zipped(), "is a zip archive, not {}: unpack it"),
    "AppleDouble": (b"\0\x05\x16\x07\0\x02\0\0Mac OS X", "is what macOS keeps about a file"),
    "big namb": (
        b"NAMB" + bytes(60),
        "is a .namb model of big-endian numbers, not {}: get the .nam",
    ),
    "utf-16": ('{"a": 1}'.encode("utf-16"), "is text in UTF-16, not {}: save it as UTF-8"),
    "utf-16 bare": ('{"a": 1}'.encode("utf-16-le"), "is text in UTF-16"),
    "utf-32": ('{"a": 1}'.encode("utf-32"), "is text in UTF-32"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(9), "is a picture (PNG)"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(9), "is a picture (JPEG)"),
    "pdf": (b"%PDF-1.7\n", "is a PDF document"),
    "mpeg": (b"\0\0\0\x20ftypM4A " + bytes(20), "is audio or video (MPEG-4), not {}: convert it"),
    "midi": (b"MThd\0\0\0\x06", "is a MIDI file"),
    "numpy": (array(), "is a NumPy array"),
    "pickle": (pickle.dumps({"a": 1}), "is a Python pickle, not {}: it may run code"),
    "zeros": (bytes(5000), "is a file that begins with nothing but zero bytes"),
    "program": (b"\x7fELF" + bytes(9), "is a program"),
    "pipedal": (b'{"presets": [{"pedalboard": {}}]}', "is a file of presets of PiPedal"),
    "tone3000": (b'{"presets": [{"blocks": []}]}', "is a file of presets of TONE3000"),
}
SOUNDS = {
    "wav": (sound("WAV"), "is audio (WAV), not {}"),
    "rf64": (sound("RF64"), "is audio (WAV), not {}"),
    "flac": (sound("FLAC"), "is audio (FLAC), not {}"),
    "ogg": (sound("OGG"), "is audio (Ogg), not {}"),
    "mp3": (sound("MP3"), "is audio (MP3), not {}"),
    "aiff": (sound("AIFF"), "is audio (AIFF), not {}"),
}
READERS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "model": (ng.load_nam, ".nam", "a NAM model"),
    "node": (lambda path: _played(ng.Nam(path)), ".nam", "a NAM model"),
    "verify": (verify, ".nam", "a NAM model"),
    "preset": (ng.load_preset, ".json", "a namgraph preset"),
    "rack": (open_rig, ".wav", "a rack (a preset, or a model)"),
    "job": (read_job, ".json", "a job for namgraph batch"),
    "audio": (read_audio, ".wav", "audio"),
    "cabinet": (lambda path: _played(ng.Cab(path)), ".wav", "audio"),
}
OTHERS = {
    "model": {"wav", "rack", "job"},
    "preset": {"flac", "model", "job", "keras", "proteus", "smart", "namb"},
    "job": {"mp3", "model", "rack", "keras"},
    "rack": {"aiff", "job"},
    "audio": {"model", "rack", "job", "proteus"},
}
OWN = {
    "keras": (json.dumps(KERAS).encode(), "is a Keras model for RTNeural (AIDA-X), not {}"),
    "proteus": (json.dumps(PROTEUS).encode(), "is a model of GuitarML (Proteus, NeuralPi), not"),
    "smart": (json.dumps(SMART).encode(), "is a model of GuitarML (SmartAmp), not {}"),
    "namb": (b"BMAN" + bytes(60), "is a .namb model, not {}"),
    "model": (MODEL, "is a NAM model, not {}"),
    "rack": (json.dumps(RACK).encode(), "is a namgraph preset, not {}"),
    "job": (b'{"namgraph_job": 1}', "is a job for namgraph batch, not {}"),
}


def _played(node: ng.Node) -> ng.Engine:
    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("node", node) >> graph.output("out", channels=1)
    return ng.Engine(graph, sample_rate=48_000, max_frames=64)


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_names_the_kind_of_a_file(reader: str, tmp_path: Path) -> None:
    read, suffix, wanted = READERS[reader]
    names = [*FILES, *OTHERS.get(reader, ())]
    for name, (content, said) in {n: {**FILES, **SOUNDS, **OWN}[n] for n in names}.items():
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(content)
        with pytest.raises(NamgraphError) as caught:
            read(str(path))
        line = str(caught.value)
        assert said.format(wanted) in line, (reader, name, line)
        assert line.startswith(str(path))
        assert "\n" not in line


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_is_named_as_a_folder(reader: str, tmp_path: Path) -> None:
    read, suffix, _ = READERS[reader]
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    with pytest.raises(NamgraphError, match=r"is a folder|not a plain file|is not a file"):
        read(str(folder))


@pytest.mark.parametrize("name", SOUNDS)
def test_audio_is_recognised(name: str) -> None:
    kind = kind_of(SOUNDS[name][0])
    assert kind is not None
    assert SOUNDS[name][1].startswith(f"is {kind.what},")
    assert not complaint(kind, AUDIO)


def test_the_wanted_kind_gives_no_error_text(tmp_path: Path) -> None:
    """Positive control: files that are right, and text that nothing is known of."""
    for content in (MODEL, OWN["rack"][0], b"\xef\xbb\xbf{}", b"plain words", b"\xff\xfb\x90\x44"):
        path = tmp_path / "file"
        path.write_bytes(content)
        kind = kind_of_file(str(path))
        assert kind is None or kind.what in (
            "a NAM model", "a namgraph preset", "audio (MP3)", "JSON text"
        )  # fmt: skip
        assert not complaint(kind, kind.what if kind else AUDIO)
    assert kind_of_file(str(tmp_path / "missing")) is None
    assert kind_of(b"[" * 100_000) is None
    path.write_bytes(b"[" * 100_000)
    assert kind_of_file(str(path)) is None


def test_any_bytes_have_a_kind_or_none() -> None:
    rng = np.random.default_rng(1)
    for _ in range(2000):
        content = rng.integers(0, 256, rng.integers(0, 40), np.uint8).tobytes()
        kind = kind_of(content)
        assert kind is None or kind.what
