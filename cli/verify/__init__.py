"""``namgraph verify``: null test of a model, against a reference and across block sizes."""

import argparse
import json

from ..arguments import Subparsers, add_json_option, add_verb
from ..console import say
from ..progress import Progress

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "verify",
        run,
        "null test of a model, and of its block sizes",
        "namgraph verify amp.nam",
        "namgraph verify amp.nam --precision fast",
        "namgraph verify amp.nam --input in.wav --against reference.wav --plot null.png",
    )
    add = parser.add_argument
    add("model", metavar="MODEL", help="a model (.nam, .aidax, .namb, .json)")
    add("--against", metavar="REF.wav|torch", help="the output of a reference for the same input")
    add("--input", metavar="IN.wav", help="mono, at the model's rate (the bundled guitar)")
    add("--slim", type=float, metavar="V", help="size of a slimmable model, 0 to 1 (the largest)")
    add("--precision", choices=("exact", "fast"), default="exact", help="of the model (exact)")
    add("--tolerance", type=float, metavar="T", help="of the peak (1e-5; LSTM 2e-5; fast 1e-3)")
    add("--plot", metavar="PNG", help="draw the difference over time and frequency")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the null test and print its report; return 1 if it fails."""
    from .null_test import BLOCKS, verify
    from .report import format_report

    if arguments.plot is not None:
        from ...presets.bundled import DEMO_DI, asset
        from .plot import check_plot, plot

        source = arguments.input or asset(DEMO_DI)
        reads = {source: "the input", arguments.against or "": "the reference"}
        check_plot(arguments.plot, arguments.against, {**reads, arguments.model: "the model"})
    with Progress("verifying", len(BLOCKS), "block sizes") as progress:
        report = verify(
            arguments.model,
            against=arguments.against,
            source=arguments.input,
            slim=1.0 if arguments.slim is None else arguments.slim,
            tolerance=arguments.tolerance,
            precision=arguments.precision,
            progress=progress,
        )
    if arguments.plot is not None:
        plot(report, arguments.plot)
    say(json.dumps(report.values()) if arguments.json else format_report(report.values()))
    return 0 if report.holds else 1
