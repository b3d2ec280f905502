"""Command-line parser class, choices and option groups that several verbs share."""

import argparse
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from ..graph import LONGEST_BLOCK, SLOTS, ParamError
from .console import print_error

__all__ = [
    "BACKENDS",
    "BACKEND_HELP",
    "CHANNELS",
    "LAYOUTS",
    "SUBTYPES",
    "CommandParser",
    "Subparsers",
    "add_json_option",
    "add_level_options",
    "add_precision_option",
    "add_rig_options",
    "add_search_option",
    "add_set_option",
    "add_snapshot_option",
    "add_verb",
    "check_block",
    "level_options",
    "rig_options",
    "settings_of",
]

CHANNELS = ("left", "right", "sum", "both")
SUBTYPES = ("float", "pcm32", "pcm24", "pcm16")
LAYOUTS = ("auto", "mono", "left", "right", "sum", "stereo", "dual", "true_stereo")
BACKENDS = ("auto", "cpu", "cuda")
PRECISIONS = ("exact", "fast")
BACKEND_HELP = "where models run (default: as in the preset; auto for a .nam: a GPU if present)"
RIG_HELP = "a preset (.json), a bundle (.zip), the name of a bundled preset, or a model (.nam)"


class CommandParser(argparse.ArgumentParser):
    """Argument parser that reports a usage error as one line on stderr and exits with code 2."""

    def error(self, message: str) -> NoReturn:
        """Print the error and the help command to use; exit with code 2."""
        print_error(f"{message} (see {self.prog} --help)")
        sys.exit(2)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as ``argparse`` does; refuse an argument without an option that is empty."""
        found, rest = super().parse_known_args(args, namespace)
        for action in self._actions:
            value = getattr(found, action.dest, None)
            if not action.option_strings and "" in (value if isinstance(value, list) else [value]):
                self.error(f"{action.metavar} is an empty text: must be a name")
        return found, rest


Subparsers: TypeAlias = "argparse._SubParsersAction[CommandParser]"
Run: TypeAlias = Callable[[argparse.Namespace], int | None]


def add_verb(
    subparsers: Subparsers, name: str, run: Run, summary: str, *examples: str
) -> CommandParser:
    """Add the parser of one verb; ``run`` is called with the parsed arguments.

    ``examples`` are command lines that its help ends with.
    """
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog="\n".join(["examples:", *(f"  {line}" for line in examples)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def add_rig_options(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Add RIG and the options of opening it; ``nargs`` "*" takes any number of RIGs."""
    parser.add_argument("rig", metavar="RIG", nargs=nargs, help=RIG_HELP)
    parser.add_argument("--ir", metavar="CAB.wav", help="cabinet impulse response after a .nam")
    parser.add_argument(
        "--ir-layout",
        choices=LAYOUTS,
        help="meaning of the channels of --ir (auto: 1 mono, 2 stereo, 4 true stereo)",
    )
    parser.add_argument(
        "--right", metavar="R.nam", help="second model, for the right side; RIG is then the left"
    )
    parser.add_argument(
        "--slim", type=float, metavar="V", help="size of slimmable models, 0 to 1 (the largest)"
    )
    parser.add_argument("--backend", choices=BACKENDS, help=BACKEND_HELP)
    add_set_option(parser)
    add_snapshot_option(parser)
    add_search_option(parser)


def add_snapshot_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--snapshot``."""
    slots = "A to F; namgraph info lists them"
    add = parser.add_argument
    add("--snapshot", choices=SLOTS, metavar="SLOT", help=f"recall a snapshot of the rack: {slots}")


def add_precision_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--precision``, which ``settings_of`` reads: the same as ``--set`` for each model."""
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        help="of all models: fast has cheaper activations, off by about 1e-5 of the peak (default: "
        "as in the preset; exact for a .nam)",
    )


def add_search_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--search``, which may be repeated; ``main`` applies it to whatever the verb opens."""
    parser.add_argument(
        "--search",
        action="append",
        default=[],
        metavar="DIR",
        help="a folder to find moved files of a preset in (also: NAMGRAPH_PATH); may be repeated",
    )


def add_set_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--set``, which may be repeated."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NODE.FIELD=VALUE",
        help="set a parameter, option or file of a node (amp and cab of a .nam); may be repeated",
    )


def settings_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what ``--snapshot``, ``--precision`` and ``--set`` give, as of ``with_settings``."""
    from ..presets.settings import PRECISION, SNAPSHOT, parse_settings

    named = {SNAPSHOT: arguments.snapshot, PRECISION: getattr(arguments, "precision", None)}
    found = parse_settings(arguments.set)
    return {**{name: value for name, value in named.items() if value is not None}, **found}


def rig_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of ``add_rig_options`` as keyword arguments of ``open_rig``."""
    return {
        "ir": arguments.ir,
        "ir_layout": arguments.ir_layout,
        "right": arguments.right,
        "slim": arguments.slim,
        "backend": arguments.backend,
        "settings": settings_of(arguments),
    }


def add_level_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of level matching."""
    add = parser.add_argument
    add(
        "--levels",
        choices=("raw", "normalized", "calibrated"),
        help="level matching of models (default: as in the preset; raw, no gain, for a .nam)",
    )
    add("--interface-dbu", type=float, metavar="DBU", help="full scale of the interface (12)")
    add("--calibrate-input", action="store_true", help="calibrate inputs whatever --levels is")
    add(
        "--settings",
        metavar="FILE.json",
        help="settings of the machine: interface level, and live the sound card (the user's file)",
    )


def level_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of level matching as keyword arguments of ``open_rig``."""
    return {
        "levels": arguments.levels,
        "interface_dbu": arguments.interface_dbu,
        "calibrate_input": arguments.calibrate_input or None,
    }


def check_block(block: int) -> None:
    """Raise ``ParamError`` unless ``--block`` is a block size that the engine accepts."""
    if not 1 <= block <= LONGEST_BLOCK:
        raise ParamError(f"--block is {block}: must lie in [1, {LONGEST_BLOCK}]")
