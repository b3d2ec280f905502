"""Connect to a Dask cluster, or make one of processes on this machine.  Control thread.

Dask is imported when it is needed.
"""

import contextlib
import logging
import signal
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from typing import Any

from ....graph import JobError
from ....graph.extras import how_to_install
from ....runtime.native.cpu import processors
from .dask import DaskExecutor

__all__ = ["executor_for", "local_cluster", "silent_logs"]

LOCAL = "local"
"""In place of an address: a cluster of processes on this machine, for the time of the job."""
TIMEOUT_S = 10.0
"""How long a scheduler may take to answer, and to have a worker."""
START_S = 60.0
"""How long workers may take to start on this machine."""


@contextlib.contextmanager
def executor_for(
    scheduler: str | None,
    workers: int | None = None,
    threads: int | None = None,
    warn: Callable[[str], None] = lambda line: None,
) -> Iterator[DaskExecutor | None]:
    """Connect to the scheduler of a Dask cluster at an address, as ``tcp://host:8786``.

    Without a scheduler there is no such executor: ``None``, and ``threads`` of this process.

    With ``"local"`` the cluster is made here, of ``workers`` processes of one thread (``None``: one
    for each processor), and ended afterwards.  ``JobError`` if there is no Dask, no scheduler or no
    worker; each takes 10 s at most.  A ``tls://`` address uses the certificates in Dask's
    configuration.  ``warn`` is called with a line for each worker that has other versions.
    """
    if workers is not None and scheduler != LOCAL:
        raise JobError(f"workers is {workers}: goes with the scheduler {LOCAL!r}")
    if scheduler is None:
        yield None
        return
    if threads is not None:
        raise JobError(f"threads is {threads}: goes without a scheduler, whose workers have theirs")
    if workers is not None and workers < 1:
        raise JobError(f"workers is {workers}: must be 1 or more (without: one for each processor)")
    distributed = _need_distributed()
    place: Any = scheduler
    with contextlib.ExitStack() as stack:
        stack.enter_context(silent_logs())
        if scheduler == LOCAL:
            place = stack.enter_context(local_cluster(distributed, workers or processors()))
        client = stack.enter_context(_connected(distributed, place, scheduler))
        yield DaskExecutor(client, scheduler, warn)


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
def local_cluster(distributed: Any, workers: int) -> Iterator[Any]:
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
def silent_logs() -> Iterator[None]:
    """Silence Dask's log meanwhile: what happens to workers is in the result, or in an error."""
    names = [n for n in logging.root.manager.loggerDict if f"{n}.".startswith("distributed.")]
    before = [(logger, logger.level) for logger in map(logging.getLogger, names)]
    for logger, _ in before:  # Dask gives each a level of its own
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in before:
            logger.setLevel(level)
