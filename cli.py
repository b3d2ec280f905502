"""The ``namgraph`` command: every verb is one call elsewhere.

What the user got wrong is one line on stderr, ``namgraph: error: <what, found, allowed>``, and
exit code 2.  A traceback is a bug of ours.  Results go to stdout; progress goes to a terminal.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NoReturn

from . import __version__
from .graph import NamgraphError, ParamError

__all__ = ["main"]

SUBTYPES = ("float", "pcm32", "pcm24", "pcm16")
RIG = "a preset (.json), the name of a shipped one, or one model (.nam)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        verb: Any = arguments.verb
        verb(arguments)
        sys.stdout.flush()
    except NamgraphError as error:
        _complain(str(error))
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130
    except BrokenPipeError:  # the reader has had enough; say nothing when Python flushes again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


def _demo(a: argparse.Namespace) -> None:
    from .presets.demo import demo

    with _Progress("rendering") as progress:
        made = demo(a.output, plot=a.plot, warn=_warn, progress=progress)
    if a.json:
        print(json.dumps({**asdict(made), "file": a.output, "plot": a.plot}))
        return
    sound = made.levels
    print(
        f"{a.output}: {sound.seconds:.1f} s, {sound.channels} channels, "
        f"peak {sound.peak_db:.1f} dBFS, RMS {sound.rms_db:.1f} dBFS"
    )
    print(
        f"first sound {made.first_sound_s:.2f} s after the start, the whole in "
        f"{made.render_s:.2f} s ({sound.seconds / made.render_s:.0f} x real time)"
    )
    if a.plot:
        print(f"{a.plot}: the guitar and the rack")


def _render(a: argparse.Namespace) -> None:
    _check_render(a)
    from .presets.render import render_file
    from .presets.rig import open_rig

    rig = open_rig(a.rig, ir=a.ir, slim=a.slim)
    with _Progress("rendering") as progress:
        sound = render_file(
            rig,
            a.input,
            a.output,
            resampled=a.resample,
            block=a.block,
            subtype=a.subtype,
            tail=a.tail,
            warn=_warn,
            progress=progress,
        )
    print(
        f"{a.output}: {sound.seconds:.2f} s, {sound.channels} channels at {sound.rate:g} Hz, "
        f"peak {sound.peak_db:.1f} dBFS, RMS {sound.rms_db:.1f} dBFS"
    )


def _check_render(a: argparse.Namespace) -> None:
    """Refuse by name what this build does not do."""
    if a.backend == "cuda":
        raise ParamError("--backend is cuda: not in this build; must be auto or cpu")
    if a.levels != "raw":
        raise ParamError(f"--levels is {a.levels}: not in this build; must be raw")
    if a.threads != 1:
        raise ParamError(f"--threads is {a.threads}: one file is rendered by one thread; must be 1")


def _info(a: argparse.Namespace) -> None:
    from .presets.info import describe, spelled

    found = [describe(path) for path in a.files]
    if a.json:
        print(json.dumps({"files": found}))
    else:
        print("\n".join(spelled(f) for f in found))


def _bench(a: argparse.Namespace) -> None:
    from .presets.bench import bench, spelled
    from .presets.rig import open_rig

    rig = open_rig(a.rig, ir=a.ir, slim=a.slim)
    with _Progress("measuring") as progress:
        found = bench(rig, block=a.block, seconds=a.seconds, progress=progress)
    print(json.dumps(found) if a.json else spelled(found))


def _warm(a: argparse.Namespace) -> None:
    from .presets.warm import warm

    with _Progress("compiling") as progress:
        done = warm(progress)
    print(
        f"{done.functions} native functions ready, {done.racks} racks built, {done.seconds:.1f} s"
    )


class _Parser(argparse.ArgumentParser):
    """Complains in one line, like everything else here."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is; exit with 2."""
        _complain(f"{message} (see {self.prog} --help)")
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="namgraph",
        description="Racks of audio nodes, neural amps among them, played by native code.",
        epilog="Exit codes: 0 done, 2 something to put right (one line on stderr says what).",
    )
    parser.add_argument("--version", action="version", version=f"namgraph {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    demo = _verb(verbs, "demo", _demo, "the shipped guitar through the shipped rack")
    demo.add_argument("-o", "--output", default="demo.wav", help="WAV file (%(default)s)")
    demo.add_argument("--plot", metavar="PNG", help="draw waveform and spectrum, before and after")
    demo.add_argument("--json", action="store_true", help="print one JSON object")

    render = _verb(verbs, "render", _render, "one audio file through a rack")
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
        "--subtype", choices=SUBTYPES, default="pcm24", help="how samples are stored (%(default)s)"
    )
    render.add_argument(
        "--levels",
        choices=("raw", "normalized", "calibrated"),
        default="raw",
        help="what is done about loudness; raw: nothing (%(default)s)",
    )
    render.add_argument(
        "--backend", choices=("auto", "cpu", "cuda"), default="auto", help="where models compute"
    )
    render.add_argument(
        "--block", type=int, default=512, metavar="N", help="frames a block; no one can hear it"
    )
    render.add_argument("--threads", type=int, default=1, metavar="N", help="1 in this build")

    info = _verb(verbs, "info", _info, "what a model, an impulse response or a preset is")
    info.add_argument("files", nargs="+", metavar="FILE", help=".nam, audio, or preset")
    info.add_argument("--json", action="store_true", help="print one JSON object")

    bench = _verb(verbs, "bench", _bench, "how fast a rack plays, beside the processor's peak")
    _add_rig(bench)
    bench.add_argument("--block", type=int, default=64, metavar="N", help="frames (%(default)s)")
    bench.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="of audio (%(default)s)"
    )
    bench.add_argument("--json", action="store_true", help="print one JSON object")

    _verb(verbs, "warm", _warm, "compile every kernel now")
    return parser


def _verb(verbs: Any, name: str, call: Any, text: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
    )
    made.set_defaults(verb=call)
    return made


def _add_rig(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rig", metavar="RIG", help=RIG)
    parser.add_argument("--ir", metavar="CAB.wav", help="a cabinet behind a .nam")
    parser.add_argument(
        "--slim", type=float, metavar="V", help="size of slimmable models, 0 to 1 (the largest)"
    )


class _Progress:
    """A line that counts to 100 %, on a terminal only, and leaves no trace."""

    def __init__(self, doing: str) -> None:
        self._doing, self._shown = doing, -1
        self._on = sys.stderr.isatty()

    def __call__(self, share: float) -> None:
        percent = int(100 * share)
        if self._on and percent != self._shown:
            self._shown = percent
            sys.stderr.write(f"\r{self._doing} {percent:3d} %")
            sys.stderr.flush()

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown >= 0:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _one_line(text: str) -> str:
    """Return text that a terminal shows and does not obey: names may hold anything."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(text.split()))


def _complain(text: str) -> None:
    sys.stderr.write(f"namgraph: error: {_one_line(text)}\n")


def _warn(text: str) -> None:
    sys.stderr.write(f"namgraph: warning: {_one_line(text)}\n")


if __name__ == "__main__":
    sys.exit(main())
