"""The same response through other libraries, in rounds that alternate with namgraph's.

``pedalboard.Convolution`` gets many blocks in one call, with a buffer of 64: so no time of Python
counts.  It scales responses by a factor of its own, which the comparison of outputs finds and
removes.  Scipy has no convolver for blocks: each block is convolved with the whole response by
``fftconvolve`` or ``oaconvolve``, and what lasts longer than the block is kept and added.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph import EngineError
from ....nodes.dsp.convolver.prepare import Route, convolution, convolution_kernel
from ....runtime.plan.arena import Arena, Memory
from .case import BLOCK

__all__ = ["LIMIT", "Plays", "check_outputs", "compare"]

RATE = 48_000
LIMIT = 1e-5
"""Largest difference from float64, relative to its peak."""
FRAMES = 256 * BLOCK
SLOW_BLOCKS = 2
"""Blocks of scipy in a round: one may take a millisecond."""

Audio = NDArray[np.float32]
Plays = Callable[[Audio], Audio]
Row = dict[str, Any]


def compare(taps: int, quick: bool) -> tuple[list[Row], list[str]]:
    """Return a row for namgraph and each library, and the names of those that are not installed.

    ``ratio`` is the median of rounds over namgraph's.  Outputs are compared with float64 first:
    ``EngineError`` if one differs by more than ``LIMIT``.
    """
    rng = np.random.default_rng(taps)
    fall = np.exp(-6.0 * np.arange(taps) / taps)
    response = (rng.standard_normal(taps) * fall).astype(np.float32)
    players, missing = _players(response)
    frames = 16 * BLOCK if quick else -(-(taps + FRAMES) // BLOCK) * BLOCK
    x = rng.standard_normal(frames).astype(np.float32)
    errors = check_outputs(players, x, response)
    found: dict[str, list[float]] = {name: [] for name in players}
    fast, slow = x[:FRAMES], x[: SLOW_BLOCKS * BLOCK]
    for _ in range(3 if quick else 41):
        for name, play in players.items():
            signal = slow if name.startswith("scipy") else fast
            play(signal)  # into the caches
            begun = time.perf_counter()
            play(signal)
            found[name].append((time.perf_counter() - begun) / len(signal) * 1e9)
    ours = float(np.median(found["namgraph"]))
    rows: list[Row] = [
        {
            "player": name,
            "taps": taps,
            "ns": float(np.median(times)),
            "least_ns": min(times),
            "ratio": float(np.median(times)) / ours,
            "error": errors[name],
        }
        for name, times in found.items()
    ]
    return rows, missing


def check_outputs(players: dict[str, Plays], x: Audio, response: Audio) -> dict[str, float]:
    """Return how far the first output of each is from float64, relative to the peak."""
    size = 1 << (len(x) + len(response)).bit_length()
    wide = [np.fft.rfft(row.astype(np.float64), size) for row in (x, response)]
    right = np.fft.irfft(wide[0] * wide[1], size)[: len(x)]
    errors = {}
    for name, play in players.items():
        y = play(x).astype(np.float64)
        scale = (y @ right) / (right @ right) if name.startswith("pedalboard") else 1.0
        errors[name] = float(np.abs(y / scale - right).max() / np.abs(right).max())
        if not errors[name] <= LIMIT:
            raise EngineError(
                f"{name} differs from float64 by {errors[name]:.1e} of the peak: must be at most "
                f"{LIMIT:g}, or the times mean nothing"
            )
    return errors


def _players(response: Audio) -> tuple[dict[str, Plays], list[str]]:
    """Return functions that convolve a signal, block after block, and what is not installed."""
    players: dict[str, Plays] = {"namgraph": _ours(response)}
    missing = []
    try:
        import pedalboard

        theirs: Any = pedalboard.Convolution(response[None], 1.0, RATE)
        players[f"pedalboard {pedalboard.__version__}, one call"] = lambda x: theirs.process(
            x[None], RATE, BLOCK, reset=False
        )[0]
    except ImportError:
        missing.append("pedalboard")
    try:
        import scipy
        from scipy.signal import fftconvolve, oaconvolve

        for function in (fftconvolve, oaconvolve):
            players[f"scipy {scipy.__version__}, {function.__name__} a block"] = _blocks(
                function, response
            )
    except ImportError:
        missing.append("scipy")
    return players, missing


def _ours(response: Audio) -> Plays:
    memory = Memory()
    made = convolution(memory, response[None].astype(np.float64), [Route(0, 0, 0)])
    arena, run = Arena([memory]), convolution_kernel(made.depth).ctypes

    def play(x: Audio, arena: Arena = arena) -> Audio:  # the arena owns the record's memory
        y = np.empty_like(x)
        places = np.array([x.ctypes.data, y.ctypes.data])
        ins, outs = places.ctypes.data, places.ctypes.data + 8
        run(made.record.address, ins, outs, len(x))
        return y

    return play


def _blocks(function: Any, response: Audio) -> Plays:
    kept = np.zeros(BLOCK + len(response) - 1, np.float32)

    def play(x: Audio) -> Audio:
        y = np.empty_like(x)
        for begin in range(0, len(x), BLOCK):
            kept[: -BLOCK or None] = kept[BLOCK:]
            kept[-BLOCK:] = 0.0
            kept[:] += function(x[begin : begin + BLOCK], response)
            y[begin : begin + BLOCK] = kept[:BLOCK]
        return y

    return play
