"""Discard the messages that decoders write to stderr.

libmpg123, with which libsndfile reads MP3 files, prints to file descriptor 2.  During a call into
it, that descriptor is redirected to the null device.  This affects the whole process, so it is off
by default: the ``namgraph`` command turns it on, importing the package does not.
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
    """Turn the redirection on or off for this process; return the previous setting."""
    global _on
    before, _on = _on, on
    return before


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Discard what any thread writes to file descriptor 2 during the body, if turned on."""
    if not _on:
        yield
        return
    with _lock, contextlib.ExitStack() as ends:
        with contextlib.suppress(OSError):  # stderr is closed: nothing to silence
            kept = os.dup(STDERR)
            ends.callback(os.close, kept)
            null = os.open(os.devnull, os.O_WRONLY)
            ends.callback(os.close, null)
            ends.callback(os.dup2, kept, STDERR)  # before dup2: a signal may come in between
            os.dup2(null, STDERR)
        yield


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Hold off the redirection during the body: for messages that must reach stderr."""
    with _lock:
        yield
