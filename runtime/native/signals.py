"""Defer Python's signal handlers while code runs that an exception must not interrupt."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

__all__ = ["signals_deferred"]

ENDING = (signal.SIGINT, signal.SIGTERM)
NUMBERS = signal.valid_signals()


@contextlib.contextmanager
def signals_deferred() -> Iterator[Callable[[], bool]]:
    """Run Python's signal handlers after the ``with`` block, once for each signal number.

    The value is a function: whether a signal to interrupt or end the process has arrived.

    LLVM calls back into Python while it compiles; an exception that a handler raises there
    (``KeyboardInterrupt``) is lost, and the process crashes some time later.  Python runs handlers
    only in the main thread, so in other threads this does nothing.  Signals without a Python
    handler act at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    handlers: dict[int, Any] = {}
    arrived: dict[int, None] = {}

    def note(number: int, frame: FrameType | None) -> None:
        arrived[number] = None

    try:
        for number in NUMBERS:
            handler = signal.getsignal(number)
            if callable(handler):
                handlers[number] = handler
                signal.signal(number, note)
        yield lambda: not arrived.keys().isdisjoint(ENDING)
    finally:
        _restore(handlers, arrived)


def _restore(handlers: dict[int, Any], arrived: dict[int, None]) -> None:
    """Restore handlers and run those of signals that arrived; raise their first error."""
    raised: BaseException | None = None
    put_back = dict(handlers)
    while put_back or arrived:
        try:
            while put_back:
                number, handler = next(iter(put_back.items()))
                signal.signal(number, handler)
                del put_back[number]
            while arrived:
                number, _ = arrived.popitem()
                handlers[number](number, None)
        except BaseException as error:  # a handler raised: the others are put back all the same
            raised = raised or error
    if raised is not None:
        raise raised
