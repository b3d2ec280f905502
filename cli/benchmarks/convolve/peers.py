"""The same response through other libraries, in rounds that alternate with namgraph's kernel.

No time of Python counts: the kernel plays many blocks in one call, and ``pedalboard.Convolution``
gets as many in one, with a buffer of 64.  What a call from Python for each block costs both is in
the suite ``peers``.  pedalboard scales responses by a factor of its own, which the comparison of
outputs finds and removes.  Scipy has no convolver for blocks: each block is convolved with the
whole response by ``fftconvolve`` or ``oaconvolve``, and what lasts longer is kept and added.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph import EngineError
from ....nodes.dsp.convolver.prepare import Route, convolution, convolution_kernel
from ....runtime.plan.arena import Arena, Memory
from ..measuring.playing import convolved, share_of_peak
from ..measuring.windows import Timed
from ..peers.convolvers import not_installed
from .case import BLOCK

__all__ = ["LIMIT", "Plays", "check_outputs", "compare"]

RATE = 48_000
OURS = "namgraph, kernel"
LIMIT = 1e-5
"""Largest difference from float64, relative to its peak."""
FRAMES = 256 * BLOCK
SLOW_BLOCKS = 2
"""Blocks of scipy in a round: one may take a millisecond."""

Audio = NDArray[np.float32]
Plays = Callable[[Audio], Audio]
Row = dict[str, Any]


def compare(taps: int, quick: bool) -> tuple[list[Row], dict[str, str]]:
    """Return a row for namgraph and each library, and why others are not there.

    Columns are those of the suite ``peers``: ``ratio`` is the tightest window over namgraph's.
    Outputs are compared with float64 first: ``EngineError`` if one differs by more than ``LIMIT``.
    """
    rng = np.random.default_rng(taps)
    fall = np.exp(-6.0 * np.arange(taps) / taps)
    response = (rng.standard_normal(taps) * fall).astype(np.float32)
    players, missing = _players(response)
    x = rng.standard_normal(-(-(taps + FRAMES) // BLOCK) * BLOCK).astype(np.float32)
    errors = check_outputs(players, x[: 16 * BLOCK] if quick else x, response)
    timed = {
        name: _timed(play, x[: SLOW_BLOCKS * BLOCK if name.startswith("scipy") else FRAMES])
        for name, play in players.items()
    }
    for _ in range(4 if quick else 60):
        for one in timed.values():
            one.play()  # into the caches
            one.once()
    figures = {name: one.figures() for name, one in timed.items()}
    ours = figures[OURS]["least_ns"]
    rows: list[Row] = [
        {"player": name, "taps": taps, "block": BLOCK, **row, "ratio": row["least_ns"] / ours,
         "error": errors[name]}
        for name, row in figures.items()
    ]  # fmt: skip
    return rows, missing


def _timed(play: Plays, signal: Audio) -> Timed:
    return Timed(lambda: play(signal), len(signal))


def check_outputs(players: dict[str, Plays], x: Audio, response: Audio) -> dict[str, float]:
    """Return how far the first output of each is from float64, relative to the peak."""
    right = convolved(x, response)
    errors = {}
    for name, play in players.items():
        y = play(x).astype(np.float64)
        scale = (y @ right) / (right @ right) if name.startswith("pedalboard") else 1.0
        errors[name] = share_of_peak(y / scale, right)
        if not errors[name] <= LIMIT:
            raise EngineError(
                f"{name} differs from float64 by {errors[name]:.1e} of the peak: must be at most "
                f"{LIMIT:g}, or the times mean nothing"
            )
    return errors


def _players(response: Audio) -> tuple[dict[str, Plays], dict[str, str]]:
    """Return functions that convolve a signal, block after block, and why others are missing."""
    players: dict[str, Plays] = {OURS: _ours(response)}
    missing = dict[str, str]()
    try:
        import pedalboard

        theirs: Any = pedalboard.Convolution(response[None], 1.0, RATE)
        players["pedalboard.Convolution, one call"] = lambda x: theirs.process(
            x[None], RATE, BLOCK, reset=False
        )[0]
    except ImportError as error:
        missing["pedalboard"] = not_installed("pedalboard", error)
    try:
        from scipy.signal import fftconvolve, oaconvolve

        for function in (fftconvolve, oaconvolve):
            players[f"scipy.signal.{function.__name__}, each block"] = _blocks(function, response)
    except ImportError as error:
        missing["scipy"] = not_installed("scipy", error)
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
