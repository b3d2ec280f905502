"""Executors: where the tasks of a job run.  Here: on threads of this process."""

import threading
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol

from .task import Entry, Progress, StoppedError, Task, render_tasks

__all__ = ["Executor", "ThreadExecutor"]

WAIT_S = 0.2
"""Longest wait of the main thread: some systems deliver no signal to a waiting thread."""
Group = tuple[Task, ...]
"""Tasks of one call of ``render_tasks``: one, or models that a GPU runs as one bank."""


class Executor(Protocol):
    """Runs ``render_tasks`` for every group of tasks, somewhere."""

    def run(self, groups: Iterable[Group], progress: Progress) -> Generator[list[Entry]]:
        """Yield the entries of each group as soon as it is done, in any order.  Control thread.

        ``progress`` is called with the file and the share of it that is done, on any thread, or not
        at all; what it raises ends the work and is raised here.  Closing the iterator ends the work
        and waits for its end: no file is written afterwards.
        """
        ...


class ThreadExecutor:
    """Runs tasks on threads of this process: rendering needs no Python, and models are shared."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def run(self, groups: Iterable[Group], progress: Progress) -> Generator[list[Entry]]:
        """As of ``Executor``."""
        stop, raised = threading.Event(), list[BaseException]()

        def report(file: str, share: float) -> None:
            if stop.is_set():
                raise StoppedError
            try:
                progress(file, share)
            except BaseException as error:
                raised.append(error)
                stop.set()
                raise StoppedError from error

        work, waiting = iter(groups), set[Future[list[Entry]]]()
        with ThreadPoolExecutor(self._threads) as pool:

            def submit() -> None:
                if (group := next(work, None)) is not None:
                    waiting.add(pool.submit(render_tasks, group, report))

            try:
                for _ in range(2 * self._threads):  # one runs, one is next
                    submit()
                while waiting:
                    done, _ = wait(waiting, WAIT_S, FIRST_COMPLETED)
                    for one in done:
                        waiting.discard(one)
                        submit()
                        yield one.result()
            except StoppedError:
                raise (raised or [StoppedError()])[0] from None
            finally:
                stop.set()
                for one in waiting:
                    one.cancel()
