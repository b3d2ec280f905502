"""Decoders that write to stderr by themselves: silenced, if the process asked for that.

libmpg123, which libsndfile reads MP3 files with, prints its notes to file descriptor 2.  While a
call into it runs, that descriptor is pointed at the null device.  This changes the whole process,
so it is off unless turned on: the ``namgraph`` command does, a program that imports the package
does not.
"""

import contextlib
import os
import threading
from collections.abc import Iterator

__all__ = ["quiet", "silence_decoders", "undisturbed"]

STDERR = 2
_lock = threading.RLock()
_on = False


def silence_decoders(on: bool) -> bool:
    """Turn the silencing on or off for this process; return what it was."""
    global _on
    before, _on = _on, on
    return before


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Discard what is written to file descriptor 2 meanwhile, by any thread; if turned on."""
    if not _on:
        yield
        return
    with _lock, contextlib.ExitStack() as ends:
        with contextlib.suppress(OSError):  # stderr is closed: nothing to silence
            kept = os.dup(STDERR)
            ends.callback(os.close, kept)
            null = os.open(os.devnull, os.O_WRONLY)
            ends.callback(os.close, null)
            ends.callback(os.dup2, kept, STDERR)  # first: a signal may come in between
            os.dup2(null, STDERR)
        yield


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Write to stderr inside this: it waits for a decoder that is being silenced."""
    with _lock:
        yield
