"""A hundred thousand changes while a stream plays: nothing lost, no step, no heap."""

from pathlib import Path

import numpy as np
import pytest

from namgraph.graph import Graph
from namgraph.nodes.time.delay import Delay
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime.adapters.live.null import NullStream

from .heap_counter import heap_counts
from .live_racks import chain, quickened

HERE = Path(__file__).parent
RATE = 48_000
SINE_HZ = 100
PARAMETERS, SWAPS, SNAPSHOTS = 100_000, 1_000, 1_000


def sine(level: float = 0.25) -> np.ndarray:
    frames = np.arange(RATE // SINE_HZ)  # one period, played again and again
    return np.asarray(level * np.sin(2 * np.pi * SINE_HZ / RATE * frames), np.float32)


def steps(y: np.ndarray) -> float:
    return float(np.abs(np.diff(y)).max())


def rack(level: float = 0.0) -> Graph:
    return chain(("kept", Gain(gain_db=-1.0)), ("amp", Gain(gain_db=level)))


OWN = 0.25 * 2 * np.pi * SINE_HZ / RATE
"""The greatest step of the sine itself.  Gains are 1 at most; a glide or a fade adds its own slope:
at most 0.25 x 1 / (10 ms) a second, 0.25 / 480 a frame, several of them at once."""
MOST = OWN + 4 * 0.25 / 480


def stream(graph: Graph, frames: int = 1 << 24) -> NullStream:
    return quickened(NullStream(graph, 64, source=sine(), record=frames))


def test_a_hundred_thousand_parameters_all_arrive_and_make_no_step() -> None:
    s = stream(rack())
    rng = np.random.default_rng(0)
    values = rng.uniform(-60.0, 0.0, PARAMETERS)
    with s:
        for k, value in enumerate(values):
            s.set("amp.gain_db", value)
            if k % 10_000 == 9_999:
                assert s.get("amp.gain_db") == value
        assert s.engine.queue.ring.written == s.engine.queue.ring.read == PARAMETERS
    assert steps(s.recorded[0]) < MOST
    assert s.stats().lost == s.stats().faults == 0


def test_a_thousand_swaps_and_a_thousand_snapshots_make_no_step() -> None:
    s = stream(rack())
    s.store("A")
    s.set("amp.gain_db", -20.0)
    s.set("kept.gain_db", -12.0)
    s.bypass("kept")
    s.store("B")
    with s:
        for k in range(SNAPSHOTS):
            s.recall("AB"[k % 2])
            s.swap(rack(-(k % 13)))
            if k % 100 == 99:
                assert s.stats().state == "playing"
        s.recall("B")
        frame = s.frame
        while s.frame < frame + 4 * RATE:
            s.get("amp.gain_db")
        assert s.get("amp.gain_db") == -20.0
        assert {n.name: n.bypassed for n in s.stats().nodes}["kept"]
    s.stats()
    assert not s.engine.queue.old_plans, "every plan was retired, and freed"
    y = s.recorded[0]
    assert steps(y) < MOST
    assert steps(np.where(np.arange(len(y)) < RATE, y, 0.9 * y + 0.02)) > MOST, "positive control"


def test_swaps_with_tails_make_no_step_either() -> None:
    s = stream(rack())
    with s:
        for k in range(100):
            s.swap(rack(-(k % 7)) if k % 2 else chain(("echo", Delay(time_ms=150.0 + k, mix=0.3))))
    assert steps(s.recorded[0]) < 3 * MOST, "up to three racks sound at once"


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Heap calls of a stream's thread while everything happens, counted under malloc itself."""
    return heap_counts(tmp_path_factory.mktemp("heap"), "live_heap.py")


def test_the_audio_thread_never_touches_the_heap(counts: dict[str, int]) -> None:
    assert counts["blocks"] == 3_000
    assert counts["retired"] >= 2, "plans were faded out, and one rang out, meanwhile"
    assert counts["xruns"] == 1
    assert counts["rests"] >= 1
    assert counts["left in the ring"] == 0
    assert counts["heap calls"] == 0
    assert counts["positive control"] >= 10
