"""Figure of one node or model: gain curve, response, distortion, spectrogram of a sweep."""

from typing import Any

import numpy as np

from .figures import DRY, WET, legend, new_figure, tidy, to_hertz
from .probe import LOUD_DB, SOFT_DB, SWEEP_S, Probe

__all__ = ["draw_node"]

WINDOW, HOP = 2048, 384
SOFT = "#33658a"
LOWEST_DB = -110.0


def draw_node(found: Probe, title: str) -> Any:
    """Return the figure of four parts."""
    figure = new_figure(7.4)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    (gain, response), (thd, time) = figure.subplots(2, 2)
    _gain(gain, found)
    _response(response, found)
    _distortion(thd, found)
    tidy(gain, response, thd)
    _spectrogram(figure, time, found)
    return figure


def _gain(axes: Any, found: Probe) -> None:
    levels = found.levels_db
    axes.plot(levels, levels, color=DRY, linewidth=1.0, linestyle="--", label="unchanged")
    axes.plot(levels, found.peaks_db, color=WET, linewidth=1.8, label="output")
    axes.set(xlabel="level in, dBFS peak", ylabel="level out, dBFS peak")
    axes.set_title(f"Gain at {found.tone_hz:.0f} Hz", loc="left", fontsize=11)
    axes.margins(x=0)
    _say_if_empty(axes, found.peaks_db)
    legend(axes)


def _response(axes: Any, found: Probe) -> None:
    every = []
    for (hertz, level), db, colour in (
        (found.soft, SOFT_DB, SOFT),
        (found.loud, LOUD_DB, WET),
    ):
        silent = ", silent" * (not hertz.size)
        axes.plot(hertz, level, color=colour, linewidth=1.5, label=f"{db:g} dBFS{silent}")
        every += [v for v in level if np.isfinite(v)]
    if every:
        top, bottom = max(every), min(every)
        axes.set_ylim(max(bottom, top - 90.0) - 3.0, max(top, bottom + 6.0) + 3.0)
    to_hertz(axes, 20.0, 20_000.0)
    axes.set_xticks([20, 100, 1000, 10_000], ["20", "100", "1k", "10k"])
    axes.set_ylabel("gain, dB")
    axes.set_title("Response", loc="left", fontsize=11)
    legend(axes)


def _distortion(axes: Any, found: Probe) -> None:
    axes.plot(found.levels_db, np.maximum(found.thd_db, -160.0), color=WET, linewidth=1.8)
    axes.set(xlabel="level in, dBFS peak", ylabel="THD, dB", ylim=(-150.0, 10.0))
    for percent in (0.01, 1.0, 100.0):
        level = 20.0 * np.log10(percent / 100.0)
        axes.axhline(level, color=DRY, linewidth=0.8, linestyle=":")
        axes.text(-79.0, level + 1.0, f"{percent:g} %", color="#465260", fontsize=8, va="bottom")
    axes.set_title(f"Distortion at {found.tone_hz:.0f} Hz", loc="left", fontsize=11)
    axes.set_xlim(found.levels_db[0], found.levels_db[-1])
    _say_if_empty(axes, found.thd_db)


def _spectrogram(figure: Any, axes: Any, found: Probe) -> None:
    x = np.pad(found.heard.astype(np.float64), (WINDOW // 2, WINDOW))
    window = np.hanning(WINDOW)
    rows = [
        np.abs(np.fft.rfft(window * x[start : start + WINDOW])) * 2.0 / window.sum()
        for start in range(0, found.heard.size, HOP)
    ]
    level = 20.0 * np.log10(np.maximum(np.array(rows).T, 1e-9))
    drawn = axes.imshow(
        level,
        origin="lower",
        aspect="auto",
        extent=(0.0, len(rows) * HOP / found.rate, 0.0, found.rate / 2000.0),
        vmin=LOWEST_DB,
        vmax=0.0,
        cmap="magma",
        interpolation="nearest",
    )
    axes.set(xlabel="seconds", ylabel="kHz")
    axes.set_title(f"Sine sweep in {SWEEP_S:g} s, {LOUD_DB:g} dBFS", loc="left", fontsize=11)
    figure.colorbar(drawn, ax=axes, label="dBFS", pad=0.02)


def _say_if_empty(axes: Any, values: Any) -> None:
    if not np.isfinite(values).any():
        axes.text(0.5, 0.5, "silent", transform=axes.transAxes, ha="center", fontsize=12)
