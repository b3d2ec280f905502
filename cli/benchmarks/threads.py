"""Time and CPU time of a render by several threads, beside those of one.

A minute of noise through a WaveNet A1 standard with random weights, alone and behind a gate, and
through racks that ship.  Rounds alternate between one thread, two, and one for each processor; the
ratios are the medians of those of each round.  The output must be the same to the bit.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...graph import Graph, NamgraphError
from ...nodes import DcBlock, Gate, Nam
from ...nodes.nam import load_nam
from ...presets.preset import load_preset
from ...runtime import render
from ...runtime.native.cpu import processors
from .models import a1

__all__ = ["format_row", "steps"]

RATE, SECONDS = 48_000, 60.0
RACKS = ("crunch", "bass", "ambient", "tight")
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield the figures of each rack."""
    return _steps(*((1, 1.0) if quick else (7, SECONDS)))


def _steps(rounds: int, seconds: float) -> Iterator[tuple[str, Row]]:
    noise = np.random.default_rng(0).uniform(-0.2, 0.2, round(seconds * RATE)).astype(np.float32)
    model = load_nam(a1("standard"))
    racks = {
        "A1 standard": Graph.chain(amp=Nam(model)),
        "gate, A1 standard, DC block": Graph.chain(gate=Gate(), amp=Nam(model), block=DcBlock()),
        **{name: load_preset(name) for name in RACKS},
    }
    for name, graph in racks.items():
        x = np.tile(noise, (next(iter(graph.inputs.values())), 1))
        _timed(graph, x[:, :RATE], 1)  # compiles
        for threads in sorted({2, processors()} - {1}):
            found = [[_timed(graph, x, n) for n in (1, threads)] for _ in range(rounds)]
            for (_, _, one), (_, _, several) in found:
                if not np.array_equal(one, several):
                    raise NamgraphError(f"{name}: {threads} threads have another output than one")
            wall = [one[0] / several[0] for one, several in found]
            cpu = [several[1] / one[1] for one, several in found]
            yield (
                "threads",
                {"name": name, "threads": threads, "seconds": seconds,
                 "one_s": float(np.median([one[0] for one, _ in found])),
                 "speed_up": float(np.median(wall)), "least": min(wall), "most": max(wall),
                 "cpu_ratio": float(np.median(cpu))},
            )  # fmt: skip


def _timed(graph: Graph, x: Any, threads: int) -> tuple[float, float, Any]:
    begun, cpu = time.perf_counter(), time.process_time()
    made = render(graph, x, RATE, tail=False, threads=threads, strict=None)
    return time.perf_counter() - begun, time.process_time() - cpu, made


def format_row(name: str, row: Row) -> str:
    """Return one measurement as a line of text."""
    return (
        f"{row['name']}, {row['seconds']:g} s of audio: one thread {row['one_s']:.2f} s, "
        f"{row['threads']} threads {row['speed_up']:.2f} times as fast "
        f"({row['least']:.2f} to {row['most']:.2f}), {row['cpu_ratio']:.3f} times the CPU time"
    )
