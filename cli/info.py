"""``namgraph info``: describe models, impulse responses, audio files and presets."""

import argparse
import json

from ..graph import NamgraphError
from .arguments import Subparsers, add_json_option, add_search_option, add_verb
from .console import print_error, say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "info",
        run,
        "describe models, impulse responses, audio files and presets",
        "namgraph info amp.nam cab.wav",
        "namgraph info crunch --json",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="model, audio, or preset")
    add_search_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Describe every readable file; return 2 if one is unreadable, or a preset cannot run."""
    from .describe import describe, format_description

    found, faults = [], []
    for path in arguments.files:
        try:
            found.append(describe(path))
        except NamgraphError as error:
            faults.append(str(error))
    faults += [f"{f['file']}: cannot run: {f['cannot_run']}" for f in found if "cannot_run" in f]
    if arguments.json:
        say(json.dumps({"files": found, **({"errors": faults} if faults else {})}))
    elif found:
        say("\n".join(format_description(f) for f in found))
    for fault in faults:
        print_error(fault)
    return 2 if faults else 0
