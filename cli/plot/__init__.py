"""``namgraph plot``: pictures of racks, nodes, models, sounds, and of the difference of two."""

import argparse
import json

from ..arguments import (
    Subparsers,
    add_json_option,
    add_search_option,
    add_snapshot_option,
    add_verb,
)
from ..console import say, warn
from ..progress import Progress

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "plot",
        run,
        "draw a rack, a node, a model, a sound, or the difference of two sounds",
        "namgraph plot crunch -o crunch.svg",
        "namgraph plot drive --set drive=0.7",
        "namgraph plot amp.nam",
        "namgraph plot cab.wav -o cab.pdf",
        "namgraph plot before.wav after.wav -o null.png",
        "namgraph plot --all docs",
    )
    add = parser.add_argument
    add("thing", nargs="?", metavar="THING", help="a rack, a node type, a model, or audio")
    add("against", nargs="?", metavar="B.wav", help="audio to compare with the audio THING")
    add("-o", "--output", metavar="FILE", help=".png, .svg or .pdf (THING.png)")
    add(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="a setting of a node or model; NODE.NAME=VALUE of a rack; may be repeated",
    )
    add_snapshot_option(parser)
    add("--input", metavar="IN.wav", help="what a rack is measured with (the bundled guitar)")
    add("--all", metavar="DIR", help="write DIR/racks.md, a page of every bundled rack")
    add_search_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> None:
    """Draw, and print one line: what was drawn, and the key figures."""
    from ...graph import ParamError

    if arguments.all is not None:
        _run_all(arguments)
        return
    if arguments.thing is None:
        raise ParamError("THING is missing: a rack, a node type, a model or audio (or --all DIR)")
    from ...presets.settings import SNAPSHOT, split_settings
    from .picture import plot

    settings = split_settings(arguments.settings, "NAME=VALUE, or of a rack NODE.NAME=VALUE")
    if arguments.snapshot is not None:
        settings[SNAPSHOT] = arguments.snapshot
    with Progress("rendering") as progress:
        made = plot(
            arguments.thing,
            arguments.output,
            against=arguments.against,
            audio=arguments.input,
            settings=settings,
            warn=warn,
            progress=progress,
        )
    if arguments.json:
        say(json.dumps({"file": made.file, "what": made.what, **made.figures}))
    else:
        say(str(made))


def _run_all(arguments: argparse.Namespace) -> None:
    from ...graph import ParamError
    from .page import write_page

    given = {
        "THING": arguments.thing,
        "--output": arguments.output,
        "--input": arguments.input,
        "--set": arguments.settings or None,
        "--snapshot": arguments.snapshot,
    }
    if idle := [name for name, value in given.items() if value is not None]:
        raise ParamError(f"{idle[0]} does nothing with --all: must be left out")
    with Progress("rendering") as progress:
        made = write_page(arguments.all, warn=warn, progress=progress)
    say(json.dumps({"files": made}) if arguments.json else f"{made[0]}: {len(made) - 2} racks")
