"""Null depth of two renders: how far below the one their difference lies, overall and by band."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ...graph.text import counted
from ...runtime.io.audio_file import AudioFile, read_audio
from .figures import (
    DRY,
    FLOOR_DB,
    WET,
    db,
    draw_perfect,
    legend,
    new_figure,
    power_spectrum,
    tidy,
    to_hertz,
)

__all__ = ["Null", "draw_null", "measure_null"]

WINDOW = 16_384
CENTERS = 1000.0 * 2.0 ** (np.arange(-16, 14) / 3.0)
"""Middles of bands of a third of an octave, 25 Hz to 20 kHz (IEC 61260-1, base two)."""
HEARD_DB = -150.0
"""Power of the reference in a band, dB of full scale, below which no depth is given."""
ALIGNED = 1 << 18
"""Frames that the delay between the two is looked for in."""
POINTS = 1500
EQUAL = "#2a9d5c"


@dataclass(frozen=True, eq=False)
class Null:
    """The difference of two sounds, in dB of the first; -inf where it is exactly 0."""

    rate: float
    frames: int
    """Compared: the shorter one's."""
    longer: int
    """Frames by which the second is longer (negative: shorter)."""
    rms_db: float
    peak_db: float
    depths: NDArray[np.float64]
    """By third of an octave; NaN where the first has nothing."""
    late: int
    """Frames by which the second is late, as far as correlation tells; 0 for a perfect null."""
    inverted: bool
    """Whether it is most like the first with its polarity inverted."""
    levels: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Peaks of the first and of the difference over time, amplitudes."""

    @property
    def perfect(self) -> bool:
        """Whether all samples are equal."""
        return self.rms_db == -np.inf


def measure_null(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> Null:
    """Compare two audio files of one rate and channel count; ``AudioFileError`` for others."""
    a, b = read_audio(first), read_audio(second)
    names = os.fspath(first), os.fspath(second)
    if (a.rate, a.channels) != (b.rate, b.channels):
        raise AudioFileError(
            f"{names[1]}: has {_format(b)}, {names[0]} has {_format(a)}: must agree to be compared"
        )
    frames = min(a.frames, b.frames)
    x = a.samples[:, :frames].astype(np.float64)
    y = b.samples[:, :frames].astype(np.float64)
    for name, samples in zip(names, (x, y), strict=True):
        if not samples.any():
            raise AudioFileError(f"{name}: is silent: nothing can be compared with it")
    difference = y - x
    perfect = not difference.any()
    return Null(
        float(a.rate),
        frames,
        b.frames - a.frames,
        _ratio_db(float(np.mean(difference**2)) ** 0.5, float(np.mean(x**2)) ** 0.5),
        _ratio_db(np.abs(difference).max(), np.abs(x).max()),
        _depths(x, difference, a.rate),
        *((0, False) if perfect else _alignment(x.sum(axis=0), y.sum(axis=0))),
        (_peaks(x), _peaks(difference)),
    )


def _format(audio: AudioFile) -> str:
    return f"{counted(audio.channels, 'channel')} at {audio.rate} Hz"


def _ratio_db(part: float, whole: float) -> float:
    return float(20.0 * np.log10(part / whole)) if part > 0.0 else -np.inf


def _depths(x: NDArray[np.float64], difference: NDArray[np.float64], rate: float) -> Any:
    hertz, _ = power_spectrum(x[0], rate, WINDOW)
    powers = [
        np.sum([power_spectrum(channel, rate, WINDOW)[1] for channel in signal], axis=0)
        for signal in (x, difference)
    ]
    found = np.full(CENTERS.size, np.nan)
    for n, center in enumerate(CENTERS):
        inside = (hertz >= center * 2 ** (-1 / 6)) & (hertz < center * 2 ** (1 / 6))
        whole, part = (float(power[inside].sum()) for power in powers)
        if whole > 10.0 ** (HEARD_DB / 10.0):
            found[n] = 10.0 * np.log10(part / whole) if part > 0.0 else -np.inf
    return found


def _alignment(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[int, bool]:
    """Return the delay of ``y`` at which it is most like ``x``, and whether inverted there."""
    x, y = x[:ALIGNED], y[:ALIGNED]
    size = 1 << (2 * x.size - 1).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(y, size) * np.conj(np.fft.rfft(x, size)), size)
    at = int(np.abs(likeness).argmax())
    return at - size if at > size // 2 else at, bool(likeness[at] < 0.0)


def _peaks(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    count = max(1, -(-samples.shape[1] // POINTS))
    loudest = np.abs(samples).max(axis=0)
    found: NDArray[np.float64] = (
        np.pad(loudest, (0, -loudest.size % count)).reshape(-1, count).max(axis=1)
    )
    return found


def draw_null(null: Null, names: tuple[str, str]) -> Any:
    """Return the figure: the depth of each band, and both levels over time."""
    figure = new_figure(6.8)
    bands, time = figure.subplots(2, 1)
    depths = np.maximum(null.depths, FLOOR_DB)
    shown = ~np.isnan(depths)
    same = shown & np.isneginf(null.depths)
    low = FLOOR_DB if same.any() else min(-20.0, float(np.nanmin(depths, initial=0.0)) - 10.0)
    high = max(5.0, float(np.nanmax(depths, initial=0.0)) + 5.0)
    edges = CENTERS * 2 ** (-1 / 6), CENTERS * 2 ** (1 / 6)
    for chosen, colour, label in ((shown & ~same, WET, "difference"), (same, EQUAL, "exactly 0")):
        if chosen.any():
            width = (edges[1] - edges[0])[chosen] * 0.92
            bands.bar(
                edges[0][chosen], depths[chosen], width, align="edge", color=colour, label=label
            )
    if not shown.all():
        bands.plot([], [], color="none", label="no bar: nothing to compare")
    bands.axhline(0.0, color=DRY, linewidth=1.2, label=os.path.basename(names[0]))
    bands.set(ylabel="dB", ylim=(low, high))
    bands.set_title("Difference below the first, by third of an octave", loc="left", fontsize=11)
    to_hertz(bands, 20.0, 22_400.0)
    seconds = np.arange(null.levels[0].size) / null.levels[0].size * null.frames / null.rate
    time.plot(seconds, db(null.levels[0]), color=DRY, linewidth=0.8, label=names[0])
    time.plot(
        seconds,
        db(null.levels[1]),
        color=EQUAL if null.perfect else WET,
        linewidth=2.5 if null.perfect else 0.8,
        label="difference: exactly 0" if null.perfect else "difference",
        clip_on=False,
    )
    time.set(xlabel="seconds", ylabel="peak, dBFS", ylim=(FLOOR_DB, 6.0))
    time.margins(x=0)
    time.set_title("Level over time", loc="left", fontsize=11)
    if null.perfect:
        for axes in (bands, time):
            draw_perfect(axes, f"perfect null: all {null.frames} frames are equal")
    tidy(bands, time)
    legend(bands)
    legend(time)
    return figure
