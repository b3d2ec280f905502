"""Signals that ask a command to end: SIGINT (Ctrl-C), SIGTERM and SIGHUP.

All act in the main thread alone, and only on signals that are as Python leaves them: what the
process was told to ignore (``nohup``), or what a host program handles itself, stays so.
"""

import _thread
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["noted_signals", "raised_signals"]

AGAIN_S = 0.02
"""How long after it was lost in a callback a signal is delivered once more."""

_came: list[int] = []


def _raise(number: int, frame: object) -> None:
    """Handle a signal: raise the exception that ends the command."""
    _came.append(number)
    raise _ending(number)


def _ending(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)


@contextlib.contextmanager
def raised_signals() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` for SIGINT and ``SystemExit(128 + number)`` for the others.

    Python drops exceptions in callbacks of its collector and of C libraries; the signal is then
    delivered again, a little later.  Libraries may also turn the exception into another one: what
    is raised in the body after a signal came counts as that signal's.
    """
    _came.clear()
    hook = sys.unraisablehook
    with _handled(_raise, (signal.SIG_DFL, signal.default_int_handler)):
        sys.unraisablehook = lambda lost: _dropped(lost, hook)
        try:
            yield
        except Exception:
            if _came:
                raise _ending(_came[0]) from None
            raise
        finally:
            sys.unraisablehook = hook


def _dropped(lost: Any, hook: Any) -> None:
    if _came and lost.exc_type in (KeyboardInterrupt, SystemExit):
        again = threading.Timer(AGAIN_S, _thread.interrupt_main, (_came[-1],))
        again.daemon = True
        again.start()
    else:
        hook(lost)


@contextlib.contextmanager
def noted_signals() -> Iterator[list[int]]:
    """Raise nothing: give a list to which the numbers of the signals that come are added.

    For a body that looks at the list often, and has to end in its own way.
    """
    numbers: list[int] = []
    ours = (signal.SIG_DFL, signal.default_int_handler, _raise)
    with _handled(lambda number, frame: numbers.append(number), ours):
        yield numbers


@contextlib.contextmanager
def _handled(handler: Any, instead_of: tuple[Any, ...]) -> Iterator[None]:
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        names = (n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n))
        found = {getattr(signal, n): signal.getsignal(getattr(signal, n)) for n in names}
        before = {number: old for number, old in found.items() if old in instead_of}
    try:
        for number in before:
            signal.signal(number, handler)
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
