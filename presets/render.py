"""Render audio files through a rack; all arguments are checked before the first block."""

import math
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..graph import AudioFileError
from ..graph.arguments import check_number
from ..nodes.analysis.offline_loudness import loudness
from ..runtime.adapters.offline import render
from ..runtime.io.audio_file import audio_writer, read_audio, resample
from ..runtime.io.outputs import check_outputs
from ..runtime.plan.stats import Stats
from .levels import SILENT_DB, Levels, levels_of
from .rig import Rig

__all__ = [
    "Levels",
    "check_fit",
    "check_loudness",
    "format_channels",
    "format_loudness",
    "levels_of",
    "normalized",
    "render_file",
    "warn_of_faults",
]

Path_ = str | os.PathLike[str]
SOFTEST_LUFS, LOUDEST_LUFS = -60.0, 0.0


def format_channels(count: int) -> str:
    """Return ``1 channel``, ``2 channels``."""
    return f"{count} channel{'' if count == 1 else 's'}"


def render_file(
    rig: Rig,
    source: Path_,
    target: Path_,
    *,
    resampled: bool = False,
    block: int | None = None,
    subtype: str | None = None,
    tail: bool | None = None,
    loudness_lufs: float | None = None,
    strict: bool | None = False,
    warn: Callable[[str], None] = lambda line: None,
    progress: Callable[[float], None] | None = None,
) -> Levels:
    """Render one audio file through a rack into an audio file of the same sample rate.

    The file plays into the first input of the rack; others are silent, and ``warn`` is called.  The
    first output is ``target``; another one is written beside it, with its name: "out-NAME.wav".

    With ``resampled``, a file at another rate than the rack's models is resampled to theirs, and
    the result back.  ``tail``: whether to render the tail (``None``: unless the rack is one bare
    model).  ``loudness_lufs``: the integrated loudness that the file gets by one gain at the end;
    ``warn`` is called where its true peak is then above full scale.  ``strict`` is as of
    ``render``.  ``target`` is written whole or not at all.  ``progress`` is called with the share
    done.  Returns the levels of the written samples.
    Raises ``AudioFileError`` for files that cannot be used.
    """
    check_loudness(loudness_lufs, "loudness_lufs")
    reads = {os.fspath(source): "the input", **rig.reads()}
    targets = output_files(rig, target)
    check_outputs(list(targets.values()), reads, AudioFileError)
    found = read_audio(source)
    rate, muted = float(rig.rate or found.rate), list[int]()
    check_fit(rig, source, found.channels, found.rate, resampled)
    with ExitStack() as files:
        write = {
            name: files.enter_context(
                audio_writer(path, found.rate, channels=channels, subtype=subtype, warn=warn)
            )
            for (name, path), channels in zip(
                targets.items(), rig.graph.outputs.values(), strict=True
            )
        }
        x = _at_least_one_frame(resample(found.samples, found.rate, rate, os.fspath(source)))
        rendered = render(
            rig.graph,
            _all_inputs(rig, x, warn),
            rate,
            block=block,
            tail=rig.renders_tail(tail),
            progress=progress,
            report=lambda stats: muted.append(warn_of_faults(stats, warn)),
            strict=strict,
        )
        made = {name: y.reshape(-1, y.shape[-1]) for name, y in rendered.items()}
        if found.rate != rate:
            extra = next(iter(made.values())).shape[1] - x.shape[1]
            frames = found.frames + max(0, round(extra * found.rate / rate))
            made = {
                name: _to_length(_at_least_one_frame(resample(y, rate, found.rate)), frames)
                for name, y in made.items()
            }
        gain_db, first = 0.0, next(iter(made))
        if loudness_lufs is not None:
            made[first], gain_db = normalized(
                made[first], found.rate, loudness_lufs, os.fspath(target), warn
            )
        written = {name: write[name](y) for name, y in made.items()}
    return replace(levels_of(written[first], found.rate), muted=sum(muted), gain_db=gain_db)


def output_files(rig: Rig, target: Path_) -> dict[str, Path_]:
    """Return the file of each output: ``target``, and beside it "out-NAME.wav" for each other."""
    path, (first, *rest) = Path(target), [*rig.graph.outputs] or [""]
    return {first: target} | {
        name: path.with_name(f"{path.stem}-{name}{path.suffix}") for name in rest
    }


def _all_inputs(
    rig: Rig, x: NDArray[np.float32], warn: Callable[[str], None]
) -> dict[str, NDArray[np.float32]]:
    """Return the signals of all inputs: the file for the first, silence for the others."""
    (first, _), *rest = rig.graph.inputs.items()
    for name, _ in rest:
        warn(f"{rig.name}: its input {name!r} is silent: a file plays into {first!r}")
    silent = {name: np.zeros((channels, x.shape[1]), np.float32) for name, channels in rest}
    return {first: x, **silent}


def check_loudness(lufs: float | None, name: str) -> None:
    """Raise ``ParamError`` unless ``lufs`` is a loudness to render to, or None."""
    if lufs is not None:
        check_number(name, lufs, SOFTEST_LUFS, LOUDEST_LUFS, " LUFS")


def normalized(
    samples: NDArray[np.float32], rate: float, lufs: float, name: str, warn: Callable[[str], None]
) -> tuple[NDArray[np.float32], float]:
    """Return the samples with an integrated loudness of ``lufs``, and the gain in dB.

    ``warn`` is called if the true peak is then above full scale.  ``AudioFileError``, which names
    the file ``name``, if there is no integrated loudness to change.
    """
    found = loudness(samples, rate)
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
    return samples * np.float32(10.0 ** (gain_db / 20.0)), gain_db


def format_loudness(levels: Levels) -> str:
    """Return ``-18.0 LUFS, true peak -2.1 dBTP``, or "no loudness" of silence and short sounds."""
    if levels.integrated_lufs <= SILENT_DB:
        return f"no loudness, true peak {levels.true_peak_dbtp:.1f} dBTP"
    return f"{levels.integrated_lufs:.1f} LUFS, true peak {levels.true_peak_dbtp:.1f} dBTP"


def warn_of_faults(stats: Stats, warn: Callable[[str], None]) -> int:
    """Warn of muted nodes and of a fallback from GPU to CPU; return the number of muted blocks."""
    for row in stats.nodes:
        if row.faults:
            warn(f"{row.name}: muted in {row.faults} blocks: its output was not finite")
    if stats.device is not None and stats.device.fallback_reason:
        warn(f"{stats.device}")
    return stats.faults


def check_fit(
    rig: Rig, source: Path_, channels: int, rate: float, resampled: bool, ask: str = "--resample"
) -> None:
    """Raise ``AudioFileError`` if the rack cannot play these channels at this rate.

    ``ask`` is the option that would resample, for the message.
    """
    graph, name = rig.graph, os.fspath(source)
    if not graph.inputs or not graph.outputs:
        raise AudioFileError(
            f"the rack has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs: only racks "
            "with both can be rendered from file to file"
        )
    wanted = next(iter(graph.inputs.values()))
    if channels != wanted:
        way = ""
        if wanted == 1:
            way = ": give a file with one channel, such as sox makes: `sox IN OUT remix 1` takes "
            way += "the left, `remix 2` the right, `remix 1,2` the mean of both"
        raise AudioFileError(
            f"{name}: has {format_channels(channels)}, the rack takes {wanted}{way}"
        )
    if rig.rate not in (None, rate) and not resampled:
        raise AudioFileError(
            f"{name}: its rate is {rate:g} Hz, the rack's models were made for "
            f"{rig.rate_words}: give a file at that rate, or {ask}"
        )


def _at_least_one_frame(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the samples, or one frame of zeros: resampling a very short file may leave none."""
    return samples if samples.size else np.zeros((len(samples), 1), np.float32)


def _to_length(samples: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """Truncate or pad to ``frames``: two resamplings round lengths."""
    short = max(0, frames - samples.shape[1])
    return np.pad(samples, ((0, 0), (0, short)))[:, :frames]
