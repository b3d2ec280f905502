"""Files that appear whole or not at all.

A file is written under another name in its folder, and renamed when it is whole.  That name is
made of the file's own, and its writer holds a lock on it: so whoever writes the file next, after a
writer was killed, finds what that one left, and writes over it.
"""

import atexit
import contextlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from ...graph import FileError
from ...graph.paths import irregular

try:
    import fcntl
except ImportError:  # not POSIX
    fcntl = None  # type: ignore[assignment]

__all__ = ["alone_in", "check_place", "remove_left_over", "whole_file", "why_not", "writing"]

LEFT_OVER_S = 86_400.0
"""Where nothing can be locked: seconds after which an unfinished file has no writer any more."""
_parts: set[Path] = set()
"""Files being written.  An interrupt (Ctrl-C) may arrive before or inside the ``finally`` that
removes one: what is still here when the process exits is removed then."""
PROBE = 1 << 20
"""Bytes that a file system which has refused some will not take either."""


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], error: type[FileError] = FileError) -> Iterator[Path]:
    """Give a new file to write, and put it in the place of ``path`` if the body succeeds.

    The new file lies in the same folder from the start, so whatever forbids writing is found
    before the body begins its work.  If the body fails, ``path`` is as it was.  That the new file
    cannot be made or put in place is an ``error`` that names the path; what the body itself does
    to it goes inside ``writing``, since other things may fail in there.
    """
    name = os.fspath(path)
    try:
        target = Path(os.path.realpath(name))  # through a link, not over it
        check_place(target, name, error)
        part, handle = _begin(target)
    except error:  # which is a ValueError
        raise
    except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
        raise _refused(name, reason, error) from None
    try:
        yield part
        with writing(name, error):
            os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        _parts.discard(part)  # not if an interrupt kept it from being removed
        raise
    else:
        _parts.discard(part)
    finally:
        if handle is not None:
            os.close(handle)


def remove_left_over(path: str | os.PathLike[str]) -> None:
    """Remove what a killed writer of the file ``path`` has left; not what somebody still writes."""
    with contextlib.suppress(OSError, ValueError):
        _remove_abandoned(_part(Path(os.path.realpath(path))))


def _part(target: Path) -> Path:
    """Return the name of a file while it is written: short, since ``target`` may be a long one."""
    return target.with_name(f".namgraph-{sha256(os.fsencode(target.name)).hexdigest()[:16]}.part")


def _begin(target: Path) -> tuple[Path, int | None]:
    """Make the file to be written; return it, and the handle of its lock where there are locks."""
    part = _part(target)
    with contextlib.suppress(OSError):
        _remove_abandoned(part)
    with contextlib.suppress(FileExistsError):
        return part, _locked(part)
    # Another process writes the same file now: the last one to end stays.
    part = part.with_name(f".namgraph-{secrets.token_hex(8)}.part")
    return part, _locked(part)


def _locked(part: Path) -> int | None:
    """Make a new file and lock it; return the handle, or ``None`` where nothing can be locked.

    ``FileExistsError`` if it is there, or if another process took it before it was locked.
    """
    _parts.add(part)  # before it is there: an interrupt may come in between
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError:
        _parts.discard(part)
        raise
    if fcntl is None:  # Windows, which renames no file that is open
        os.close(handle)
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        taken = not _is_at(part, os.fstat(handle))
    except BlockingIOError:
        taken = True
    except OSError:  # some network file systems lock nothing
        os.close(handle)
        return None
    if taken:
        _parts.discard(part)
        os.close(handle)
        raise FileExistsError(part)
    return handle


def _remove_abandoned(part: Path) -> None:
    """Remove an unfinished file that nobody writes any more; ``OSError`` if there is none."""
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(part, os.O_WRONLY | flags)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or not _is_abandoned(handle, found.st_mtime):
            return
        if _is_at(part, found):  # its writer may have ended well since, and renamed it
            if fcntl is None:
                os.close(handle)
                handle = -1
            part.unlink()
    finally:
        if handle >= 0:
            os.close(handle)


def _is_abandoned(handle: int, changed: float) -> bool:
    if fcntl is not None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        except OSError:
            pass
    return time.time() - changed > LEFT_OVER_S


def _is_at(path: Path, file: os.stat_result) -> bool:
    """Whether an open file is still the one of this name."""
    try:
        return os.path.samestat(os.lstat(path), file)
    except FileNotFoundError:
        return False


@atexit.register
def _remove_parts() -> None:
    for part in tuple(_parts):
        with contextlib.suppress(OSError):
            part.unlink()


@contextlib.contextmanager
def writing(name: str, error: type[FileError] = FileError) -> Iterator[None]:
    """Make an ``error`` that names the file of what the system refuses meanwhile."""
    try:
        yield
    except OSError as reason:
        raise _refused(name, reason, error) from None


@contextlib.contextmanager
def alone_in(folder: Path, error: type[FileError] = FileError) -> Iterator[None]:
    """Make a folder, and refuse to work in it beside another run; where the system can tell."""
    with writing(os.fspath(folder), error):
        folder.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield
        return
    with writing(os.fspath(folder), error):
        handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise error(f"{folder}: another run is at work there: wait for its end") from None
    except OSError:  # some network file systems lock nothing
        pass
    try:
        yield
    finally:
        os.close(handle)


def why_not(part: Path) -> str:
    """Return why a file that a library could not write to takes no more, or nothing if it does."""
    try:
        with open(part, "ab", buffering=0) as file:
            for _ in range(2):  # the first may fill what is left, and say so by its length alone
                file.write(bytes(PROBE))
    except OSError as reason:
        return reason.strerror or str(reason)
    return ""


def check_place(target: str | Path, name: str, error: type[FileError]) -> None:
    """Refuse to replace what is no plain file, or what its owner has protected.

    ``target`` is where ``name`` really leads.  What is not there can be made.
    """
    try:
        found = os.stat(target)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as reason:
        raise _refused(name, reason, error) from None
    if kind := irregular(found.st_mode):
        raise error(f"{name}: cannot be written: it is {kind}, not a plain file")
    if not os.access(target, os.W_OK):
        raise error(f"{name}: cannot be written: it is write-protected")


def _refused(name: str, reason: Exception, error: type[FileError]) -> FileError:
    return error(f"{name}: cannot be written: {getattr(reason, 'strerror', None) or reason}")
