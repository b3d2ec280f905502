"""``namgraph render``: render one audio file through a rack."""

import argparse
from typing import Any

from .arguments import (
    CHANNELS,
    SUBTYPES,
    Subparsers,
    add_level_options,
    add_precision_option,
    add_rig_options,
    add_verb,
    check_block,
    level_options,
    rig_options,
)
from .console import note, say, warn
from .progress import AudioProgress

__all__ = ["add_parser", "note_levels", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "render",
        run,
        "render one audio file through a rack",
        "namgraph render crunch guitar.wav out.wav",
        "namgraph render amp.nam guitar.wav out.flac --ir cab.wav --subtype pcm16",
        "namgraph render crunch guitar.wav out.wav --loudness -18",
        "namgraph render crunch take.wav out.wav --channel left --set amp.input_db=6",
        "namgraph render left.nam guitar.wav out.wav --right right.nam",
    )
    add_rig_options(parser)
    add_precision_option(parser)
    add = parser.add_argument
    add("input", metavar="IN.wav", help="audio file with as many channels as the rack's input")
    add("output", metavar="OUT.wav", help="audio file, written whole or not at all")
    add(
        "--channel",
        choices=CHANNELS,
        help="what of a stereo IN.wav is played: a side, half of their sum, or each by itself "
        "(default, into a mono rack: a side if both are equal or the other is silent)",
    )
    add(
        "--resample",
        action="store_true",
        help="accept a sample rate other than the models': resample there and back (soxr, VHQ)",
    )
    add(
        "--tail",
        action=argparse.BooleanOptionalAction,
        help="render the tail after the input (default: yes, unless RIG is a .nam without --ir)",
    )
    add(
        "--subtype",
        choices=SUBTYPES,
        help="sample format: WAV any, FLAC and AIFF pcm24 or pcm16, MP3 and OGG none (pcm24)",
    )
    add(
        "--loudness",
        type=float,
        metavar="LUFS",
        help="integrated loudness of the file (BS.1770), by one gain after the rack",
    )
    add_level_options(parser)
    add(
        "--threads",
        type=int,
        metavar="N",
        help="threads that render; does not change the sound (one per processor if faster)",
    )
    add("--block", type=int, metavar="N", help="frames a block; does not change the sound")


def run(arguments: argparse.Namespace) -> None:
    """Render, and print the levels of the file."""
    if arguments.block is not None:
        check_block(arguments.block)
    from ..graph.text import counted
    from ..presets.rendering.render import check_loudness, format_loudness, render_file
    from ..presets.rig import open_rig
    from ..runtime.limits import check_threads
    from .live.machine_settings import read_settings, set_interface

    check_loudness(arguments.loudness, "--loudness")
    check_threads(arguments.threads, "--threads")
    machine = read_settings(arguments.settings)
    rig = open_rig(arguments.rig, **rig_options(arguments), **level_options(arguments))
    set_interface(rig.graph, machine, arguments.interface_dbu)
    note_levels(rig)
    with AudioProgress("rendering", arguments.input) as progress:
        levels = render_file(
            rig,
            arguments.input,
            arguments.output,
            channel=arguments.channel,
            resampled=arguments.resample,
            block=arguments.block,
            subtype=arguments.subtype,
            tail=arguments.tail,
            loudness_lufs=arguments.loudness,
            threads=arguments.threads,
            warn=warn,
            progress=progress,
        )
    gain = "" if arguments.loudness is None else f", gain {levels.gain_db:+.1f} dB"
    say(
        f"{arguments.output}: {levels.seconds:.2f} s, {counted(levels.channels, 'channel')} "
        f"at {levels.rate:g} Hz, peak {levels.peak_db:.1f} dBFS, RMS {levels.rms_db:.1f} dBFS, "
        f"{format_loudness(levels)}{gain}"
    )


def note_levels(rig: Any) -> None:
    """Print the gains of level matching on stderr, if any model has some."""
    from ..presets.rig import format_levels

    line = format_levels(rig.graph, missing=False)  # building the graph warns of missing ones
    if line:
        note(f"levels: {line}")
