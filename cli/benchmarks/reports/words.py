"""What figures and rows of a suite are called in pictures and comparisons, with units."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["figure_words", "key_words", "number", "plain_ticks"]

WINDOW = "the tightest window"
FIGURES = {
    ("models", "model"): f"ns a sample, {WINDOW}",
    ("models", "peer"): f"PyTorch: ns a sample, {WINDOW}",
    (
        "peers",
        "convolution",
    ): f"a cabinet, called from Python for each block: ns a sample, {WINDOW}",
    ("growth", "point"): f"ns a sample, blocks of 64, {WINDOW}",
    ("walk", "node"): "a node that does nothing: ns a block",
    ("walk", "exchange"): "two neighbours change places while a graph plays: ms to prepare",
    ("walk", "rewire"): "one node is taken out while a graph plays: ms to prepare",
    ("start", "start"): "s of processor time, from the start of the process",
    ("calls", "call"): "us a call from Python, median",
    ("racks", "rack"): "live, blocks of 64: us a block, median",
    ("nodes", "node"): "ns a frame and channel, median",
    ("automation", "automation"): "s to render with automation",
    ("threads", "blocks"): "live blocks: times as fast by two threads as by one",
    ("threads", "threads"): "a render: times as fast as by one thread, median",
    ("convolve", "peak"): "multiply-adds a second: the peak of one core",
    ("convolve", "response"): "a cabinet's kernel: ns a sample, least, blocks of 64",
    ("convolve", "peer"): f"kernels alone, without Python: ns a sample, blocks of 64, {WINDOW}",
    ("convolve", "exchange"): "us a block of 64 while another response fades in, median",
    ("oversampling", "model"): "times as long as without oversampling",
    ("instances", "amps"): "ns a sample of each amp, least",
    ("instances", "limit"): "amps that play in real time",
    ("instances", "together"): "amps of one graph: times as fast together as one after another",
}
"""By suite and step."""


def figure_words(suite: str, step: str, value: str) -> str:
    """Return what the figure of a step's rows is, with its unit."""
    known = FIGURES.get((suite, step))
    if known is not None:
        return known
    return f"{step}: {value}".replace("_", " ").replace(".", " ")


def key_words(name: str, value: Any) -> str:
    """Return a field that names a row, in words: ``2,048 taps``, ``block 64``, ``checked: no``."""
    words = name.replace("_", " ")
    if isinstance(value, Mapping):
        return ", ".join(f"{inner} {given}" for inner, given in value.items())
    if isinstance(value, bool):
        return words if value else f"{words}: no"
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, int) and name in ("taps", "nodes", "amps", "threads", "points"):
        return f"{value:,} {words if value != 1 else words.removesuffix('s')}"
    return f"{words} {value:,}" if isinstance(value, int) else f"{words} {value}"


def number(value: float) -> str:
    """Return a number with three digits or more, without an exponent: ``0.0451``, ``58,800``."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def plain_ticks(axis: Any, low: float, high: float) -> None:
    """Set ticks of a logarithmic axis to 1, 2 and 5 times powers of ten in a range, as numbers.

    Of a range over three powers of ten it is the powers alone.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high < 1000 * low else (1,)
    ticks = [s * 10.0**power for power in powers for s in steps if low <= s * 10.0**power <= high]
    axis.set_ticks(ticks, [number(tick) for tick in ticks])
    axis.set_ticks([], minor=True)
