"""Files of a cache: written whole or not at all, and read only if whole and written by this user.

One file holds one entry::

    magic | blake2b-256 of (name of the file, key, payload) | payload

``key`` says everything that the payload was made from.  An entry that was cut off, changed, or put
under another's name has another digest, and counts as not there.

On POSIX an entry is read only if it and its folder belong to this user or to root and nobody else
may write to them, and nobody else may write to a folder above (but for folders with the sticky
bit, such as /tmp, where only the owner of an entry may rename it).  Windows has no such bits: there
every folder counts as this user's.
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
"""Seconds after which an unfinished file of a writer counts as left by one that was killed."""
PART = ".namgraph-{}.part"
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# Not through a link, and without waiting for a writer if it is a named pipe.
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
    """Return the payload kept at ``path`` under ``key``; ``None`` if there is none that is whole.

    A file that another user owns or may write raises ``PermissionError`` with the reason.
    """
    try:
        handle = os.open(path, _READ)
    except (OSError, ValueError):  # not there, a link, a socket
        return None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            return None
        reason = _others(found)
        if reason:
            raise PermissionError(f"{path} {reason}")
        with open(handle, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES)
    except PermissionError:
        raise
    except OSError:  # the disk gives it back no more
        return None
    finally:
        os.close(handle)
    start = len(MAGIC) + DIGEST
    payload = data[start:]
    whole = data[:start] == MAGIC + digest_of(os.fsencode(path.name), key, payload)
    return payload if whole else None


def write_entry(path: Path, key: bytes, payload: bytes) -> None:
    """Put an entry in the place of whatever is at ``path``; ``OSError`` if it cannot be written.

    Several processes may do so at the same time: each entry is whole, and the last one stays.
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
    """Return a new name for a file that is being written; remove those of writers killed long ago.

    For the folder of a cache: what lies there under such a name is nobody's but a writer's.
    """
    before = time.time() - LEFT_OVER_S
    with contextlib.suppress(OSError):
        for part in folder.glob(PART.format("*")):
            with contextlib.suppress(OSError):
                if os.lstat(part).st_mtime < before:
                    part.unlink()
    return folder / PART.format(secrets.token_hex(8))


def make_private(folder: Path) -> None:
    """Make a folder, and those above it, that only this user may write to.

    ``OSError`` if that cannot be, also where others may write above it or in it: then none is made.
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
    """Return why entries in a folder are not to be read, or nothing if they are this user's.

    A folder that is not there yet is judged by those above it.
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
            return f"{place} cannot be looked at: {getattr(reason, 'strerror', '') or reason}"
        reason_not = _others(found, above=place != real)
        if reason_not:
            return f"{place} {reason_not}"
    return ""


def warn_once(kind: str, text: str) -> None:
    """Give a ``RuntimeWarning``, the first time in a process that this kind of thing happens."""
    if kind not in _warned:
        _warned.add(kind)
        warnings.warn(text, RuntimeWarning, stacklevel=3)


def _others(found: os.stat_result, *, above: bool = False) -> str:
    """Return who else may write, in words, or nothing; ``above``: a folder higher up."""
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
    """Whether a group is this user's own: of the user's name, and with no other member.

    Systems that make such groups let them write by default (umask 002).
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
    """Return the user that root outside of a container appears as, or 0 outside of containers."""
    try:
        text = Path("/proc/self/uid_map").read_text(encoding="ascii")
        rows = [line.split() for line in text.splitlines()]
        whole = any(row[0] == "0" and row[1] == "0" and int(row[2]) >= 1 << 31 for row in rows)
        return 0 if whole else int(Path("/proc/sys/kernel/overflowuid").read_text())
    except (OSError, ValueError, IndexError):
        return 0
