"""What every picture shares: its file's format, figures, legends, spectra (matplotlib)."""

import importlib.util
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import FileError, ParamError
from ...graph.arguments import clip
from ...graph.extras import how_to_install
from ...runtime.io.atomic_write import whole_file, writing

__all__ = [
    "DRY",
    "FLOOR_DB",
    "LOWEST_HZ",
    "WET",
    "db",
    "draw_perfect",
    "legend",
    "need_matplotlib",
    "new_figure",
    "power_spectrum",
    "save",
    "smooth",
    "spectrum",
    "suffix_of",
    "tidy",
    "to_hertz",
]

SUFFIXES = (".png", ".svg", ".pdf")
WINDOW = 8192
LOWEST_HZ, HIGHEST_HZ = 40.0, 20_000.0
FLOOR_DB = -200.0
"""Where a difference is drawn that is exactly 0."""
DRY, WET = "#8a93a3", "#d1495b"
HERTZ = {"20": 20, "50": 50, "100": 100, "200": 200, "500": 500, "1k": 1e3, "2k": 2e3, "5k": 5e3}
HERTZ |= {"10k": 1e4, "20k": 2e4}
DPI = 130


def suffix_of(path: str | os.PathLike[str]) -> str:
    """Return a picture's format, its suffix without the dot; ``ParamError`` for others."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        name = clip(os.fspath(path))
        raise ParamError(f"{name}: a picture's name ends in {', '.join(SUFFIXES)}")
    return suffix[1:]


def need_matplotlib() -> None:
    """Raise ``ParamError`` with the install command if matplotlib is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ParamError(f"a picture needs matplotlib: {how_to_install('plot')}")


def new_figure(height: float, *, width: float = 9.0) -> Any:
    """Return an empty matplotlib figure, sizes in inches; it belongs to no window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Any, target: str | os.PathLike[str], *, dpi: int = DPI) -> None:
    """Write a figure in the format of the file's suffix, whole or not at all.

    The same figure gives the same bytes: no date is written.
    """
    import matplotlib

    kind = suffix_of(target)
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with (
        whole_file(target, FileError) as part,
        writing(os.fspath(target), FileError),
        matplotlib.rc_context({"svg.hashsalt": "namgraph"}),
    ):
        figure.savefig(part, dpi=dpi, format=kind, metadata=dated.get(kind))


def tidy(*every: Any) -> None:
    """Give axes a light grid and no frame at the top and the right."""
    for axes in every:
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)


def legend(axes: Any, *, reverse: bool = False) -> None:
    """Put the legend above the axes, at the right, where no curve is; the title at the left."""
    handles, labels = axes.get_legend_handles_labels()
    order = slice(None, None, -1 if reverse else 1)
    key = axes.legend(
        handles[order],
        labels[order],
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=max(1, len(labels)),
        borderaxespad=0.0,
        handlelength=1.4,
        columnspacing=1.2,
        fontsize=9,
    )
    for line in key.get_lines():
        line.set_linewidth(max(2.0, line.get_linewidth()))


def draw_perfect(axes: Any, text: str) -> None:
    """Write that there is no difference, in the middle of the axes."""
    axes.text(
        0.5,
        0.3,
        text,
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=12,
        bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": "#2a9d5c"},
        zorder=5,
    )


def to_hertz(axes: Any, low: float = LOWEST_HZ, high: float = HIGHEST_HZ) -> None:
    """Make the x axis logarithmic, in Hz, with round numbers."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = {text: hertz for text, hertz in HERTZ.items() if low <= hertz <= high}
    axes.set_xticks(list(ticks.values()), list(ticks))
    axes.minorticks_off()
    axes.set_xlabel("Hz")


def db(amplitude: Any, floor: float = FLOOR_DB) -> Any:
    """Return an amplitude in dB, at least ``floor``."""
    size = np.abs(np.asarray(amplitude, np.float64))
    return np.maximum(20.0 * np.log10(np.maximum(size, 10.0 ** (floor / 20.0))), floor)


def power_spectrum(samples: Any, rate: float, window: int = WINDOW) -> tuple[Any, Any]:
    """Return frequencies and Welch's mean power (full-scale sine: 1), without a floor."""
    x = np.asarray(samples, np.float64)
    x = np.pad(x, (0, max(0, window - x.size)))
    shape = np.hanning(window)
    starts = range(0, x.size - window + 1, window // 2)
    total = np.zeros(window // 2 + 1)
    for start in starts:
        total += np.abs(np.fft.rfft(shape * x[start : start + window])) ** 2
    return np.fft.rfftfreq(window, 1.0 / rate), 4.0 * total / len(starts) / shape.sum() ** 2


def spectrum(samples: NDArray[np.float32], rate: float) -> tuple[Any, Any]:
    """Return frequencies and Welch's mean power in dB (full-scale sine: 0), above -140 dB."""
    frequencies, power = power_spectrum(samples, rate)
    return frequencies, 10.0 * np.log10(power + 1e-14)


def smooth(
    frequencies: Any, level: Any, octaves: float = 1 / 6, low: float = LOWEST_HZ
) -> tuple[Any, Any]:
    """Return the mean power in bands of equal width on a logarithmic axis."""
    edges = np.geomspace(low, HIGHEST_HZ, round(np.log2(HIGHEST_HZ / low) / octaves))
    place = np.searchsorted(frequencies, edges)
    bands: Sequence[Any] = [level[a : max(b, a + 1)] for a, b in itertools.pairwise(place)]
    powers = [10.0 * np.log10(np.mean(10.0 ** (b / 10.0))) if b.size else np.nan for b in bands]
    return np.sqrt(edges[:-1] * edges[1:]), np.array(powers)
