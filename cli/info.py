"""``namgraph info``: describe models, impulse responses, audio files and presets."""

import argparse
import json
import os
from typing import Any

from ..graph import NamgraphError
from ..graph.text import one_line
from .arguments import Subparsers, add_json_option, add_search_option, add_verb
from .console import print_error, say

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "info",
        run,
        "describe models, impulse responses, audio files and presets",
        "namgraph info amp.nam cab.wav",
        "namgraph info crunch --json",
        "namgraph info amp.nam --precision fast",
        "namgraph info captures/",
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="model, audio, or preset; or a folder of these"
    )
    parser.add_argument(
        "--precision", choices=("fast",), help="play every model so, and tell its error"
    )
    add_search_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Describe every readable file; return 2 if one is unreadable, or a preset cannot run.

    The files of a folder get a line each.
    """
    from .describe import describe, format_description
    from .preset.folder import files_in, format_line

    rows, texts, faults = [], [], []
    for given in arguments.files:
        is_folder = os.path.isdir(given)
        try:
            paths = files_in(given) if is_folder else [given]
        except NamgraphError as error:
            faults.append(str(error))
            continue
        for path in paths:
            try:
                rows.append(describe(path))
                if arguments.precision is not None:
                    rows[-1] |= _fast_error(path, rows[-1])
            except NamgraphError as error:
                faults.append(str(error))
                continue
            text = f"{one_line(path)}: {format_line(rows[-1])}" if is_folder else ""
            texts.append(text or format_description(rows[-1]))
        if is_folder and not paths:
            texts.append(f"{one_line(given)}: no preset, model or audio file is in it")
    faults += [f"{f['file']}: cannot run: {f['cannot_run']}" for f in rows if "cannot_run" in f]
    if arguments.json:
        say(json.dumps({"files": rows, **({"errors": faults} if faults else {})}))
    elif texts:
        say("\n".join(texts))
    for fault in faults:
        print_error(fault)
    return 2 if faults else 0


def _fast_error(path: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return the error of ``precision="fast"`` of each model: as text, and as a number in dB."""
    if found["kind"] not in ("model", "preset") or "cannot_run" in found:
        return {}
    from ..presets.rig import open_graph
    from .verify.fast_error import fast_errors

    errors = fast_errors(open_graph(path))
    texts = {name: str(error) for name, error in errors.items()}
    numbers = {name: error.db for name, error in errors.items()}
    if found["kind"] == "model":
        return {"precision_fast": texts["amp"], "fast_error_db": numbers["amp"]}
    return {"precision_fast": texts, "fast_error_db": numbers}
