"""Streams, signals and exit codes of the command."""

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from ..graph import NamgraphError
from ..graph.errors import shorten
from ..graph.text import printable
from .signals import raised_signals

__all__ = ["note", "print_error", "run", "say", "silent_decoders", "warn", "write_stderr"]

_stderr_lock: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext
"""Held while stderr is written; inside ``silent_decoders``, the lock of the decoders."""


def run(call: Callable[[], int | None]) -> int:
    """Call a command's function; return its exit code, after printing its error in one line.

    SIGINT, SIGTERM and SIGHUP raise exceptions meanwhile, so that partial files are removed.
    Control thread (the main thread, else signals stay as they are).
    """
    _open_streams()
    with _printed_warnings():
        try:
            try:
                with raised_signals():
                    code = call() or 0
            except SystemExit as stop:  # argparse's way out, and a signal's
                code = stop.code if isinstance(stop.code, int) else 0
            sys.stdout.flush()
        except NamgraphError as error:
            for line in getattr(error, "faults", ()) or (str(error),):
                print_error(line)
            code = 2
        except KeyboardInterrupt:
            write_stderr("\n")
            code = 130
        except BrokenPipeError:  # the reader has closed the pipe
            code = 141
        except MemoryError as error:
            print_error(f"not enough memory on this machine: {error or 'no more can be had'}")
            code = 2
        except OSError as error:
            lost = _drain()
            print_error(f"stdout: cannot be written: {lost}" if lost else _reason(error))
            code = 2
        _drain()
    return code


@contextlib.contextmanager
def silent_decoders() -> Iterator[None]:
    """Discard what audio decoders print to stderr; lines of the command wait meanwhile."""
    from ..runtime.io.decoder_messages import silence_decoders, undisturbed

    global _stderr_lock
    before, _stderr_lock = (silence_decoders(True), _stderr_lock), undisturbed
    try:
        yield
    finally:
        silence_decoders(before[0])
        _stderr_lock = before[1]


@contextlib.contextmanager
def _printed_warnings() -> Iterator[None]:
    """Print ``RuntimeWarning``s as lines of the command."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, RuntimeWarning):
            warn(str(message))
        else:
            before(message, category, *place, **more)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before


def say(text: str) -> None:
    """Print a result on stdout, with control characters escaped (``printable``)."""
    try:
        print(printable(text))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NamgraphError(f"stdout: cannot be written: {_reason(error)}") from None


def print_error(text: str) -> None:
    """Print an error on stderr, in one line."""
    note(f"error: {text}")


def warn(text: str) -> None:
    """Print a warning on stderr, in one line."""
    note(f"warning: {text}")


def note(text: str) -> None:
    """Print one line on stderr, with control characters escaped."""
    write_stderr(f"namgraph: {printable(' '.join(shorten(text).split()))}\n")


def _open_streams() -> None:
    """Replace closed streams by the null device; let open ones escape what they cannot encode."""
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)  # held to the end: no ResourceWarning
            setattr(sys, name, open(nowhere, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drain() -> str:
    """Flush stdout; if that fails, discard its buffer and return the reason."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _discard(sys.stdout)
        return _reason(error)
    return ""


def write_stderr(text: str) -> None:
    """Write text to stderr as it is; if stderr cannot be written, discard it."""
    try:
        with _stderr_lock():
            sys.stderr.write(text)
            sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def _discard(stream: Any) -> None:
    """Point a stream at the null device: else Python's flush at exit changes the exit code."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _reason(error: OSError) -> str:
    text = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {text}" if error.filename is not None else text
