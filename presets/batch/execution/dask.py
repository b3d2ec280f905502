"""Tasks of a job on the workers of a Dask cluster, on this machine or on many.

Dask (``distributed``, the extra ``dask``) brings tasks to workers, and to others when a worker
dies; nothing of that is here.  Paths travel, no samples: all machines see the same folders.
"""

import contextlib
import logging
import os
import queue
import secrets
import signal
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from ....graph import JobError
from ....graph.extras import how_to_install
from ....runtime.io.atomic_write import remove_left_over, scratch_file, writing
from ....runtime.native.cpu import processors
from .executor import WAIT_S, Group
from .task import Entry, Progress, Task, failed
from .worker import Ticket, check_worker, environment, render_here, stop_here

__all__ = ["LOCAL", "DaskExecutor", "dask_executor"]

LOCAL = "local"
"""In place of an address: a cluster of processes on this machine, for the time of the job."""
TIMEOUT_S = 10.0
"""How long a scheduler may take to answer, and to have a worker."""
START_S = 60.0
"""How long workers may take to start on this machine."""
NO_WORKERS_S = 60.0
"""How long a job waits when its last worker has gone."""
STOP_S = 60.0
"""How long an interrupted job waits for its tasks to end."""
WINDOW = 512
"""Tasks that the scheduler has at a time."""


@contextlib.contextmanager
def dask_executor(
    scheduler: str, workers: int | None = None, warn: Callable[[str], None] = lambda line: None
) -> Iterator["DaskExecutor"]:
    """Connect to the scheduler of a Dask cluster at an address, as ``tcp://host:8786``.

    With ``"local"`` the cluster is made here, of ``workers`` processes of one thread (``None``: one
    for each processor), and ended afterwards.  ``JobError`` if there is no Dask, no scheduler or no
    worker; each takes 10 s at most.  A ``tls://`` address uses the certificates in Dask's
    configuration.  ``warn`` is called with a line for each worker that has other versions.
    """
    if workers is not None and scheduler != LOCAL:
        raise JobError(f"workers is {workers}: goes with the scheduler {LOCAL!r}")
    if workers is not None and workers < 1:
        raise JobError(f"workers is {workers}: must be 1 or more (without: one for each processor)")
    distributed = _need_distributed()
    place: Any = scheduler
    with contextlib.ExitStack() as stack:
        stack.enter_context(_silent_logs())
        if scheduler == LOCAL:
            place = stack.enter_context(_local_cluster(distributed, workers or processors()))
        client = stack.enter_context(_connected(distributed, place, scheduler))
        yield DaskExecutor(client, scheduler, warn)


class DaskExecutor:
    """Runs tasks on the workers of a cluster: see ``Executor``.  Made by ``dask_executor``."""

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
        if status == "closed" or (status != "running" and gone_s > TIMEOUT_S):
            raise self._gone()
        if gone_s > NO_WORKERS_S:
            raise JobError(
                f"scheduler {self._name} has had no workers for {NO_WORKERS_S:g} s: start some, "
                "and the job again: it goes on where it was"
            )

    def _entries(self, future: Any, group: Group) -> list[Entry]:
        """Return the entries of a task that has ended."""
        if future.status == "finished":
            found: list[Entry] = future.result(timeout=TIMEOUT_S)
            return found
        if future.status != "error":
            raise self._gone()
        error = future.exception(timeout=TIMEOUT_S)
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


def _need_distributed() -> Any:
    try:
        import distributed
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed"):
            raise
        raise JobError(f"a scheduler needs Dask: {how_to_install('dask')}") from None
    return distributed


@contextlib.contextmanager
def _connected(distributed: Any, place: Any, name: str) -> Iterator[Any]:
    """Yield a client that has a worker at least."""
    try:
        if place is name:
            distributed.comm.addressing.get_address_host_port(place)
        client = distributed.Client(place, timeout=TIMEOUT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, ImportError, TypeError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise JobError(
            f"scheduler {name}: cannot be reached ({reason[-1]}): give its address as "
            f"tcp://HOST:8786 (dask scheduler prints it), or {LOCAL}"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=TIMEOUT_S if place is name else START_S)
        except TimeoutError:
            raise JobError(
                f"scheduler {name} has no workers: start some, as by dask worker {name}"
            ) from None
        yield client


@contextlib.contextmanager
def _local_cluster(distributed: Any, workers: int) -> Iterator[Any]:
    """Yield a cluster of processes of one thread on this machine, without a dashboard.

    Ctrl-C in a terminal goes to all processes of the command, and ends the workers only through
    this one: they inherit a blocked signal from the thread that starts them, which inherits it
    from this.
    """
    with contextlib.ExitStack() as stack:
        with _interrupts_blocked():
            cluster = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=0,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    scheduler_kwargs={"dashboard": False},
                    memory_limit=None,
                    silence_logs=logging.CRITICAL,
                )
            )
        cluster.scale(workers)
        yield cluster


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block SIGINT in this thread meanwhile, and in threads that it starts for ever (POSIX)."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # to start it later would end the block in its thread
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _silent_logs() -> Iterator[None]:
    """Silence Dask's log meanwhile: what happens to workers is in the result, or in an error."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
