"""Picture of a rack: its graph down the page, with the level and latency of every audio signal."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError, FileError, Graph, Kind, Spec, schedule
from ...graph.connection import PortRef
from ...graph.drawing.scene import scene
from ...graph.drawing.svg import svg_of
from ...graph.scheduling.channels import resolve_channels
from ...graph.scheduling.ends import find_ends
from ...graph.text import counted
from ...presets.rendering.input_channels import Sides, choose_channels, take_channels
from ...presets.rendering.levels import SILENT_DB, Levels, levels_of
from ...presets.rendering.render import warn_of_faults
from ...runtime.adapters.offline import render
from ...runtime.io.atomic_write import whole_file, writing
from ...runtime.io.audio_file import AudioFile, resample

__all__ = [
    "LONGEST_S",
    "RackLevels",
    "format_latency",
    "format_level",
    "measure_rack",
    "rack_lines",
    "rack_notes",
    "write_rack",
]

LONGEST_S = 60.0
"""Seconds of audio that a rack is measured with, at most."""
BLOCK = 512


@dataclass(frozen=True)
class RackLevels:
    """What a rack makes of some audio."""

    rate: float
    ports: dict[PortRef, Levels]
    """Of every audio output of a node, and of the inputs of the rack."""
    outputs: dict[str, Levels]
    lags: dict[str, int]
    """Latency in frames at the outputs of each node."""
    latency: int
    tail: int


def measure_rack(
    graph: Graph,
    audio: AudioFile,
    rate: float,
    name: str = "audio",
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] | None = None,
) -> RackLevels:
    """Render a rack with an output at every audio port, and measure each.

    The audio plays into the first input, mono into all its channels, one side of a stereo take
    into a mono one if both are equal or the other is silent, as ``render_file`` plays it;
    other inputs are silent.  Audio of another rate is resampled, and of longer audio the first
    minute is used.  ``AudioFileError``, which names ``name``, if it is silent or does not
    fit.
    """
    samples = audio.samples[:, : round(LONGEST_S * audio.rate)]
    if not samples.any():
        raise AudioFileError(f"{name}: is silent: no level can be measured with it")
    samples = resample(samples, audio.rate, rate, name)
    given = {end: np.zeros((n, samples.shape[1]), np.float32) for end, n in graph.inputs.items()}
    for end, count in list(graph.inputs.items())[:1]:
        given[end] = _fitted(samples, count, name, end, warn)
    spec = Spec(rate, BLOCK)
    order = schedule(graph, spec)
    tapped, taps = _tapped(graph)
    made: Any = render(
        tapped,
        given if given else {},
        rate,
        strict=None,
        progress=progress,
        report=lambda stats: _warn(stats, warn),
    )
    if not isinstance(made, dict):
        made = {next(iter(tapped.outputs)): made}
    levels = {end: levels_of(np.atleast_2d(y), rate) for end, y in made.items()}
    ports = {PortRef(end, "out"): levels_of(x, rate) for end, x in given.items()}
    ports |= {ref: levels[tap] for ref, tap in taps.items()}
    return RackLevels(
        rate,
        ports,
        {end: levels[end] for end in graph.outputs},
        dict(order.lags),
        order.latency,
        graph.tail(spec),
    )


def _warn(stats: Any, warn: Callable[[str], None]) -> None:
    warn_of_faults(stats, warn)


def _fitted(
    samples: NDArray[np.float32], count: int, name: str, end: str, warn: Callable[[str], None]
) -> NDArray[np.float32]:
    sides = Sides()
    sides.add(samples)
    samples = take_channels(
        choose_channels(len(samples), count, None, sides, name, warn)[0], samples
    )
    if len(samples) == count:
        return samples
    if len(samples) == 1:
        return np.repeat(samples, count, axis=0)
    raise AudioFileError(
        f"{name}: has {len(samples)} channels, the rack's input {end} takes {count}: give a file "
        f"with {f'{count} channels or ' * (count > 1)}one"
    )


def _tapped(graph: Graph) -> tuple[Graph, dict[PortRef, str]]:
    """Return a copy with one more output for each audio output port of a node, and their names."""
    made, taps = graph.copy(), dict[PortRef, str]()
    channels = resolve_channels(graph, find_ends(graph)).outputs
    for name in graph.nodes:
        for port in graph.ports(name, "output"):
            if port.kind is Kind.AUDIO:
                ref, number = PortRef(name, port.name), len(taps)
                while (tap := f"level{number}") in graph or tap in made.outputs:
                    number += 1
                made.output(tap, channels=channels[ref])
                made.connect(str(ref), tap)
                taps[ref] = tap
    return made, taps


def format_level(levels: Levels) -> list[str]:
    """Return the lines beside a signal: its peak and its loudness, or "silent"."""
    if levels.silent:
        return ["silent"]
    lines = [f"{_rounded(levels.peak_db)} dBFS"]
    if levels.integrated_lufs > SILENT_DB:
        lines.append(f"{_rounded(levels.integrated_lufs)} LUFS")
    return lines


def _rounded(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}"  # no -0.0


def rack_notes(found: RackLevels) -> dict[PortRef, list[str]]:
    """Return the lines beside each audio output: peak, loudness, and latency if there is any."""
    notes = {}
    for ref, levels in found.ports.items():
        notes[ref] = format_level(levels)
        if lag := found.lags.get(ref.node, 0):
            notes[ref].append(counted(lag, "frame"))
    return notes


def format_latency(frames: int, rate: float) -> str:
    """Return ``96 frames (2.0 ms)``."""
    return f"{counted(frames, 'frame')} ({_rounded(1000.0 * frames / rate)} ms)"


def rack_lines(found: RackLevels, source: str) -> list[str]:
    """Return the lines under the heading: how it was measured, and the figures of each output."""
    lines = [f"Played: {source}. At each output: peak, loudness, latency since the input."]
    for end, levels in found.outputs.items():
        tail = f"{found.tail / found.rate:.2f} s" if math.isfinite(found.tail) else "endless"
        late = f"latency {format_latency(found.latency, found.rate)}"
        lines.append(
            f"{end}: {', '.join(format_level(levels))}; "
            f"{late if found.latency else 'no latency'}; tail {tail}"
        )
    return lines


def write_rack(
    graph: Graph,
    notes: dict[PortRef, list[str]],
    heading: list[str],
    target: str | os.PathLike[str],
) -> None:
    """Write the picture: SVG needs no matplotlib.  ``CycleError`` for a rack with a loop."""
    drawn = scene(graph, down=True, notes=notes, heading=heading)
    if Path(target).suffix.lower() != ".svg":
        from .figures import save
        from .shapes import SHARP_DPI, figure_of

        save(figure_of(drawn), target, dpi=SHARP_DPI)
        return
    with whole_file(target, FileError) as part, writing(os.fspath(target), FileError):
        part.write_text(svg_of(drawn), encoding="utf-8", newline="\n")
