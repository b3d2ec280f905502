"""Files that appear whole or not at all."""

import atexit
import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from ...graph import FileError

__all__ = ["alone_in", "whole_file", "why_not", "writing"]

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
        _check(target, name, error)
        # Short, and not made of the name: that may be as long as names may be.
        part = target.with_name(f".namgraph-{secrets.token_hex(4)}.part")
        _parts.add(part)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except error:  # which is a ValueError
        raise
    except (OSError, ValueError) as reason:  # ValueError: a zero byte in the name
        raise _refused(name, reason, error) from None
    try:
        yield part
        with writing(name, error):
            os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
        _parts.discard(part)


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
    try:
        import fcntl
    except ImportError:  # not POSIX
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


def _check(target: Path, name: str, error: type[FileError]) -> None:
    """Refuse to replace what is no plain file, or what its owner has protected."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "not a plain file"
        raise error(f"{name}: cannot be written: it is {kind}")
    if not os.access(target, os.W_OK):
        raise error(f"{name}: cannot be written: it is write-protected")


def _refused(name: str, reason: Exception, error: type[FileError]) -> FileError:
    return error(f"{name}: cannot be written: {getattr(reason, 'strerror', None) or reason}")
