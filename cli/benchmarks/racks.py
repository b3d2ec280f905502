"""Every shipped rack, live in blocks of 64 frames at 48 kHz, on one core.

A clock in place of a sound card calls each rack at real time, with the bundled guitar at every
input: once while this process does nothing else, and once ("busy") beside a Python thread that
computes without a pause.  Blocks that were due and not played are lost: with the real-time priority
that the audio thread asks for, or on a quiet machine, there are none.
"""

import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import Graph
from ...presets.bundled import DEMO_DI, asset, shipped_presets
from ...presets.preset import load_preset
from ...runtime.adapters.live.null import NullStream
from ...runtime.adapters.live.thread_priority import request_priority
from ...runtime.engine.records import TRACE
from ...runtime.io.audio_file import read_audio

__all__ = ["MOST", "format_row", "steps"]

FRAMES, RATE = 64, 48_000
MOST = 0.25
"""The share of the deadline that a rack may take in 99 of 100 blocks."""
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield the figures of each rack."""
    rounds, seconds = (1, 0.05) if quick else (3, TRACE * FRAMES / RATE)
    guitar = read_audio(asset(DEMO_DI)).samples[0]
    yield from (("rack", _row(name, guitar, rounds, seconds)) for name in shipped_presets())


def _row(name: str, guitar: NDArray[np.float32], rounds: int, seconds: float) -> Row:
    """Return figures of one rack: medians over rounds, each of as many blocks as times are kept."""
    graph = load_preset(name)
    source = np.tile(guitar, (sum(graph.inputs.values()), 1))
    us, lost, priority = _played(graph, source, rounds, seconds)
    with _busy_interpreter():
        busy_us, busy_lost, _ = _played(graph, source, rounds, seconds)
    deadline, p99 = 1e6 * FRAMES / RATE, statistics.median(u["p99"] for u in us)
    return {
        "rack": name,
        "nodes": len(graph),
        "latency": graph.latency(RATE),
        "p50_us": statistics.median(u["p50"] for u in us),
        "p99_us": p99,
        "worst_us": max(u["max"] for u in us),
        "deadline_us": deadline,
        "share": p99 / deadline,
        "over": p99 > MOST * deadline,
        "busy_p99_us": statistics.median(u["p99"] for u in busy_us),
        "lost": lost,
        "busy_lost": busy_lost,
        "priority": priority,
    }


def _played(
    graph: Graph, source: NDArray[np.float32], rounds: int, seconds: float
) -> tuple[list[dict[str, float]], int, bool]:
    """Return the times of a block in each round, the blocks lost in all, and the priority given."""
    stream = NullStream(graph, FRAMES, sample_rate=RATE, source=source)
    request_priority(stream.host[0])
    with stream:
        time.sleep(seconds)  # fills the caches
        before, times = stream.lost, []
        for _ in range(rounds):
            time.sleep(seconds)
            times.append(stream.stats().block_us)
        return times, stream.lost - before, int(stream.host[0]["priority_answer"]) == 0


@contextmanager
def _busy_interpreter() -> Iterator[None]:
    """Keep another thread of this interpreter at work."""
    done = threading.Event()

    def work() -> None:
        for _ in itertools.takewhile(lambda _: not done.is_set(), itertools.count()):
            sum(range(1_000))

    thread = threading.Thread(target=work, name="busy", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    line = (
        f"{row['rack']:<12} p50 {row['p50_us']:6.1f}, p99 {row['p99_us']:6.1f}, "
        f"worst {row['worst_us']:6.1f} us; p99 is {100 * row['share']:4.1f} % of the deadline, "
        f"{row['lost']} lost; busy p99 {row['busy_p99_us']:6.1f} us, {row['busy_lost']} lost"
    )
    if not row["priority"]:
        line += " (no real-time priority)"
    return f"{line}  MISSED: over {100 * MOST:.0f} %" if row["over"] else line
