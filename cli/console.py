"""The command's ends: its streams, its signals, and the codes it leaves with."""

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Self

from ..graph import NamgraphError
from ..graph.errors import cut
from ..graph.text import printable
from ..runtime.io.decoder_messages import silence_decoders, undisturbed
from .signals import raised_signals

__all__ = ["Progress", "complain", "note", "run", "say", "warn"]


def run(call: Callable[[], int | None]) -> int:
    """Do what a command does; return its exit code, having said in one line what went wrong.

    A signal that asks the process to end is an exception meanwhile, so that no half a file stays.
    """
    _open_streams()
    with _told_warnings(), _silent_decoders():
        try:
            try:
                with raised_signals():
                    code = call() or 0
            except SystemExit as stop:  # argparse's way out, and a signal's
                code = stop.code if isinstance(stop.code, int) else 0
            sys.stdout.flush()
        except NamgraphError as error:
            for line in getattr(error, "faults", ()) or (str(error),):
                complain(line)
            code = 2
        except KeyboardInterrupt:
            _tell("\n")
            code = 130
        except BrokenPipeError:  # the reader has had enough
            code = 141
        except MemoryError as error:
            complain(f"not enough memory on this machine: {error or 'no more can be had'}")
            code = 2
        except OSError as error:
            lost = _drain()
            complain(f"stdout: cannot be written: {lost}" if lost else _reason(error))
            code = 2
        _drain()
    return code


@contextlib.contextmanager
def _silent_decoders() -> Iterator[None]:
    """Keep decoders from writing to stderr, which is for one line of ours."""
    before = silence_decoders(True)
    try:
        yield
    finally:
        silence_decoders(before)


@contextlib.contextmanager
def _told_warnings() -> Iterator[None]:
    """Let what the package warns of be lines like all others."""
    before = warnings.showwarning

    def tell(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, RuntimeWarning):
            warn(str(message))
        else:
            before(message, category, *place, **more)

    warnings.showwarning = tell
    try:
        yield
    finally:
        warnings.showwarning = before


def say(text: str) -> None:
    """Print what was asked for; what could steer a terminal is spelled out (``printable``)."""
    try:
        print(printable(text))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NamgraphError(f"stdout: cannot be written: {_reason(error)}") from None


def complain(text: str) -> None:
    """Say on stderr what went wrong."""
    note(f"error: {text}")


def warn(text: str) -> None:
    """Say on stderr what did not go wrong, and still should be known."""
    note(f"warning: {text}")


def note(text: str) -> None:
    """Say one line on stderr."""
    _tell(f"namgraph: {printable(' '.join(cut(text).split()))}\n")


class Progress:
    """A line that counts to 100 %, on a terminal only, and leaves no trace."""

    def __init__(self, doing: str) -> None:
        self._doing, self._shown = doing, -1
        self._on = sys.stderr.isatty()

    def __call__(self, share: float) -> None:
        """Show how much is done."""
        percent = int(100 * share)
        if self._on and percent != self._shown:
            self._shown = percent
            _tell(f"\r{self._doing} {percent:3d} %")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown >= 0:
            _tell("\r\x1b[K")


def _open_streams() -> None:
    """Put nothing in the place of streams that were closed; take any text, in any locale."""
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)  # held to the end: no ResourceWarning
            setattr(sys, name, open(nowhere, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drain() -> str:
    """Write what stdout still holds; return why it cannot be, and have it held no longer."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _hush(sys.stdout)
        return _reason(error)
    return ""


def _tell(text: str) -> None:
    try:
        with undisturbed():
            sys.stderr.write(text)
            sys.stderr.flush()
    except OSError:  # nobody can be told
        _hush(sys.stderr)


def _hush(stream: Any) -> None:
    """Send a stream to nowhere: Python would flush it again, complain, and change the exit code."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _reason(error: OSError) -> str:
    text = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {text}" if error.filename is not None else text
