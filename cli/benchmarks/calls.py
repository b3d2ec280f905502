"""Calls from Python: what they cost above the native work, beside pedalboard's own plugins.

Calls of a group are timed in the same rounds, one after another, so that the machine's noise falls
on all of them; medians over rounds.  ``native_us`` is the time inside the native call.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ...graph import Graph
from ...nodes.nam import load_nam
from ...nodes.utility.gain import Gain
from ...presets.bundled import asset
from ...runtime.adapters.stepper.stepper import Stepper
from ...runtime.engine.engine import Engine

__all__ = ["format_row", "steps"]

FRAMES, RATE = 64, 48_000
MODEL, WAVENET = "crunch-lstm.nam", "crunch-wavenet.nam"
Row = dict[str, Any]
Call = Callable[[], object]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield microseconds a call, for each group of calls that belong together."""
    rounds, repeats = (3, 50) if quick else (31, 1_000)
    for group in (_engine, _step, _player):
        calls, native = group()
        for name, us in _medians(calls, rounds, repeats).items():
            yield "call", {"call": name, "us": us, "native_us": native(name)}
    for row in _streams(rounds, repeats):
        yield "call", row


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    us, native_us = row["us"], row["native_us"]
    digits = 2 if us >= 1.0 else 3
    native = "" if native_us is None else f", {native_us:.{digits}f} us of them native"
    return f"{row['call']:<58} {us:8.{digits}f} us{native}"


def _medians(calls: dict[str, Call], rounds: int, repeats: int) -> dict[str, float]:
    """Return the median time of each call in microseconds; rounds of all of them alternate."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            begun = time.perf_counter_ns()
            for _ in range(repeats):
                call()
            found[name].append((time.perf_counter_ns() - begun) / repeats)
    return {name: float(np.median(times)) * 1e-3 for name, times in found.items()}


def _engine() -> tuple[dict[str, Call], Callable[[str], float | None]]:
    """Return calls of an engine that plays a gain, and of pedalboard's Gain if it is there."""
    engine = Engine(Graph.chain(Gain(), channels=2), sample_rate=RATE, max_frames=FRAMES)
    x = np.full((2, FRAMES), 0.1, np.float32)
    out = np.empty_like(x)
    value = [0.0]

    def turn() -> None:
        value[0] = -3.0 if value[0] == 0.0 else 0.0
        engine.set("gain.gain_db", value[0])

    calls: dict[str, Call] = {
        "Engine.process, 2 x 64 frames, out=": lambda: engine.process(x, out),
        "Engine.process, 2 x 64 frames": lambda: engine.process(x),
        "Engine.set": turn,
        "Engine.stats": engine.stats,
        "Engine.save_state, into=": lambda: engine.save_state(into=state),
        "Engine.restore_state": lambda: engine.restore_state(state),
    }
    state = engine.save_state()
    try:
        import pedalboard

        from ...runtime.adapters.pedalboard import GraphPlugin
    except ImportError:
        return calls, _native_of(engine)
    theirs: Any = pedalboard.Gain(3.0)
    wires = GraphPlugin(Graph.chain(channels=2))

    def turn_theirs() -> None:
        theirs.gain_db = 3.0 if theirs.gain_db == 0.0 else 0.0

    calls["GraphPlugin.process, 2 x 64 frames, no nodes"] = partial(
        wires.process, x, RATE, FRAMES, False
    )
    calls["pedalboard.Gain.process, 2 x 64 frames"] = lambda: theirs.process(x, RATE, FRAMES, False)
    calls["pedalboard.Gain.gain_db = (and reading it)"] = turn_theirs
    return calls, _native_of(engine)


def _native_of(engine: Engine) -> Callable[[str], float | None]:
    """Return a function that gives the engine's own time of a block, for calls that play one."""
    return lambda name: engine.stats().block_us["p50"] if "Engine.process" in name else None


def _step() -> tuple[dict[str, Call], Callable[[str], float | None]]:
    """Return calls of a stepper with one stream of an LSTM."""
    one = Stepper(load_nam(asset(MODEL)), RATE)
    x, y = np.full(1, 0.1, np.float32), np.empty(1, np.float32)
    state = one.save_state()

    def step_and_commit() -> None:
        one.step(x, y)
        one.commit()

    def step_and_rollback() -> None:
        one.step(x, y)
        one.rollback()

    name = "Stepper.step, 1 frame, out="
    calls: dict[str, Call] = {
        name: lambda: one.step(x, y),
        "Stepper.step and commit": step_and_commit,
        "Stepper.step and rollback": step_and_rollback,
        "Stepper.save_state, into=": lambda: one.save_state(into=state),
        "Stepper.restore_state": lambda: one.restore_state(state),
    }
    return calls, lambda n: one.stats().step_us if n == name else None


def _streams(rounds: int, repeats: int) -> Iterator[Row]:
    """Yield the times of steps of one frame of many streams, divided by their number.

    Each stepper is timed by itself: many states fill the caches.
    """
    for kind, model, counts in (
        ("an LSTM", MODEL, (64, 1_024, 65_536)),
        ("a WaveNet", WAVENET, (64,)),
    ):
        for streams in counts:
            stepper = Stepper(load_nam(asset(model)), RATE, streams=streams)
            x = np.full(streams, 0.1, np.float32)
            y = np.empty_like(x)
            step = partial(stepper.step, x, y)
            calls: dict[str, Call] = {
                "step": step,
                "step and commit": partial(_step_and_commit, step, stepper),
            }
            found = _medians(calls, rounds, max(3, repeats // streams))
            for name, us in found.items():
                said = f"Stepper.{name}, {streams:,} streams of {kind}, each"
                yield {"call": said, "us": us / streams, "native_us": None}


def _step_and_commit(step: Call, stepper: Stepper) -> None:
    step()
    stepper.commit()


def _player() -> tuple[dict[str, Call], Callable[[str], float | None]]:
    """Return the call of a model's player; natively it is called in a compiled loop."""
    from numba import njit

    player = load_nam(asset(MODEL)).player()
    state, _, sample = player.handle

    def loop(state: int, times: int) -> float:
        y = 0.0
        for _ in range(times):
            y = sample(state, 0.1)
        return y

    compiled: Any = njit(loop)
    compiled(state, 1)

    def native(name: str) -> float | None:
        begun = time.perf_counter_ns()
        compiled(state, 10_000)
        return (time.perf_counter_ns() - begun) * 1e-7

    return {"Player.process_sample": lambda: player.process_sample(0.1)}, native
