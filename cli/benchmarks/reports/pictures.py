"""Draw the figures of a suite: curves of models and of growth, bars of everything else."""

import itertools
import os
from typing import Any

import numpy as np

from ...plot.figures import new_figure, save, tidy
from .. import instances
from .bars import draw_bars
from .document import Document
from .words import number, plain_ticks

__all__ = ["draw"]

COLOURS = ("#d1495b", "#2b6cb0", "#2a9d5c", "#b7791f", "#6b46c1", "#4a5568")
STYLES = ("-o", "--s", ":^", "-.D")
FLAG = "#d1495b"
RATE = 48_000
TITLE: dict[str, Any] = {"fontsize": 10, "loc": "left"}


def draw(document: Document, path: str | os.PathLike[str]) -> None:
    """Draw the rows of a document into a file, in the format of its suffix."""
    known = {"models": _models, "growth": _growth, "convolve": _convolve}
    known["instances"] = instances.curves
    figure = None
    if document["suite"] in known:
        figure = known[document["suite"]](document["rows"])
    if figure is None:
        figure = draw_bars(document)
    figure.suptitle(_title(document), x=0.01, ha="left", fontsize=9)
    save(figure, path)


def _title(document: Document) -> str:
    machine = document["machine"]
    words: str = f"{document['suite']}: {machine.get('processor')}, {machine.get('lanes')} lanes"
    return f"{words}, {document['date'][:10]}{', few rounds' if document['quick'] else ''}"


def _models(rows: list[dict[str, Any]]) -> Any:
    """Return time, share of the peak and, if measured, PyTorch's ratio, by length of block."""
    panels = [
        ("model", "least_ns", "ns a sample, the tightest window", 1.0, True),
        ("model", "peak_share", "% of the peak of multiply-adds", 100.0, False),
        ("peer", "ratio", "PyTorch: times as long", 1.0, True),
    ]
    panels = [p for p in panels if any(r["step"] == p[0] and r[p[1]] is not None for r in rows)]
    if not panels:
        return None
    names = list(dict.fromkeys(row["model"] for row in rows if row["step"] == "model"))
    look = _looks(names)
    figure = new_figure(5.0, width=5.0 * len(panels) + 2.0)
    every = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (step, value, label, factor, log) in zip(every, panels, strict=True):
        for name in names:
            own = [r for r in rows if r["step"] == step and r["model"] == name]
            own = [r for r in own if r[value] is not None]
            x, y = [r["block"] for r in own], [factor * r[value] for r in own]
            colour, style = look[name]
            axes.plot(x, y, style, color=colour, markersize=3.5, linewidth=1.2, label=name)
        axes.set_xscale("log", base=2)
        blocks = sorted({row["block"] for row in rows if row["step"] == step})
        axes.set_xticks(blocks, [str(n) if n < RATE else "1 s" for n in blocks])
        axes.set_xlabel("frames of a block")
        axes.set_title(label, fontsize=10, loc="left")
        if log:
            axes.set_yscale("log")
            plain_ticks(axes.yaxis, *axes.get_ylim())
        else:
            axes.set_ylim(0.0, None)
        tidy(axes)
    every[-1].legend(
        *every[0].get_legend_handles_labels(), loc="center left", bbox_to_anchor=(1.0, 0.5),
        frameon=False, fontsize=8,
    )  # fmt: skip
    return figure


def _looks(names: list[str]) -> dict[str, tuple[str, str]]:
    """Return colour and style of each model: a colour for each kind, the first word of its name."""
    kinds = list(dict.fromkeys(name.split()[0] for name in names))
    colours = dict(zip(kinds, itertools.cycle(COLOURS), strict=False))
    made: dict[str, tuple[str, str]] = {}
    for kind in kinds:
        own = [name for name in names if name.split()[0] == kind]
        styles = itertools.cycle(STYLES)
        made |= {name: (colours[kind], next(styles)) for name in own}
    return made


def _growth(rows: list[dict[str, Any]]) -> Any:
    """Return a panel for each sweep: its points, the better fit, and jumps and drops in red."""
    fits = [row for row in rows if row["step"] == "fit"]
    if not fits:
        return None
    wide = min(3, len(fits))
    high = -(-len(fits) // wide)
    figure = new_figure(3.0 * high, width=4.0 * wide)
    every = figure.subplots(high, wide, squeeze=False).ravel()
    for axes, found in zip(every, fits, strict=False):
        own = [r for r in rows if r["step"] == "point" and r["sweep"] == found["sweep"]]
        x = np.array([row["size"] for row in own], np.float64)
        y = np.array([row["least_ns"] for row in own])
        dense = np.geomspace(x[0], x[-1], 100)
        if found["form"] == "line":
            fitted = found["fixed_ns"] + found["slope_ns"] * dense
            label = f"{found['fixed_ns']:.3g} + {found['slope_ns']:.3g} n"
        else:
            height = np.mean(np.log(y) - found["exponent"] * np.log(x))
            fitted = np.exp(height) * dense ** found["exponent"]
            label = f"n^{found['exponent']:.2f}"
        label += f", at most {100 * found['worst_' + found['form']]:.0f} % off"
        axes.plot(dense, fitted, color=COLOURS[5], linewidth=1.0, label=label)
        axes.plot(x, y, "o", color=COLOURS[1], markersize=4)
        for step in (*found["jumps"], *found["drops"]):
            ends = [list(x).index(step["from"]), list(x).index(step["to"])]
            axes.plot(x[ends], y[ends], color=FLAG, linewidth=2.0)
        axes.set(xscale="log", yscale="log", xlabel=found["sweep"].rpartition(", ")[2])
        axes.set_ylabel("ns a sample, blocks of 64")
        axes.set_xticks(x, [f"{int(n)}" for n in x], fontsize=7, rotation=45 * (x[-1] > 999))
        axes.minorticks_off()
        axes.margins(y=0.15)
        plain_ticks(axes.yaxis, *axes.get_ylim())
        axes.set_title(found["sweep"], fontsize=10, loc="left")
        axes.legend(frameon=False, fontsize=8, loc="upper left")
        tidy(axes)
    for axes in every[len(fits) :]:
        axes.set_visible(False)
    return figure


def _convolve(rows: list[dict[str, Any]]) -> Any:
    """Return time by length of the response, and of other convolvers; None without responses."""
    needed = {"channels", "taps", "least_ns_per_sample"}
    own = [row for row in rows if needed <= row.keys()]
    if not own:
        return None
    peers = [row for row in rows if row["step"] == "peer"]
    figure = new_figure(4.8, width=7.0 * (1 + bool(peers)))
    axes = figure.subplots(1, 1 + bool(peers), squeeze=False)[0]
    _responses(axes[0], own)
    if peers:
        _convolvers(axes[1], peers)
    tidy(*axes)
    return figure


def _convolvers(axes: Any, rows: list[dict[str, Any]]) -> None:
    """Draw the time of each convolver by length of the response."""
    for colour, player in zip(
        itertools.cycle(COLOURS[1:]), dict.fromkeys(row["player"] for row in rows), strict=False
    ):
        part = [row for row in rows if row["player"] == player]
        x, y = [row["taps"] for row in part], [row["least_ns"] for row in part]
        axes.plot(x, y, "-o", color=colour, markersize=4, label=player)
        axes.annotate(f"{number(y[-1])} ns", (x[-1], y[-1]), xytext=(0, 6), ha="right",
                      textcoords="offset points", color=colour, fontsize=8)  # fmt: skip
    taps = sorted({row["taps"] for row in rows})
    axes.set(xscale="log", yscale="log", xlabel="taps")
    axes.set_xticks(taps, [f"{n:,}" for n in taps], fontsize=8)
    axes.minorticks_off()
    axes.margins(y=0.15)
    plain_ticks(axes.yaxis, *axes.get_ylim())
    axes.set_title("kernels alone: ns a sample, blocks of 64, the tightest window", **TITLE)
    axes.legend(frameon=False, fontsize=8)


def _responses(axes: Any, own: list[dict[str, Any]]) -> None:
    """Draw the time of this package's convolver by length and channels."""
    for colour, channels in zip(
        itertools.cycle(COLOURS), dict.fromkeys(row["channels"] for row in own), strict=False
    ):
        part = [row for row in own if row["channels"] == channels]
        x, y = [row["taps"] for row in part], [row["least_ns_per_sample"] for row in part]
        axes.plot(x, y, "-o", color=colour, markersize=4, label=str(channels).replace("->", " to "))
    taps = sorted({row["taps"] for row in own})
    axes.set(xscale="log", xlabel="taps")
    axes.set_title("a cabinet's kernel: ns a sample, blocks of 64, least", **TITLE)
    axes.set_xticks(taps, [f"{n:,}" for n in taps], rotation=30, fontsize=8)
    axes.minorticks_off()
    axes.set_ylim(0.0, None)
    axes.legend(frameon=False, title="channels in and out", fontsize=8, title_fontsize=8)
