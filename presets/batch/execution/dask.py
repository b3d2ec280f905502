"""Tasks of a job on the workers of a Dask cluster, on this machine or on many.

Dask (``distributed``, the extra ``dask``) brings tasks to workers, and to others when a worker
dies; nothing of that is here.  Paths travel, no samples: all machines see the same folders.
"""

import contextlib
import os
import queue
import secrets
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

from ....graph import JobError
from ....runtime.io.atomic_write import remove_left_over, scratch_file, writing
from .executor import WAIT_S, Group
from .task import Entry, Progress, Task, failed
from .worker import Ticket, check_worker, environment, render_here, stop_here

__all__ = ["DaskExecutor"]

GONE_S = 10.0
"""How long a scheduler may be without answer."""
NO_WORKERS_S = 60.0
"""How long a job waits when its last worker has gone."""
STOP_S = 60.0
"""How long an interrupted job waits for its tasks to end."""
WINDOW = 512
"""Tasks that the scheduler has at a time."""


class DaskExecutor:
    """Runs tasks on the workers of a cluster: see ``Executor``.  Made by ``executor_for``."""

    def __init__(self, client: Any, name: str, warn: Callable[[str], None]) -> None:
        self._client, self._name, self._warn = client, name, warn
        self._answered = time.monotonic()

    def run(self, groups: Iterable[Group], progress: Progress) -> Generator[list[Entry]]:
        """As of ``Executor``; ``progress`` is not called.

        ``JobError`` before the first task if a worker does not fit the job, and later if one that
        does not has joined, or if the scheduler or all workers are gone.  A file at which several
        workers died one after another is an entry with ``"error"``.
        """
        work = list(groups)
        folder = Path(os.path.commonpath([os.path.dirname(t.target) for g in work for t in g]))
        with writing(os.fspath(folder), JobError):
            folder.mkdir(parents=True, exist_ok=True)
        job = secrets.token_hex(8)
        with scratch_file(folder / "probe", JobError) as probe:
            with writing(os.fspath(folder), JobError):
                probe.write_text(job, encoding="ascii")
            ticket = Ticket(job, environment(), os.fspath(probe), _one_of_each_folder(work))
            self._check_workers(ticket)
            yield from self._results(work, ticket)

    def _results(self, groups: Sequence[Group], ticket: Ticket) -> Generator[list[Entry]]:
        ended, waiting = queue.SimpleQueue[Any](), dict[str, tuple[Any, Group]]()
        work = iter(enumerate(groups))

        def submit() -> None:
            if (following := next(work, None)) is None:
                return
            n, group = following
            key = f"namgraph-{ticket.job}-{n}"
            future = self._client.submit(render_here, group, ticket, key=key, pure=False)
            waiting[key] = future, group
            future.add_done_callback(ended.put)

        try:
            for _ in range(WINDOW):
                submit()
            while waiting:
                try:
                    future = ended.get(timeout=WAIT_S)
                except queue.Empty:
                    self._check_cluster()
                    continue
                _, group = waiting.pop(future.key)
                submit()
                yield self._entries(future, group)
        finally:
            if waiting:
                self._stop([future for future, _ in waiting.values()], ticket.job)

    def _check_workers(self, ticket: Ticket) -> None:
        """Raise one ``JobError`` with a line for each worker that does not fit the job."""
        answers = self._client.run(check_worker, ticket, on_error="return")
        faults = list[str]()
        for address, answer in answers.items():
            if isinstance(answer, OSError):  # it has gone meanwhile; the tasks check its successor
                continue
            if isinstance(answer, BaseException):
                faults.append(f"worker {address}: {type(answer).__name__}: {answer}")
            else:
                faults += [answer[0]] * bool(answer[0])
                for line in [answer[1]] * bool(answer[1]):
                    self._warn(line)
        if faults:
            error = JobError("; ".join(faults))
            error.faults = tuple(faults)
            raise error

    def _check_cluster(self) -> None:
        """Raise ``JobError`` if the scheduler, or every worker, has been gone for too long."""
        now, status = time.monotonic(), self._client.status
        if status == "running" and self._client.scheduler_info()["workers"]:
            self._answered = now
        gone_s = now - self._answered
        if status == "closed" or (status != "running" and gone_s > GONE_S):
            raise self._gone()
        if gone_s > NO_WORKERS_S:
            raise JobError(
                f"scheduler {self._name} has had no workers for {NO_WORKERS_S:g} s: start some, "
                "and the job again: it goes on where it was"
            )

    def _entries(self, future: Any, group: Group) -> list[Entry]:
        """Return the entries of a task that has ended."""
        if future.status == "finished":
            found: list[Entry] = future.result(timeout=GONE_S)
            return found
        if future.status != "error":
            raise self._gone()
        error = future.exception(timeout=GONE_S)
        if type(error).__name__ == "KilledWorker":
            return [_killed(task) for task in group]
        if isinstance(error, JobError):
            raise error
        raise JobError(f"{group[0].source}: {type(error).__name__}: {error}")

    def _stop(self, futures: Sequence[Any], job: str) -> None:
        """Cancel tasks, and wait until those that run have ended.  A lost cluster has none."""
        deadline = time.monotonic() + STOP_S
        with contextlib.suppress(Exception):  # the first error is raised
            self._client.cancel(futures, force=True)
            while time.monotonic() < deadline and self._client.status == "running":
                left = self._client.run(stop_here, job, on_error="ignore")
                if not any(left.values()):
                    return
                time.sleep(WAIT_S)

    def _gone(self) -> JobError:
        return JobError(
            f"scheduler {self._name} does not answer any more: start the job again: it goes on "
            "where it was"
        )


def _killed(task: Task) -> Entry:
    remove_left_over(task.target)
    return failed(
        task.entry, f"{task.source}: the workers that rendered it died, one after another"
    )


def _one_of_each_folder(groups: Sequence[Group]) -> tuple[tuple[str, int], ...]:
    """Return a file of each folder that tasks read, and its size."""
    folders = dict[str, str]()
    for group in groups:
        for task in group:
            for path in (task.source, task.rack.model, task.rack.rack):
                if os.path.isabs(path):
                    folders.setdefault(os.path.dirname(path), path)
    with writing("an input", JobError):
        return tuple((path, os.stat(path).st_size) for path in folders.values())
