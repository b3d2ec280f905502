"""``namgraph pack``: a preset and the files it names, as one zip archive."""

import argparse

from ..arguments import Subparsers, add_search_option, add_verb
from ..console import say, warn

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "pack",
        run,
        "pack a preset with its models and sounds into one zip archive",
        "namgraph pack rack.json rack.zip",
        "namgraph pack rack.json rack.zip --search ~/models",
    )
    parser.add_argument("rig", metavar="RACK.json", help="a preset, or the name of a bundled one")
    parser.add_argument(
        "output", metavar="RACK.zip", help="the bundle, written whole or not at all"
    )
    add_search_option(parser)


def run(arguments: argparse.Namespace) -> None:
    """Pack, and say what is in the bundle, and what is not."""
    from ...presets.files.relink import pack_preset

    members, left_out = pack_preset(arguments.rig, arguments.output)
    for file in left_out:
        warn(f"{file}: is not packed: a plugin has to be installed where the bundle is used")
    say(f"{arguments.output}: {', '.join(members)}")
