"""``namgraph devices``: list the sound cards and the GPUs."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from ..graph import EngineError
from ..graph.text import one_line
from .arguments import Subparsers, add_json_option, add_verb
from .console import say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    examples = "namgraph devices", "namgraph devices --json"
    summary = "list the sound cards and the GPUs"
    add_json_option(add_verb(subparsers, "devices", run, summary, *examples))


def run(arguments: argparse.Namespace) -> None:
    """Print sound cards and GPUs, one a line, or as one JSON object.

    A list that cannot be had is replaced by the reason.  ``EngineError`` if sound cards cannot be
    listed and there is no GPU either.
    """
    from ..runtime.adapters.live.devices import devices
    from ..runtime.cuda.driver.device import unavailable_reason
    from ..runtime.cuda.driver.gpus import gpus

    cards, no_cards = _listed(devices)
    found, no_gpus = _listed(gpus)
    if no_cards and no_gpus:
        raise EngineError(f"{no_cards}; and no GPU: {no_gpus}")
    unusable = no_gpus or unavailable_reason()
    if arguments.json:
        row: dict[str, Any] = {"devices": [asdict(d) for d in cards]}
        row |= {"gpus": [asdict(g) for g in found]}
        row |= {"no_devices": no_cards} if no_cards else {}
        row |= {"no_gpu_usable": unusable} if unusable else {}
        say(json.dumps(row))
        return
    lines = [
        f"{'>' if d.default_input else ' '}{'<' if d.default_output else ' '} {d.index:3d}  "
        f"{one_line(d.name)}, {one_line(d.api)}: {d.inputs} in, {d.outputs} out, "
        f"{d.sample_rate:g} Hz, {d.latency_in_ms + d.latency_out_ms:.1f} ms"
        for d in cards
    ]
    none = f"   none: {no_cards or 'namgraph live --null plays without one'}"
    gpu_lines = [f" {'*' if g.selected else ' '} {g.index:3d}  {one_line(str(g))}" for g in found]
    if unusable:
        gpu_lines.append(f"   none{' usable' * bool(found)}: {unusable}")
    say("\n".join(["sound cards", *(lines or [none]), "GPUs", *gpu_lines]))


def _listed(call: Any) -> tuple[list[Any], str]:
    """Return what a function lists, and why it cannot list anything, or ""."""
    try:
        return call(), ""
    except EngineError as error:
        return [], str(error)
