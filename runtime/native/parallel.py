"""Compile the kernels of an engine in several processes at once, when they are not on disk yet.

Numba compiles one kernel at a time in a process.  So the first kernel that has to be compiled while
an engine is made starts processes that are copies of this one (``fork``).  Each builds the engine
as far as needed to know all kernels in it, compiles those that no other process has taken, into the
disk cache, and ends.  What they could not do is compiled in this process, where errors are raised.

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

__all__ = ["Collector", "collector", "compiled_in_parallel", "processors"]

MOST_PROCESSES = 8
MOST_KERNELS = 10_000
NONE = b"\xff\xff"
"""In place of a number: none is left."""
LONGEST_S = 300.0
"""After this time processes that still compile are stopped."""


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
        count = min(processors(), MOST_PROCESSES)
        if build is None or count < 2 or not _can_fork():
            return False
        _run(count, lambda take: _compile_share(self, build, take))
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


def _run(count: int, work: Callable[[Callable[[], int]], None]) -> None:
    """Run ``work`` in ``count`` copies of this process, and wait for them.

    Each gets a function that returns the next number, from 0, that no other got.
    """
    numbers, feed = os.pipe()
    alive, ends = os.pipe()
    os.write(feed, b"".join(number.to_bytes(2, "little") for number in range(MOST_KERNELS)))
    os.close(feed)
    started: list[int] = []
    try:
        for _ in range(count):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # threads: see _can_fork
                child = os.fork()
            if child == 0:
                _be_a_copy(lambda: int.from_bytes(os.read(numbers, 2) or NONE, "little"), work)
            started.append(child)
        os.close(ends)
        ends = -1
        select.select([alive], [], [], LONGEST_S)  # readable once all have ended
    except OSError:  # no more processes to be had
        pass
    finally:
        for child in started:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        for handle in (numbers, alive, ends):
            if handle >= 0:
                os.close(handle)


def _be_a_copy(take: Callable[[], int], work: Callable[[Callable[[], int]], None]) -> None:
    """Do the work of a copy, silently, and end it."""
    try:
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        work(take)
    finally:
        os._exit(0)


def _compile_share(
    collector: Collector, build: Callable[[], object], take: Callable[[], int]
) -> None:
    collector.kernels = []
    with contextlib.suppress(Exception, Stop):
        build()
    # Those with a closure are emitted for a network or a filter: the longest.
    kernels = sorted(
        collector.kernels,
        key=lambda k: (k.function.__closure__ is None, -len(k.function.__code__.co_code)),
    )
    collector.kernels = None
    if "numba" not in sys.modules:
        # Numba imports these if they are there, for code that no kernel has.
        sys.modules.update({"scipy": None, "cffi": None})  # type: ignore[dict-item]
    while (number := take()) < len(kernels):
        with contextlib.suppress(Exception):
            _ = kernels[number].address
