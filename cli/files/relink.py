"""``namgraph relink``: a preset again, with the paths at which its files are found now."""

import argparse

from ..arguments import Subparsers, add_search_option, add_verb
from ..console import print_error, say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "relink",
        run,
        "find the files of a preset that were moved, and write it again",
        "namgraph relink rack.json --search ~/models",
        "namgraph relink rack.json --search ~/models -o rack.json",
    )
    parser.add_argument("rig", metavar="PRESET", help="a preset (.json)")
    add_search_option(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT.json",
        help="what is written, and may be PRESET itself (PRESET-relinked.json, if there is none)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Relink, and print where each file is; return 2 if some are still missing."""
    from ...presets.files.relink import relink_preset

    done = relink_preset(arguments.rig, arguments.output)
    for found in done.files:
        if found.path:
            changed = ", changed since the preset was saved" if found.changed else ""
            say(f"{found}{changed}")
    say(f"{done.path}: written" if done.path else f"{arguments.rig}: nothing to write")
    if done.missing:
        print_error(f"{arguments.rig}: {done.missing}")
    return 2 if done.missing else 0
