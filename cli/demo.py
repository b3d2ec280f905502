"""The shipped DI through the shipped rack: what a newcomer hears first."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..presets.bundled import DEMO_DI, DEMO_RACK, asset, shipped_files
from ..presets.render import Levels, render_file
from ..presets.rig import open_rig
from ..runtime.io.outputs import check_outputs

__all__ = ["Demo", "demo", "process_age_s"]

Path_ = str | os.PathLike[str]


@dataclass(frozen=True)
class Demo:
    """What the demo made, and how long it took."""

    levels: Levels
    first_sound_s: float
    """From the start of the process until the first second of sound was rendered."""
    render_s: float
    """From reading the DI to the last byte of the file."""


def demo(
    target: Path_ = "demo.wav",
    *,
    plot: Path_ | None = None,
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] = lambda share: None,
) -> Demo:
    """Render the shipped DI through the shipped rack to a 24-bit WAV file; picture it on demand."""
    if plot is not None:
        from .plot import need_matplotlib, suffix_of

        suffix_of(plot)
        need_matplotlib()
    first: list[float] = []

    def watch(share: float) -> None:
        if not first:
            first.append(process_age_s())
        progress(share)

    rig = open_rig(DEMO_RACK)
    outputs = [target] if plot is None else [target, plot]
    check_outputs(outputs, {**shipped_files(), **rig.reads()})
    begun = time.perf_counter()
    levels = render_file(rig, asset(DEMO_DI), target, warn=warn, progress=watch)
    taken = time.perf_counter() - begun
    if plot is not None:
        from .plot import picture

        picture(asset(DEMO_DI), target, plot)
    return Demo(levels, first[0], taken)


def process_age_s() -> float:
    """Return how long this process has run: by the system's clock, or else its processor time."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError, ValueError, IndexError):
        return time.process_time()
