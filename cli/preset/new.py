"""``namgraph new``: write a starter preset."""

import argparse
import os

from ..arguments import Subparsers, add_verb
from ..console import say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "new",
        run,
        "write a starter preset: model, cabinet, reverb, level; two snapshots",
        "namgraph new my.json",
        "namgraph new my.json --model amp.nam --ir cab.wav",
    )
    add = parser.add_argument
    add("preset", metavar="NAME.json", help="the file to write; one that exists is kept")
    add("--model", metavar="AMP.nam", help="a model (the crunch capture that ships)")
    add("--ir", metavar="CAB.wav", help="a cabinet impulse response (the one that ships)")
    add("--name", metavar="TEXT", help="the name of the preset (that of the file)")
    add("--force", action="store_true", help="replace a file that exists")


def run(arguments: argparse.Namespace) -> None:
    """Write the preset, and print the commands that play it."""
    from ...graph import PresetError
    from ...presets.preset import save_preset
    from ...presets.starter import starter_graph

    target = arguments.preset
    if not arguments.force and os.path.lexists(target):
        raise PresetError(f"{target}: is there already: give another name, or --force")
    graph = starter_graph(arguments.model, arguments.ir)
    save_preset(graph, target, name=arguments.name)
    say(f"{target}: {', '.join(f'{n} ({m.type_name})' for n, m in graph.nodes.items())}")
    say(f"namgraph info {target} shows it, namgraph live {target} plays it")
