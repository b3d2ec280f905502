"""Impulse responses from audio files or arrays: read, checked, resampled, scaled.

Control thread.

Responses are float64 arrays ``(channel, tap)``.
"""

import math
import os
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...graph.errors import AudioFileError
from ...runtime.io.audio_reader import open_sound
from ...runtime.io.file_kind import AUDIO
from ...runtime.io.regular_file import check_plain
from .response_array import MAX_CHANNELS, MAX_SECONDS, RATES, ImpulseResponse

__all__ = [
    "GAIN_RULES",
    "LAYOUTS",
    "MAX_SECONDS",
    "Header",
    "Known",
    "header",
    "known_source",
    "response",
]

Source = str | ImpulseResponse
"""The path of a file, or samples in memory."""
Known = tuple[str, int, int] | ImpulseResponse
"""A key of the caches: the path, time and size of a file, or the samples."""
LAYOUTS = {
    "mono": 1, "left": 1, "right": 1, "sum": 1, "stereo": 2, "dual": 2, "true_stereo": 4,
}  # fmt: skip
"""Number of responses of each layout."""
NEEDS = {"stereo": 2, "dual": 2, "true_stereo": 4}
"""Exact channel count that a layout needs."""
AT_LEAST = {"left": 2, "right": 2}
"""Least channel count that a layout needs, where it is not 1."""
AUTO = {1: "mono", 2: "stereo", 4: "true_stereo"}
GUESSED = (4,)
"""Channel counts for which "auto" guesses: true stereo, quadraphonic and B-format look alike."""
GAIN_RULES = ("nam", "energy", "peak", "none")
NAM_GAIN = 10 ** (-18 / 20) * 48_000
"""Gain of the NAM plugin times the rate: it scales a resampled response by 48000 / rate."""

LEAD = 1024
"""Frames of silence before and after a response while it is resampled."""
RINGING = 128
"""Frames of the slower rate kept after the last tap: the end of the resampling filter."""
GRID, FINER, FLOOR = 1 << 14, 8, 1e-3
"""FFT size, oversampling and magnitude floor for the minimum-phase computation."""


@dataclass(frozen=True)
class Header:
    """Channel count, length in frames and sample rate from an audio file's header."""

    channels: int
    frames: int | None
    """``None`` if the header has no length."""
    rate: float
    ambisonic: bool = False
    """Whether the header declares ambisonic B-format."""

    def layout(self, path: str, requested: str) -> str:
        """Return the layout for a file with this header; ``requested`` may be "auto"."""
        count = self.channels
        if requested == "auto":
            if self.ambisonic:
                raise AudioFileError(
                    f"{path} has {_count(count)} in ambisonic B-format: decode it to stereo "
                    'or true stereo first, or give layout="mono" to play its '
                    "first channel alone"
                )
            if count not in AUTO:
                raise AudioFileError(
                    f"{path} has {_count(count)}: an impulse response must have 1, 2 or 4, or "
                    'be given the layout "mono", "left", "right" or "sum"'
                )
            return AUTO[count]
        needs, least = NEEDS.get(requested), AT_LEAST.get(requested, 1)
        if needs is not None and count != needs:
            raise _error(path, f"has {count} channels", f"{needs} for layout {requested!r}")
        if count < least:
            raise _error(path, f"has {_count(count)}", f"{least} at least for layout {requested!r}")
        return requested

    def guess(self, path: str, requested: str) -> str:
        """Return a warning if "auto" had to guess the layout, else ""."""
        if requested != "auto" or self.channels not in GUESSED or self.ambisonic:
            return ""
        return (
            f"{path} has {_count(self.channels)}: they are taken for true stereo (LL, LR, RL, "
            "RR), which is a guess: set the option layout"
        )


def header(source: Source) -> Header:
    """Read the header of an audio file; cached by path, time and size."""
    return _header(known_source(source))


def response(source: Source, layout: str, rate: float, rule: str) -> NDArray[np.float64]:
    """Return the responses in a file or array at ``rate``, as ``(channel, tap)``.

    Cached like ``header``.

    ``rule`` is the gain rule:

    * ``"nam"``: as in the NAM plugin: the waveform is resampled, then scaled by -18 dB and by
      48000 / rate;
    * ``"energy"``: the sum of squares is 1 (white noise keeps its level);
    * ``"peak"``: the largest magnitude of the spectrum is 1 (no sine gets louder);
    * ``"none"``: the file's gain as a system, at any rate.

    Several channels are scaled by the factor of the loudest.  Zeros at the end are dropped.  The
    array is read-only and shared.
    """
    return _response(known_source(source), layout, rate, rule)


def _error(path: str, found: str, allowed: str) -> AudioFileError:
    return AudioFileError(f"{path} {found}: an impulse response must have {allowed}")


def _count(channels: int) -> str:
    return f"{channels} channel{'' if channels == 1 else 's'}"


def known_source(source: Source) -> Known:
    """Return the key of a file or array in caches: of a file its path, time and size."""
    if isinstance(source, ImpulseResponse):
        return source
    found = check_plain(source, AudioFileError, wanted=AUDIO)
    return os.fspath(source), found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _header(known: Known) -> Header:
    if isinstance(known, ImpulseResponse):
        channels, taps = known.samples.shape
        return Header(channels, taps, known.rate)
    path = known[0]
    with open_sound(path) as found:
        if found.claimed == 0:
            raise _error(path, "is empty", "one sample at least")
        if not RATES[0] <= found.rate <= RATES[1]:
            raise _error(path, f"has a rate of {found.rate} Hz", f"{RATES[0]} to {RATES[1]} Hz")
        if found.channels > MAX_CHANNELS:
            raise _error(path, f"has {found.channels} channels", f"{MAX_CHANNELS} at most")
        return Header(found.channels, found.claimed, found.rate, found.ambisonic)


@lru_cache(maxsize=16)
def _response(known: Known, layout: str, rate: float, rule: str) -> NDArray[np.float64]:
    info = _header(known)
    path = known.label if isinstance(known, ImpulseResponse) else known[0]
    chosen = info.layout(path, layout)
    seconds = (info.frames or 0) / info.rate
    if seconds > MAX_SECONDS:
        raise _error(path, f"is {seconds:.1f} s long", f"{MAX_SECONDS:g} s at most")
    if isinstance(known, ImpulseResponse):
        taps = _trimmed(_responses(known.samples.T, chosen))
    else:
        taps = _read(path, chosen, int(MAX_SECONDS * info.rate))
    if rule != "none" and not np.any(taps):
        raise _error(path, "is silent", f"a sample that is not zero (gain rule {rule!r})")
    taps = _trimmed(_resampled(taps, info.rate, rate))
    taps *= _gain(taps, info.rate, rate, rule)
    taps.flags.writeable = False
    return taps


def _read(path: str, layout: str, max_frames: int) -> NDArray[np.float64]:
    """Read the responses of a layout, block by block; other channels are dropped."""
    parts, frames = list[NDArray[np.float64]](), 0
    with open_sound(path) as sound:
        for block in sound.blocks(np.float64):
            frames += len(block)
            if frames > max_frames:
                raise _error(path, "is longer", f"{MAX_SECONDS:g} s at most")
            if not np.all(np.isfinite(block)):
                raise _error(path, "contains NaN or infinity", "finite samples")
            parts.append(_responses(block, layout))
    if not frames:
        raise _error(path, "is empty", "one sample at least")
    return _trimmed(np.concatenate(parts, axis=1))


def _responses(block: NDArray[np.float64], layout: str) -> NDArray[np.float64]:
    """Return a layout's responses, ``(response, frames)``, from a block ``(frames, channels)``."""
    if layout == "sum":
        return np.asarray(block.mean(axis=1)[None])
    first = 1 if layout == "right" else 0
    return block[:, first : first + LAYOUTS[layout]].T.copy()


def _trimmed(taps: NDArray[np.float64]) -> NDArray[np.float64]:
    nonzero = np.flatnonzero(np.any(taps, axis=0))
    return taps[:, : nonzero[-1] + 1 if len(nonzero) else 1].copy()


def _gain(taps: NDArray[np.float64], own_rate: float, rate: float, rule: str) -> float:
    if rule == "nam":
        return NAM_GAIN / rate
    if rule == "energy":
        return 1.0 / math.sqrt(max(float(np.sum(row * row)) for row in taps))
    if rule == "peak":
        size = 8 << taps.shape[1].bit_length()  # dense enough to miss no peak by 0.1 dB
        return 1.0 / max(float(np.max(np.abs(np.fft.rfft(row, size)))) for row in taps)
    return own_rate / rate


def _resampled(taps: NDArray[np.float64], own_rate: float, rate: float) -> NDArray[np.float64]:
    """Resample a waveform with a causal filter, keeping the magnitude response.

    The filter of a resampler is symmetric: half of its response to the first tap lies before time
    zero, and cutting that off would change the magnitude by up to half a dB.  So the filter is
    converted to minimum phase: the magnitude stays (within 0.02 dB), nothing comes before the first
    frame, and the remaining delay is one and a half frames.
    """
    if rate == own_rate:
        return taps
    lead = math.ceil(LEAD * max(1.0, own_rate / rate))
    made = _convert(taps, lead, own_rate, rate)
    size = 1 << (made.shape[1] + 4 * LEAD).bit_length()
    filter_ = _convert(np.ones((1, 1)), lead, own_rate, rate)[0]
    position = np.linspace(0.0, 1.0, size // 2 + 1)
    phase = np.interp(position, np.linspace(0.0, 1.0, GRID // 2 + 1), _minimum_phase(filter_))
    advance = np.pi * position * (lead * rate / own_rate)
    bins = np.fft.rfft(made, size) * np.exp(1j * (phase + advance))
    ringing = math.ceil(RINGING * max(1.0, rate / own_rate))
    length = math.ceil(taps.shape[1] * rate / own_rate) + ringing
    return np.fft.irfft(bins, size)[:, :length]


def _convert(
    taps: NDArray[np.float64], lead: int, own_rate: float, rate: float
) -> NDArray[np.float64]:
    """Resample with ``lead`` frames of silence before and after, for both ends of the filter."""
    import soxr  # here, because importing it is slow

    padded = np.pad(taps, ((0, 0), (lead, lead)))
    return np.asarray(soxr.resample(padded.T, own_rate, rate, quality="VHQ"), np.float64).T


def _minimum_phase(filter_: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the phase of the minimum-phase filter of equal magnitude, at GRID // 2 + 1 points.

    The imaginary part of the spectrum of the folded cepstrum (Oppenheim and Schafer, "Discrete-Time
    Signal Processing", ch. 13), oversampled: taps of the response lie between frames of the
    stream, so the filter must be causal in continuous time.
    """
    size = GRID * FINER
    measured = np.abs(np.fft.rfft(filter_, GRID))
    magnitude = np.full(size // 2 + 1, FLOOR)
    magnitude[: len(measured)] = np.maximum(measured / measured[0], FLOOR)
    cepstrum = np.fft.irfft(np.log(magnitude), size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    return np.imag(np.fft.rfft(cepstrum))[: len(measured)]
