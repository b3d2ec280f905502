"""``namgraph bench``: measure how fast a rack plays, or run suites of measurements, or compare."""

import argparse
import json
import sys

from ..graph import ParamError
from .arguments import (
    Subparsers,
    add_json_option,
    add_precision_option,
    add_rig_options,
    add_verb,
    check_block,
    rig_options,
)
from .benchmarks import OF_MODEL, SUITES, format_suites, measure
from .console import say
from .progress import Progress

__all__ = ["add_parser", "run"]

ALL, LIST = "all", "list"
RIG_OPTIONS = ("ir", "right", "slim", "backend", "precision", "snapshot", "block", "seconds")


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "bench",
        run,
        "measure how fast a rack plays, or what parts of the engine cost",
        "namgraph bench crunch --block 64",
        "namgraph bench amp.nam --backend cpu --json",
        "namgraph bench amp.nam --suite models -o models.json",
        "namgraph bench --suite all -o figures",
        "namgraph bench --compare before figures",
        "namgraph bench --suite list",
    )
    add_rig_options(parser, "*")
    add_precision_option(parser)
    add = parser.add_argument
    add("--block", type=int, metavar="N", help="frames a block (64); of a RIG")
    add("--seconds", type=float, metavar="S", help="seconds of audio (10); of a RIG")
    names = ", ".join(SUITES)
    add(
        "--suite",
        choices=(*SUITES, ALL, LIST),
        metavar="NAME",
        help=f"run a suite instead of a RIG: {names}; all of them; list describes them",
    )
    add("--quick", action="store_true", help="of a suite: few rounds, to see that it works")
    add(
        "-o",
        "--output",
        metavar="FILE.json",
        help="of a suite: write figures as they come; of all: a folder, with pictures and a page",
    )
    add(
        "--compare",
        nargs=2,
        metavar=("OLD", "NEW"),
        help="compare two files of figures, or two folders of them, row by row",
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure, and print the figures."""
    _check(arguments)
    if arguments.compare is not None:
        from .benchmarks.reports.compare import compare, format_comparison

        made = compare(*arguments.compare)
        say(json.dumps(made) if arguments.json else format_comparison(made))
        return
    if arguments.suite is not None:
        _run_suite(arguments)
        return
    from ..presets.rig import open_rig
    from .benchmarks.rack import ROUNDS, bench, format_rack

    block = 64 if arguments.block is None else arguments.block
    check_block(block)
    rig = open_rig(arguments.rig[0], **rig_options(arguments))
    with Progress("measuring", 2 * ROUNDS, "rounds") as progress:
        seconds = 10.0 if arguments.seconds is None else arguments.seconds
        found = bench(rig, block=block, seconds=seconds, progress=progress)
    say(json.dumps(found) if arguments.json else format_rack(found))


def _run_suite(arguments: argparse.Namespace) -> None:
    if arguments.suite == LIST:
        say(json.dumps({"suites": SUITES}) if arguments.json else format_suites())
        return

    def report(text: str) -> None:
        if not arguments.json:
            say(text)
            sys.stdout.flush()  # into a pipe too: a suite takes minutes

    if arguments.suite == ALL:
        from .benchmarks.reports.everything import measure_all

        made = measure_all(arguments.output, quick=arguments.quick, report=report)
        if arguments.json:
            say(json.dumps(made))
        return
    found = measure(
        arguments.suite,
        quick=arguments.quick,
        output=arguments.output,
        models=arguments.rig,
        report=report,
    )
    if arguments.json:
        say(json.dumps(found))


def _check(arguments: argparse.Namespace) -> None:
    """Raise ``ParamError`` for options without effect, and if there is nothing to measure."""
    suite_options = ["--quick"] * arguments.quick + ["--output"] * (arguments.output is not None)
    idle = [f"--{name}" for name in RIG_OPTIONS if getattr(arguments, name) is not None]
    idle += ["--set"] * bool(arguments.set)
    rigs, suite = arguments.rig, arguments.suite
    if arguments.compare is not None:
        idle = ["RIG"] * bool(rigs) + ["--suite"] * (suite is not None) + idle + suite_options
        what = "--compare"
    elif suite is None:
        if not rigs:
            raise ParamError("bench: nothing to measure: give a RIG, or --suite NAME (list: which)")
        if suite_options:
            raise ParamError(f"{suite_options[0]} goes with --suite: must be left out for a RIG")
        if len(rigs) > 1:
            raise ParamError(f"RIG is given {len(rigs)} times: must be one, but for --suite models")
        return
    else:
        what = f"--suite {suite}"
        if suite not in OF_MODEL:
            idle = ["RIG"] * bool(rigs) + idle
        elif (most := OF_MODEL[suite]) is not None and len(rigs) > most:
            raise ParamError(f"RIG is given {len(rigs)} times: must be at most {most} with {what}")
        if suite == LIST:
            idle += suite_options
        if suite == ALL and arguments.output is None:
            raise ParamError("--suite all writes a folder of files: give it with -o FOLDER")
    if idle:
        raise ParamError(f"{idle[0]} does nothing with {what}: must be left out")
