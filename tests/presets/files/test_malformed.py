"""Malformed presets and bundles: one clear error each, nothing written, bounded memory and time."""

import json
import os
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.files import zip_check
from namgraph.presets.files.references import sha256_of
from namgraph.presets.files.unpack import unpack_bundle

from .zips import RACK, archive, end, link, patched, rack_with

GOOD = ("rack.json", RACK)
WHOLE = archive(GOOD, ("files/a.wav", b"RIFF" * 100))
ZEROS = "0" * 64
LARGE = bytes(3 << 20)


def hashed(path: str, content: bytes = b"abc", size: int | None = None, digest: str = "") -> Any:
    sha = digest or "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    return {"path": path, "size": len(content) if size is None else size, "sha256": sha}


def named(name: str) -> bytes:
    return archive(GOOD, (name, b"x"))


BUNDLES: dict[str, tuple[bytes, str]] = {
    "parent": (named("../out.wav"), "'../out.wav': must be a relative path inside"),
    "parent inside": (named("files/../../out.wav"), "must be a relative path inside"),
    "absolute": (named("/tmp/out.wav"), "must be a relative path inside"),
    "drive": (named("C:/out.wav"), "must be a relative path inside"),
    "drive without slash": (named("C:out.wav"), "must be a relative path inside"),
    "backslash": (named("files\\out.wav"), "must be a relative path inside"),
    "backslash parent": (named("..\\out.wav"), "must be a relative path inside"),
    "share": (named("//server/out.wav"), "must be a relative path inside"),
    "dot": (named("./out.wav"), "must be a relative path inside"),
    "empty part": (named("files//out.wav"), "must be a relative path inside"),
    "device of Windows": (named("files/NUL.wav"), "must be a relative path inside"),
    "dot at the end": (named("files/out.wav."), "must be a relative path inside"),
    "control character": (named("files/\x1b[2J.wav"), "must be a relative path inside"),
    "line feed": (named("a\nb.wav"), "must be a relative path inside"),
    "stream": (named("out.wav:hidden"), "must be a relative path inside"),
    "huge name": (named("n" * 5000), "must be a relative path inside"),
    "deep": (named("/".join("abcdefghijkl")), "at most 8 names"),
    "folder outside": (named("../out/"), "must be a relative path inside"),
    "link": (link("files/a.wav", "/etc/passwd"), "is a link: a bundle has plain files"),
    "link to a folder": (link("files", "/tmp"), "is a link: a bundle has plain files"),
    "pipe": (archive(GOOD, mode=stat.S_IFIFO | 0o644), "is no plain file"),
    "device": (archive(GOOD, mode=stat.S_IFCHR | 0o644), "is no plain file"),
    "two of one name": (archive(GOOD, ("a.wav", b"1"), ("a.wav", b"2")), "two members of one name"),
    "same but for case": (archive(GOOD, ("a.wav", b"1"), ("A.WAV", b"2")), "two members of one"),
    "same but for form": (archive(GOOD, ("\xe9", b""), ("e\u0301", b"")), "two members of one"),
    "file and folder": (archive(GOOD, ("a", b"1"), ("a/b", b"2")), "and 'a/b' inside it"),
    "encrypted": (patched(WHOLE, member=1, flags=1), "'files/a.wav' is encrypted"),
    "other compression": (archive(GOOD, method=zipfile.ZIP_LZMA), "compressed by method 14"),
    "bomb": (archive(GOOD, ("files/b.wav", LARGE)), "at most 100 times as many"),
    "bomb of a preset": (archive(("rack.json", b" " * len(LARGE))), "at most 100 times as many"),
    "says it is huge": (patched(WHOLE, member=1, size=2**31), "2147483[0-9]* bytes unpacked"),
    "says it is small": (patched(WHOLE, member=1, size=10), "damaged zip archive"),
    "packed beyond the end": (patched(WHOLE, member=1, packed=2**30), "outside of the archive"),
    "overlapping": (patched(WHOLE, member=1, offset=10), "overlaps another member"),
    "two at one place": (patched(WHOLE, member=1, offset=0), "overlaps another member"),
    "wrong checksum": (patched(WHOLE, member=1, crc=7), "damaged zip archive .*CRC"),
    "many members": (archive(GOOD, *((f"{n}", b"") for n in range(1200))), "has 1201 members"),
    "says 65535 members": (end(end(WHOLE, "<H", 8, 65535), "<H", 10, 65535), "65535 members"),
    "huge directory": (end(WHOLE, "<L", 12, 2**31), "in a directory of 2147483648 bytes"),
    "directory elsewhere": (end(WHOLE, "<L", 16, 2**30), "its directory lies outside"),
    "several disks": (end(WHOLE, "<H", 4, 1), "one of several parts"),
    "large format": (WHOLE[:-22] + b"PK\6\7" + bytes(16) + WHOLE[-22:], "zip64"),
    "comment": (archive(GOOD, comment=b"what follows"), "does not end with a directory"),
    "directory in a comment": (archive(GOOD, comment=b"PK\5\6" + bytes(18)), "unpack it"),
    "bytes after it": (WHOLE + b"more", "does not end with a directory"),
    "cut in half": (WHOLE[: len(WHOLE) // 2], "it was cut off"),
    "last byte missing": (WHOLE[:-1], "it was cut off"),
    "four bytes": (WHOLE[:4], "it was cut off"),
    "no directory entries": (end(end(WHOLE, "<H", 8, 0), "<H", 10, 0), "says 0 members and has 2"),
    "no preset": (archive(("amp.nam", b"{}")), "is a zip archive, not a namgraph preset: unpack"),
    "preset below": (archive(("a/rack.json", RACK)), "is a zip archive, not a namgraph preset"),
    "two presets": (archive(GOOD, ("b.json", RACK)), "has 2 .json files at its top"),
    "preset is no JSON": (archive(("rack.json", b"{")), "is not JSON"),
    "preset is a job": (archive(("rack.json", b'{"namgraph_job": 1}')), "is a job for|missing"),
    "preset is empty": (archive(("rack.json", b"")), "is an empty file"),
    "file outside": (archive(("rack.json", rack_with("../a.wav"))), "has its files inside it"),
    "file absolute": (archive(("rack.json", rack_with("/etc/passwd"))), "has its files inside it"),
    "file on a drive": (archive(("rack.json", rack_with("C:/a.wav"))), "has its files inside it"),
    "file with backslash": (archive(("rack.json", rack_with("..\\a"))), "has its files inside it"),
    "file not there": (archive(("rack.json", rack_with("a.wav"))), "no such file in the bundle"),
    "asset not there": (
        archive(("rack.json", rack_with("asset:x"))),
        "no sound or model 'x'",
    ),
    "wrong hash": (
        archive(("rack.json", rack_with(hashed("a", digest=ZEROS))), ("a", b"abc")),
        "nodes.cab.path is 'a': its content is not that of the SHA-256",
    ),
    "wrong size": (
        archive(("rack.json", rack_with(hashed("a", size=4))), ("a", b"abc")),
        "its content is not that of the SHA-256",
    ),
}
PRESETS: dict[str, tuple[bytes | dict[str, Any], str]] = {
    "NaN": (b'{"namgraph": 1, "tempo_bpm": NaN}', "tempo_bpm is NaN"),
    "infinity": (
        json.dumps(RACK | {"nodes": {"g": {"type": "gain", "gain_db": float("-inf")}}}).encode(),
        "nodes.g.gain_db is -Infinity",
    ),
    "huge number": (RACK | {"tempo_bpm": 10**400}, "tempo_bpm is"),
    "huge count": (RACK | {"nodes": {"s": {"type": "split", "outputs_count": 10**9}}}, "nodes.s"),
    "huge split": (RACK | {"nodes": {"s": {"type": "split", "ways": 10**9}}}, "nodes.s"),
    "10^9 channels": (RACK | {"inputs": {"in": 10**9}}, "inputs.in"),
    "nested": (b"[" * 100_000, "nested too deeply"),
    "nested objects": (b'{"a":' * 100_000, "nested too deeply"),
    "too large": (b'{"namgraph": 1, "name": "' + b"x" * (4 << 20), "at most 4194304"),
    "repeated key": (b'{"namgraph": 1, "namgraph": 1}', "is there twice"),
    "missing file": (rack_with("gone.wav"), "namgraph relink .* --search"),
    "missing with hash": (rack_with(hashed("../../gone.wav")), "there is no file"),
    "folder": (rack_with("/"), "there is no file"),
    "device": (rack_with("/dev/zero"), "there is no file"),
    "zero byte": (rack_with("a\0b"), "must be the path of a file"),
    "half a character": (rack_with("\ud800"), "there is no file"),
    "huge path": (rack_with("x" * 100_000), "there is no file"),
    "many missing": (
        RACK | {"nodes": {f"c{n}": {"type": "cab", "path": f"{n}"} for n in range(5000)}},
        "5000 files are missing.* and 4980 more",
    ),
    "wrong kind": (rack_with(["a.wav", {"path": 1}]), "is missing|is no file|must be"),
}


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing around it, and temporary files in another."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def there_is(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def test_there_are_fifty() -> None:
    assert len(BUNDLES) >= 50
    assert len(PRESETS) >= 15


def test_the_sound_one_is_taken(alone: Path) -> None:
    Path("good.zip").write_bytes(WHOLE)
    assert list(ng.load_preset("good.zip").nodes) == ["level"]
    assert len(unpack_bundle("good.zip", "out")) == 2


@pytest.mark.parametrize("name", BUNDLES)
def test_a_malformed_bundle_is_one_error_and_writes_nothing(name: str, alone: Path) -> None:
    content, said = BUNDLES[name]
    Path("bad.zip").write_bytes(content)
    before = there_is(alone)
    calls: list[Callable[[], Any]] = [
        lambda: ng.load_preset("bad.zip"),
        lambda: unpack_bundle("bad.zip", "out"),
        lambda: unpack_bundle("bad.zip", "../temporary/out"),
    ]
    for call in calls:
        with pytest.raises(ng.PresetError, match=said) as caught:
            call()
        text = str(caught.value)
        assert text.startswith("bad.zip: ")
        assert "\n" not in text
        assert len(text) < 1200
    left = [p for p in there_is(alone) if not p.startswith("temporary/namgraph-bad-")]
    assert left == before


@pytest.mark.parametrize("name", PRESETS)
def test_a_malformed_preset_is_one_error(name: str, alone: Path) -> None:
    content, said = PRESETS[name]
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    Path("bad.json").write_bytes(data)
    before = there_is(alone)
    with pytest.raises(ng.PresetError, match=said) as caught:
        ng.load_preset("bad.json")
    assert str(caught.value).startswith("bad.json: ")
    assert "\n" not in str(caught.value)
    assert there_is(alone) == before


def test_damaged_bytes_are_a_graph_or_one_error(alone: Path) -> None:
    """Bytes of a bundle that are replaced at random; two of three are noticed or do nothing."""
    random, errors = np.random.default_rng(16), list[str]()
    for number in range(200):
        content = bytearray(WHOLE)
        for at in random.integers(len(content), size=1 + number % 4):
            content[at] = random.integers(256)
        Path("bad.zip").write_bytes(content)
        os.utime("bad.zip", (number, number))  # another file each time
        try:
            ng.load_preset("bad.zip")
        except ng.PresetError as error:
            errors.append(str(error))
    assert 100 < len(errors) < 200
    assert not any("\n" in text for text in errors)
    assert there_is(alone / "here") == ["bad.zip"]


@pytest.mark.parametrize("verb", ["info", "render", "unpack", "relink", "plot", "pack", "batch"])
def test_commands_say_it_in_one_line(
    verb: str, alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.zip").write_bytes(BUNDLES["parent"][0])
    Path("job.json").write_text('{"namgraph_job": 1, "inputs": "in.wav", "racks": "bad.zip"}')
    ng.write_audio("in.wav", [[0.1] * 100], 48_000)
    words = {
        "render": ["bad.zip", "in.wav", "out.wav"],
        "unpack": ["bad.zip", "out"],
        "pack": ["bad.zip", "out.zip"],
        "batch": ["job.json"],
    }
    before = there_is(alone / "here")
    assert main([verb, *words.get(verb, ["bad.zip"])]) == 2
    out, err = capsys.readouterr()
    assert "bad.zip" in err
    assert "must be a relative path inside the bundle" in err
    assert err.count("\n") == 1
    assert not out
    assert [p for p in there_is(alone / "here") if not p.startswith("renders")] == before


def test_memory_is_bounded(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    content = os.urandom(8 << 20)
    stored = zipfile.ZIP_STORED
    Path("large.zip").write_bytes(archive(GOOD, ("files/a.wav", content), method=stored))
    tracemalloc.start()
    try:
        ng.load_preset("large.zip")
        assert tracemalloc.get_traced_memory()[1] < 6 << 20  # in pieces
    finally:
        tracemalloc.stop()
    monkeypatch.setattr(zip_check, "MAX_BUNDLE_BYTES", 1 << 20)
    Path("larger.zip").write_bytes(archive(GOOD, ("b.wav", content), method=stored))
    with pytest.raises(ng.PresetError, match="bytes unpacked: at most 1048576"):
        ng.load_preset("larger.zip")


def test_the_hash_that_tests_use(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc") == hashed("abc")["sha256"]
