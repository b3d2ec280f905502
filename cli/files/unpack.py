"""``namgraph unpack``: the preset and the files of a bundle, in a new folder."""

import argparse

from ..arguments import Subparsers, add_verb
from ..console import say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "unpack",
        run,
        "unpack a bundle into a new folder, after checking it",
        "namgraph unpack rack.zip rack",
    )
    parser.add_argument("input", metavar="RACK.zip", help="a bundle, as namgraph pack writes it")
    parser.add_argument("output", metavar="DIR", help="a folder that is new or empty")


def run(arguments: argparse.Namespace) -> None:
    """Unpack, and print the files, the preset's first."""
    from ...presets.files.unpack import unpack_bundle

    say("\n".join(unpack_bundle(arguments.input, arguments.output)))
