"""Memory that no reset, saved state or swap copies: a looper in a few lines."""

import pickle

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Graph
from namgraph.nodes import Constant, Gain
from namgraph.nodes.testing import same_bits

RATE, MOST = 48_000, 100_000
X = np.random.default_rng(8).uniform(-1, 1, (1, 1024)).astype(np.float32)
ZEROS = np.zeros_like(X)
STATE = np.dtype([("play", np.float64), ("length", np.int64), ("at", np.int64), ("loop", np.int64)])


@ng.kernel
def _loop(state: int, ins: int, outs: int, frames: int) -> None:
    """Record while ``play`` is 0, else repeat what was recorded."""
    s = ng.record(state, STATE)
    x, y, loop = ng.channel(ins, 0, frames), ng.channel(outs, 0, frames), ng.floats(s.loop, 100_000)
    for i in range(frames):
        if s.play < 0.5:
            loop[s.length] = x[i]
            s.length += 1
            y[i] = np.float32(0.0)
        else:
            y[i] = loop[s.at] if s.at < s.length else np.float32(0.0)
            s.at = s.at + 1 if s.at + 1 < s.length else 0


@ng.node("test_store_loop")
class Loop(ng.Node):
    """Record, then repeat."""

    play: float = ng.param(default=0.0, low=0.0, high=1.0, step=1.0)

    def prepare(self, io: ng.Io) -> ng.Processor:
        return ng.Processor(_loop, io.memory.record(STATE, **io.params, loop=io.memory.store(MOST)))


def rack(gain_db: float = 0.0, *, moved: bool = False) -> Graph:
    graph = Graph()
    loop = graph.add("loop", Loop())
    gain = graph.add("gain", Gain(gain_db=gain_db))
    graph.input("in", channels=1) >> loop >> gain >> graph.output("out", channels=1)
    if moved:
        graph.add("knob", Constant())
        graph.connect("knob", "loop.play", 0.0)
    return graph


def engine(graph: Graph) -> ng.Engine:
    return ng.Engine(graph, sample_rate=RATE, max_frames=64, fade_s=0.0)


def test_it_is_kept_from_block_to_block() -> None:
    played = engine(rack())
    played.process(X)
    played.set("loop.play", 1.0)
    same_bits(played.process(ZEROS), X)
    same_bits(played.process(ZEROS), X)


def test_it_is_no_part_of_a_saved_state() -> None:
    assert engine(rack()).save_state().data.nbytes < 4096
    assert rack().nodes["loop"] == Loop()


def test_a_reset_forgets_the_length_and_nothing_is_copied() -> None:
    played = engine(rack())
    played.process(X)
    played.reset()
    played.set("loop.play", 1.0)
    assert not played.process(ZEROS).any()


@pytest.mark.parametrize("moved", [False, True])
def test_a_swap_to_an_equal_node_keeps_it(moved: bool) -> None:
    """Also where the node is prepared anew, as one that control signals move is."""
    played = engine(rack(moved=moved))
    played.process(X)
    for gain_db in (-1.0, -2.0, 0.0):
        played.swap(rack(gain_db, moved=moved))
        played.process(ZEROS[:, :0])
        played.queue.free_retired()
    played.set("loop.play", 1.0)
    played.process(ZEROS)  # the gain arrives at 0 dB
    same_bits(played.process(ZEROS), X)


def test_a_state_that_returns_plays_what_is_recorded() -> None:
    played = engine(rack())
    played.process(X)
    state = played.save_state()
    played.reset()
    played.restore_state(state)
    played.set("loop.play", 1.0)
    same_bits(played.process(ZEROS), X)


def test_a_state_of_another_engine_refers_to_memory_of_this_one() -> None:
    first, second = engine(rack()), engine(rack())
    first.process(X)
    state = pickle.loads(pickle.dumps(first.save_state()))
    second.restore_state(state)
    del first
    second.set("loop.play", 1.0)
    assert not second.process(ZEROS).any()  # nothing was recorded here


def test_it_counts_as_memory_of_the_graph() -> None:
    row = engine(rack()).plan._prepared[0]
    assert row.memory.nbytes >= 4 * MOST
    with pytest.raises(ng.EngineError, match=r"needs .* of memory"):
        row.memory.store(1 << 60)


def test_a_stepper_refuses_what_it_cannot_take_back() -> None:
    for streams in (1, 4):
        with pytest.raises(ng.EngineError, match="loop keeps a recording that is no part"):
            ng.Stepper(rack(), RATE, streams=streams)
