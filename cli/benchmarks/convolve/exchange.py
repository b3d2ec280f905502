"""The time of a block while a playing cabinet's response is exchanged, and both play.

Blocks of an engine are timed one by one, over many exchanges.  Both play until the past of the new
response is filled, and for a crossfade of 20 ms; of a response of 0.1 s or more, the old one then
plays on until its tail is over.
"""

import time
from typing import Any

import numpy as np

from ....graph import Graph
from ....nodes.cabinet.cab import Cab
from ....runtime.engine.engine import Engine
from .case import BLOCK

__all__ = ["time_exchange"]

RATE, FADE_S = 48_000, 0.02
BEFORE = 64
"""Blocks that are timed before each exchange."""


def time_exchange(taps: int, quick: bool) -> dict[str, Any]:
    """Return microseconds of a block with one response, while two play, and the first of these.

    Medians; a call from Python counts in all of them.
    """
    rng = np.random.default_rng(taps)
    cabs = [Cab(rng.standard_normal(taps) / taps, RATE) for _ in range(2)]
    graphs = [Graph.chain(cab, channels=1) for cab in cabs]
    engine = Engine(graphs[0], sample_rate=RATE, max_frames=BLOCK, fade_s=FADE_S)
    x = rng.standard_normal((1, BLOCK)).astype(np.float32)
    y = np.empty_like(x)
    frames = round(FADE_S * RATE) + taps
    blocks, rest = frames // BLOCK, taps // BLOCK + BEFORE
    alone: list[int] = []
    both: list[int] = []

    def play(count: int, times: list[int]) -> None:
        for _ in range(count):
            begun = time.perf_counter_ns()
            engine.process(x, y)
            times.append(time.perf_counter_ns() - begun)

    play(rest, [])
    for number in range(2 if quick else 20):
        play(BEFORE, alone)
        engine.swap(graphs[(number + 1) % 2])
        play(blocks, both)
        play(rest, [])
    return {
        "taps": taps,
        "blocks": blocks,
        "one_us": float(np.median(alone)) * 1e-3,
        "both_us": float(np.median(both)) * 1e-3,
        "first_us": float(np.median(both[::blocks])) * 1e-3,
    }
