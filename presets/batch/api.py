"""``ng.batch``: run a job that is a file, a dictionary, or keyword arguments."""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...graph import JobError, ParamError
from ...graph.arguments import (
    by_keyword,
    check_call,
    check_choice,
    check_flag,
    check_text,
    check_whole,
)
from ...graph.paths import checked_path
from ...nodes.nam.node import BACKENDS
from .execution.cluster import executor_for
from .job import job_of, read_job
from .run import BatchProgress, BatchResult, run_job

__all__ = ["batch"]

Path_ = str | os.PathLike[str]
Files = Path_ | Sequence[Path_]


@by_keyword
def batch(
    job: Path_ | Mapping[str, Any] | None = None,
    *,
    inputs: Files | None = None,
    models: Files | None = None,
    racks: Files | None = None,
    model_node: str | None = None,
    ir: Path_ | None = None,
    settings: Mapping[str, Any] | None = None,
    variants: int | None = None,
    seed: int | None = None,
    automation: Mapping[str, Any] | None = None,
    output: Path_ | None = None,
    name: str | None = None,
    subtype: str | None = None,
    tail: bool | None = None,
    loudness: float | None = None,
    channel: str | None = None,
    resample: bool | None = None,
    folder: Path_ = ".",
    backend: str | None = None,
    threads: int | None = None,
    scheduler: str | None = None,
    workers: int | None = None,
    again: bool = False,
    stop_on_error: bool = False,
    warn: Callable[[str], None] | None = None,
    progress: Callable[[BatchProgress], None] | None = None,
) -> BatchResult:
    """Render many audio files through many racks, as ``namgraph batch`` does; write a manifest.

    ``job`` is the path of a job file, or a mapping of its keys (``presets/README.md`` describes
    them), whose relative paths start at ``folder``.  The keywords from ``inputs`` to ``resample``
    are these keys, too; they replace those of a mapping.

    A file that cannot be rendered costs only itself: ``result.failures`` has the reason of each,
    and with ``stop_on_error`` the first is a ``JobError``.  Faults of the job itself are a
    ``JobError`` before the first file is rendered.  Files that are up to date are kept, unless
    ``again``.  ``threads`` threads render (``None``: one for each processor), one for each
    file, or several where there are fewer files.
    ``backend`` is where models run: "auto", "cpu" or "cuda" (``None``: as the job says).
    ``scheduler`` is the address of a Dask cluster that renders instead, ``"tcp://host:8786"``, or
    "local": ``workers`` processes of this machine (``None``: one for each processor); as with
    ``multiprocessing``, a script then needs ``if __name__ == "__main__":``.

    ``progress`` is called with a ``BatchProgress`` on any thread, one call at a time; what it
    raises ends the run.  ``warn`` is called with one line for each kind of warning (``None``: each
    is a ``RuntimeWarning``).  The next call renders what is missing after an interrupted one.
    """
    given: dict[str, Any] = {
        "inputs": inputs,
        "models": models,
        "racks": racks,
        "model_node": model_node,
        "ir": ir,
        "settings": settings,
        "variants": variants,
        "seed": seed,
        "automation": automation,
        "output": output,
        "name": name,
        "subtype": subtype,
        "tail": tail,
        "loudness": loudness,
        "channel": channel,
        "resample": resample,
    }
    given = {key: value for key, value in given.items() if value is not None}
    if threads is not None:
        threads = check_whole("threads", threads, 1, 1 << 16)
    if backend is not None:
        check_choice("backend", backend, BACKENDS)
    again, stop_on_error = check_flag("again", again), check_flag("stop_on_error", stop_on_error)
    if scheduler is not None:
        check_text("scheduler", scheduler, 'an address such as "tcp://host:8786", or "local"')
    if workers is not None:
        workers = check_whole("workers", workers, 1, 1 << 16)
    check_call("progress", progress)
    check_call("warn", warn)
    if job is None or isinstance(job, Mapping):
        read = job_of({**(job or {}), **given}, checked_path(folder, "folder", JobError))
    elif given:
        raise ParamError(
            f"{', '.join(given)}: cannot go with the path of a job: must be in the job file, or "
            "give the job as a mapping"
        )
    else:
        read = read_job(job)
    warn = _warn if warn is None else warn
    with executor_for(scheduler, workers, threads, warn) as executor:
        return run_job(
            read,
            backend=backend,
            threads=threads,
            again=again,
            stop_on_error=stop_on_error,
            executor=executor,
            warn=warn,
            progress=_ignore if progress is None else progress,
        )


def _ignore(done: BatchProgress) -> None:
    pass


def _warn(line: str) -> None:
    warnings.warn(line, RuntimeWarning, stacklevel=5)
