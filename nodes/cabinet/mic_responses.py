"""Responses of two microphones on one cabinet: read, cut, aligned.  Control thread."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...graph.errors import AudioFileError
from ...graph.paths import file_label
from ..dsp.correlation import find_lag
from .impulse_response import Known, header, known_source, response
from .response_array import ImpulseResponse

__all__ = ["ALIGN", "Treatment", "mic_responses", "response_channels"]

ALIGN = ("none", "onset", "correlation")
ONSET = 0.01
"""Share of the peak, -40 dB, from which a response has begun."""
LONGEST_LAG_S = 0.01
"""Longest delay between the microphones that "correlation" finds."""

Taps = NDArray[np.float64]
Source = str | ImpulseResponse


@dataclass(frozen=True)
class Treatment:
    """The options of ``CabMics`` that change responses."""

    gain_rule: str
    align: str
    trim: bool
    fade_ms: float
    max_ms: float


def response_channels(source: Source) -> int:
    """Return the channels of a file or array, 1 or 2; ``AudioFileError`` for others."""
    channels = header(source).channels
    if channels > 2:
        raise AudioFileError(
            f"{file_label(source)} has {channels} channels: the response of a microphone must have"
            " 1 or 2 (Cab plays true stereo)"
        )
    return channels


def mic_responses(
    a: Source, b: Source, rate: float, wide: bool, how: Treatment
) -> tuple[Taps, str]:
    """Return the responses at a rate, ``(microphone, channel, tap)``, and why align is in doubt.

    There are two channels where a file has two and they are asked for (``wide``), else one: the
    mean.  In the order of what is done: the earlier response is delayed to the later, leading
    silence is trimmed, both are cut at ``max_ms``, their ends faded.  The array is read-only and
    shared.
    """
    for source in (a, b):
        response_channels(source)
    return _made((a, b), (known_source(a), known_source(b)), rate, wide, how)


@lru_cache(maxsize=8)
def _made(
    sources: tuple[Source, Source],
    _known: tuple[Known, Known],
    rate: float,
    wide: bool,
    how: Treatment,
) -> tuple[Taps, str]:
    found = [_read(source, rate, how.gain_rule) for source in sources]
    if not wide:
        found = [taps.mean(axis=0, keepdims=True) for taps in found]
    channels = max(len(taps) for taps in found)
    found = [np.repeat(t, channels, axis=0) if len(t) < channels else t for t in found]
    lags, sign, doubt = _alignment(found[0], found[1], rate, how.align)
    found = [np.pad(taps, ((0, 0), (lag, 0))) for taps, lag in zip(found, lags, strict=True)]
    if how.trim:
        lead = min(map(_onset, found))
        found = [taps[:, lead:] for taps in found]
    most = max(1, round(how.max_ms * 1e-3 * rate))
    found = [_faded(taps[:, :most], round(how.fade_ms * 1e-3 * rate)) for taps in found]
    made = np.zeros((2, channels, max(taps.shape[1] for taps in found)))
    for mic, taps in enumerate(found):
        made[mic, :, : taps.shape[1]] = sign * taps if mic else taps
    made.flags.writeable = False
    return made, f"{file_label(sources[1])}: align 'correlation': {doubt}" if doubt else ""


def _read(source: Source, rate: float, rule: str) -> Taps:
    layout = "mono" if response_channels(source) == 1 else "stereo"
    return response(source, layout, rate, rule)


def _alignment(a: Taps, b: Taps, rate: float, align: str) -> tuple[tuple[int, int], int, str]:
    """Return the frames by which each response is delayed, the sign of the second, the doubt."""
    if align == "none":
        return (0, 0), 1, ""
    lag, sign, doubt = _onset(b) - _onset(a), 1, ""
    if align == "correlation":
        found = find_lag(a, b, rate, LONGEST_LAG_S)
        lag, sign, doubt = found.frames, found.sign, found.doubt
    return (max(lag, 0), max(-lag, 0)), sign, doubt


def _onset(taps: Taps) -> int:
    """Return the first tap whose magnitude is above -40 dB of the largest."""
    size = np.max(np.abs(taps), axis=0)
    return int(np.argmax(size >= ONSET * size.max()))


def _faded(taps: Taps, frames: int) -> Taps:
    """Return responses whose last ``frames`` taps fall to 0 by half a cosine."""
    count = min(frames, taps.shape[1])
    if not count:
        return taps
    made = taps.copy()
    made[:, -count:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / count)
    return made
