"""``namgraph nodes``: list the node types, or describe one."""

import argparse
import json

from ..arguments import Subparsers, add_json_option, add_verb
from ..console import say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "nodes",
        run,
        "list the node types, or describe one",
        "namgraph nodes",
        "namgraph nodes delay",
        "namgraph nodes cab --json",
    )
    parser.add_argument(
        "type", metavar="NAME", nargs="?", help="a node type: its ports, parameters, options, files"
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print every node type by category, or one with all that it has, or either as JSON."""
    from .describe import describe_type, find_type, known_types
    from .display import format_list, format_type

    types = known_types()
    if arguments.type is None:
        found = [describe_type(cls) for classes in types.by_category().values() for cls in classes]
        say(json.dumps({"nodes": found}) if arguments.json else format_list(types))
        return
    row = describe_type(find_type(types, arguments.type))
    say(json.dumps(row) if arguments.json else format_type(row))
