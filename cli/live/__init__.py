"""``namgraph live``: play a rack on a sound card, or on a clock."""

import argparse

from ..arguments import (
    Subparsers,
    add_level_options,
    add_precision_option,
    add_rig_options,
    add_verb,
    level_options,
    rig_options,
)
from ..console import warn
from ..render import note_levels

__all__ = ["add_parser", "run"]

BLOCK = 64
"""Frames of a block by default."""


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "live",
        run,
        "play a rack on a sound card",
        "namgraph live crunch",
        "namgraph live amp.nam --ir cab.wav --device 3 --block 128",
        "namgraph live crunch --null --seconds 5",
    )
    add_rig_options(parser)
    add_precision_option(parser)
    add_level_options(parser)
    add = parser.add_argument
    add("--device", metavar="D", help="number or part of the name; IN,OUT for two (the default)")
    add("--block", type=int, metavar="N", help="frames a block (64)")
    add("--rate", type=float, metavar="HZ", help="sample rate (the models', or the card's)")
    add("--inputs", metavar="1,2", help="input channels of the card, in the rack's order")
    add("--outputs", metavar="1,2", help="output channels of the card, in the rack's order")
    add("--seconds", type=float, metavar="S", help="stop after so many seconds (on Ctrl-C)")
    add("--pipelined", action="store_true", help="give a GPU one more block of time and latency")
    add("--threads", type=int, default=1, metavar="N", help="threads that play branches (1)")
    add("--null", action="store_true", help="use a clock instead of a sound card")
    add("--fast", action="store_true", help="with --null: as fast as the processor can")
    add("--json", action="store_true", help="print events as lines of JSON")
    add("--resample", action="store_true", help="run models at their own rates, with latency")


def run(arguments: argparse.Namespace) -> None:
    """Open the rack and play it until it is stopped."""
    from ...presets.rig import open_rig
    from ...runtime.limits import check_threads
    from .machine_settings import fill_in, read_settings, set_interface
    from .play import play

    check_threads(arguments.threads, "--threads")
    machine = read_settings(arguments.settings)
    fill_in(arguments, machine)
    arguments.block = BLOCK if arguments.block is None else arguments.block
    rig = open_rig(
        arguments.rig,
        **rig_options(arguments),
        resample=arguments.resample or None,
        **level_options(arguments),
    )
    set_interface(rig.graph, machine, arguments.interface_dbu)
    note_levels(rig)
    play(rig, arguments, warn)
