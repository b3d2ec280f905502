"""``namgraph batch``: render every input through every model in every rack of a job."""

import argparse
import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..graph import JobError
from .arguments import (
    BACKEND_HELP,
    BACKENDS,
    Subparsers,
    add_json_option,
    add_set_option,
    add_verb,
    settings_of,
)
from .console import say, warn
from .progress import Progress

if TYPE_CHECKING:
    from ..presets.batch.execution.executor import Executor

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "batch",
        run,
        "render every input through every model in every rack of a job",
        "namgraph batch job.json",
        "namgraph batch job.json --threads 4 --strict --json",
        "namgraph batch job.json --scheduler tcp://studio:8786",
    )
    add = parser.add_argument
    add("job", metavar="JOB.json", help="inputs, models, racks and settings (presets/README.md)")
    add("--threads", type=int, metavar="N", help="files rendered at a time (one per processor)")
    add("--scheduler", metavar="ADDRESS", help="render on a Dask cluster; local: on processes here")
    add(
        "--workers",
        type=int,
        metavar="N",
        help="processes of --scheduler local (one per processor)",
    )
    add("--again", action="store_true", help="render also files that are up to date")
    add("--backend", choices=BACKENDS, help=BACKEND_HELP)
    add(
        "--stop-on-error",
        action="store_true",
        help="end at the first file that cannot be made (default: list it, and go on)",
    )
    add("--strict", action="store_true", help="exit 1 if a file is clipped, silent or not finite")
    add_set_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the job, and print its counts; return 1 with ``--strict`` if a file has a fault."""
    from ..presets.batch.job import read_job
    from ..presets.batch.run import run_job

    job = read_job(arguments.job, settings_of(arguments))
    with _executor(arguments) as executor, Progress("rendering", unit="files") as progress:
        done = run_job(
            job,
            backend=arguments.backend,
            threads=arguments.threads,
            again=arguments.again,
            stop_on_error=arguments.stop_on_error,
            executor=executor,
            warn=warn,
            progress=lambda done: progress(done.share),
        )
    if arguments.json:
        say(json.dumps(asdict(done)))
    else:
        kept = f", {done.kept} up to date" if done.kept else ""
        say(f"{done.made} files made, {done.seconds:.1f} s of sound{kept}; see {done.manifest}")
    return int(arguments.strict and any(asdict(done.faults).values()))


@contextlib.contextmanager
def _executor(arguments: argparse.Namespace) -> "Iterator[Executor | None]":
    """Yield what ``--scheduler`` asks for; ``None``: threads of this process."""
    a = arguments
    if a.scheduler is None:
        if a.workers is not None:
            raise JobError(f"--workers is {a.workers}: goes with --scheduler local")
        yield None
        return
    if a.threads is not None:
        raise JobError(f"--threads is {a.threads}: a cluster has threads of its own (dask worker)")
    from ..presets.batch.execution.dask import dask_executor

    with dask_executor(a.scheduler, a.workers, warn) as executor:
        yield executor
