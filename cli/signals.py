"""Handlers of the signals that end a command: SIGINT (Ctrl-C), SIGTERM and SIGHUP.

All act in the main thread only, and only on signals with Python's default handlers: a signal that
is ignored (``nohup``), or that a host program handles, stays so.
"""

import _thread
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["collected_signals", "exit_on_interrupt", "raised_signals"]

REDELIVERY_S = 0.02
"""Delay before a signal whose exception Python dropped is delivered again."""

_received: list[int] = []


def _raise(number: int, frame: object) -> None:
    """Handle a signal: raise the exception that ends the command."""
    _received.append(number)
    raise _ending(number)


def _ending(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)


@contextlib.contextmanager
def raised_signals() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` for SIGINT and ``SystemExit(128 + number)`` for the others.

    Python drops exceptions raised in callbacks of its garbage collector and of C libraries; the
    signal is then delivered again.  Libraries may also convert the exception: an ``Exception``
    raised in the body after a signal is replaced by that signal's.
    """
    _received.clear()
    hook = sys.unraisablehook
    with _handled(_raise, (signal.SIG_DFL, signal.default_int_handler)):
        sys.unraisablehook = lambda lost: _dropped(lost, hook)
        try:
            yield
        except Exception:
            if _received:
                raise _ending(_received[0]) from None
            raise
        finally:
            sys.unraisablehook = hook


def _dropped(lost: Any, hook: Any) -> None:
    if _received and lost.exc_type in (KeyboardInterrupt, SystemExit):
        again = threading.Timer(REDELIVERY_S, _deliver, (_received[-1],))
        again.daemon = True
        again.start()
    else:
        hook(lost)


def _deliver(number: int) -> None:
    """Send a signal to the main thread; it ends a wait in the system there, as Ctrl-C does."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:  # Windows: noticed when the wait is over
        _thread.interrupt_main(signal.Signals(number))


@contextlib.contextmanager
def collected_signals() -> Iterator[list[int]]:
    """Return a list to which the numbers of received signals are appended; raise nothing.

    For a body that polls the list and ends by itself.
    """
    numbers: list[int] = []
    replaced = (signal.SIG_DFL, signal.default_int_handler, _raise)
    with _handled(lambda number, frame: numbers.append(number), replaced):
        yield numbers


@contextlib.contextmanager
def exit_on_interrupt(on: bool) -> Iterator[None]:
    """End the process at once on SIGINT, with code 130, if ``on`` and inside ``raised_signals``.

    For imports of libraries, some of which swallow exceptions; nothing needs cleaning up then.
    """

    def leave(number: int, frame: object) -> None:
        if number == signal.SIGINT:
            os._exit(130)
        _raise(number, frame)

    with _handled(leave, (_raise,)) if on else contextlib.nullcontext():
        yield


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
