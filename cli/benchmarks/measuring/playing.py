"""A graph in an engine of its own, for one length of block, and windows of it."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph import Graph
from ....runtime.engine.engine import Engine
from .windows import Timed

__all__ = ["Playing", "Signal", "convolved", "share_of_peak"]

PROBE = 4096
"""Frames by which the length of a window is chosen."""
Signal = NDArray[np.float32]


def convolved(x: Any, response: Any) -> NDArray[np.float64]:
    """Return the first ``len(x)`` samples of a convolution in float64, by one transform."""
    size = len(x) + len(response)
    spectra = [np.fft.rfft(np.asarray(row, np.float64), size) for row in (x, response)]
    return np.fft.irfft(spectra[0] * spectra[1], size)[: len(x)]


def share_of_peak(made: Any, wanted: Any) -> float:
    """Return the largest difference of two signals over the peak of ``wanted``.

    If ``wanted`` is silent it is 0 for silence, and infinite for anything else.
    """
    error, peak = float(np.abs(made - wanted).max()), float(np.abs(wanted).max())
    if peak == 0.0:
        return 0.0 if error == 0.0 else math.inf
    return error / peak


class Playing:
    """A mono graph in blocks of ``block`` frames; one native call plays many blocks."""

    def __init__(self, graph: Graph, rate: float, block: int) -> None:
        self.block = block
        self.engine = Engine(graph, sample_rate=rate, max_frames=block, fade_s=0.0)

    def play(self, x: Signal) -> Signal:
        """Return the output for a signal."""
        y = np.empty_like(x)
        self.engine.play([x], [y], len(x), self.block)
        return y

    def windows(self, x: Signal, seconds: float) -> Timed:
        """Return windows of about this length, at least a block, from the beginning of ``x``."""
        probe = Timed(lambda: self.play(x[:PROBE]), PROBE)
        for _ in range(3):
            probe.once()
        wanted = seconds / min(probe.seconds) * PROBE
        count = min(max(1, round(wanted / self.block)), len(x) // self.block)
        source = np.ascontiguousarray(x[: count * self.block])
        inputs, outputs = [source], [np.empty_like(source)]
        call = self.engine.play
        return Timed(lambda: call(inputs, outputs, len(source), self.block), len(source))
