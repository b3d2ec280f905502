"""What must hold for any file at all: it is refused in one line, or it plays, and finitely."""

import enum
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from namgraph.graph import Graph, NamFileError
from namgraph.nodes.nam import Nam, load_capture
from namgraph.runtime import Engine

__all__ = ["LONGEST_S", "MOST_BYTES", "Found", "Outcome", "check", "memory_bytes"]

Signal = NDArray[np.float32]
LONGEST_S = 5.0
"""Of processor time: a machine that does other things as well is no hang of ours."""
MOST_BYTES = 2 << 30
RATE, BLOCK, FRAMES = 48_000.0, 64, 256
LONGEST_MESSAGE = 1000
POISONS = [1e30, -1e30, np.nan, np.inf, -np.inf, 1e-40, -1e-45, float(np.finfo(np.float32).max)]


class Outcome(enum.Enum):
    """What became of a file."""

    REFUSED = "refused"
    PLAYED = "played"
    MUTED = "played, muted where its weights made what is no number"


@dataclass(frozen=True)
class Found:
    """What became of a file, and what it cost."""

    outcome: Outcome
    seconds: float
    said: str


def memory_bytes() -> int:
    """The most memory this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def check(content: bytes, folder: Path) -> Found:
    """Load and play one file; an ``AssertionError``, or any other, is a bug."""
    path = folder / "fuzz.nam"
    path.unlink(missing_ok=True)  # a new file each time: none may be taken for the last one
    path.write_bytes(content)
    begun = time.process_time()
    try:
        engine = _engine(path)
    except NamFileError as error:
        outcome, said = Outcome.REFUSED, str(error)
        _check_message(said, path)
    else:
        outcome, said = play(engine), ""
    seconds = time.process_time() - begun
    assert seconds < LONGEST_S, f"took {seconds:.1f} s"
    assert memory_bytes() < MOST_BYTES, f"held {memory_bytes() >> 20} MiB"
    return Found(outcome, seconds, said)


def _engine(path: Path) -> Any:
    """Build an engine: at 48 kHz, so that a mono model of another rate is resampled."""
    model = load_capture(path)
    inputs, outputs = model.channels
    mono = (inputs, outputs) == (1, 1)
    rate = RATE if mono else model.select().sample_rate or model.sample_rate or RATE
    graph = Graph()
    end = graph.input("in", channels=inputs) >> graph.add("amp", Nam(str(path), resample=mono))
    end >> graph.output("out", channels=outputs)
    return Engine(graph, sample_rate=rate, max_frames=BLOCK, fade_s=0.0)


def _check_message(said: str, path: Path) -> None:
    assert said.startswith(f"{path}: "), said
    assert len(said) < LONGEST_MESSAGE, f"a message of {len(said)} characters"
    assert "\n" not in said, said


def play(engine: Any) -> Outcome:
    """Play noise, then what no player should be given, then noise again after a reset."""
    noise = np.random.default_rng(1).uniform(-1.0, 1.0, FRAMES).astype(np.float32)
    fresh = _run(engine, noise)
    assert np.isfinite(fresh).all()
    muted = engine.stats().faults
    bad = noise.copy()
    bad[:: FRAMES // len(POISONS)] = np.array(POISONS, np.float64).astype(np.float32)
    assert np.isfinite(_run(engine, bad)).all(), "a bad input came out"
    engine.reset()
    again = _run(engine, noise)
    assert (again.view(np.int32) == fresh.view(np.int32)).all(), "a bad input outlived a reset"
    for name, row in engine.graph.nodes["amp"].knob_params.items():
        engine.set(f"amp.{name}", row.high)
    assert np.isfinite(_run(engine, noise)).all(), "a moving knob made what is no number"
    return Outcome.MUTED if muted else Outcome.PLAYED


def _run(engine: Any, signal: Signal) -> Signal:
    graph = engine.graph
    inputs, outputs = (sum(ends.values()) for ends in (graph.inputs, graph.outputs))
    out = np.full((outputs, signal.size), np.nan, np.float32)
    engine.play([signal] * inputs, list(out), signal.size, BLOCK)
    return out
