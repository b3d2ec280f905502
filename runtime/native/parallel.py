"""Compile the kernels of an engine in several processes at once, when they are not on disk yet.

Numba compiles one kernel at a time in a process.  So the first kernel that has to be compiled while
an engine is made starts a copy of this process (``fork``).  That one builds the engine as far as
needed to know all kernels in it, imports Numba, and starts as many copies of itself as there are
processors.  Each compiles the kernels that no other has taken, into the disk cache, and ends.  What
they could not do is compiled in the process itself, where errors are raised.

Linux only, and only in a process without other threads, whose locks a copy could find locked.
"""

import contextlib
import os
import select
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np  # noqa: F401  (so that its threads are counted)

__all__ = ["Collector", "collector", "compiled_in_parallel", "processors"]

MOST_PROCESSES = 8
LONGEST_S = 300.0
"""After this time a copy that still compiles is stopped."""


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # ``os.process_cpu_count`` is new in Python 3.13
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _os_threads() -> int:
    """Return the number of this process's threads, those of C libraries included."""
    return len(os.listdir("/proc/self/task")) if sys.platform == "linux" else 0


_threads_at_import = _os_threads()
"""Those of NumPy's linear algebra, which wait for work that a copy never gives them."""


class Stop(BaseException):
    """Raised in a copy where a kernel would be called: all kernels before it are known."""


class Collector:
    """What decides, where a kernel is not on disk, who compiles it."""

    def __init__(self) -> None:
        self.build: Callable[[], object] | None = None
        """Builds what the kernels are for, if they may be compiled in parallel."""
        self.kernels: list[Any] | None = None
        """In a copy of the process that only collects kernels, those found so far."""

    def collects(self, kernel: Any, is_compiled: bool) -> bool:
        """Return whether a kernel is only to be noted, and note it."""
        if self.kernels is None or is_compiled:
            return False
        if kernel not in self.kernels:
            self.kernels.append(kernel)
        return True

    def compile_all(self) -> bool:
        """Compile, in other processes, all kernels that ``build`` needs; False if not possible."""
        build, self.build = self.build, None  # once
        if build is None or processors() < 2 or not _can_fork():
            return False
        _in_a_copy(lambda: _compile(_kernels_of(build)), LONGEST_S)
        return True


collector = Collector()


@contextlib.contextmanager
def compiled_in_parallel(build: Callable[[], object]) -> Iterator[None]:
    """Let the first kernel not on disk start the compilation of all kernels that ``build`` needs.

    ``build`` is called in copies of this process only; it asks for addresses and calls nothing.
    """
    if collector.build is not None or collector.kernels is not None:
        yield
        return
    collector.build = build
    try:
        yield
    finally:
        collector.build = None


def _can_fork() -> bool:
    return (
        sys.platform == "linux"
        and threading.active_count() == 1
        and threading.current_thread() is threading.main_thread()
        and _os_threads() <= _threads_at_import
    )


def _kernels_of(build: Callable[[], object]) -> list[Any]:
    """Return the kernels that ``build`` asks for, the longest first.  In a copy only."""
    found: list[Any] = []
    collector.kernels = found
    with contextlib.suppress(Exception, Stop):
        build()
    collector.kernels = None
    # Those with a closure are emitted for a network or a filter.
    return sorted(
        found, key=lambda k: (k.function.__closure__ is None, -len(k.function.__code__.co_code))
    )


def _compile(kernels: list[Any]) -> None:
    """Compile kernels here and in copies of this copy, which have Numba ready then."""
    if "numba" not in sys.modules:
        # Numba imports these if they are there, for code that no kernel has.
        sys.modules.update({"scipy": None, "cffi": None})  # type: ignore[dict-item]
    from .compiler.compile import get_ready

    get_ready()
    numbers, feed = os.pipe()
    os.write(feed, bytes(range(min(len(kernels), 256))))
    os.close(feed)

    def work() -> None:
        while taken := os.read(numbers, 1):
            with contextlib.suppress(Exception):
                _ = kernels[taken[0]].address

    helpers = min(processors(), MOST_PROCESSES, len(kernels)) - 1
    started = [_fork(work) for _ in range(helpers)]
    work()
    for process in started:
        os.waitpid(process, 0)


def _in_a_copy(work: Callable[[], None], longest_s: float) -> None:
    """Do work in a copy of this process, and wait until it and its copies have ended."""
    alive, ends = os.pipe()
    try:
        process = _fork(work)
    except OSError:  # no more processes to be had
        os.close(alive)
        return
    finally:
        os.close(ends)
    try:
        select.select([alive], [], [], longest_s)  # readable once no copy has the other end open
    finally:
        os.close(alive)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _fork(work: Callable[[], None]) -> int:
    """Do work, silently, in a copy of this process, which then ends; return the copy's number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: see _can_fork
        process = os.fork()
    if process:
        return process
    try:
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        work()
    finally:
        os._exit(0)
