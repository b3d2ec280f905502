"""The ``namgraph`` command: build the parser, parse, run the verb.

A user error is one line on stderr, ``namgraph: error: <thing, found, allowed>``, and exit code 2; a
traceback is a bug.  Results go to stdout, progress to a terminal.  Each verb is a module or package
here with ``add_parser(subparsers)`` and ``run(arguments)``; only ``run`` imports NumPy and Numba,
so that ``--help`` and usage errors are fast.
"""

import argparse
import contextlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from ..graph.version import VERSION
from .arguments import CommandParser
from .console import run, silent_decoders
from .option_names import naming_options
from .signals import exit_on_interrupt

__all__ = ["build_parser", "main"]

VERBS = {
    "demo": ".demo",
    "presets": ".demo.presets",
    "render": ".render",
    "batch": ".batch",
    "info": ".info",
    "new": ".preset.new",
    "pack": ".files.pack",
    "unpack": ".files.unpack",
    "relink": ".files.relink",
    "migrate": ".preset.migrate",
    "schema": ".preset.schema",
    "export-nam": ".models.export_nam",
    "bake": ".models.bake",
    "plot": ".plot",
    "nodes": ".nodes",
    "bench": ".bench",
    "live": ".live",
    "devices": ".devices",
    "verify": ".verify",
    "warm": ".warm",
}
"""The module of each verb, in the order of the help."""
SHELLS = ("bash", "zsh", "tcsh")
PATHS = (
    "rig",
    "ir",
    "right",
    "input",
    "output",
    "job",
    "files",
    "model",
    "against",
    "compare",
    "plot",
    "thing",
    "preset",
    "settings",
)
"""Names of arguments that shells complete with files."""


def main(argv: Sequence[str] | None = None, *, own_process: bool = False) -> int:
    """Run the command; return its exit code.

    ``own_process``: the process runs nothing else, so that Ctrl-C may end it while NumPy and Numba
    are imported.
    """
    return run(lambda: _run(argv, own_process))


def build_parser(verb: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of the whole command, or of one verb alone; it imports their modules.

    A parsed verb's function is ``arguments.run``.
    """
    parser = CommandParser(
        prog="namgraph",
        description="Play, render and measure racks of audio nodes, neural amps among them.",
        epilog="examples:\n"
        "  namgraph demo\n"
        "  namgraph render crunch guitar.wav out.wav\n"
        "  namgraph render --help\n"
        '  eval "$(namgraph --print-completion bash)"\n\n'
        "Exit codes: 0 done, 1 not verified, or files of a batch failed, 2 an error that stderr "
        "names in one line, 130 interrupted.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"namgraph {VERSION}")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        help="print a shell's completion script",
    )
    subparsers = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for name in VERBS if verb is None else [verb]:
        importlib.import_module(VERBS[name], __package__).add_parser(subparsers)
    return parser


def _run(argv: Sequence[str] | None, own_process: bool) -> int | None:
    given = sys.argv[1:] if argv is None else list(argv)
    verb = given[0] if given and given[0] in VERBS else None
    arguments = build_parser(verb).parse_args(given)
    with exit_on_interrupt(own_process):
        from ..runtime.native.host import host_lanes
    host_lanes()  # raises for a wrong NAMGRAPH_LANES, whatever the verb
    searched = _searched(getattr(arguments, "search", []))
    with silent_decoders(), searched, naming_options(arguments):
        code: int | None = arguments.run(arguments)
    return code


def _searched(folders: list[str]) -> contextlib.AbstractContextManager[None]:
    """Return a context in which files of presets are looked for in the folders of ``--search``."""
    if not folders:
        return contextlib.nullcontext()
    from ..presets.files.search import searched_first

    return searched_first(folders)


class _PrintCompletion(argparse.Action):
    """Print the completion script of a shell, and exit."""

    def __call__(self, parser: argparse.ArgumentParser, *values: Any) -> None:
        import shtab

        for action in _actions(parser):
            if action.dest in PATHS:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
        print(shtab.complete(parser, values[1]))
        parser.exit()


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Return the arguments of a parser and of its verbs."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _actions(verb)


if __name__ == "__main__":
    sys.exit(main(own_process=True))
