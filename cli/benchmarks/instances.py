"""How many amps play in one graph in real time: 1, 2, 4 and so on of each kind, at 64 frames.

Every amp has weights of its own, and all hear one input.  Rounds alternate between the numbers of
amps, after one block that fills the caches; numbers double until the median block takes longer than
its deadline.  ``limit`` rows say how many amps still meet it.  Memory is that of one amp.

Small recurrent amps of one shape are played by one kernel, some at a time; ``together`` rows
compare that with the same amps one after another, in rounds that alternate.
"""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...graph import Graph
from ...nodes.nam import Nam, load_capture
from ...runtime.engine.engine import Engine
from ...runtime.plan.side_by_side import group_rows
from .models import a1, a2, gru, lstm

__all__ = ["curves", "format_row", "steps"]

FRAMES, RATE = 64, 48_000
DEADLINE_US = 1e6 * FRAMES / RATE
MOST = 512
"""Amps at most: each takes milliseconds to prepare."""
MODELS: dict[str, Callable[[int], Any]] = {
    "A1 standard": lambda seed: a1("standard", seed),
    "A1 nano": lambda seed: a1("nano", seed),
    "A2 full": lambda seed: a2(8, seed),
    "LSTM 1x16": lambda seed: lstm(16, 1, seed),
}
"""Content of a .nam file with random weights, by the name of its kind."""
SMALL: dict[str, Callable[[int], Any]] = {
    "LSTM 1x8": lambda seed: lstm(8, 1, seed),
    "LSTM 1x12": lambda seed: lstm(12, 1, seed),
    "LSTM 1x16": MODELS["LSTM 1x16"],
    "LSTM 2x8": lambda seed: lstm(8, 2, seed),
    "GRU 1x8": lambda seed: gru(8, 1, seed),
    "GRU 1x12": lambda seed: gru(12, 1, seed),
}
"""Content of small recurrent captures, by the name of their shape."""
TOGETHER = (2, 4)
COLOURS = ("#d1495b", "#33658a", "#2a9d5c", "#b7791f")
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield the figures of each kind of amp by their number, then how many meet the deadline."""
    most, rounds, least_us = (2, 1, 0.0) if quick else (MOST, 15, 4_000.0)
    for model in MODELS:
        yield from _steps(model, most, rounds, least_us)
    for model in [*SMALL][: 1 if quick else None]:
        for count in TOGETHER[: 1 if quick else None]:
            yield "together", _together(model, count, 2 if quick else 60)


def _steps(model: str, most: int, rounds: int, least_us: float) -> Iterator[tuple[str, Row]]:
    made = _Amps(model)
    racks = [made.playing(1)]
    while True:
        while 2 * racks[-1].amps <= most and racks[-1].is_in_time():
            racks.append(made.playing(2 * racks[-1].amps))
        counts = [max(4, round(least_us / rack.p50_us())) for rack in racks]
        for _ in range(rounds):
            for rack, blocks in zip(racks, counts, strict=True):
                rack.measure(blocks)
        if 2 * racks[-1].amps > most or not racks[-1].is_in_time():
            break  # else the last one seemed late at first, because of other work of the machine
    for rack in racks:
        yield "amps", rack.row(model)
    low = max((rack.amps for rack in racks if rack.is_in_time()), default=0)
    if low < racks[-1].amps:
        found = most_amps(low, racks[-1].amps, lambda amps: made.playing(amps).is_in_time())
        row = {"model": model, "frames": FRAMES, "most": found, "deadline_us": DEADLINE_US}
        yield "limit", row


def _together(model: str, count: int, rounds: int) -> Row:
    """Return the time of an amp and frame, of ``count`` amps together and one after another."""
    models = [load_capture(SMALL[model](number)) for number in range(count)]
    group, apart = _Playing(models), _Playing(models, apart=True)
    for _ in range(rounds):
        for each in (group, apart):
            each.measure(16)
    least, alone = (1e3 * each.p50_us() / FRAMES / count for each in (group, apart))
    row: Row = {"model": model, "together": count, "least_ns": least, "apart_ns": alone}
    return row | {"times_as_fast": alone / least}


def most_amps(low: int, high: int, is_met: Callable[[int], bool]) -> int:
    """Return the most amps for which ``is_met``, to a sixteenth: from ``low`` to under ``high``."""
    while high - low > max(1, low // 16):
        middle = (low + high) // 2
        low, high = (middle, high) if is_met(middle) else (low, middle)
    return low


class _Amps:
    """Models of one kind; each is made once."""

    def __init__(self, model: str) -> None:
        self._content, self._models = MODELS[model], list[Any]()

    def playing(self, amps: int) -> "_Playing":
        while len(self._models) < amps:
            self._models.append(load_capture(self._content(len(self._models))))
        return _Playing(self._models[:amps])


class _Playing:
    """A graph of amps, and the times of its blocks in microseconds.

    If ``apart`` amps are played one after another, whatever their shape.
    """

    def __init__(self, models: list[Any], apart: bool = False) -> None:
        self.amps = len(models)
        graph = Graph()
        source, target = graph.input("in", channels=1), graph.output("out", channels=1)
        for number, model in enumerate(models):
            source >> graph.add(f"amp{number}", Nam(model, prewarm=False)) >> target
        self._engine = Engine(graph, sample_rate=RATE, max_frames=FRAMES)
        self._engine.prepare()
        if apart:
            group_rows(self._engine.plan, 0, 0)
        noise = np.random.default_rng(0).uniform(-0.2, 0.2, FRAMES).astype(np.float32)
        self._ins, self._outs = [noise], [np.zeros(FRAMES, np.float32)]
        self._p50, self._p99 = list[float](), list[float]()
        self.measure(16)
        self._p50.clear()
        self._p99.clear()

    def measure(self, blocks: int) -> None:
        """Play one block, then time ``blocks`` more."""
        self._engine.play(self._ins, self._outs, FRAMES)
        self._engine.reset_stats()
        for _ in range(blocks):
            self._engine.play(self._ins, self._outs, FRAMES)
        times = self._engine.stats().block_us
        self._p50.append(times["p50"])
        self._p99.append(times["p99"])

    def p50_us(self) -> float:
        """Return the median block of the round in which it was shortest, of five at least."""
        while len(self._p50) < 5:
            self.measure(8)
        return min(self._p50)

    def is_in_time(self) -> bool:
        """Return whether the median block meets its deadline."""
        return self.p50_us() <= DEADLINE_US

    def row(self, model: str) -> Row:
        """Return the figures; nanoseconds are those of one amp and one frame."""
        least, middle = self.p50_us(), statistics.median(self._p50)
        p99 = statistics.median(self._p99)
        state, constants, scratch = self._engine.plan.arena.memories[1].sizes()
        return {
            "model": model,
            "amps": self.amps,
            "least_ns": 1e3 * least / FRAMES / self.amps,
            "spread": middle / least - 1.0,
            "ns": 1e3 * middle / FRAMES / self.amps,
            "p50_us": middle,
            "p99_us": p99,
            "share": p99 / DEADLINE_US,
            "state_bytes": state,
            "constant_bytes": constants,
            "scratch_bytes": scratch,
        }


def format_row(step: str, row: Row) -> str:
    """Return one measurement as a line of text."""
    if step == "limit":
        return (
            f"{row['model']:<12} {row['most']:4d} play in real time: their median block of "
            f"{row['frames']} frames takes at most {row['deadline_us']:.0f} us"
        )
    if step == "together":
        return (
            f"{row['model']:<12} {row['together']:4d} together: {row['least_ns']:6.1f} ns a frame "
            f"each, one after another {row['apart_ns']:6.1f}: {row['times_as_fast']:.2f} times as "
            "fast"
        )
    kinds = ", ".join(
        f"{row[f'{kind}_bytes'] / 1024:.0f} KiB {text}"
        for kind, text in (("state", "history"), ("constant", "weights"), ("scratch", "scratch"))
    )
    return (
        f"{row['model']:<12} {row['amps']:4d}: {row['least_ns']:6.1f} ns a frame each "
        f"(median {row['ns']:6.1f}), block p50 {row['p50_us']:7.1f}, p99 {row['p99_us']:7.1f} us, "
        f"{100 * row['share']:5.1f} % of the deadline; each {kinds}"
    )


def curves(rows: list[Row]) -> Any:
    """Return a matplotlib figure of the rows: time per amp, and of a block, by number of amps."""
    from ..plot.figures import new_figure, tidy

    figure = new_figure(4.6, width=11.0)
    each, block = figure.subplots(1, 2)
    amps = [row for row in rows if "amps" in row]
    for colour, model in zip(COLOURS, dict.fromkeys(row["model"] for row in amps), strict=False):
        own = [row for row in amps if row["model"] == model]
        x = [row["amps"] for row in own]
        each.plot(x, [row["least_ns"] / own[0]["least_ns"] for row in own], "-o", color=colour,
                  markersize=4, label=f"{model}: {own[0]['least_ns']:.0f} ns")  # fmt: skip
        block.plot(x, [row["p50_us"] for row in own], "-o", color=colour, markersize=4)
        block.plot(x, [row["p99_us"] for row in own], ":", color=colour, linewidth=1.0)
    block.axhline(DEADLINE_US, color="#465260", linewidth=1.0, linestyle="--")
    block.text(1.0, 1.06 * DEADLINE_US, "deadline", color="#465260", fontsize=8)
    for axes, title in (
        (each, "time of each amp, over that of one alone"),
        (block, "us a block of 64: median (lines), 99 % (dotted)"),
    ):
        axes.set_xscale("log", base=2)
        ticks = sorted({row["amps"] for row in amps})
        axes.set_xticks(ticks, list(map(str, ticks)))
        axes.set_xlabel("amps in one graph")
        axes.set_title(title, loc="left", fontsize=10)
    each.set_ylim(0.0, None)
    block.set_yscale("log")
    tidy(each, block)
    each.legend(frameon=False, fontsize=8, loc="lower right")
    return figure
