"""Functions that run in a worker of a cluster: check its versions and folders, render, stop.

Imports nothing of Dask.  ``Ticket`` is sent with every task, so that workers that join later are
checked too.  The module state is that of one worker process; its threads share it.
"""

import os
import platform
import socket
import threading
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from ....graph import JobError, NamgraphError
from ....graph.text import counted
from ....graph.version import VERSION
from ....nodes.nam import LevelsWarning
from ....runtime.io.atomic_write import check_room
from ....runtime.native.host import host_lanes
from .task import Entry, StoppedError, Task, render_tasks

__all__ = ["Facts", "Ticket", "check_worker", "environment", "render_here", "stop_here"]

Facts = tuple[tuple[str, str], ...]
SAME = ("numba", "llvmlite", "soxr")
"""Packages whose version the samples may depend on: they must be the same."""
ALIKE = ("numpy", "soundfile", "pedalboard")
"""Packages of which another version is a warning."""
WIDTH, PACKAGE, PYTHON = "SIMD width", "namgraph", "Python"

_lock = threading.Lock()
_stopped: set[str] = set()
_running = Counter[str]()


@dataclass(frozen=True)
class Ticket:
    """What a job expects of a worker."""

    job: str
    """A random name of the run."""
    facts: Facts
    """``environment`` of the client."""
    probe: str
    """A file in the output folder that holds ``job``, while the job runs."""
    files: tuple[tuple[str, int], ...]
    """Of each folder that is read a file, with its size."""


def environment() -> Facts:
    """Return versions and SIMD width of this process, by name."""
    versions = {PACKAGE: VERSION, PYTHON: ".".join(platform.python_version_tuple()[:2])}
    for name in (*SAME, *ALIKE):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return (*versions.items(), (WIDTH, str(host_lanes())))


@lru_cache(maxsize=64)
def check_worker(ticket: Ticket) -> tuple[str, str]:
    """Return why this process cannot render the job, and what may differ; "" for nothing.

    Bits depend on the version of this package and of what it compiles with, and on the SIMD width.
    Inputs and outputs are those of the client only where both see the same folders.
    """
    package = __name__.partition(".")[0]  # the client warns, once for each rack
    warnings.filterwarnings("ignore", category=LevelsWarning)
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=rf"{package}\.")
    here = dict(environment())
    differ = {n: f"{n} {here.get(n)} (here {v})" for n, v in ticket.facts if here.get(n) != v}
    strict = [text for name, text in differ.items() if name in (PACKAGE, WIDTH, *SAME)]
    name = f"worker on {socket.gethostname()} (process {os.getpid()})"
    if strict:
        return f"{name} has {', '.join(strict)}: the same is needed for the same samples", ""
    if fault := _unseen(ticket):
        return f"{name} {fault}: it must have the same folders under the same paths", ""
    return "", f"{name} has {', '.join(differ.values())}" if differ else ""


def _unseen(ticket: Ticket) -> str:
    """Return which file this process does not see as the client does, or ``""``."""
    folder = Path(ticket.probe).parent
    try:
        if Path(ticket.probe).read_text(encoding="ascii") != ticket.job:
            return f"sees another folder at {folder}"
    except (OSError, ValueError):
        return f"does not see the output folder {folder}"
    try:
        check_room(folder, JobError)
    except NamgraphError as error:
        return f"cannot write the output ({error})"
    for path, size in ticket.files:
        try:
            found = os.stat(path).st_size
        except OSError as reason:
            return f"cannot read {path} ({reason.strerror})"
        if found != size:
            return f"sees another file at {path}: {counted(found, 'byte')} in place of {size}"
    return ""


def render_here(tasks: Sequence[Task], ticket: Ticket) -> list[Entry]:
    """Render the files of a task of the cluster; return their manifest entries.

    ``JobError`` if this process does not fit the job; ``StoppedError`` after ``stop_here``.
    """
    fault, _ = check_worker(ticket)
    if fault:
        raise JobError(fault)
    with _lock:
        _check_stopped(ticket.job)
        _running[ticket.job] += 1
    try:
        return render_tasks(tasks, lambda file, share: _check_stopped(ticket.job))
    finally:
        with _lock:
            _running[ticket.job] -= 1


def stop_here(job: str) -> int:
    """End the tasks of a job in this process, soon; return how many are still at work."""
    with _lock:
        _stopped.add(job)
        return _running[job]


def _check_stopped(job: str) -> None:
    if job in _stopped:
        raise StoppedError
