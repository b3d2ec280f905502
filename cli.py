"""The ``namgraph`` command: every verb is one call elsewhere.

What the user got wrong is one line on stderr, ``namgraph: error: <what, found, allowed>``, and
exit code 2.  A traceback is a bug of ours.  Results go to stdout; progress goes to a terminal.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NoReturn

from . import __version__
from .graph import ParamError
from .presets.console import Progress, complain, note, run, say, warn
from .runtime.simd.host import host_lanes

__all__ = ["main"]

LARGEST_BLOCK = 1 << 20
SUBTYPES = ("float", "pcm32", "pcm24", "pcm16")
RIG = "a preset (.json), the name of a shipped one, or one model (.nam)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return run(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int | None:
    arguments = _parser().parse_args(argv)
    host_lanes()  # refuses a wrong NAMGRAPH_LANES, whatever the verb
    verb: Any = arguments.verb
    code: int | None = verb(arguments)
    return code


def _demo(a: argparse.Namespace) -> None:
    from .presets.demo import demo
    from .presets.render import counted_channels

    with Progress("rendering") as progress:
        made = demo(a.output, plot=a.plot, warn=warn, progress=progress)
    if a.json:
        say(json.dumps({**asdict(made), "file": a.output, "plot": a.plot}))
        return
    sound = made.levels
    say(
        f"{a.output}: {sound.seconds:.1f} s, {counted_channels(sound.channels)}, "
        f"peak {sound.peak_db:.1f} dBFS, RMS {sound.rms_db:.1f} dBFS"
    )
    say(
        f"first sound {made.first_sound_s:.2f} s after the start, the whole in "
        f"{made.render_s:.2f} s ({sound.seconds / made.render_s:.0f} x real time)"
    )
    if a.plot:
        say(f"{a.plot}: the guitar and the rack")


def _render(a: argparse.Namespace) -> None:
    _check_render(a)
    from .presets.render import counted_channels, render_file
    from .presets.rig import open_rig

    rig = open_rig(a.rig, ir=a.ir, slim=a.slim, backend=a.backend, **_levels(a))
    _tell_levels(rig)
    with Progress("rendering") as progress:
        sound = render_file(
            rig,
            a.input,
            a.output,
            resampled=a.resample,
            block=a.block,
            subtype=a.subtype,
            tail=a.tail,
            warn=warn,
            progress=progress,
        )
    say(
        f"{a.output}: {sound.seconds:.2f} s, {counted_channels(sound.channels)} "
        f"at {sound.rate:g} Hz, peak {sound.peak_db:.1f} dBFS, RMS {sound.rms_db:.1f} dBFS"
    )


def _check_block(block: int) -> None:
    if not 1 <= block <= LARGEST_BLOCK:
        raise ParamError(f"--block is {block}: must lie in [1, {LARGEST_BLOCK}]")


def _check_render(a: argparse.Namespace) -> None:
    """Refuse by name what this build does not do."""
    if a.threads != 1:
        raise ParamError(f"--threads is {a.threads}: one file is rendered by one thread; must be 1")
    if a.block is not None:
        _check_block(a.block)


def _info(a: argparse.Namespace) -> None:
    from .presets.info import describe, spelled

    found = [describe(path) for path in a.files]
    if a.json:
        say(json.dumps({"files": found}))
    else:
        say("\n".join(spelled(f) for f in found))


def _bench(a: argparse.Namespace) -> None:
    from .presets.bench import bench, spelled
    from .presets.rig import open_rig

    _check_block(a.block)
    rig = open_rig(a.rig, ir=a.ir, slim=a.slim, backend=a.backend)
    with Progress("measuring") as progress:
        found = bench(rig, block=a.block, seconds=a.seconds, progress=progress)
    say(json.dumps(found) if a.json else spelled(found))


def _live(a: argparse.Namespace) -> None:
    from .presets.live import live
    from .presets.rig import open_rig

    options = {"backend": a.backend, "resample": a.resample or None, **_levels(a)}
    rig = open_rig(a.rig, ir=a.ir, slim=a.slim, **options)
    _tell_levels(rig)
    live(rig, a, warn)


def _devices(a: argparse.Namespace) -> None:
    from .presets.live import list_devices

    say(list_devices(a.json))


def _verify(a: argparse.Namespace) -> int:
    from .presets.verdict import spelled
    from .presets.verify import verify

    if a.plot:
        from .presets.verify_plot import check_plot, plot

        check_plot(a.plot, a.against)
    slim = 1.0 if a.slim is None else a.slim
    with Progress("verifying") as progress:
        found = verify(
            a.model,
            against=a.against,
            source=a.input,
            slim=slim,
            tolerance=a.tolerance,
            progress=progress,
        )
    if a.plot:
        plot(found, a.plot)
    say(json.dumps(found.values()) if a.json else spelled(found.values()))
    return 0 if found.holds else 1


def _levels(a: argparse.Namespace) -> dict[str, Any]:
    """Return the options about levels as ``open_rig`` takes them."""
    return {
        "levels": a.levels,
        "interface_dbu": a.interface_dbu,
        "calibrate_input": a.calibrate_input or None,
    }


def _tell_levels(rig: Any) -> None:
    """Say which gains follow from the models' files, where any were asked for."""
    from .presets.rig import levels_said

    said = levels_said(rig.graph)
    if said:
        note(f"levels: {said}")


def _warm(a: argparse.Namespace) -> None:
    from .presets.warm import warm

    with Progress("compiling") as progress:
        done = warm(progress)
    say(f"{done.functions} native functions ready, {done.racks} racks built, {done.seconds:.1f} s")


class _Parser(argparse.ArgumentParser):
    """Complains in one line, like everything else here."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is; exit with 2."""
        complain(f"{message} (see {self.prog} --help)")
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="namgraph",
        description="Racks of audio nodes, neural amps among them, played by native code.",
        epilog="Exit codes: 0 done, 1 not verified, 2 something to put right (one line on stderr "
        "says what).",
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
    _add_levels(render)
    render.add_argument("--block", type=int, metavar="N", help="frames a block; no one can hear it")
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

    live = _verb(verbs, "live", _live, "play a rack on a sound card")
    _add_rig(live)
    _add_levels(live)
    _add_live(live)
    live.add_argument(
        "--resample", action="store_true", help="run models at their own rates, at some latency"
    )

    devices = _verb(verbs, "devices", _devices, "the sound cards there are")
    devices.add_argument("--json", action="store_true", help="print one JSON object")

    _add_verify(_verb(verbs, "verify", _verify, "null test of a model, and of its block sizes"))
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
    parser.add_argument(
        "--backend",
        choices=("auto", "cpu", "cuda"),
        help="where models compute (as the preset says; auto for a .nam: a GPU if there is one)",
    )


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


if __name__ == "__main__":
    sys.exit(main())
