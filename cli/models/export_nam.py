"""``namgraph export-nam``: write a rack in series as one .nam file."""

import argparse

from ..arguments import (
    Subparsers,
    add_level_options,
    add_rig_options,
    add_verb,
    level_options,
    rig_options,
)
from ..console import say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "export-nam",
        run,
        "write a rack of captures, gains, filters and a cabinet as one .nam",
        "namgraph export-nam rack.json rack.nam",
        "namgraph export-nam amp.nam amp-and-cab.nam --ir cab.wav",
    )
    add_rig_options(parser)
    add = parser.add_argument
    add("output", metavar="OUT.nam", help="file to write, whole or not at all")
    add("--name", help="name in its metadata (default: that of the rack)")
    add_level_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the file, and say what it is."""
    from ...presets.exporting.export_nam import export_nam
    from ...presets.rig import open_rig

    options = {**rig_options(arguments), "backend": "cpu"}
    rig = open_rig(arguments.rig, **options, **level_options(arguments))
    made = export_nam(rig.graph, arguments.output, name=arguments.name or rig.name)
    say(f"{arguments.output}: {made!r}")
