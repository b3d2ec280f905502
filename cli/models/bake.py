"""``namgraph bake``: write the plain .nam file of a capture with its knobs at given values."""

import argparse

from ...graph.text import counted
from ..arguments import Subparsers, add_verb
from ..console import note, say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "bake",
        run,
        "write a capture, its knobs at given values, as a plain .nam file",
        "namgraph bake amp.nam --set gain=7.5 --set mode=lead lead.nam",
        "namgraph bake proteus.json amp.nam",
    )
    add = parser.add_argument
    add("model", metavar="FILE", help="a capture: .nam with knobs, AIDA-X, RTNeural, Proteus")
    add("output", metavar="OUT.nam", help="the file to write, whole or not at all")
    add(
        "--set",
        action="append",
        default=[],
        metavar="KNOB=VALUE",
        help="the value of a knob, of a switch also its name (default: as in the file); "
        "may be repeated",
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the file, and print what it is."""
    from ...nodes.nam.baking.bake import baked
    from ...presets.settings import parse_settings

    knobs = parse_settings(arguments.set, "KNOB=VALUE, as in gain=0.5")
    made = baked(arguments.model, knobs)
    model = made.write(arguments.output)
    if made.loudness_is_old:
        note("the loudness in the metadata is that of the capture at other values")
    rows = {knob.name: knob for knob in made.source.knobs}
    values = [
        f"{name} {rows[name].choices[round(v)] if rows[name].choices else f'{v:g}'}"
        for name, v in made.values.items()
    ]
    size = (
        f"{model.architecture}, {counted(model.weight_count, 'weight')}, {model.sample_rate:g} Hz"
    )
    say(f"{arguments.output}: {', '.join([size, *values])}")
