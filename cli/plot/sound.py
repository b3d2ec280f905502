"""Figure of one audio file: an impulse response with its decay, or a recording with its level."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import AudioFileError
from ...runtime.io.audio_file import AudioFile, read_audio
from .figures import LOWEST_HZ, db, legend, new_figure, smooth, spectrum, tidy, to_hertz

__all__ = ["LONGEST_RESPONSE_S", "Response", "decay_curve", "draw_sound", "measure_sound"]

LONGEST_RESPONSE_S = 3.0
"""Longest audio, in seconds, that is drawn as an impulse response, as ``namgraph info`` has it."""
MOST_CHANNELS = 4
COLOURS = ("#33658a", "#d1495b", "#2a9d5c", "#a8590a")
DECAY_FLOOR_DB = -100.0
EARLY_DB, LATE_DB = -5.0, -25.0
POINTS = 4000
LOWEST_IR_HZ = 20.0


@dataclass(frozen=True, eq=False)
class Response:
    """An audio file and its figures."""

    audio: AudioFile
    is_response: bool
    peak_db: float
    peak_at_ms: float
    decay_s: float | None
    """Time in which the first channel decays by 60 dB: three times that from -5 to -25 dB (T20 of
    ISO 3382-1); ``None`` for recordings, and where it does not decay so far."""
    loudest_hz: float
    """Middle of the loudest twelfth of an octave of the first channel."""


def measure_sound(path: str | os.PathLike[str]) -> Response:
    """Read an audio file and measure it; ``AudioFileError`` if it is silent."""
    audio = read_audio(path)
    x = audio.samples
    if not x.any():
        raise AudioFileError(f"{os.fspath(path)}: is silent: there is nothing to draw")
    loudest = np.abs(x).max(axis=0)
    at = int(loudest.argmax())
    short = audio.frames / audio.rate <= LONGEST_RESPONSE_S
    first = next(channel for channel in x if channel.any())
    hertz, level = response(first, audio.rate) if short else smooth(*spectrum(first, audio.rate))
    return Response(
        audio,
        short,
        float(db(loudest[at])),
        1000.0 * at / audio.rate,
        _decay_s(decay_curve(first), audio.rate) if short else None,
        float(hertz[np.nanargmax(level)]),
    )


def response(samples: NDArray[np.float32], rate: float) -> tuple[Any, Any]:
    """Return the magnitude of an impulse response in dB, in bands of a twelfth of an octave."""
    size = max(1 << 16, 1 << (samples.size - 1).bit_length())
    magnitude = np.abs(np.fft.rfft(samples.astype(np.float64), size))
    hertz = np.fft.rfftfreq(size, 1.0 / rate)
    inside = hertz <= rate / 2
    return smooth(hertz[inside], db(magnitude[inside]), 1 / 12, LOWEST_IR_HZ)


def decay_curve(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the energy left after each frame in dB (Schroeder, J. Acoust. Soc. Am. 37, 1965)."""
    left = np.cumsum(samples[::-1].astype(np.float64) ** 2)[::-1]
    found: NDArray[np.float64] = 10.0 * np.log10(np.maximum(left / left[0], 1e-30))
    return found


def _decay_s(curve: NDArray[np.float64], rate: float) -> float | None:
    early = int(np.argmax(curve < EARLY_DB))
    late = int(np.argmax(curve < LATE_DB))
    if not 0 < early < late:
        return None
    return 60.0 / (EARLY_DB - LATE_DB) * (late - early) / rate


def draw_sound(found: Response, title: str) -> Any:
    """Return the figure: waveform; response and decay, or spectrum and level over time."""
    figure = new_figure(7.6)
    wave, bands, time = figure.subplots(3, 1)
    audio = found.audio
    unit, scale = ("ms", 1000.0) if found.is_response else ("seconds", 1.0)
    for n, channel in enumerate(audio.samples[:MOST_CHANNELS]):
        style: Any = {"color": COLOURS[n], "label": f"channel {n + 1}"}
        frames = np.arange(channel.size)
        _waveform(wave, channel, scale / audio.rate, style)
        if not channel.any():
            continue
        if found.is_response:
            bands.plot(*response(channel, audio.rate), linewidth=1.4, **style)
            time.plot(frames * scale / audio.rate, decay_curve(channel), linewidth=1.4, **style)
        else:
            bands.plot(*smooth(*spectrum(channel, audio.rate)), linewidth=1.4, **style)
            count = max(1, round(0.1 * audio.rate))
            rows = np.pad(channel, (0, -channel.size % count)).reshape(-1, count)
            level = db(np.sqrt(np.mean(rows.astype(np.float64) ** 2, axis=1)))
            time.plot(np.arange(len(rows)) * count / audio.rate, level, linewidth=1.0, **style)
    wave.set(xlabel=unit, ylabel="sample")
    wave.set_title(title, loc="left")
    wave.margins(x=0)
    low, high = (LOWEST_IR_HZ if found.is_response else LOWEST_HZ), min(20_000.0, audio.rate / 2)
    to_hertz(bands, low, high)
    what = "twelfth" if found.is_response else "sixth"
    name = "Response" if found.is_response else "Spectrum"
    bands.set(ylabel="dB")
    top = max(float(np.nanmax(line.get_ydata())) for line in bands.get_lines())
    bands.set_ylim(max(top - 90.0, bands.get_ylim()[0]), top + 5.0)
    bands.set_title(f"{name}, smoothed to a {what} of an octave", loc="left", fontsize=11)
    time.set(xlabel=unit, ylabel="dB")
    if found.is_response:
        time.set_ylim(DECAY_FLOOR_DB, 3.0)
        time.set_title("Decay: energy that is still to come", loc="left", fontsize=11)
    else:
        time.set_ylim(DECAY_FLOOR_DB, 3.0)
        time.set_title("Level: RMS of each 0.1 s, dBFS", loc="left", fontsize=11)
    time.margins(x=0)
    tidy(wave, bands, time)
    if audio.channels > 1:
        legend(wave)
    return figure


def _waveform(axes: Any, channel: NDArray[np.float32], step: float, style: Any) -> None:
    """Draw samples; of many, the lowest and the highest of each group."""
    count = max(1, channel.size // POINTS)
    rows = channel[: channel.size // count * count].reshape(-1, count)
    places = np.arange(len(rows)) * count * step
    if count == 1:
        axes.plot(places, channel, linewidth=1.0, **style)
    else:
        axes.fill_between(places, rows.min(axis=1), rows.max(axis=1), linewidth=0.3, **style)
