"""``namgraph batch``: render every input through every model in every rack of a job."""

import argparse
import json
from dataclasses import asdict

from .arguments import (
    BACKEND_HELP,
    BACKENDS,
    Subparsers,
    add_json_option,
    add_search_option,
    add_set_option,
    add_snapshot_option,
    add_verb,
    settings_of,
)
from .console import say, warn
from .progress import Progress

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
    )
    add = parser.add_argument
    add("job", metavar="JOB.json", help="inputs, models, racks and settings (presets/README.md)")
    add(
        "--threads",
        type=int,
        metavar="N",
        help="threads that render, one a file or more (one per processor)",
    )
    add("--again", action="store_true", help="render also files that are up to date")
    add("--backend", choices=BACKENDS, help=BACKEND_HELP)
    add("--strict", action="store_true", help="exit 1 if a file is clipped, silent or not finite")
    add_set_option(parser)
    add_snapshot_option(parser)
    add_search_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the job, and print its counts; return 1 with ``--strict`` if a file has a fault."""
    from ..presets.batch.job import read_job
    from ..presets.batch.run import run_job

    job = read_job(arguments.job, settings_of(arguments))
    with Progress("rendering", unit="files") as progress:
        done = run_job(
            job,
            backend=arguments.backend,
            threads=arguments.threads,
            again=arguments.again,
            warn=warn,
            started=progress.set_total,
            progress=progress,
        )
    if arguments.json:
        say(json.dumps(asdict(done)))
    else:
        kept = f", {done.kept} up to date" if done.kept else ""
        say(f"{done.made} files made, {done.seconds:.1f} s of sound{kept}; see {done.manifest}")
    return int(arguments.strict and any(asdict(done.faults).values()))
