"""``namgraph schema``: print the JSON Schema of presets."""

import argparse
import json

from ..arguments import Subparsers, add_verb
from ..console import say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb."""
    summary = "print the JSON Schema of presets, for editors"
    add_verb(subparsers, "schema", run, summary, "namgraph schema")


def run(arguments: argparse.Namespace) -> None:
    """Print the schema, of all node types that ship."""
    from ...presets.schema import preset_schema

    say(json.dumps(preset_schema(), indent=1))
