"""Every shipped rack, live in blocks of 64 frames at 48 kHz, on one core.

A clock in place of a sound card calls each rack at real time, with the bundled guitar at every
input: once while this process does nothing else, which gives the times of a block, and once beside
a Python thread that computes without a pause, which gives the blocks that were lost.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...presets.bundled import DEMO_DI, asset, shipped_presets
from ...presets.preset import load_preset
from ...runtime.adapters.live.null import NullStream
from ...runtime.io.audio_file import read_audio
from ...runtime.plan.stats import TRACE

__all__ = ["MOST", "format_row", "steps"]

FRAMES, RATE = 64, 48_000
MOST = 0.25
"""The share of the deadline that a rack may take in 99 of 100 blocks."""
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield the figures of each rack."""
    seconds = 0.1 if quick else TRACE * FRAMES / RATE  # as many blocks as times are kept
    guitar = read_audio(asset(DEMO_DI)).samples[0]
    yield from (("rack", _row(name, guitar, seconds)) for name in shipped_presets())


def _row(name: str, guitar: np.ndarray, seconds: float) -> Row:
    graph = load_preset(name)
    source = np.tile(guitar, (sum(graph.inputs.values()), 1))
    how: dict[str, Any] = {"sample_rate": RATE, "seconds": seconds, "source": source}
    with NullStream(graph, FRAMES, **how) as alone:
        alone.wait()
        us = alone.stats().block_us
    with _busy_interpreter(), NullStream(graph, FRAMES, **how) as beside:
        beside.wait()
        stats = beside.stats()
    deadline = 1e6 * FRAMES / RATE
    return {
        "rack": name,
        "nodes": len(graph),
        "latency": graph.latency(RATE),
        "p50_us": us["p50"],
        "p99_us": us["p99"],
        "worst_us": us["max"],
        "deadline_us": deadline,
        "share": us["p99"] / deadline,
        "over": us["p99"] > MOST * deadline,
        "busy_p99_us": stats.block_us["p99"],
        "busy_lost": stats.lost,
    }


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
        f"worst {row['worst_us']:6.1f} us; p99 is {100 * row['share']:4.1f} % of the deadline; "
        f"beside a busy interpreter p99 {row['busy_p99_us']:6.1f} us, {row['busy_lost']} lost"
    )
    return f"{line}  MISSED: over {100 * MOST:.0f} %" if row["over"] else line
