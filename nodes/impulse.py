"""Impulse responses from audio files: read, checked, brought to the stream's rate, scaled."""

import math
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..graph.errors import AudioFileError
from ..runtime.adapters.file_kind import AUDIO, complaint, kind_of_file
from ..runtime.adapters.wave import whole_wave

__all__ = ["GAIN_RULES", "LAYOUTS", "MAX_SECONDS", "Header", "header", "response"]

MAX_SECONDS = 10.0
"""The longest response taken: as long as a large hall, and 2 million taps at 192 kHz."""

RATES = (4_000, 768_000)
LAYOUTS = {"mono": 1, "stereo": 2, "dual": 2, "true_stereo": 4}
"""Channels a file must have (``mono`` takes the first of any)."""
AUTO = {1: "mono", 2: "stereo", 4: "true_stereo"}
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
    frames: int
    rate: int

    def layout(self, path: str, wanted: str) -> str:
        """Return the layout a file of these channels is used in."""
        if wanted == "auto":
            if self.channels not in AUTO:
                raise _error(path, f"has {self.channels} channels", "1, 2 or 4")
            return AUTO[self.channels]
        needs = LAYOUTS[wanted]
        if needs > 1 and self.channels != needs:
            raise _error(path, f"has {self.channels} channels", f"{needs} for layout {wanted!r}")
        return wanted


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


def _identity(path: str) -> tuple[str, int, int]:
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioFileError(f"{path} cannot be read: {reason}") from None
    return os.fspath(path), status.st_mtime_ns, status.st_size


@lru_cache(maxsize=64)
def _header(path: str, changed: int, size: int) -> Header:
    import soundfile  # not at the top: importing the package must not load libsndfile

    if not Path(path).is_file():
        raise AudioFileError(f"{path} is not a file: an impulse response is an audio file")
    try:
        found = soundfile.info(_whole(path))
    except AudioFileError:  # which is a ValueError
        raise
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {error.strerror}") from None
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
        if wrong := complaint(kind_of_file(path), AUDIO):
            raise AudioFileError(f"{path} {wrong}") from None
        raise AudioFileError(f"{path} is not an audio file that can be read: {error}") from None
    if found.frames <= 0:
        raise _error(path, "is empty", "one sample at least")
    if not RATES[0] <= found.samplerate <= RATES[1]:
        raise _error(path, f"has a rate of {found.samplerate} Hz", f"{RATES[0]} to {RATES[1]} Hz")
    if found.channels not in AUTO and found.channels != 3:
        raise _error(path, f"has {found.channels} channels", "1, 2 or 4")
    return Header(int(found.channels), int(found.frames), int(found.samplerate))


@lru_cache(maxsize=16)
def _response(
    path: str, changed: int, size: int, layout: str, rate: float, rule: str
) -> NDArray[np.float64]:
    told = _header(path, changed, size)
    seconds = told.frames / told.rate
    if seconds > MAX_SECONDS:
        raise _error(path, f"is {seconds:.1f} s long", f"{MAX_SECONDS:g} s at most")
    taps = _read(path)[: LAYOUTS[told.layout(path, layout)]]
    if rule != "none" and not np.any(taps):
        raise _error(path, "is silent", f"a sample that is not zero (gain rule {rule!r})")
    taps = _trimmed(_resampled(taps, told.rate, rate))
    taps *= _gain(taps, told.rate, rate, rule)
    taps.flags.writeable = False
    return taps


def _read(path: str) -> NDArray[np.float64]:
    import soundfile

    try:
        data = soundfile.read(_whole(path), dtype="float64", always_2d=True)[0]
    except (soundfile.SoundFileError, RuntimeError, OSError) as error:
        raise AudioFileError(f"{path} cannot be read as audio: {error}") from None
    if not len(data):
        raise _error(path, "is empty", "one sample at least")
    if not np.all(np.isfinite(data)):
        raise _error(path, "contains NaN or infinity", "finite samples")
    return _trimmed(np.ascontiguousarray(data.T))


def _whole(path: str) -> str | BinaryIO:
    """Return what libsndfile may read; a file that was cut off is refused."""
    with open(path, "rb") as file:
        return whole_wave(path, file)


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
