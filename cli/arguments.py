"""What may be typed after ``namgraph``: verbs and their options."""

import argparse
import sys
from typing import Any, NoReturn

from .benchmarks import SUITES
from .console import complain

__all__ = ["parser"]

SUBTYPES = ("float", "pcm32", "pcm24", "pcm16")
LAYOUTS = ("auto", "mono", "left", "right", "sum", "stereo", "dual", "true_stereo")
BACKENDS = ("auto", "cpu", "cuda")
WHERE = "where models compute (as the preset says; auto for a .nam: a GPU if there is one)"
RIG = "a preset (.json), the name of a shipped one, or one model (.nam)"


class _Parser(argparse.ArgumentParser):
    """Complains in one line, like everything else here."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is; exit with 2."""
        complain(f"{message} (see {self.prog} --help)")
        sys.exit(2)


def parser(version: str, **calls: Any) -> argparse.ArgumentParser:
    """Return the parser of the whole command; ``calls`` are what its verbs do, by name."""
    made = _Parser(
        prog="namgraph",
        description="Racks of audio nodes, neural amps among them, played by native code.",
        epilog="Exit codes: 0 done, 1 not verified, 2 something to put right (one line on stderr "
        "says what).",
    )
    made.add_argument("--version", action="version", version=f"namgraph {version}")
    verbs = made.add_subparsers(title="verbs", metavar="VERB", required=True)

    demo = _verb(verbs, "demo", calls, "the shipped guitar through the shipped rack")
    demo.add_argument("-o", "--output", default="demo.wav", help="WAV file (%(default)s)")
    demo.add_argument("--plot", metavar="PNG", help="draw waveform and spectrum, before and after")
    demo.add_argument("--json", action="store_true", help="print one JSON object")

    render = _verb(verbs, "render", calls, "one audio file through a rack")
    _add_rig(render)
    render.add_argument("input", metavar="IN.wav", help="audio file with the rack's channels")
    render.add_argument("output", metavar="OUT.wav", help="WAV file, written whole or not at all")
    render.add_argument(
        "--resample",
        action="store_true",
        help="accept another rate than the models': there and back by soxr, very high quality",
    )
    render.add_argument(
        "--tail",
        action=argparse.BooleanOptionalAction,
        help="play on until echoes have died away (yes, unless RIG is a .nam without --ir)",
    )
    render.add_argument(
        "--subtype",
        choices=SUBTYPES,
        help="how samples are stored: WAV any, FLAC and AIFF pcm24 or pcm16, MP3 and OGG none "
        "(pcm24)",
    )
    _add_levels(render)
    render.add_argument("--block", type=int, metavar="N", help="frames a block; no one can hear it")
    render.add_argument("--threads", type=int, default=1, metavar="N", help="1 in this build")

    batch = _verb(verbs, "batch", calls, "every input through every model in every rack")
    batch.add_argument("job", metavar="JOB.json", help="what is to be made of what")
    batch.add_argument(
        "--threads", type=int, metavar="N", help="at a time (one for each processor)"
    )
    batch.add_argument("--again", action="store_true", help="make also what is there already")
    batch.add_argument("--backend", choices=BACKENDS, help=WHERE)
    batch.add_argument(
        "--strict", action="store_true", help="exit 1 if a file is clipped, silent or not finite"
    )
    batch.add_argument("--json", action="store_true", help="print one JSON object")

    info = _verb(verbs, "info", calls, "what a model, an impulse response or a preset is")
    info.add_argument("files", nargs="+", metavar="FILE", help=".nam, audio, or preset")
    info.add_argument("--json", action="store_true", help="print one JSON object")

    _add_bench(_verb(verbs, "bench", calls, "how fast a rack plays, or what parts of it cost"))

    live = _verb(verbs, "live", calls, "play a rack on a sound card")
    _add_rig(live)
    _add_levels(live)
    _add_live(live)
    live.add_argument(
        "--resample", action="store_true", help="run models at their own rates, at some latency"
    )

    devices = _verb(verbs, "devices", calls, "the sound cards there are")
    devices.add_argument("--json", action="store_true", help="print one JSON object")

    _add_verify(_verb(verbs, "verify", calls, "null test of a model, and of its block sizes"))
    _verb(verbs, "warm", calls, "compile every kernel now")
    return made


def _verb(verbs: Any, name: str, calls: Any, text: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
    )
    made.set_defaults(verb=calls[name])
    return made


def _add_rig(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    parser.add_argument("rig", metavar="RIG", nargs=nargs, help=RIG)
    parser.add_argument("--ir", metavar="CAB.wav", help="a cabinet behind a .nam")
    parser.add_argument(
        "--ir-layout",
        choices=LAYOUTS,
        help="what the channels of --ir are for (auto: 1 mono, 2 stereo, 4 true stereo)",
    )
    parser.add_argument(
        "--slim", type=float, metavar="V", help="size of slimmable models, 0 to 1 (the largest)"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        help=WHERE,
    )


def _add_bench(parser: argparse.ArgumentParser) -> None:
    _add_rig(parser, "?")
    add = parser.add_argument
    add("--block", type=int, metavar="N", help="frames (64); of a RIG")
    add("--seconds", type=float, metavar="S", help="of audio (10); of a RIG")
    names = ", ".join(SUITES)
    add(
        "--suite",
        choices=(*SUITES, "list"),
        metavar="NAME",
        help=f"measure parts instead of a RIG: {names}; list tells what each measures",
    )
    add("--quick", action="store_true", help="of a suite: few rounds, to see that it works")
    add("-o", "--output", metavar="FILE.json", help="of a suite: keep figures as they come")
    add("--json", action="store_true", help="print one JSON object")


def _add_levels(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--levels",
        choices=("raw", "normalized", "calibrated"),
        help="what is done about models' loudness (as the preset says; raw, nothing, for a .nam)",
    )
    add("--interface-dbu", type=float, metavar="DBU", help="full scale of the interface (12)")
    add("--calibrate-input", action="store_true", help="calibrate inputs whatever the levels")


def _add_verify(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", metavar="MODEL.nam", help="a model")
    add("--against", metavar="REF.wav|torch", help="what a reference made of the input")
    add("--input", metavar="IN.wav", help="mono, at the model's rate (the shipped guitar)")
    add("--slim", type=float, metavar="V", help="size of a slimmable model, 0 to 1 (the largest)")
    add("--tolerance", type=float, metavar="T", help="of the peak (1e-5; 2e-5 for an LSTM)")
    add("--plot", metavar="PNG", help="draw the difference over time and frequency")
    add("--json", action="store_true", help="print one JSON object")


def _add_live(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--device", metavar="D", help="number or part of the name; IN,OUT for two (the system's)")
    add("--block", type=int, default=64, metavar="N", help="frames (%(default)s)")
    add("--rate", type=float, metavar="HZ", help="the models', or the card's, unless given")
    add("--inputs", metavar="1,2", help="channels of the card that are played in")
    add("--outputs", metavar="1,2", help="channels of the card that sound")
    add("--seconds", type=float, metavar="S", help="stop after so much (on Ctrl-C)")
    add("--pipelined", action="store_true", help="a GPU has a block's time more, as latency")
    add("--null", action="store_true", help="a clock in the place of a card")
    add("--fast", action="store_true", help="with --null: as fast as it goes")
    add("--json", action="store_true", help="events as lines of JSON; the last has all figures")
