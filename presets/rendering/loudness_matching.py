"""Compute gains that bring renders or racks to the same loudness (LUFS), for A/B comparisons."""

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...graph import Content, Graph, GraphSource, Node, ParamError, PortError
from ...graph.arguments import by_keyword, format_value, is_iterable
from ...nodes.analysis.offline_loudness import LoudnessResult, loudness
from ...runtime.adapters.offline import render
from ...runtime.io.audio_file import AudioFile
from .playback import given_sound
from .render import check_loudness

__all__ = ["match_loudness"]


@by_keyword
def match_loudness(
    sources: Iterable[GraphSource | AudioFile | ArrayLike],
    sample_rate: float | None = None,
    *,
    audio: ArrayLike | AudioFile | str | None = None,
    target_lufs: float | None = None,
) -> list[float]:
    """Return the gain in dB of each source with which all have the same integrated loudness.

    Each of ``sources`` is a render (float samples, at ``sample_rate`` Hz, or an ``AudioFile``) or a
    rack: a graph, a node, a model, the path of a preset or a .nam file, or a bundled name.  Racks
    are rendered with ``audio``: the path of a file, an ``AudioFile``, or samples at
    ``sample_rate``; without it with the guitar phrase that ships.  All are brought to
    ``target_lufs``, or without it to the loudness of the softest: no gain is above 0 dB then, and
    nothing clips that did not before.  ``ParamError`` for a source without a loudness: silence, or
    less than 0.4 s.
    """
    if not is_iterable(sources):
        raise ParamError(
            f"sources is {format_value(sources)}: must be a list of renders or racks, two or more"
        )
    check_loudness(target_lufs, "target_lufs")
    found = []
    for number, source in enumerate(sources):
        measured = _measure(source, sample_rate, audio, f"sources[{number}]")
        if not measured.measurable:
            raise ParamError(
                f"sources[{number}] has no loudness to match: it is silent, or shorter than 0.4 s"
            )
        found.append(measured.integrated_lufs)
    target = min(found, default=0.0) if target_lufs is None else float(target_lufs)
    return [target - lufs for lufs in found]


def _measure(source: Any, sample_rate: Any, audio: Any, name: str) -> LoudnessResult:
    if isinstance(source, AudioFile):
        return loudness(source.samples, source.rate)
    if isinstance(source, np.ndarray | list | tuple):
        if sample_rate is None:
            raise ParamError("sample_rate is None: must be given with an array, in Hz")
        try:
            return loudness(source, sample_rate)
        except PortError as error:
            raise PortError(str(error).replace("samples", name, 1)) from None
    samples, rate = given_sound(audio, sample_rate)
    if not isinstance(source, Graph | Node | Content | str | os.PathLike):
        raise ParamError(
            f"{name} is {format_value(source)}: must be float samples, an AudioFile, a graph, a "
            "node, a model, or the path of a preset or a .nam file"
        )
    made = render(source, samples, rate)
    if isinstance(made, dict):
        raise PortError(f"{name}: has {len(made)} outputs: only racks with one can be compared")
    return loudness(made, rate)
