"""Plays a convolver alone, and computes the expected output."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from namgraph.nodes.dsp.convolver.prepare import Route, convolution, convolution_kernel
from namgraph.runtime.plan.arena import Arena, Memory

Audio = NDArray[np.float32]
Taps = NDArray[np.float64]
MONO = (Route(0, 0, 0),)
CANARY = np.float32(-77.25)
ROOM = 32


class Convolver:
    """A convolver in an arena of its own."""

    def __init__(
        self, responses: Taps, routes: Sequence[Route] = MONO, width: int | None = None
    ) -> None:
        memory = Memory()
        made = convolution(memory, responses, routes)
        self.arena = Arena([memory])
        self.arena.initial[:] = self.arena.state
        self.record, self.depth = made.record, made.depth
        self.outputs = 1 + max(r.output for r in routes)
        self.native = convolution_kernel(made.depth, width)

    def reset(self) -> None:
        self.arena.state[:] = self.arena.initial

    def __call__(self, signal: Audio, cuts: int | Iterable[int] = 64) -> Audio:
        """Play; every block lies in memory of its own, with NaN behind the input."""
        signal = np.atleast_2d(signal).astype(np.float32)
        lengths = itertools.repeat(cuts) if isinstance(cuts, int) else iter(cuts)
        frames, start = signal.shape[1], 0
        out = np.zeros((self.outputs, frames), np.float32)
        run = self.native.ctypes
        while start < frames:
            count = min(next(lengths, 64), frames - start)
            x = np.full((len(signal), count + ROOM), np.nan, np.float32)
            y = np.full((self.outputs, count + ROOM), CANARY)
            x[:, :count] = signal[:, start : start + count]
            ins, outs = (np.array([row.ctypes.data for row in a]) for a in (x, y))
            run(self.record.address, ins.ctypes.data, outs.ctypes.data, count)
            assert (y[:, count:] == CANARY).all(), "written past the block"
            out[:, start : start + count] = y[:, :count]
            start += count
        return out


def noise(frames: int, channels: int = 1, seed: int = 0) -> Audio:
    return np.random.default_rng(seed).standard_normal((channels, frames)).astype(np.float32)


def wanted(signal: Audio, response: Taps) -> Taps:
    """One channel convolved in float64: directly if short, through one long transform if not."""
    x, h = signal.astype(np.float64), np.asarray(response, np.float64)
    if len(h) <= 4096:
        return np.convolve(x, h)[: len(x)]
    size = 1 << (len(x) + len(h)).bit_length()
    product = np.fft.rfft(x, size) * np.fft.rfft(h, size)
    return np.fft.irfft(product, size)[: len(x)]


def error(found: NDArray[np.floating], right: Taps) -> float:
    """The largest difference, relative to the peak."""
    return float(np.max(np.abs(found - right)) / np.max(np.abs(right)))


def rounded(taps: Taps) -> Taps:
    """The taps as float32 holds them: a fair oracle."""
    return taps.astype(np.float32).astype(np.float64)
