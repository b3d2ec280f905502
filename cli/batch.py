"""``namgraph batch``: render every input through every model in every rack of a job."""

import argparse
import gc
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..graph import JobError
from ..graph.text import counted
from .arguments import (
    BACKEND_HELP,
    BACKENDS,
    CHANNELS,
    SUBTYPES,
    Subparsers,
    add_json_option,
    add_precision_option,
    add_search_option,
    add_set_option,
    add_snapshot_option,
    add_verb,
    settings_of,
)
from .console import print_error, say, warn
from .progress import BatchLines

__all__ = ["add_parser", "run"]

QUICK = (
    *("inputs", "models", "racks", "ir", "out", "name", "subtype", "channel", "loudness", "tail"),
    *("resample", "variants", "seed", "save_job"),
)
"""Options that describe a job where there is no job file."""
GARBAGE = 20_000
"""New objects between two searches for garbage, of which each file leaves some."""
PATHS = ("inputs", "models", "racks", "ir", "output")


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "batch",
        run,
        "render every input through every model in every rack of a job",
        "namgraph batch job.json",
        "namgraph batch job.json --threads 4 --strict --json",
        "namgraph batch --models amps --inputs takes --out renders",
        'namgraph batch --racks crunch --inputs takes --set "amp.input_db=[-6, 0, 6]" --out out',
        "namgraph batch job.json --scheduler tcp://studio:8786",
    )
    add = parser.add_argument
    add(
        "job",
        metavar="JOB.json",
        nargs="?",
        help="inputs, models, racks and settings (presets/README.md); or give the next options",
    )
    files = "files, patterns or folders"
    add("--inputs", nargs="+", metavar="FILE", help=f"audio: {files}")
    add("--models", nargs="+", metavar="FILE", help=f"models: {files}")
    add("--racks", nargs="+", metavar="RIG", help=f"presets: {files}, or names of bundled ones")
    add("--ir", metavar="CAB.wav", help="cabinet impulse response after models without a rack")
    add("--out", metavar="DIR", help="output folder (renders)")
    add("--name", metavar="TEMPLATE", help="file names, such as {model}/{input}.flac")
    add("--subtype", choices=SUBTYPES, help="sample format (pcm24)")
    add("--channel", choices=CHANNELS, help="what of stereo inputs is played")
    add("--loudness", type=float, metavar="LUFS", help="integrated loudness of every file")
    add("--tail", action=argparse.BooleanOptionalAction, help="render the tail after the input")
    add("--resample", action="store_true", default=None, help="accept inputs at other rates")
    add("--variants", type=int, metavar="N", help="files of each, with --set drawn at random")
    add("--seed", type=int, metavar="N", help="of what is drawn at random (0)")
    add("--save-job", metavar="JOB.json", help="write these options as a job file, and run it")
    add(
        "--threads",
        type=int,
        metavar="N",
        help="threads that render, one a file or more (one per processor)",
    )
    add("--scheduler", metavar="ADDRESS", help="render on a Dask cluster; local: on processes here")
    add(
        "--workers",
        type=int,
        metavar="N",
        help="processes of --scheduler local (one per processor)",
    )
    add("--again", action="store_true", help="render also files that are up to date")
    add("--backend", choices=BACKENDS, help=BACKEND_HELP)
    add_precision_option(parser)
    add(
        "--stop-on-error",
        action="store_true",
        help="end at the first file that cannot be made (default: list it, and go on)",
    )
    add("--strict", action="store_true", help="exit 1 if a file is clipped, silent or not finite")
    add_set_option(parser)
    add_snapshot_option(parser)
    add_search_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the job, and print its counts and the files that could not be made.

    Returns 1 if there are any, or with ``--strict`` if a file has a fault.
    """
    gc.set_threshold(min(gc.get_threshold()[0], GARBAGE))
    from ..presets.batch.execution.cluster import executor_for
    from ..presets.batch.faults import failure_lines
    from ..presets.batch.job import job_of, read_job
    from ..presets.batch.run import run_job

    quick = [key for key in QUICK if getattr(arguments, key) is not None]
    if arguments.job is not None:
        if quick:
            option = quick[0].replace("_", "-")
            raise JobError(f"--{option}: goes without {arguments.job}, which is a job of its own")
        job = read_job(arguments.job, settings_of(arguments))
    elif quick:
        if arguments.save_job is not None:
            _check_job_file(arguments.save_job)
        data = _quick_job(arguments)
        job = job_of(data)
        if arguments.save_job is not None:
            _save_job(arguments.save_job, data)
    else:
        raise JobError("batch: must be given JOB.json, or --inputs, and --models or --racks")
    a = arguments
    with (
        executor_for(a.scheduler, a.workers, a.threads, warn) as executor,
        BatchLines("rendering") as progress,
    ):
        done = run_job(
            job,
            backend=arguments.backend,
            threads=arguments.threads,
            again=arguments.again,
            stop_on_error=arguments.stop_on_error,
            executor=executor,
            warn=warn,
            progress=progress.update,
        )
    for line in failure_lines(done.failures, done.manifest):
        print_error(line)
    found = {**vars(done), "faults": asdict(done.faults)}
    del found["entries"]  # they are in the manifest
    if arguments.json:
        say(json.dumps(found))
    else:
        kept = f", {done.kept} up to date" if done.kept else ""
        failed = f", {len(done.failures)} failed" if done.failures else ""
        say(
            f"{counted(done.made, 'file')} made, {done.seconds:.1f} s of sound{kept}{failed}; see "
            f"{done.manifest}"
        )
    return int(bool(done.failures) or (arguments.strict and any(found["faults"].values())))


def _quick_job(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the job that the options describe."""
    data = {key: getattr(arguments, key) for key in QUICK if key != "save_job"}
    data["output"] = data.pop("out")
    data["settings"] = settings_of(arguments) or None
    return {key: value for key, value in data.items() if value is not None}


def _check_job_file(path: str) -> None:
    """Raise ``JobError`` unless a job may be written there: nothing but a job is replaced."""
    from ..runtime.io.file_kind import JOB, kind_of_file

    if not path.endswith(".json"):
        raise JobError(f"--save-job is {path}: a job's name must end in .json: save as {path}.json")
    if not os.path.isfile(path):
        return
    kind = kind_of_file(path)
    if kind is None or kind.what != JOB:
        what = "no job" if kind is None else kind.what
        raise JobError(
            f"--save-job is {path}: is there already, and is {what}: give the job another name"
        )


def _save_job(path: str, data: dict[str, Any]) -> None:
    """Write a job file; paths are absolute unless it is in the current folder."""
    from ..runtime.io.atomic_write import whole_file, writing

    data = {"namgraph_job": 1, **data}
    if os.path.realpath(Path(path).parent) != os.path.realpath("."):
        from ..presets.bundled import shipped_presets

        known = shipped_presets()

        def whole(name: str) -> str:
            return name if name in known else os.path.abspath(name)

        for key in (key for key in PATHS if key in data):
            value = data[key]
            data[key] = whole(value) if isinstance(value, str) else [whole(name) for name in value]
        for name, value in data.get("settings", {}).items():
            if isinstance(value, str) and os.path.isfile(value):
                data["settings"] = {**data["settings"], name: os.path.abspath(value)}
    with whole_file(path, JobError) as part, writing(path, JobError):
        part.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8", newline="\n")
