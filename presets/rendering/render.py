"""Render audio files through a rack; all arguments are checked before the first block."""

import contextlib
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ...graph.arguments import check_number
from ...graph.text import counted
from ...nodes.analysis.offline_loudness import LoudnessResult, loudness
from ...runtime.io.audio_file import scan_audio
from ...runtime.io.audio_writer import audio_writer
from ...runtime.io.outputs import check_outputs
from ...runtime.limits import check_threads
from ...runtime.plan.stats import Stats
from ..rig import Rig
from .file_render import FileRender, LastRender, kept_pieces
from .input_channels import STEREO, Sides, choose_channels
from .levels import SILENT_DB, LevelMeter, Levels, levels_of

__all__ = [
    "LastRender",
    "Levels",
    "Scanned",
    "check_ends",
    "check_fit",
    "check_loudness",
    "check_sides",
    "format_loudness",
    "levels_of",
    "normalized",
    "output_files",
    "render_file",
    "scan",
    "warn_of_faults",
]

Path_ = str | os.PathLike[str]
SOFTEST_LUFS, LOUDEST_LUFS = -60.0, 0.0


class Scanned(NamedTuple):
    """Channels, frames and sample rate of an audio file, and what the sides of a stereo one are."""

    channels: int
    frames: int
    rate: int
    sides: Sides


def scan(source: Path_) -> Scanned:
    """Read and check every sample of an audio file; ``AudioFileError`` as of ``read_audio``."""
    sides = Sides()
    return Scanned(*scan_audio(source, sides.add), sides)


def render_file(
    rig: Rig,
    source: Path_,
    target: Path_,
    *,
    channel: str | None = None,
    resampled: bool = False,
    block: int | None = None,
    subtype: str | None = None,
    tail: bool | None = None,
    loudness_lufs: float | None = None,
    strict: bool | None = False,
    threads: int | None = None,
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] | None = None,
    scanned: Scanned | None = None,
    last: LastRender | None = None,
) -> Levels:
    """Render one audio file through a rack into an audio file of the same sample rate.

    ``channel`` is the side of a stereo file that is played: ``choose_channels``.  It plays into the
    first input of the rack; others are silent, and ``warn`` is called.  The first output is
    ``target``; another one is written beside it, with its name: "out-NAME.wav".

    With ``resampled``, a file at another rate than the rack's models is resampled to theirs, and
    the result back.  ``tail``: whether to render the tail (``None``: unless the rack is one bare
    model).  ``loudness_lufs``: the integrated loudness that the file gets by one gain at the end;
    ``warn`` is called where its true peak is then above full scale.  ``strict`` and ``threads`` are
    as of ``render``.  ``target`` is written whole or not at all.  ``progress`` is called with the
    share done.  ``scanned`` is what ``scan`` returned for the file, if it was scanned before; with
    ``last`` the rack is prepared once for all its files.  Returns the levels of the written
    samples.
    Raises ``AudioFileError`` for files that cannot be used.
    """
    check_loudness(loudness_lufs, "loudness_lufs")
    name, targets = os.fspath(source), output_files(rig, target)
    check_outputs(list(targets.values()), {name: "the input", **rig.reads()}, AudioFileError)
    found, frames, rate, sides = scan(source) if scanned is None else scanned
    wanted = next(iter(rig.graph.inputs.values()), 0)
    if channel is None and found == 1 and rig.spreads_mono:
        channel = "both"
    choices = choose_channels(found, wanted, channel, sides, name, warn)
    check_fit(rig, source, len(choices[0]), rate, resampled)
    for silent in list(rig.graph.inputs)[1:]:
        first = next(iter(rig.graph.inputs))
        warn(f"{rig.name}: its input {silent!r} is silent: a file plays into {first!r}")
    channels = check_sides(rig, len(choices))
    tail, threads = rig.renders_tail(tail), check_threads(threads)
    job = FileRender(rig, name, choices, frames, rate, block, tail, strict, threads, last)
    width = next(iter(channels.values()))
    meter, gain_db = LevelMeter(width, rate), 0.0
    with contextlib.ExitStack() as ends:
        write = [
            ends.enter_context(
                audio_writer(
                    targets[end], rate, channels=n, subtype=subtype, frames=job.frames, warn=warn
                )
            )
            for end, n in channels.items()
        ]
        made: Iterator[NDArray[np.float32]] = ends.enter_context(
            contextlib.closing(job.pieces(progress))  # ends its threads, whatever happens
        )
        factor = None
        if loudness_lufs is not None:
            loud, made = ends.enter_context(kept_pieces(made, sum(channels.values()), width, rate))
            gain_db = gain_to(loud, loudness_lufs, os.fspath(target), warn)
            factor = np.float32(10.0 ** (gain_db / 20.0))
        for samples in made:
            parts = np.split(samples, np.cumsum(list(channels.values()))[:-1])
            if factor is not None:
                parts[0] = parts[0] * factor
            written = [one(part) for one, part in zip(write, parts, strict=True)]
            meter.add(written[0])
        muted = sum(warn_of_faults(stats, warn) for stats in job.stats())
        levels = replace(meter.levels(), muted=muted, gain_db=gain_db)  # before the file appears
    return levels


def output_files(rig: Rig, target: Path_) -> dict[str, Path_]:
    """Return the file of each output: ``target``, and beside it "out-NAME.wav" for each other."""
    path, (first, *rest) = Path(target), [*rig.graph.outputs] or [""]
    return {first: target} | {
        name: path.with_name(f"{path.stem}-{name}{path.suffix}") for name in rest
    }


def check_sides(rig: Rig, count: int) -> dict[str, int]:
    """Return the channels of each output, of ``count`` sides, each played by the rack alone.

    ``AudioFileError`` if there are two, and the rack is not mono.
    """
    outputs = dict(rig.graph.outputs)
    if count > 1 and list(outputs.values()) != [1]:
        raise AudioFileError(
            "channel is both: each side would be played by a rack of its own, whose output has "
            f"{counted(sum(outputs.values()), 'channel')}: must be 1; or take left, right or sum"
        )
    return {name: count * channels for name, channels in outputs.items()}


def check_loudness(lufs: float | None, name: str) -> None:
    """Raise ``ParamError`` unless ``lufs`` is a loudness to render to, or None."""
    if lufs is not None:
        check_number(name, lufs, SOFTEST_LUFS, LOUDEST_LUFS, " LUFS")


def normalized(
    samples: NDArray[np.float32], rate: float, lufs: float, name: str, warn: Callable[[str], None]
) -> tuple[NDArray[np.float32], float]:
    """Return the samples with an integrated loudness of ``lufs``, and the gain in dB."""
    gain_db = gain_to(loudness(samples, rate), lufs, name, warn)
    return samples * np.float32(10.0 ** (gain_db / 20.0)), gain_db


def gain_to(found: LoudnessResult, lufs: float, name: str, warn: Callable[[str], None]) -> float:
    """Return the gain in dB that makes a file of this loudness ``lufs`` loud.

    ``warn`` is called if the true peak is then above full scale.  ``AudioFileError``, which names
    the file ``name``, if there is no integrated loudness to change.
    """
    if not found.measurable:
        raise AudioFileError(
            f"{name}: cannot be made {lufs:g} LUFS loud: the render is shorter than 0.4 s, or "
            "below -70 LUFS throughout: leave out the loudness"
        )
    gain_db = lufs - found.integrated_lufs
    peak = found.true_peak_dbtp + gain_db
    if peak > 0.0:
        warn(
            f"{name}: at {lufs:g} LUFS the true peak is {peak:+.1f} dBTP, above full scale: ask "
            f"for {math.floor(10.0 * (lufs - peak)) / 10.0:g} LUFS or less, or put a limiter at "
            "the end of the rack"
        )
    return gain_db


def format_loudness(levels: Levels) -> str:
    """Return ``-18.0 LUFS, true peak -2.1 dBTP``, or "no loudness" of silence and short sounds."""
    if levels.integrated_lufs <= SILENT_DB:
        return f"no loudness, true peak {levels.true_peak_dbtp:.1f} dBTP"
    return f"{levels.integrated_lufs:.1f} LUFS, true peak {levels.true_peak_dbtp:.1f} dBTP"


def warn_of_faults(stats: Stats, warn: Callable[[str], None]) -> int:
    """Warn of muted nodes and of a fallback from GPU to CPU; return the number of muted blocks."""
    for row in stats.nodes:
        if row.faults:
            warn(f"{row.name}: muted in {counted(row.faults, 'block')}: its output was not finite")
    if stats.device is not None and stats.device.fallback_reason:
        warn(f"{stats.device}")
    return stats.faults


def check_ends(rig: Rig) -> None:
    """Raise ``AudioFileError`` if the rack lacks inputs or outputs."""
    graph = rig.graph
    if not graph.inputs or not graph.outputs:
        raise AudioFileError(
            f"the rack has {counted(len(graph.inputs), 'input')} and "
            f"{counted(len(graph.outputs), 'output')}: only racks with both can be "
            "rendered from file to file"
        )


def check_fit(
    rig: Rig,
    source: Path_,
    channels: int,
    rate: float,
    resampled: bool,
    ask: str = "--resample",
    ask_channel: str = "--channel",
) -> None:
    """Raise ``AudioFileError`` if the rack cannot play these channels at this rate.

    ``ask`` is the option that would resample, for the message, and ``ask_channel`` the one that
    chooses a side.
    """
    check_ends(rig)
    graph, name = rig.graph, os.fspath(source)
    wanted = next(iter(graph.inputs.values()))
    if channels != wanted:
        way = ": give a mono or stereo file" if wanted == 1 else ""
        if max(channels, wanted) == STEREO:
            way = f": give {ask_channel} left, right or sum, or both for each side by itself"
            if wanted == STEREO:
                way = f": give {ask_channel} both, which plays it on both inputs"
        raise AudioFileError(
            f"{name}: has {counted(channels, 'channel')}, the rack takes {wanted}{way}"
        )
    if rig.rate not in (None, rate) and not resampled:
        raise AudioFileError(
            f"{name}: its rate is {rate:g} Hz, the rack's models were made for "
            f"{rig.rate_words}: give a file at that rate, or {ask}"
        )
