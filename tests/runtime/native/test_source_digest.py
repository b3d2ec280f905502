"""The digest of the sources is read from disk while no source has changed, and only then."""

import importlib
import os
import sys
import time
from pathlib import Path

import pytest

from namgraph.runtime.native import source_digest as module
from namgraph.runtime.native.source_digest import (
    FOLDERS,
    NAME,
    edited_modules,
    source_digest,
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of two sources, which count as settled."""
    monkeypatch.setattr(module, "SETTLED_NS", -1 << 60)
    for folder in FOLDERS:
        (tmp_path / "package" / folder / "inner").mkdir(parents=True)
        (tmp_path / "package" / folder / "inner" / "a.py").write_text("a = 1\n")
    return tmp_path / "package"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sources be read no more."""

    def fail(path: Path) -> bytes:
        raise AssertionError(f"{path} is read")

    monkeypatch.setattr(Path, "read_bytes", fail)


def test_a_second_process_reads_no_source(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = source_digest(root, [kept])
    assert made == source_digest(root, [])
    unread(monkeypatch)
    assert source_digest(root, [kept]) == made
    with pytest.raises(AssertionError, match="is read"):
        source_digest(root, [])  # or nothing was read in the first place


@pytest.mark.parametrize("change", ["content", "name", "one more", "one less"])
def test_every_change_is_seen(root: Path, kept: Path, change: str) -> None:
    before = source_digest(root, [kept])
    path = root / "nodes" / "inner" / "a.py"
    if change == "content":  # of the same size, at the same time
        found = path.stat()
        path.write_text("a = 2\n")
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    elif change == "name":
        path.rename(path.with_name("b.py"))
    elif change == "one more":
        path.with_name("b.py").write_text("")
    else:
        path.unlink()
    after = source_digest(root, [kept])
    assert after != before
    assert after == source_digest(root, []) == source_digest(root, [kept])


def test_a_damaged_digest_is_made_again(root: Path, kept: Path) -> None:
    made = source_digest(root, [kept])
    content = (kept / NAME).read_bytes()
    (kept / NAME).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert source_digest(root, [kept]) == made
    assert (kept / NAME).read_bytes() == content


def test_sources_that_were_just_written_are_read_again(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    source_digest(root, [kept])
    assert not (kept / NAME).exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no such bits")
def test_a_digest_that_others_may_write_is_not_read(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_digest(root, [kept])
    (kept / NAME).chmod(0o666)
    unread(monkeypatch)
    with pytest.raises(AssertionError, match="is read"):
        source_digest(root, [kept])


@pytest.mark.parametrize("change", ["content", "as old as before", "one less"])
def test_a_module_that_was_edited_after_its_import_is_found(
    root: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    name = f"edited_{change.replace(' ', '_')}"
    root.rename(root.with_name(name))
    path = root.with_name(name) / "nodes" / "inner" / "a.py"
    monkeypatch.syspath_prepend(path.parents[3])
    monkeypatch.setattr(module, "IMPORTED_NS", path.stat().st_ctime_ns)
    imported = importlib.import_module(f"{name}.nodes.inner.a")
    assert edited_modules(name) == []
    time.sleep(0.05)  # a tick of the file system's clock
    if change == "one less":
        path.unlink()
    else:
        found = path.stat()
        path.write_text("a = 2\n")
        if change == "as old as before":
            os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    time.sleep(0.05)
    assert imported.a == 1
    assert edited_modules(name) == [f"{name}.nodes.inner.a"]
    monkeypatch.setattr(module, "IMPORTED_NS", time.time_ns())
    assert edited_modules(name) == ([f"{name}.nodes.inner.a"] if change == "one less" else [])
    for known in [known for known in sys.modules if known.split(".")[0] == name]:
        del sys.modules[known]
