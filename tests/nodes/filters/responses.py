"""A node played alone: signals, the answer to an impulse, the frequency response."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from namgraph.graph import Node
from namgraph.nodes.testing.harness import graph_of
from namgraph.runtime import Engine

__all__ = ["bins", "click", "impulse", "play", "player", "response"]

Floats = NDArray[np.float64]


def player(node: Node, rate: float = 48_000, channels: int = 1) -> Engine:
    """Return an engine with the node alone, called "node"."""
    return Engine(graph_of(node, channels), sample_rate=rate, max_frames=1024, fade_s=0.0)


def play(engine: Engine, signal: Any) -> NDArray[np.float32]:
    """Play frames, or ``(channels, frames)``; return all outputs as rows."""
    ins = np.ascontiguousarray(np.atleast_2d(signal), np.float32)
    outs = np.zeros((sum(engine.graph.outputs.values()), ins.shape[1]), np.float32)
    engine.play(list(ins), list(outs), ins.shape[1])
    return outs


def impulse(node: Node, frames: int = 1 << 14, rate: float = 48_000) -> Floats:
    """Return the answer of every output to an impulse of 1."""
    signal = np.zeros(frames)
    signal[0] = 1.0
    return play(player(node, rate), signal).astype(np.float64)


def bins(low: float, high: float, frames: int = 1 << 14, rate: float = 48_000) -> Floats:
    """Return some 200 frequencies at which ``response`` can be asked, spaced by equal ratios."""
    numbers = np.unique(np.round(np.geomspace(low, high, 200) * frames / rate))
    made: Floats = numbers[(numbers > 0) & (numbers < frames // 2)] * rate / frames
    return made


def response(
    node: Node, hertz: Floats, frames: int = 1 << 14, rate: float = 48_000
) -> NDArray[Any]:
    """Return the complex response at frequencies from ``bins``, one row for each output."""
    made: NDArray[Any] = np.fft.rfft(impulse(node, frames, rate))
    return made[:, np.round(hertz * frames / rate).astype(int)]


def click(node: Node, name: str, value: float, turn: float = 0.25) -> float:
    """Return by how much a jump of a parameter bends a sine of 220 Hz, ``turn`` of its period on.

    It is the largest second difference after the jump, in units of the larger of those before and
    long after it.
    """
    engine = player(node)
    wave = 0.5 * np.sin(2 * np.pi * (220 / 48_000 * np.arange(72_000) + turn))
    before = play(engine, wave[:24_000])[0]
    engine.set(f"node.{name}", value)
    after = play(engine, wave[24_000:])[0]
    bends = np.abs(np.diff(np.concatenate([before, after]).astype(np.float64), 2))
    return float(
        bends[12_000:].max() / max(bends[12_000:23_000].max(), bends[-12_000:].max(), 1e-9)
    )
