"""CPU time of a render whose parameters follow automation, over that of the same render without.

A minute of noise through a WaveNet A1 standard with random weights, and through the small amplifier
and the cabinet that ship; 57,600 points move one parameter.  Rounds alternate between plain and
automated renders; the ratio is that of the medians.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...graph import Graph
from ...nodes import Cab, Nam
from ...nodes.nam import load_nam
from ...presets.bundled import asset
from ...runtime import render
from .models import a1

__all__ = ["format_row", "steps"]

RATE = 48_000
POINTS, APART = 57_600, 50
"""Points of a lane, and frames from one to the next: a minute."""
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield the figures of each rack."""
    rounds, points = (1, 576) if quick else (9, POINTS)
    return _steps(rounds, points)


def _steps(rounds: int, points: int) -> Iterator[tuple[str, Row]]:
    noise = np.random.default_rng(0).uniform(-0.2, 0.2, points * APART).astype(np.float32)
    values = -6.0 + 6.0 * np.sin(np.arange(points) / 100.0)
    lane = [(APART * k / RATE, value) for k, value in enumerate(values.tolist())]
    small, cab = Nam(asset("crunch-wavenet.nam")), Cab(asset("cab.wav"))
    racks = {
        "the input of A1 standard": (
            Graph.chain(amp=Nam(load_nam(a1("standard")))),
            "amp.input_db",
        ),
        "the input of a small amplifier": (Graph.chain(amp=small), "amp.input_db"),
        "the mix of a cabinet behind it": (Graph.chain(amp=small, cab=cab), "cab.mix"),
    }
    for name, (graph, param) in racks.items():
        points_of = lane if param.endswith("_db") else [(at, 0.5 + v / 24) for at, v in lane]
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds + 1):  # the first compiles
            for kept, lanes in zip(times, ({}, {param: points_of}), strict=True):
                begun = time.process_time()
                render(graph, noise, RATE, automation=lanes, tail=False, threads=1)
                kept.append(time.process_time() - begun)
        plain, moved = (float(np.median(kept[1:])) for kept in times)
        seconds = len(noise) / RATE
        yield (
            "automation",
            {"name": name, "points": points, "seconds": seconds, "plain_s": plain,
             "automated_s": moved, "ratio": moved / plain},
        )  # fmt: skip


def format_row(name: str, row: Row) -> str:
    """Return one measurement as a line of text."""
    return (
        f"{row['points']} points move {row['name']} in {row['seconds']:g} s of audio: "
        f"{row['automated_s']:.3f} s, without {row['plain_s']:.3f} s: {row['ratio']:.3f} times"
    )
