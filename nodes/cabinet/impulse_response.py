"""Impulse responses from audio files: read, checked, brought to the stream's rate, scaled."""

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

__all__ = ["GAIN_RULES", "LAYOUTS", "MAX_SECONDS", "Header", "header", "response"]

MAX_SECONDS = 10.0
"""The longest response taken: as long as a large hall, and 2 million taps at 192 kHz."""

RATES = (4_000, 768_000)
MAX_CHANNELS = 64
LAYOUTS = {
    "mono": 1, "left": 1, "right": 1, "sum": 1, "stereo": 2, "dual": 2, "true_stereo": 4,
}  # fmt: skip
"""Responses of each layout."""
NEEDS = {"stereo": 2, "dual": 2, "true_stereo": 4}
"""Channels that a file must have, no more and no less."""
AT_LEAST = {"left": 2, "right": 2}
AUTO = {1: "mono", 2: "stereo", 4: "true_stereo"}
GUESSED = (4,)
"""Channels from which "auto" does not follow: they may be true stereo, quadraphonic, B-format."""
GAIN_RULES = ("nam", "energy", "peak", "none")
NAM_GAIN = 10 ** (-18 / 20) * 48_000
"""The gain of the NAM plugin times the rate: it scales a resampled response by 48000 / rate."""

LEAD = 1024
"""Frames of silence before a response while it is resampled: room for the filter's lead-in."""
RINGING = 128
"""Frames of the slower rate for which the filter is kept after the last tap."""
GRID, FINER, FLOOR = 1 << 14, 8, 1e-3
"""Points, oversampling and least magnitude with which a filter's phase is computed."""


@dataclass(frozen=True)
class Header:
    """What an audio file says of itself."""

    channels: int
    frames: int | None
    """``None`` where it does not say."""
    rate: int
    ambisonic: bool = False
    """Whether it says that its channels are B-format."""

    def layout(self, path: str, wanted: str) -> str:
        """Return the layout a file of these channels is used in; ``wanted`` may be "auto"."""
        count = self.channels
        if wanted == "auto":
            if self.ambisonic:
                raise AudioFileError(
                    f"{path} has {_counted(count)} in ambisonic B-format, says its header: decode "
                    'it to stereo or true stereo first, or give layout "mono" (--ir-layout mono) '
                    "to play its first channel alone"
                )
            if count not in AUTO:
                raise AudioFileError(
                    f"{path} has {_counted(count)}: an impulse response must have 1, 2 or 4, or "
                    'be given the layout (--ir-layout) "mono", "left", "right" or "sum"'
                )
            return AUTO[count]
        needs, least = NEEDS.get(wanted), AT_LEAST.get(wanted, 1)
        if needs is not None and count != needs:
            raise _error(path, f"has {count} channels", f"{needs} for layout {wanted!r}")
        if count < least:
            raise _error(path, f"has {_counted(count)}", f"{least} at least for layout {wanted!r}")
        return wanted

    def guess(self, path: str, wanted: str) -> str:
        """Return a line that says what "auto" takes the channels for where that is a guess."""
        if wanted != "auto" or self.channels not in GUESSED or self.ambisonic:
            return ""
        return (
            f"{path} has {_counted(self.channels)}: they are taken for true stereo (LL, LR, RL, "
            "RR), which is a guess: the option layout (--ir-layout) says what they are"
        )


def header(path: str) -> Header:
    """Read what a file says of itself; remembers files that have not changed."""
    return _header(*_identity(path))


def response(path: str, layout: str, rate: float, rule: str) -> NDArray[np.float64]:
    """Return the responses in a file, (channel, tap), as a stream of ``rate`` needs them.

    ``rule`` is one of

    * ``"nam"``: what the NAM plugin does: the waveform is resampled, then scaled by -18 dB and by
      48000 / rate;
    * ``"energy"``: the sum of squares is 1 (white noise stays as loud as it was);
    * ``"peak"``: the largest magnitude of the spectrum is 1 (no sine gets louder);
    * ``"none"``: the file's own gain as a system, whatever the two rates.

    Of several channels the loudest decides, so that their balance is kept.  Zeros at the end are
    dropped.  The array is shared: do not write to it.
    """
    return _response(*_identity(path), layout, rate, rule)


def _error(path: str, found: str, allowed: str) -> AudioFileError:
    return AudioFileError(f"{path} {found}: an impulse response must have {allowed}")


def _counted(channels: int) -> str:
    return f"{channels} channel{'' if channels == 1 else 's'}"


def _identity(path: str) -> tuple[str, int, int]:
    found = check_plain(path, AudioFileError, wanted=AUDIO)
    return os.fspath(path), found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _header(path: str, changed: int, size: int) -> Header:
    with open_sound(path) as found:
        if found.claimed == 0:
            raise _error(path, "is empty", "one sample at least")
        if not RATES[0] <= found.rate <= RATES[1]:
            raise _error(path, f"has a rate of {found.rate} Hz", f"{RATES[0]} to {RATES[1]} Hz")
        if found.channels > MAX_CHANNELS:
            raise _error(path, f"has {found.channels} channels", f"{MAX_CHANNELS} at most")
        return Header(found.channels, found.claimed, found.rate, found.ambisonic)


@lru_cache(maxsize=16)
def _response(
    path: str, changed: int, size: int, layout: str, rate: float, rule: str
) -> NDArray[np.float64]:
    told = _header(path, changed, size)
    chosen = told.layout(path, layout)
    seconds = (told.frames or 0) / told.rate
    if seconds > MAX_SECONDS:
        raise _error(path, f"is {seconds:.1f} s long", f"{MAX_SECONDS:g} s at most")
    taps = _read(path, chosen, int(MAX_SECONDS * told.rate))
    if rule != "none" and not np.any(taps):
        raise _error(path, "is silent", f"a sample that is not zero (gain rule {rule!r})")
    taps = _trimmed(_resampled(taps, told.rate, rate))
    taps *= _gain(taps, told.rate, rate, rule)
    taps.flags.writeable = False
    return taps


def _read(path: str, layout: str, most: int) -> NDArray[np.float64]:
    """Return the responses of a layout, (channel, tap); only what is needed is kept."""
    parts, frames = list[NDArray[np.float64]](), 0
    with open_sound(path) as sound:
        for block in sound.blocks(np.float64):
            frames += len(block)
            if frames > most:
                raise _error(path, "is longer", f"{MAX_SECONDS:g} s at most")
            if not np.all(np.isfinite(block)):
                raise _error(path, "contains NaN or infinity", "finite samples")
            parts.append(_responses(block, layout))
    if not frames:
        raise _error(path, "is empty", "one sample at least")
    return _trimmed(np.concatenate(parts, axis=1))


def _responses(block: NDArray[np.float64], layout: str) -> NDArray[np.float64]:
    """Return the responses in (frames, channels) that a layout plays, as (response, frames)."""
    if layout == "sum":
        return np.asarray(block.mean(axis=1)[None])
    first = 1 if layout == "right" else 0
    return block[:, first : first + LAYOUTS[layout]].T.copy()


def _trimmed(taps: NDArray[np.float64]) -> NDArray[np.float64]:
    heard = np.flatnonzero(np.any(taps, axis=0))
    return taps[:, : heard[-1] + 1 if len(heard) else 1].copy()


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
    """Bring the waveform to another rate, keeping magnitudes, with nothing before the first frame.

    A resampler's filter is symmetric: half of what it makes of a first tap lies before time zero,
    where a response without latency has no room, and cutting it off would cost up to half a dB.
    So the filter is made one of minimum phase: its magnitude stays (within 0.02 dB), its lead-in
    goes, and what is left of its delay is a frame and a half.
    """
    if rate == own_rate:
        return taps
    lead = math.ceil(LEAD * max(1.0, own_rate / rate))
    made = _convert(taps, lead, own_rate, rate)
    size = 1 << (made.shape[1] + 4 * LEAD).bit_length()
    filter_ = _convert(np.ones((1, 1)), lead, own_rate, rate)[0]
    position = np.linspace(0.0, 1.0, size // 2 + 1)
    phase = np.interp(position, np.linspace(0.0, 1.0, GRID // 2 + 1), _least_phase(filter_))
    advance = np.pi * position * (lead * rate / own_rate)
    bins = np.fft.rfft(made, size) * np.exp(1j * (phase + advance))
    ringing = math.ceil(RINGING * max(1.0, rate / own_rate))
    length = math.ceil(taps.shape[1] * rate / own_rate) + ringing
    return np.fft.irfft(bins, size)[:, :length]


def _convert(
    taps: NDArray[np.float64], lead: int, own_rate: float, rate: float
) -> NDArray[np.float64]:
    """Resample with silence before and after: the filter rings either side."""
    import soxr  # lazily, as soundfile

    padded = np.pad(taps, ((0, 0), (lead, lead)))
    return np.asarray(soxr.resample(padded.T, own_rate, rate, quality="VHQ"), np.float64).T


def _least_phase(filter_: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the phase of the causal filter of the same magnitude, at GRID // 2 + 1 frequencies.

    The imaginary part of the spectrum of the folded cepstrum (Oppenheim and Schafer, "Discrete-Time
    Signal Processing", ch. 13), computed at a higher rate: taps fall between the frames, so the
    filter must be causal in continuous time.
    """
    size = GRID * FINER
    heard = np.abs(np.fft.rfft(filter_, GRID))
    magnitude = np.full(size // 2 + 1, FLOOR)
    magnitude[: len(heard)] = np.maximum(heard / heard[0], FLOOR)
    cepstrum = np.fft.irfft(np.log(magnitude), size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    return np.imag(np.fft.rfft(cepstrum))[: len(heard)]
