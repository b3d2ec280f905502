"""``namgraph presets``: list the racks that ship."""

import argparse
import json

from ..arguments import Subparsers, add_json_option, add_verb
from ..console import say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    examples = "namgraph presets", "namgraph presets --json"
    add_json_option(add_verb(subparsers, "presets", run, "list the racks that ship", *examples))


def run(arguments: argparse.Namespace) -> None:
    """Print name and description of each bundled preset, one a line, or as one JSON object."""
    from ...presets.bundled import shipped_presets
    from ...presets.preset import read_preset

    found = {name: read_preset(path) for name, path in shipped_presets().items()}
    if arguments.json:
        rows = {n: {"name": p.name, "description": p.description} for n, p in found.items()}
        say(json.dumps({"presets": rows}))
        return
    width = max(map(len, found))
    lines = [f"{name:<{width}}  {preset.description}" for name, preset in found.items()]
    say("\n".join([*lines, "", "namgraph demo NAME renders one, namgraph demo --all DIR each"]))
