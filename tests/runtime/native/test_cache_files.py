"""Cache entries are read only if intact and owned by this user; all others count as missing."""

import os
import pickle
import time
from pathlib import Path

import pytest
from numba.core import config

from namgraph.runtime.native import cache_files
from namgraph.runtime.native.abi import NODE, Native
from namgraph.runtime.native.cache_files import (
    digest_of,
    distrust,
    make_private,
    read_entry,
    write_entry,
)
from namgraph.runtime.plan.kernels.buffer_operations import add, copy

from .test_disk_cache import loaded, place

__all__ = ["place"]  # a fixture

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
as_root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root may give files away"
)
NOBODY = 54_321


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "entries"
    make_private(made)
    return made


def test_an_entry_is_read_only_under_its_name_and_key(folder: Path) -> None:
    write_entry(folder / "a", b"key", b"payload")
    assert read_entry(folder / "a", b"key") == b"payload"
    assert read_entry(folder / "a", b"kex") is None
    os.replace(folder / "a", folder / "b")
    assert read_entry(folder / "b", b"key") is None
    assert digest_of(b"ab", b"c") != digest_of(b"a", b"bc")


def test_any_changed_bit_is_detected(folder: Path) -> None:
    write_entry(folder / "a", b"key", b"payload")
    whole = (folder / "a").read_bytes()
    for at in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[at // 8] ^= 1 << at % 8
        (folder / "a").write_bytes(changed)
        assert read_entry(folder / "a", b"key") is None
    for length in range(len(whole)):
        (folder / "a").write_bytes(whole[:length])
        assert read_entry(folder / "a", b"key") is None
    (folder / "a").write_bytes(whole + b"\0")
    assert read_entry(folder / "a", b"key") is None
    (folder / "a").write_bytes(whole)
    assert read_entry(folder / "a", b"key") == b"payload"


@pytest.mark.parametrize("kind", ["missing", "folder", "full", "link", "dangling", "pipe"])
def test_other_kinds_of_file_are_replaced(folder: Path, kind: str) -> None:
    path, other = folder / "a", folder / "other"
    write_entry(path, b"key", b"payload")
    os.replace(path, other)
    if kind in ("folder", "full"):
        path.mkdir()
        if kind == "full":
            (path / "b").write_text("b")
    elif kind in ("link", "dangling"):
        path.symlink_to(other if kind == "link" else folder / "nowhere")
    elif kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no named pipes here")
        os.mkfifo(path)
    before = other.read_bytes()
    assert read_entry(path, b"key") is None
    write_entry(path, b"key", b"new")
    assert read_entry(path, b"key") == b"new"
    assert not path.is_symlink()
    assert other.read_bytes() == before, "nothing was written through the link"


def test_a_failed_write_leaves_no_entry(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        write_entry(folder / "a", b"key", b"payload")
    assert not list(folder.iterdir())


def test_files_of_killed_writers_are_removed_later(folder: Path) -> None:
    old, new = (folder / cache_files.PART.format(n) for n in ("old", "new"))
    for path in (old, new, folder / ".namgraph-of-the-user"):
        path.touch()
    os.utime(old, (0, time.time() - 2 * cache_files.LEFT_OVER_S))
    write_entry(folder / "a", b"key", b"payload")
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        ["a", new.name, ".namgraph-of-the-user"]
    )


# --- who may write


@posix
@pytest.mark.parametrize("mode", [0o666, 0o602, 0o646])
def test_a_file_that_others_may_write_is_not_read(folder: Path, mode: int) -> None:
    write_entry(folder / "a", b"key", b"payload")
    (folder / "a").chmod(mode)
    with pytest.raises(PermissionError, match=rf"may be written by others \(mode {mode:o}\)"):
        read_entry(folder / "a", b"key")


@posix
def test_new_files_are_writable_by_this_user_only(folder: Path) -> None:
    before = os.umask(0)
    try:
        make_private(folder / "b" / "c")
        write_entry(folder / "b" / "c" / "a", b"key", b"payload")
    finally:
        os.umask(before)
    assert distrust(folder / "b" / "c") == ""
    assert read_entry(folder / "b" / "c" / "a", b"key") == b"payload"


@posix
def test_folders_above_are_checked_too(folder: Path) -> None:
    deep = folder / "b" / "c"
    make_private(deep)
    assert distrust(deep) == ""
    deep.chmod(0o777)
    assert distrust(deep) == f"{deep} may be written by others (mode 777)"
    deep.chmod(0o1777)  # others could not rename files, but add some
    assert distrust(deep)
    deep.chmod(0o755)
    folder.chmod(0o777)
    assert distrust(deep) == f"{folder} may be written by others (mode 777)"
    assert distrust(deep / "to" / "come") == distrust(deep)
    folder.chmod(0o1777)  # as /tmp is
    assert distrust(deep) == ""
    (folder / "link").symlink_to(deep)
    assert distrust(folder / "link") == ""


@as_root
def test_files_of_other_users_are_not_read(folder: Path) -> None:
    write_entry(folder / "a", b"key", b"payload")
    os.chown(folder / "a", NOBODY, NOBODY)
    with pytest.raises(PermissionError, match=f"belongs to user {NOBODY}"):
        read_entry(folder / "a", b"key")
    os.chown(folder, NOBODY, NOBODY)
    assert distrust(folder) == f"{folder} belongs to user {NOBODY}"
    assert distrust(folder / "to come") == f"{folder} belongs to user {NOBODY}"


@as_root
def test_the_users_private_group_may_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.chmod(0o775)
    assert distrust(folder) == "", "root's own group has no other member"
    os.chown(folder, 0, NOBODY)
    assert "may be written by others (mode 775)" in distrust(folder)


# --- kernels


@posix
def test_kernels_in_a_folder_others_may_write_are_not_read_with_one_warning(place: Path) -> None:
    assert not loaded(add.function)
    assert loaded(add.function)
    place.chmod(0o777)
    with pytest.warns(RuntimeWarning, match=f"{place} may be written by .*NUMBA_CACHE_DIR") as all_:
        assert not loaded(add.function)
    assert len(all_) == 1
    assert loaded(add.function), "kept in the user's own folder meanwhile"
    before = set(place.rglob("*"))
    assert not loaded(copy.function)  # a second warning would be an error
    assert set(place.rglob("*")) == before, "nothing is written there either"


@posix
def test_beside_the_source_the_warning_needs_a_kernel_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", "")
    source = tmp_path / "mine" / "nodes.py"
    beside = source.parent / "__pycache__"
    beside.mkdir(parents=True)
    source.write_text("def fill(state, ins, outs, frames):\n    pass\n")
    space: dict[str, object] = {"__name__": "nodes"}
    exec(compile(source.read_text(), str(source), "exec"), space)
    fill = space["fill"]
    assert callable(fill)
    beside.chmod(0o777)
    assert not loaded(fill)
    assert loaded(fill)
    assert not list(beside.iterdir())
    beside.chmod(0o755)
    next((tmp_path / "own").rglob("*.kernel")).unlink()
    assert not loaded(fill)
    assert len(list(beside.iterdir())) == 1
    beside.chmod(0o777)
    with pytest.warns(RuntimeWarning, match=f"compiled kernels in {beside} are not read"):
        assert not loaded(fill)


@pytest.mark.parametrize("content", ["pickle", "bit", "cut", "empty", "swapped"])
def test_damaged_kernels_are_compiled_again_without_warning(place: Path, content: str) -> None:
    ran = place.parent / "ran"

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(ran),)

    for one in (add, copy):
        assert not loaded(one.function)
    first, second = place.rglob("*.kernel")
    whole = first.read_bytes()
    bit = bytes([*whole[:-199], whole[-199] ^ 1, *whole[-198:]])
    new = {"pickle": pickle.dumps(Bomb()), "bit": bit, "cut": whole[:-9], "empty": b""}
    first.write_bytes(new.get(content, second.read_bytes()))
    if content == "swapped":
        second.write_bytes(whole)
    assert sorted([loaded(add.function), loaded(copy.function)]) == [False, content != "swapped"]
    assert loaded(add.function)
    assert loaded(copy.function)
    assert not ran.exists()
    assert Native(add.function, NODE).address
