"""Atomic writing: a file appears complete or not at all.

A file is written under a temporary name in its folder and renamed when it is complete.  The
temporary name is derived from the file's name, and its writer holds a lock on it: the next writer
of the same file finds and removes what a killed writer has left.
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
from ...graph.paths import special_file_kind

try:
    import fcntl
except ImportError:  # not POSIX
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "alone_in",
    "check_place",
    "check_room",
    "remove_left_over",
    "scratch_file",
    "whole_file",
    "why_not",
    "writing",
]

LEFT_OVER_S = 86_400.0
"""Age in seconds above which a temporary file is abandoned, on systems without locks."""
_parts: set[Path] = set()
"""Temporary files of this process.  An interrupt (Ctrl-C) may arrive before or inside the
``finally`` that removes one: those left are removed when the process exits."""
PROBE = 1 << 20
"""Bytes written to find out why a file system refused an earlier write."""


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], error: type[FileError] = FileError) -> Iterator[Path]:
    """Yield a temporary file to write, and rename it to ``path`` if the body succeeds.

    The temporary file is created in the same folder before the body runs, so a folder that cannot
    be written is found first.  If the body fails, ``path`` is unchanged.  Creating and renaming
    raise ``error``, which names the path; write to the file inside ``writing`` for the same error.
    """
    name = os.fspath(path)
    try:
        target = Path(os.path.realpath(name))  # replaces the target of a link, not the link
        check_place(target, name, error)
        part, handle = _begin(target)
    except error:  # also a ValueError
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
    """Remove the temporary file of a killed writer of ``path``; not that of a running one."""
    with contextlib.suppress(OSError, ValueError):
        _remove_abandoned(_part(Path(os.path.realpath(path))))


def _part(target: Path) -> Path:
    """Return the temporary name of ``target``: a hash, because names have a maximal length."""
    return target.with_name(f".namgraph-{sha256(os.fsencode(target.name)).hexdigest()[:16]}.part")


def _begin(target: Path) -> tuple[Path, int | None]:
    """Create the temporary file; return its path, and the handle of its lock if there are locks."""
    part = _part(target)
    with contextlib.suppress(OSError):
        _remove_abandoned(part)
    with contextlib.suppress(FileExistsError):
        return part, _locked(part)
    # Another process is writing the same file: the last one to finish replaces it.
    part = part.with_name(f".namgraph-{secrets.token_hex(8)}.part")
    return part, _locked(part)


def _locked(part: Path) -> int | None:
    """Create a file and lock it; return the handle, or ``None`` if it cannot be locked.

    ``FileExistsError`` if it exists, or if another process removed or locked it in between.
    """
    _parts.add(part)  # before it exists: an interrupt may come in between
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError:
        _parts.discard(part)
        raise
    if fcntl is None:  # Windows cannot rename an open file
        os.close(handle)
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        taken = not _is_at(part, os.fstat(handle))
    except BlockingIOError:
        taken = True
    except OSError:  # some network file systems have no locks
        os.close(handle)
        return None
    if taken:
        _parts.discard(part)
        os.close(handle)
        raise FileExistsError(part)
    return handle


def _remove_abandoned(part: Path) -> None:
    """Remove a temporary file without a running writer; ``OSError`` if there is no file."""
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(part, os.O_WRONLY | flags)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or not _is_abandoned(handle, found.st_mtime):
            return
        if _is_at(part, found):  # its writer may have finished since, and renamed it
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
    """Return whether ``path`` still names the open file."""
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
    """Convert an ``OSError`` of the body to ``error``, which names the file."""
    try:
        yield
    except OSError as reason:
        raise _refused(name, reason, error) from None


@contextlib.contextmanager
def alone_in(folder: Path, error: type[FileError] = FileError) -> Iterator[None]:
    """Create a folder and lock it during the body; ``error`` if another process holds the lock.

    Without locks (Windows, some network file systems) there is no check.
    """
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
    except OSError:  # some network file systems have no locks
        pass
    try:
        yield
    finally:
        os.close(handle)


def why_not(part: Path) -> str:
    """Return the system's reason why a file cannot be written, or an empty string if it can.

    For libraries that do not report it.
    """
    try:
        with open(part, "ab", buffering=0) as file:
            for _ in range(2):  # the first may be cut short without an error
                file.write(bytes(PROBE))
    except OSError as reason:
        return reason.strerror or str(reason)
    return ""


def check_room(folder: Path, error: type[FileError] = FileError) -> None:
    """Raise ``error`` if no file can be written to a folder: it is full, or write-protected."""
    with scratch_file(folder / "room", error) as part:
        reason = why_not(part)
    if reason:
        raise error(f"{folder}: cannot be written: {reason}")


@contextlib.contextmanager
def scratch_file(path: Path, error: type[FileError] = FileError) -> Iterator[Path]:
    """Yield a temporary file as ``whole_file`` does, and remove it afterwards.

    ``error``, which names the folder, if it cannot be created.
    """
    with writing(os.fspath(path.parent), error):
        part, handle = _begin(path)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
        _parts.discard(part)
        if handle is not None:
            os.close(handle)


def check_place(target: str | Path, name: str, error: type[FileError]) -> None:
    """Raise ``error`` if ``target`` exists and is not a plain file, or is write-protected.

    ``target`` is ``name`` with links resolved.
    """
    try:
        found = os.stat(target)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as reason:
        raise _refused(name, reason, error) from None
    if kind := special_file_kind(found.st_mode):
        raise error(f"{name}: cannot be written: it is {kind}, not a plain file")
    if not os.access(target, os.W_OK):
        raise error(f"{name}: cannot be written: it is write-protected")


def _refused(name: str, reason: Exception, error: type[FileError]) -> FileError:
    text, folder = str(getattr(reason, "strerror", None) or reason), os.path.dirname(name)
    if isinstance(reason, FileNotFoundError) and folder and not os.path.lexists(folder):
        text += f": make the folder {folder} first"
    return error(f"{name}: cannot be written: {text}")
