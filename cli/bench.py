"""``namgraph bench``: measure how fast a rack plays, or run a suite of measurements."""

import argparse
import json
import sys

from ..graph import ParamError
from .arguments import (
    Subparsers,
    add_json_option,
    add_rig_options,
    add_verb,
    check_block,
    rig_options,
)
from .benchmarks import OF_MODEL, SUITES, format_suites, measure
from .console import say
from .progress import Progress

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "bench",
        run,
        "measure how fast a rack plays, or what parts of the engine cost",
        "namgraph bench crunch --block 64",
        "namgraph bench amp.nam --backend cpu --json",
        "namgraph bench amp.nam --suite oversampling",
        "namgraph bench --suite list",
    )
    add_rig_options(parser, "?")
    add = parser.add_argument
    add("--block", type=int, metavar="N", help="frames a block (64); of a RIG")
    add("--seconds", type=float, metavar="S", help="seconds of audio (10); of a RIG")
    names = ", ".join(SUITES)
    add(
        "--suite",
        choices=(*SUITES, "list"),
        metavar="NAME",
        help=f"run a suite instead of a RIG: {names}; list describes them",
    )
    add("--quick", action="store_true", help="of a suite: few rounds, to see that it works")
    add("-o", "--output", metavar="FILE.json", help="of a suite: write figures as they come")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure, and print the figures."""
    _check(arguments)
    if arguments.suite is not None:
        _run_suite(arguments)
        return
    from ..presets.rig import open_rig
    from .benchmarks.rack import ROUNDS, bench, format_rack

    block = 64 if arguments.block is None else arguments.block
    check_block(block)
    rig = open_rig(arguments.rig, **rig_options(arguments))
    with Progress("measuring", 2 * ROUNDS, "rounds") as progress:
        seconds = 10.0 if arguments.seconds is None else arguments.seconds
        found = bench(rig, block=block, seconds=seconds, progress=progress)
    say(json.dumps(found) if arguments.json else format_rack(found))


def _run_suite(arguments: argparse.Namespace) -> None:
    if arguments.suite == "list":
        say(json.dumps({"suites": SUITES}) if arguments.json else format_suites())
        return

    def report(text: str) -> None:
        if not arguments.json:
            say(text)
            sys.stdout.flush()  # into a pipe too: a suite takes minutes

    found = measure(
        arguments.suite,
        quick=arguments.quick,
        output=arguments.output,
        model=arguments.rig,
        report=report,
    )
    if arguments.json:
        say(json.dumps(found))


def _check(arguments: argparse.Namespace) -> None:
    """Raise ``ParamError`` for options without effect, and if there is nothing to measure."""
    suite_options = ["--quick"] * arguments.quick + ["--output"] * (arguments.output is not None)
    if arguments.suite is None:
        if arguments.rig is None:
            raise ParamError("bench: nothing to measure: give a RIG, or --suite NAME (list: which)")
        if suite_options:
            raise ParamError(f"{suite_options[0]} goes with --suite: must be left out for a RIG")
        return
    rig_options: tuple[str, ...] = (
        *("rig", "ir", "right", "slim", "backend", "snapshot", "block", "seconds"),
    )
    if arguments.suite in OF_MODEL:
        rig_options = rig_options[1:]
    idle = [name for name in rig_options if getattr(arguments, name) is not None]
    idle = ["RIG" if name == "rig" else f"--{name}" for name in idle]
    idle += ["--set"] * bool(arguments.set)
    if arguments.suite == "list":
        idle += suite_options
    if idle:
        raise ParamError(f"{idle[0]} does nothing with --suite {arguments.suite}: must be left out")
