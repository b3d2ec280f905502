"""``namgraph demo``: render the bundled guitar recording through the bundled rack."""

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import Subparsers, add_json_option, add_verb
from .console import say, warn
from .progress import AudioProgress

if TYPE_CHECKING:
    from ..presets.levels import Levels

__all__ = ["Demo", "add_parser", "demo", "process_age_s", "run"]

Path_ = str | os.PathLike[str]


def add_parser(subparsers: Subparsers) -> None:
    """Add the verb and its options."""
    parser = add_verb(
        subparsers,
        "demo",
        run,
        "render the bundled guitar through the bundled rack",
        "namgraph demo",
        "namgraph demo -o crunch.wav --plot crunch.png",
    )
    add = parser.add_argument
    add("-o", "--output", default="demo.wav", metavar="OUT.wav", help="WAV file (%(default)s)")
    add("--plot", metavar="PNG", help="draw waveform and spectrum, before and after")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> None:
    """Render, and print levels and times."""
    from ..presets.bundled import DEMO_DI, asset
    from ..presets.render import format_channels, format_loudness

    output, picture = arguments.output, arguments.plot
    with AudioProgress("rendering", asset(DEMO_DI)) as progress:
        made = demo(output, plot=picture, warn=warn, progress=progress)
    if arguments.json:
        say(json.dumps({**asdict(made), "file": output, "plot": picture}))
        return
    levels = made.levels
    say(
        f"{output}: {levels.seconds:.1f} s, {format_channels(levels.channels)}, "
        f"peak {levels.peak_db:.1f} dBFS, RMS {levels.rms_db:.1f} dBFS, {format_loudness(levels)}"
    )
    say(
        f"first sound {made.first_sound_s:.2f} s after the start, the whole in "
        f"{made.render_s:.2f} s ({levels.seconds / made.render_s:.0f} x real time)"
    )
    if picture:
        say(f"{picture}: the guitar and the rack")


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
    plot: Path_ | None = None,
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] = lambda share: None,
) -> Demo:
    """Render the bundled recording through the bundled rack to a 24-bit WAV file.

    ``plot`` is the file of a picture, drawn if given; ``progress`` is called with the share done.
    """
    from ..presets.bundled import DEMO_DI, DEMO_RACK, asset, shipped_files
    from ..presets.render import render_file
    from ..presets.rig import open_rig
    from ..runtime.io.outputs import check_outputs

    if plot is not None:
        from .plot import need_matplotlib, suffix_of

        suffix_of(plot)
        need_matplotlib()
    first: list[float] = []

    def report(share: float) -> None:
        if not first:
            first.append(process_age_s())
        progress(share)

    rig = open_rig(DEMO_RACK)
    outputs = [target] if plot is None else [target, plot]
    check_outputs(outputs, {**shipped_files(), **rig.reads()})
    begun = time.perf_counter()
    levels = render_file(rig, asset(DEMO_DI), target, warn=warn, progress=report)
    taken = time.perf_counter() - begun
    if plot is not None:
        from .plot import picture

        picture(asset(DEMO_DI), target, plot)
    return Demo(levels, first[0], taken)


def process_age_s() -> float:
    """Return seconds since the start of this process, or its processor time if unknown."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError, ValueError, IndexError):
        return time.process_time()
