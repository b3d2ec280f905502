"""Compile the kernels of an engine in several processes at once, when they are not on disk yet.

A process compiles one kernel at a time.  So the first kernel that has to be compiled while an
engine is made starts a copy of this process (``fork``).  That one builds the engine as far as
needed to know all kernels in it, and starts as many copies of itself as there are processors.  Each
compiles the kernels that no other has taken, into the disk cache, and ends.  What they could not do
is compiled in the process itself, where errors are raised.

Linux only, and only in a process without other threads, whose locks a copy could find locked, and
without a driver of a GPU, which a copy cannot use.  A copy ends at once with the process it is of.
"""

import contextlib
import ctypes
import gc
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np  # noqa: F401  (so that its threads are counted)

from .disk_cache import code_in_memory

__all__ = ["Collector", "collector", "compiled_in_parallel", "processors"]

MOST_PROCESSES = 8
LONGEST_S = 60.0
"""After this time copies that still compile are stopped; the process compiles the rest itself."""
POLL_S = 0.002
PR_SET_PDEATHSIG = 1


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

    def compile_all(self, is_stopped: Callable[[], bool]) -> bool:
        """Compile, in other processes, all kernels that ``build`` needs; False if not possible.

        Once ``is_stopped`` returns True, the processes are ended.
        """
        build, self.build = self.build, None  # once
        if build is None or processors() < 2 or not _can_fork():
            return False
        with code_in_memory():
            _in_a_copy(lambda: _compile(_kernels_of(build)), LONGEST_S, is_stopped)
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
        and not _has_gpu_driver()
    )


def _has_gpu_driver() -> bool:
    """Return whether this process has loaded NVIDIA's driver."""
    try:
        with open("/proc/self/maps", "rb") as file:
            return b"/libcuda.so" in file.read()
    except OSError:
        return False


def _kernels_of(build: Callable[[], object]) -> list[Any]:
    """Return the kernels whose ``address`` ``build`` reads, the slowest to compile first.

    Called only in a forked process.
    """
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
    """Compile kernels here and in copies of this copy, which have the compiler ready then."""
    if "numba" not in sys.modules:
        # Numba imports these if they are there, for code that no kernel has.
        sys.modules.update({"scipy": None, "cffi": None})  # type: ignore[dict-item]
    from .translator.compile import get_ready

    get_ready()
    numbers, feed = os.pipe()
    os.write(feed, bytes(range(min(len(kernels), 256))))
    os.close(feed)

    def work() -> None:
        while taken := os.read(numbers, 1):
            with contextlib.suppress(Exception):
                _ = kernels[taken[0]].address

    helpers = min(processors(), MOST_PROCESSES, len(kernels)) - 1
    started: list[int] = []
    with contextlib.suppress(OSError):  # no more processes to be had
        while len(started) < helpers:
            started.append(_fork(work))
    work()
    for process in started:
        _wait(process)


def _in_a_copy(
    work: Callable[[], None], longest_s: float, is_stopped: Callable[[], bool] = lambda: False
) -> None:
    """Do work in a copy of this process, and wait until it has ended, or end it."""
    try:
        process = _fork(work)
    except Exception:  # no more processes to be had, or a hook of another package refuses
        return
    end, has_ended = time.monotonic() + longest_s, False
    try:
        while not has_ended and time.monotonic() < end and not is_stopped():
            time.sleep(POLL_S)
            has_ended = _wait(process, os.WNOHANG)
    finally:
        if not has_ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)  # its own copies end with it
            _wait(process)


def _wait(process: int, how: int = 0) -> bool:
    """Wait for a copy; return whether it has ended."""
    try:
        return os.waitpid(process, how)[0] != 0
    except ChildProcessError:  # the system has cleaned up: SIGCHLD is ignored here
        return True


def _fork(work: Callable[[], None]) -> int:
    """Do work, silently, in a copy of this process, which then ends; return the copy's number.

    The copy is killed when this process ends.
    """
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: see _can_fork
        process = os.fork()
    if process:
        return process
    try:
        prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
        if os.getppid() != parent:  # it has ended before
            os._exit(0)
        gc.freeze()  # nobody's objects are finalised twice
        gc.disable()  # it would scan the compiler's many objects again and again
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        work()
    finally:
        os._exit(0)
