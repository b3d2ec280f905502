"""Picture of a rack's input and output: waveforms and spectra (matplotlib)."""

import importlib.util
import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..graph import FileError, ParamError
from ..graph.extras import how_to_install
from ..runtime.io.atomic_write import whole_file, writing
from ..runtime.io.audio_file import read_audio

__all__ = ["need_matplotlib", "picture", "spectrum", "suffix_of"]

SUFFIXES = (".png", ".svg", ".pdf")
WINDOW = 8192
LOWEST_HZ, HIGHEST_HZ = 40.0, 20_000.0
DRY, WET = "#8a93a3", "#d1495b"


def suffix_of(path: str | os.PathLike[str]) -> str:
    """Return a picture's format, its suffix without the dot; ``ParamError`` for others."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ParamError(f"{os.fspath(path)}: a picture's name ends in {', '.join(SUFFIXES)}")
    return suffix[1:]


def need_matplotlib() -> None:
    """Raise ``ParamError`` with the install command if matplotlib is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ParamError(f"a picture needs matplotlib: {how_to_install('plot')}")


def spectrum(samples: NDArray[np.float32], rate: float) -> tuple[Any, Any]:
    """Return frequencies and Welch's mean power in dB (full-scale sine: 0)."""
    x = samples.astype(np.float64)
    x = np.pad(x, (0, max(0, WINDOW - x.size)))
    window = np.hanning(WINDOW)
    starts = range(0, x.size - WINDOW + 1, WINDOW // 2)
    power = np.mean([np.abs(np.fft.rfft(window * x[s : s + WINDOW])) ** 2 for s in starts], axis=0)
    level = 10.0 * np.log10(4.0 * power / window.sum() ** 2 + 1e-14)
    return np.fft.rfftfreq(WINDOW, 1.0 / rate), level


def smooth(frequencies: Any, level: Any, octaves: float = 1 / 6) -> tuple[Any, Any]:
    """Return the mean power in bands of equal width on a logarithmic axis."""
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, round(np.log2(HIGHEST_HZ / LOWEST_HZ) / octaves))
    place = np.searchsorted(frequencies, edges)
    bands = [level[a : max(b, a + 1)] for a, b in itertools.pairwise(place)]
    powers = [10.0 * np.log10(np.mean(10.0 ** (b / 10.0))) if b.size else np.nan for b in bands]
    return np.sqrt(edges[:-1] * edges[1:]), np.array(powers)


def picture(
    dry: str | os.PathLike[str], wet: str | os.PathLike[str], target: str | os.PathLike[str]
) -> None:
    """Draw waveforms and spectra of two audio files into one picture."""
    need_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kind = suffix_of(target)
    figure = Figure(figsize=(9.0, 6.2), layout="constrained")
    FigureCanvasAgg(figure)
    wave, bands = figure.subplots(2, 1, height_ratios=(2, 3))
    sounds = [(read_audio(path), label, colour) for path, label, colour in (
        (wet, "after", WET), (dry, "before", DRY))]  # fmt: skip
    for audio, label, colour in sounds:
        mono = audio.samples.mean(axis=0)
        seconds = np.arange(audio.frames) / audio.rate
        wave.plot(seconds, mono, color=colour, linewidth=0.4, label=label)
        frequencies, level = smooth(*spectrum(mono, audio.rate))
        bands.semilogx(frequencies, level, color=colour, linewidth=1.6, label=label)
    wave.set(xlabel="seconds", ylabel="sample", ylim=(-1, 1), title="The guitar, and the rack")
    wave.margins(x=0)
    bands.set(xlabel="Hz", ylabel="dB", xlim=(LOWEST_HZ, HIGHEST_HZ), ylim=(-130, None))
    bands.set_title("Spectrum, in bands of a sixth of an octave")
    ticks = {"50": 50, "100": 100, "200": 200, "500": 500, "1k": 1e3, "2k": 2e3, "5k": 5e3}
    ticks |= {"10k": 1e4, "20k": 2e4}
    bands.set_xticks(list(ticks.values()), list(ticks))
    bands.minorticks_off()
    for axes in (wave, bands):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        handles, labels = axes.get_legend_handles_labels()
        key = axes.legend(handles[::-1], labels[::-1], frameon=False, loc="upper right")
        for line in key.get_lines():
            line.set_linewidth(3.0)
    with whole_file(target, FileError) as part, writing(os.fspath(target), FileError):
        figure.savefig(part, dpi=130, format=kind)
