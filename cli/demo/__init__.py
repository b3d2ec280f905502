"""``namgraph demo``: render the bundled guitar recording through a bundled rack, or all."""

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..arguments import Subparsers, add_json_option, add_verb
from ..console import say, warn
from ..progress import AudioProgress

if TYPE_CHECKING:
    from ...presets.rendering.levels import Levels

__all__ = ["Demo", "add_parser", "demo", "process_age_s", "run"]

Path_ = str | os.PathLike[str]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "demo",
        run,
        "render the bundled guitar through a bundled rack",
        "namgraph demo",
        "namgraph demo plugin -o plugin.wav --plot plugin.png",
        "namgraph demo --all demos",
    )
    add = parser.add_argument
    add("rack", nargs="?", metavar="NAME", help="a bundled rack (crunch): namgraph presets")
    add("-o", "--output", metavar="OUT.wav", help="WAV file (demo.wav)")
    add("--all", metavar="DIR", help="render every bundled rack, to DIR/NAME.wav")
    add("--plot", metavar="PNG", help="draw waveform and spectrum, before and after")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> None:
    """Render, and print levels and times."""
    from ...graph.text import counted
    from ...presets.bundled import DEMO_DI, DEMO_RACK, asset
    from ...presets.rendering.render import format_loudness

    if arguments.all is not None:
        _run_all(arguments)
        return
    output, picture = arguments.output or "demo.wav", arguments.plot
    rack = arguments.rack or DEMO_RACK
    with AudioProgress("rendering", asset(DEMO_DI)) as progress:
        made = demo(output, rack=rack, plot=picture, warn=warn, progress=progress)
    if arguments.json:
        say(json.dumps({**asdict(made), "file": output, "plot": picture}))
        return
    levels = made.levels
    say(
        f"{output}: {levels.seconds:.1f} s, {counted(levels.channels, 'channel')}, "
        f"peak {levels.peak_db:.1f} dBFS, RMS {levels.rms_db:.1f} dBFS, {format_loudness(levels)}"
    )
    say(
        f"first sound {made.first_sound_s:.2f} s after the start, the whole in "
        f"{made.render_s:.2f} s ({levels.seconds / made.render_s:.0f} x real time)"
    )
    if picture:
        say(f"{picture}: the guitar and the rack")


def _run_all(arguments: argparse.Namespace) -> None:
    """Render every bundled rack, and print the levels of each."""
    from ...graph import ParamError
    from ...presets.bundled import DEMO_DI, asset, shipped_presets
    from ...presets.rendering.render import format_loudness
    from ...runtime.io.outputs import make_folder

    given = {"NAME": arguments.rack, "--output": arguments.output, "--plot": arguments.plot}
    if idle := [name for name, value in given.items() if value is not None]:
        raise ParamError(f"{idle[0]} does nothing with --all: must be left out")
    folder = Path(arguments.all)
    make_folder(folder)
    rows = {}
    for name in shipped_presets():
        target = folder / f"{name}.wav"
        with AudioProgress(f"rendering {name}", asset(DEMO_DI)) as progress:
            made = demo(target, rack=name, warn=warn, progress=progress)
        rows[name] = {**asdict(made), "file": str(target)}
        if not arguments.json:
            say(
                f"{target}: {made.levels.seconds:.1f} s, peak {made.levels.peak_db:.1f} dBFS, "
                f"RMS {made.levels.rms_db:.1f} dBFS, {format_loudness(made.levels)}"
            )
    if arguments.json:
        say(json.dumps({"demos": rows}))


@dataclass(frozen=True)
class Demo:
    """Levels of the rendered file, and render times in seconds."""

    levels: "Levels"
    first_sound_s: float
    """From the start of the process until the first second of audio was rendered."""
    render_s: float
    """From reading the recording to the last byte of the file."""


def demo(
    target: Path_ = "demo.wav",
    *,
    rack: str | None = None,
    plot: Path_ | None = None,
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] = lambda share: None,
) -> Demo:
    """Render the bundled recording through a bundled rack to a 24-bit WAV file.

    ``rack`` is its name, of ``namgraph presets``; the default is "crunch".  ``plot`` is the file of
    a picture, drawn if given; ``progress`` is called with the share done.
    """
    from ...presets.bundled import DEMO_DI, DEMO_RACK, asset, shipped_files, shipped_preset
    from ...presets.rendering.render import render_file
    from ...presets.rig import open_rig
    from ...runtime.io.outputs import check_outputs

    if plot is not None:
        from ..plot.figures import need_matplotlib, suffix_of

        suffix_of(plot)
        need_matplotlib()
    first: list[float] = []

    def report(share: float) -> None:
        if not first:
            first.append(process_age_s())
        progress(share)

    rig = open_rig(DEMO_RACK if rack is None else shipped_preset(rack))
    outputs = [target] if plot is None else [target, plot]
    check_outputs(outputs, {**shipped_files(), **rig.reads()})
    begun = time.perf_counter()
    levels = render_file(rig, asset(DEMO_DI), target, warn=warn, progress=report)
    taken = time.perf_counter() - begun
    if plot is not None:
        from ..plot.before_after import draw_before_after

        draw_before_after(asset(DEMO_DI), target, plot)
    return Demo(levels, first[0], taken)


def process_age_s() -> float:
    """Return seconds since the start of this process, or its processor time if unknown."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError, ValueError, IndexError):
        return time.process_time()
