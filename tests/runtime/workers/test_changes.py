"""What control threads do works the same, to the bit, where several threads play."""

import os
from collections.abc import Callable

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Graph
from namgraph.nodes import Delay, Gain, Lfo
from namgraph.nodes.testing import same_bits

from ..racks import divide
from .rigs import RATE, Audio, dawdle, play, spread_out, threads_of, two_branches

NOISE = np.random.default_rng(2).uniform(-0.5, 0.5, 3000).astype(np.float32)
PIECES = np.split(NOISE, [1000, 2000])


def rig(delay_s: float = 0.2) -> Graph:
    """Return two branches with parameters; one has a tail to spill over."""
    graph = Graph()
    source, sink = graph.input("in", channels=1), graph.output("out", channels=1)
    source >> graph.add("amp a", dawdle(1)) >> graph.add("gain a", Gain(gain_db=-3.0)) >> sink
    echo = Delay(time_ms=5.0, feedback=0.9 * (delay_s > 0.1), mix=0.5)
    source >> graph.add("amp b", dawdle(2)) >> graph.add("echo", echo) >> sink
    return graph


Change = Callable[[ng.Engine], object]


def set_many(engine: ng.Engine) -> None:
    for k in range(9):
        engine.set("gain a.gain_db", -k, at=1100 + 7 * k)


def read_statistics(engine: ng.Engine) -> None:
    engine.stats(timed=True)
    engine.reset_stats()


def swap_tail_away(engine: ng.Engine) -> None:
    graph = rig(0.0)
    graph.add("lfo", Lfo(rate_hz=9.0))
    graph.connect("lfo", "gain a.gain_db", 0.2)
    engine.swap(graph)


def swap_to_a_chain(engine: ng.Engine) -> None:
    engine.swap(ng.Graph.chain(ng.Gain(gain_db=-9.0), channels=1))


def swap_twice(engine: ng.Engine) -> None:
    swap_to_a_chain(engine)
    engine.swap(rig())


def leave_and_return(engine: ng.Engine) -> None:
    state = engine.save_state()
    engine.process(NOISE[:64])
    engine.restore_state(state)


CHANGES: dict[str, Change] = {
    "a parameter, in the middle of a block": lambda e: e.set("gain a.gain_db", 6.0, at=1333),
    "many, at odd frames": set_many,
    "a mix": lambda e: e.mix("amp a", 0.3),
    "a bypass": lambda e: e.bypass("echo"),
    "the tempo": lambda e: e.set("tempo_bpm", 77.0),
    "a reset": lambda e: e.reset(),
    "a swap, with a tail that goes on": swap_tail_away,
    "a swap to a graph without branches": swap_to_a_chain,
    "two swaps, one waits": swap_twice,
    "states": leave_and_return,
    "statistics": read_statistics,
    "a node above its time limit": lambda e: e.guard(1e-9, overruns=3, mute_s=0.01),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_have_the_same_bits(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    spread_out(monkeypatch)
    made: list[Audio] = []
    for threads in (1, 2):
        engine = ng.Engine(rig(), sample_rate=RATE, max_frames=64, threads=threads)
        parts = [play(engine, PIECES[0], [64])]
        CHANGES[name](engine)
        parts += [play(engine, piece, [64, 9]) for piece in PIECES[1:]]
        made.append(np.concatenate(parts))
        found = engine.stats()
    same_bits(made[1], made[0])
    assert threads_of(engine).blocks >= 16
    assert threads_of(engine).taken == 0
    assert {n.overruns > 0 for n in found.nodes} == {"time limit" in name}


def test_a_node_that_is_not_finite_is_muted_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    spread_out(monkeypatch)
    graph, quiet = Graph(), NOISE.copy()
    quiet[300:400] = 0.0
    source, sink = graph.input("in", channels=1), graph.output("out", channels=1)
    for k in range(2):
        source >> graph.add(f"divide {k}", divide()) >> graph.add(f"after {k}", dawdle(k)) >> sink
    one, two = (ng.Engine(graph, sample_rate=RATE, max_frames=64, threads=n) for n in (1, 2))
    same_bits(play(two, quiet, [64]), play(one, quiet, [64]))
    faults = [[n.faults for n in e.stats().nodes] for e in (one, two)]
    assert faults[0] == faults[1]
    assert sorted(faults[0]) == [0, 0, 3, 3]


def test_states_move_between_engines_of_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spread_out(monkeypatch)
    one, two = (ng.Engine(rig(), sample_rate=RATE, max_frames=64, threads=n) for n in (1, 2))
    whole = play(one, NOISE, [64])
    play(two, PIECES[0], [64])
    other = ng.Engine(rig(), sample_rate=RATE, max_frames=64)
    other.restore_state(two.save_state())
    same_bits(play(other, NOISE[1000:], [50]), whole[1000:])
    two.restore_state(other.save_state())
    two.reset()
    same_bits(play(two, NOISE, [64]), whole)


def test_measured_times_leave_no_trace() -> None:
    """Nodes are run to be measured, and begin after that as if they had not been."""
    one, two = (ng.Engine(rig(), sample_rate=RATE, max_frames=64, threads=n) for n in (1, 2))
    assert threads_of(two).alone_us > 0
    same_bits(play(two, NOISE, [64]), play(one, NOISE, [64]))


def test_a_worker_that_never_comes_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    spread_out(monkeypatch, 1e-6)
    monkeypatch.setattr(ng.runtime.workers.worker_threads.WorkerThreads, "_start", lambda *a: None)
    one, four = (
        ng.Engine(two_branches(), sample_rate=RATE, max_frames=64, threads=n) for n in (1, 4)
    )
    same_bits(play(four, NOISE, [64]), play(one, NOISE, [64]))
    found = threads_of(four)
    assert (found.blocks, found.entered, found.taken) == (47, (), 47)
    assert "47 times a worker came too late" in str(found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_plays_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    spread_out(monkeypatch)
    engine = ng.Engine(two_branches(), sample_rate=RATE, max_frames=64, threads=2)
    expected = play(ng.Engine(two_branches(), sample_rate=RATE, max_frames=64), NOISE, [64])
    play(engine, PIECES[0], [64])
    engine.queue.workers._shared.team["patience"] = 1000  # type: ignore[union-attr]
    child = os.fork()
    if child == 0:
        fine = np.array_equal(play(engine, NOISE[1000:], [64]), expected[1000:])
        engine.swap(rig(0.0))
        play(engine, NOISE, [64])
        os._exit(0 if fine and engine.queue.count_old_plans() == 0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    same_bits(play(engine, NOISE[1000:], [64]), expected[1000:])
