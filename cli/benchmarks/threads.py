"""Times of live blocks and of a render by several threads, beside those of one.

Blocks: a guitar through two WaveNets A1 standard, each with a cabinet, and through the rack
``two-amps``.  Slices of some blocks alternate between one thread and two; the ratios are those of
the shortest blocks and of the quickest tenth.  The output must be the same to the bit.

A minute of noise through a WaveNet A1 standard with random weights, alone and behind a gate, and
through racks that ship.  Rounds alternate between one thread, two, and one for each processor; the
ratios are the medians of those of each round.  The output must be the same to the bit.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...graph import Graph, NamgraphError
from ...nodes import Cab, DcBlock, Gate, Nam
from ...nodes.nam import load_nam
from ...presets.preset import load_preset
from ...runtime import render
from ...runtime.engine.engine import Engine
from ...runtime.engine.records import TRACE
from ...runtime.native.cpu import nanoseconds_per_cycle, processors
from .models import a1

__all__ = ["format_row", "steps"]

RATE, SECONDS = 48_000, 60.0
SLICES, SLICE, RESPONSE = 400, 20, 4096
RACKS = ("crunch", "bass", "ambient", "tight")
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield the figures of each rack."""
    yield from _blocks(20 if quick else SLICES)
    yield from _steps(*((1, 1.0) if quick else (7, SECONDS)))


def _blocks(slices: int) -> Iterator[tuple[str, Row]]:
    """Yield times of blocks by one thread and by two."""
    model, rng = load_nam(a1("standard")), np.random.default_rng(0)
    response = rng.normal(size=RESPONSE) * np.exp(-np.arange(RESPONSE) / (RESPONSE / 8))
    pair, cabinet = Graph(), Cab(response, RATE)
    guitar, out = pair.input("guitar", channels=1), pair.output("out", channels=1)
    for side in "ab":
        amp = pair.add(f"amp {side}", Nam(model))
        guitar >> amp >> pair.add(f"cab {side}", cabinet) >> out
    for name, graph in {
        "two amps with cabinets": pair,
        "two-amps": load_preset("two-amps"),
    }.items():
        for block in (64, 256):
            yield "blocks", {"name": name, **_time_blocks(graph, block, slices)}


def _time_blocks(graph: Graph, block: int, slices: int) -> Row:
    engines = [Engine(graph, sample_rate=RATE, max_frames=block, threads=n) for n in (1, 2)]
    engines[0].queue.monitor()
    frames, unit = SLICE * block, 1e-3 * nanoseconds_per_cycle()
    ins = [np.zeros(frames, np.float32) for n in graph.inputs.values() for _ in range(n)]
    outs = [np.zeros(frames, np.float32) for n in graph.outputs.values() for _ in range(n)]
    rng = np.random.default_rng(0)
    times: tuple[list[Any], list[Any]] = ([], [])
    for _ in range(slices):
        for x in ins:
            x[:] = rng.uniform(-0.2, 0.2, frames)
        made = []
        for engine, found in zip(engines, times, strict=True):
            engine.play(ins, outs, frames, block)
            last = int(engine.queue.record["blocks"][0])
            found += [engine.queue.trace[k % TRACE] * unit for k in range(last - SLICE, last)]
            made.append(np.copy(outs))
        if not np.array_equal(made[0], made[1]):
            raise NamgraphError(
                f"blocks of {block} frames: two threads have another output than one"
            )
    least, tenth, p99 = (
        [float(np.percentile(found, share)) for found in times] for share in (0, 10, 99)
    )
    threads = engines[1].stats().threads
    assert threads is not None
    return {
        "block": block, "one_us": least[0], "two_us": least[1], "speed_up": least[0] / least[1],
        "of_tenth": tenth[0] / tenth[1], "one_p99_us": p99[0], "two_p99_us": p99[1],
        "engaged": threads.engaged, "late": threads.taken / max(1, threads.blocks),
    }  # fmt: skip


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
    if name == "blocks":
        late = f"{row['late']:.0%} of them without the second" if row["engaged"] else "not engaged"
        return (
            f"{row['name']}, blocks of {row['block']}: one thread {row['one_us']:.1f} us, two "
            f"{row['speed_up']:.2f} times as fast (quickest tenth {row['of_tenth']:.2f}; p99 "
            f"{row['one_p99_us']:.0f} and {row['two_p99_us']:.0f} us; {late})"
        )
    return (
        f"{row['name']}, {row['seconds']:g} s of audio: one thread {row['one_s']:.2f} s, "
        f"{row['threads']} threads {row['speed_up']:.2f} times as fast "
        f"({row['least']:.2f} to {row['most']:.2f}), {row['cpu_ratio']:.3f} times the CPU time"
    )
