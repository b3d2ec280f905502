"""``ImpulseResponse``: samples in memory that ``Cab`` takes in place of a file.  Control thread."""

import hashlib
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...graph.arguments import check_number
from ...graph.errors import AudioFileError, ParamError
from ...graph.paths import Content, describe_value

__all__ = ["MAX_CHANNELS", "MAX_SECONDS", "RATES", "ImpulseResponse", "check_response_rate"]

MAX_SECONDS = 10.0
"""The longest response allowed: that of a large hall, and 2 million taps at 192 kHz."""
RATES = (4_000, 768_000)
"""Sample rates allowed, in Hz."""
MAX_CHANNELS = 64


class ImpulseResponse(Content):
    """Samples ``(channels, taps)`` and their sample rate in Hz: copied, checked, read-only.

    ``samples`` are floating point, ``(taps,)`` or ``(channels, taps)``, all finite, at most 10 s.
    Two are equal if samples and rate are.  Raises ``AudioFileError`` for samples that a file could
    not have either, and ``ParamError`` for a ``rate`` that is no number from 4000 to 768000.
    """

    described: ClassVar[str] = "float samples (taps,) or (channels, taps) with their rate in Hz"
    played_by: ClassVar[tuple[str, str] | None] = ("cab", "cab")

    samples: NDArray[np.float64]
    """``(channels, taps)``"""
    rate: float

    def __init__(self, samples: ArrayLike, rate: float) -> None:
        self.rate = check_response_rate(rate)
        self.samples = _checked(samples, self.rate)
        content = f"{self.rate!r} {self.samples.shape} ".encode() + self.samples.tobytes()
        self.digest = hashlib.sha256(content).hexdigest()

    @property
    def label(self) -> str:
        """Name in messages, which for a file is its path."""
        return f"<array {'x'.join(map(str, self.samples.shape))}>"

    def saving_hint(self) -> str:
        """Return how to make a file of it, for the message of a preset that needs one."""
        return (
            f'save it, namgraph.write_audio("cab.wav", samples, {self.rate:g}, subtype="float"), '
            "and give the node that path"
        )

    def __repr__(self) -> str:
        """Return shape and rate."""
        channels, taps = self.samples.shape
        return f"<ImpulseResponse: {channels} x {taps} samples, {self.rate:g} Hz>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle samples and rate."""
        return ImpulseResponse, (self.samples, self.rate)


def check_response_rate(rate: Any) -> float:
    """Return a sample rate in Hz as a float; ``ParamError`` if it is out of range or missing."""
    if rate is None:
        raise ParamError("rate is None: must be the sample rate of the array in Hz")
    return check_number("rate", rate, *RATES, "Hz")


def _checked(samples: ArrayLike, rate: float) -> NDArray[np.float64]:
    """Return a read-only copy of samples as ``(channels, taps)``."""
    try:
        x = np.asarray(samples)
    except ValueError:  # rows of different lengths
        raise _error(f"the samples are {describe_value(samples)}", "an array") from None
    if x.dtype.kind != "f":
        raise _error(f"the samples are {x.dtype}", "floating point, full scale 1.0")
    if x.ndim not in (1, 2):
        raise _error(f"the samples have the shape {x.shape}", "(taps,) or (channels, taps)")
    if not x.size:
        raise _error(f"the samples have the shape {x.shape}", "one sample at least")
    made = np.array(np.atleast_2d(x), np.float64)
    channels, taps = made.shape
    if channels > MAX_CHANNELS:
        hint = ": transpose them" if taps <= MAX_CHANNELS else ""
        found = f"the samples have the shape {x.shape}"
        raise _error(found, f"(channels, taps) with {MAX_CHANNELS} channels at most{hint}")
    if taps > MAX_SECONDS * rate:
        raise _error(f"the samples are {taps / rate:.1f} s long", f"{MAX_SECONDS:g} s at most")
    bad = np.argwhere(~np.isfinite(made))
    if len(bad):
        channel, tap = bad[0]
        found = f"the samples contain NaN or infinity (tap {tap} of channel {channel})"
        raise _error(found, "finite samples")
    made.flags.writeable = False
    return made


def _error(found: str, allowed: str) -> AudioFileError:
    return AudioFileError(f"path is an array, and {found}: an impulse response must have {allowed}")
