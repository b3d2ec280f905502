"""Files of the caches on disk: written atomically, read only if intact and owned by this user.

One file holds one entry::

    magic | blake2b-256 of (name of the file, key, payload) | payload

``key`` is a digest of everything that the payload was made from.  An entry that was truncated,
changed or renamed fails its digest and counts as missing.

On POSIX an entry is read only if it and its folder belong to this user or to root, and no other
user may write to them or to a folder above (except folders with the sticky bit, such as /tmp, where
only the owner of an entry may rename it).  Windows has no such bits: there every folder is trusted.
"""

import contextlib
import os
import secrets
import shutil
import stat
import sys
import time
import warnings
from functools import cache
from hashlib import blake2b
from pathlib import Path

__all__ = [
    "digest_of",
    "distrust",
    "make_private",
    "read_entry",
    "user_cache",
    "warn_once",
    "write_entry",
]

MAGIC = b"namgraph cache 1\n"
DIGEST = 32
MAX_BYTES = 1 << 28
LEFT_OVER_S = 3600.0
"""Seconds after which an unfinished file counts as left by a writer that was killed."""
PART = ".namgraph-{}.part"
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# Follow no symbolic link, and do not block on a named pipe.
_READ |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_POSIX = hasattr(os, "getuid")
_warned: set[str] = set()


def user_cache() -> Path | None:
    """Return the folder for this user's cached files, or ``None`` if the user has no home."""
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library/Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return base / "namgraph"


def digest_of(*parts: bytes) -> bytes:
    """Return the BLAKE2b-256 of byte strings, each preceded by its length."""
    digest = blake2b(digest_size=DIGEST)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def read_entry(path: Path, key: bytes) -> bytes | None:
    """Return the payload stored at ``path`` under ``key``; ``None`` if missing or damaged.

    Raises ``PermissionError`` with the reason for a file that another user owns or may write.
    """
    try:
        handle = os.open(path, _READ)
    except (OSError, ValueError):  # missing, a link, a socket
        return None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            return None
        reason = _writable_by_others(found)
        if reason:
            raise PermissionError(f"{path} {reason}")
        with open(handle, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES)
    except PermissionError:
        raise
    except OSError:  # a read error
        return None
    finally:
        os.close(handle)
    start = len(MAGIC) + DIGEST
    payload = data[start:]
    whole = data[:start] == MAGIC + digest_of(os.fsencode(path.name), key, payload)
    return payload if whole else None


def write_entry(path: Path, key: bytes, payload: bytes) -> None:
    """Write an entry atomically, replacing what is at ``path``; ``OSError`` if that fails.

    Several processes may write the same entry at the same time: the last one stays.
    """
    part = unfinished(path.parent)
    try:
        with open(os.open(part, _WRITE, 0o644), "wb") as file:
            file.write(MAGIC + digest_of(os.fsencode(path.name), key, payload))
            file.write(payload)
        try:
            os.replace(part, path)
        except OSError:
            if path.is_dir() and not path.is_symlink():  # a file cannot replace a folder
                shutil.rmtree(path)
                os.replace(part, path)
            elif os.name != "nt" or not path.is_file():  # Windows: a reader has it open
                raise
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def unfinished(folder: Path) -> Path:
    """Return a new path for a file being written; delete those left by killed writers.

    For cache folders only: there every file of this pattern is an unfinished one.
    """
    before = time.time() - LEFT_OVER_S
    with contextlib.suppress(OSError):
        for part in folder.glob(PART.format("*")):
            with contextlib.suppress(OSError):
                if os.lstat(part).st_mtime < before:
                    part.unlink()
    return folder / PART.format(secrets.token_hex(8))


def make_private(folder: Path) -> None:
    """Create a folder, and those above it, that only this user may write to.

    Raises ``OSError`` if that fails, or if others may write to it or above: then it creates none.
    """
    for make in (_make, lambda folder: None):
        reason = distrust(folder)
        if reason:
            raise PermissionError(reason)
        make(folder)


def _make(folder: Path) -> None:
    if not folder.is_dir():
        _make(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(0o755)


def distrust(folder: Path) -> str:
    """Return why entries in a folder must not be read, or ``""`` if they may.

    A folder that does not exist yet is judged by those above it.
    """
    if not _POSIX:
        return ""
    real = Path(os.path.realpath(folder))
    for place in (real, *real.parents):
        try:
            found = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as reason:
            return f"{place} cannot be checked: {getattr(reason, 'strerror', '') or reason}"
        refused = _writable_by_others(found, above=place != real)
        if refused:
            return f"{place} {refused}"
    return ""


def warn_once(kind: str, text: str) -> None:
    """Issue a ``RuntimeWarning``, once per process and ``kind``."""
    if kind not in _warned:
        _warned.add(kind)
        warnings.warn(text, RuntimeWarning, stacklevel=3)


def _writable_by_others(found: os.stat_result, *, above: bool = False) -> str:
    """Return how others may write, or ``""``; ``above``: the rules for a folder higher up."""
    if not _POSIX:
        return ""
    if found.st_uid not in ({0, os.getuid(), _unmapped()} if above else {0, os.getuid()}):
        return f"belongs to {_name(found.st_uid)}"
    writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if above and found.st_mode & stat.S_ISVTX:
        return ""
    if writable & stat.S_IWOTH or (writable and not _is_private(found.st_gid)):
        return f"may be written by others (mode {stat.S_IMODE(found.st_mode):o})"
    return ""


def _name(user: int) -> str:
    import pwd

    try:
        return f"user {pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"user {user}"


@cache
def _is_private(group: int) -> bool:
    """Return whether a group has the user's name and no other member.

    Systems that create such groups make files group-writable by default (umask 002).
    """
    import grp
    import pwd

    try:
        user, found = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return found.gr_name == user and not set(found.gr_mem) - {user}


@cache
def _unmapped() -> int:
    """Return the user id that the host's root has in this container; 0 outside of containers."""
    try:
        text = Path("/proc/self/uid_map").read_text(encoding="ascii")
        rows = [line.split() for line in text.splitlines()]
        whole = any(row[0] == "0" and row[1] == "0" and int(row[2]) >= 1 << 31 for row in rows)
        return 0 if whole else int(Path("/proc/sys/kernel/overflowuid").read_text())
    except (OSError, ValueError, IndexError):
        return 0
