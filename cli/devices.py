"""``namgraph devices``: list the sound cards."""

import argparse
import json
from dataclasses import asdict

from .arguments import Subparsers, add_json_option, add_verb
from .console import say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    examples = "namgraph devices", "namgraph devices --json"
    add_json_option(add_verb(subparsers, "devices", run, "list the sound cards", *examples))


def run(arguments: argparse.Namespace) -> None:
    """Print the sound cards, one a line, or as one JSON object."""
    from ..runtime.adapters.live.devices import devices

    found = devices()
    if arguments.json:
        say(json.dumps({"devices": [asdict(d) for d in found]}))
        return
    lines = [
        f"{'>' if d.default_input else ' '}{'<' if d.default_output else ' '} {d.index:3d}  "
        f"{d.name}, {d.api}: {d.inputs} in, {d.outputs} out, {d.sample_rate:g} Hz, "
        f"{d.latency_in_ms + d.latency_out_ms:.1f} ms"
        for d in found
    ]
    say("\n".join(lines) or "no sound card; namgraph live --null plays without one")
