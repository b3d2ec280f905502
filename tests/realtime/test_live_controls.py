"""Controls of a stream: bypass, mix, snapshots A to F and swaps while it plays.

On the null stream's clock: a sound card calls the same code.
"""

import threading

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import EngineError, Graph, ParamError, UnknownNameError
from namgraph.nodes.time.delay import Delay
from namgraph.nodes.utility.gain import Gain
from namgraph.nodes.utility.mix import Mix
from namgraph.runtime import Engine
from namgraph.runtime.adapters.live.null import NullStream

from .live_racks import branches, chain, make, quickened
from .test_null import noise

RATE = 48_000
SETTLED = 24_000


def engine(graph: Graph, fade_s: float = 0.02) -> Engine:
    return Engine(graph, sample_rate=RATE, max_frames=64, fade_s=fade_s)


def steps(y: np.ndarray, last: float = 0.0) -> float:
    return float(np.abs(np.diff(y, prepend=np.float32(last))).max())


def test_a_bypassed_node_is_not_heard_and_comes_back_as_if_it_had_played() -> None:
    x = noise(2 * SETTLED)
    graph = chain(("delay", Delay(time_ms=9.0, mix=1.0)))
    whole = engine(graph).process(x)
    e = engine(graph)
    e.bypass("delay")
    y = e.process(x[:SETTLED])
    np.testing.assert_array_equal(y, x[:SETTLED])
    e.bypass("delay", False)
    y = e.process(x[SETTLED:])
    np.testing.assert_array_equal(y[8_000:], whole[SETTLED + 8_000 :])


def test_bypass_and_mix_are_smoothed() -> None:
    x = np.ones(SETTLED, np.float32)
    e = engine(chain(("amp", Gain(gain_db=-60.0))))
    first = e.process(x)
    e.mix("amp", 0.5)
    half = e.process(x)
    assert half[-1] == pytest.approx(0.5005, abs=1e-6)
    e.bypass("amp")
    dry = e.process(x)
    assert dry[-1] == 1.0
    e.bypass("amp", False)  # back to the mix there was
    again = e.process(x)
    assert again[-1] == half[-1]
    y = np.concatenate([first, half, dry, again])
    assert steps(y, y[0]) < 1.05 * 0.5 * (1 - np.exp(-1 / (0.01 * RATE)))


def test_a_node_that_is_not_mixed_keeps_its_bits() -> None:
    x = noise(6_400)
    graph = chain(("a", Gain(gain_db=-3.0)), ("d", Delay(time_ms=5.0)))
    plain, e = engine(graph), engine(graph)
    e.bypass("a")
    e.bypass("a", False)
    np.testing.assert_array_equal(e.process(x), plain.process(x))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_the_dry_signal_of_a_late_node_is_as_late(share: float) -> None:
    x = noise(6_400)
    e = engine(chain(("late", make("late", frames=37))))
    e.mix("late", share)
    assert e.latency == 37
    np.testing.assert_array_equal(e.process(x)[37:], x[:-37])


def test_a_node_is_mixed_at_an_exact_frame_whatever_the_cuts() -> None:
    x, found = noise(3_000), []
    for cut in (3_000, 17):
        e = engine(chain(("amp", Gain(gain_db=-20.0))))
        e.mix("amp", 0.25, at=1_001)
        e.bypass("amp", at=2_003)
        found.append(np.concatenate([e.process(p) for p in np.split(x, range(cut, 3_000, cut))]))
    np.testing.assert_array_equal(found[0], found[1])
    alone = engine(chain(("amp", Gain(gain_db=-20.0)))).process(x)
    np.testing.assert_array_equal(found[0][:1_001], alone[:1_001])


def test_mixes_go_with_a_node_through_swaps_resets_and_snapshots() -> None:
    x = np.ones(SETTLED, np.float32)
    e = engine(chain(("amp", Gain(gain_db=-80.0))), fade_s=0.0)
    e.mix("amp", 0.5)
    e.process(x)
    moment = e.save_state()
    half = e.process(x)[-1]
    e.swap(chain(("amp", Gain(gain_db=-80.0)), ("more", Gain())))
    assert e.process(x)[0] == half
    e.reset()
    assert e.process(x)[0] == half
    with pytest.raises(EngineError):
        e.restore_state(moment)
    e.swap(chain(("amp", Gain(gain_db=-79.0)), ("more", Gain())))  # another node: as new
    assert e.process(x)[-1] < 0.01


def test_a_node_that_breaks_while_bypassed_does_not_touch_the_sound() -> None:
    x = noise(3_200)
    e = engine(chain(("bad", make("break"))))
    e.bypass("bad")
    e.process(x)
    e.set("bad.us", 0.0)
    np.testing.assert_array_equal(e.process(x), x)
    assert e.stats().faults == 50


def test_nodes_that_cannot_be_mixed_are_refused_by_name() -> None:
    graph = chain(("amp", Gain()))
    graph.add("split", ng.Split(2))
    with pytest.warns(ng.GraphWarning, match="split gets no input, split is heard nowhere"):
        e = engine(graph)
    with pytest.raises(UnknownNameError, match="no node 'cab'"):
        e.bypass("cab")
    with pytest.raises(ParamError, match="split cannot be mixed"):
        e.mix("split", 0.5)
    for bad in (-0.1, 1.1, float("nan"), "half"):
        with pytest.raises(ParamError, match=r"\[0, 1\]"):
            e.mix("amp", bad)  # type: ignore[arg-type]
    assert {n.name: n.mix for n in e.stats().nodes}["amp"] == 1.0


def test_a_mixer_is_mixed_with_its_first_input() -> None:
    graph = Graph()
    a, b = graph.input("a", channels=1), graph.input("b", channels=1)
    mixer = graph.add("mix", Mix(count=2))
    a >> mixer["in1"]
    b >> mixer["in2"]
    mixer >> graph.output("out", channels=1)
    e = engine(graph)
    e.bypass("mix")
    x = {"a": noise(4_000), "b": noise(4_000, seed=1)}
    np.testing.assert_array_equal(e.process(x)["out"][0][2_000:], x["a"][2_000:])


def test_snapshots_change_everything_between_the_same_two_blocks() -> None:
    """Two nodes whose product is 1 in either snapshot, and 2 or 1/2 with only one changed."""
    graph = chain(("a", make("break", us=2.0)), ("b", make("break", us=0.5)))
    x = noise(4_800)
    stream = quickened(NullStream(graph, 64, source=x, record=1 << 22))
    stream.store("A")
    stream.set("a.us", 4.0)
    stream.set("b.us", 0.25)
    stream.store("B")
    with stream:
        for k in range(1_000):
            stream.recall("AB"[k % 2])
        assert stream.get("a.us") == 4.0
    y = stream.recorded[0]
    np.testing.assert_array_equal(y, np.resize(x, len(y)))
    stream = quickened(NullStream(graph, 64, source=x, record=1 << 22))
    with stream:  # the check finds values that are set one by one
        for k in range(1_000):
            stream.set("a.us", 2.0 + 2 * (k % 2))
            stream.get("a.us")
            stream.set("b.us", 0.5 / (1 + k % 2))
    y = stream.recorded[0]
    assert (y != np.resize(x, len(y))).any()


def test_snapshots_hold_bypass_and_outlive_the_graph() -> None:
    stream = NullStream(chain(("amp", Gain(gain_db=-6.0)), ("fx", Delay())))
    stream.bypass("fx")
    stream.mix("amp", 0.5)
    stream.store("C")
    stream.bypass("fx", False)
    stream.set("amp.gain_db", 3.0)
    stream.swap(chain(("amp", Gain()), ("gone", Gain())))
    stream.recall("C")
    assert stream.get("amp.gain_db") == -6.0
    amp = {n.name: n for n in stream.stats().nodes}["amp"]
    assert (amp.mix, amp.bypassed) == (0.5, False)
    assert list(stream.snapshots) == ["C"]
    with pytest.raises(ParamError, match="slot A is empty; filled: C"):
        stream.recall("A")
    for bad in ("G", "AB", "", 1):
        with pytest.raises(ParamError, match="A, B, C, D, E, F"):
            stream.store(bad)  # type: ignore[arg-type]


def test_an_echo_plays_on_when_its_node_is_gone() -> None:
    x = np.zeros(2 * RATE, np.float32)
    x[1_000] = 1.0
    e = engine(chain(("echo", Delay(time_ms=500.0, mix=1.0, feedback=0.5))))
    before = e.process(x[:12_000])
    e.swap(chain(("amp", Gain(gain_db=-6.0))))
    y = np.concatenate([before, e.process(x[12_000:])])
    assert np.flatnonzero(y).tolist() == [25_000, 49_000, 73_000]
    assert y[[25_000, 49_000, 73_000]] == pytest.approx([1.0, 0.5, 0.25], rel=1e-6)


def test_a_tail_that_moves_to_the_new_graph_is_not_heard_twice() -> None:
    x = np.zeros(2 * RATE, np.float32)
    x[1_000] = 1.0
    kept, gone = Delay(time_ms=500.0, mix=1.0, feedback=0.5), Delay(time_ms=700.0, mix=1.0)
    e = engine(branches_of(kept=kept, gone=gone))
    before = e.process(x[:12_000])
    e.swap(branches_of(kept=kept))
    y = np.concatenate([before, e.process(x[12_000:])])
    heard = {int(k): float(y[k]) for k in np.flatnonzero(np.abs(y) > 1e-6)}
    assert heard[25_000] == pytest.approx(1.0)
    assert heard[34_600] == pytest.approx(1.0), "the other delay rings on"
    assert heard[49_000] == pytest.approx(0.5)


def branches_of(**nodes: ng.Node) -> Graph:
    """One input, one output, and all nodes side by side between them."""
    graph = Graph()
    source, sink = graph.input("in", channels=1), graph.output("out", channels=1)
    for name, made in nodes.items():
        source >> graph.add(name, made) >> sink
    return graph


@pytest.mark.parametrize("kept", [False, True])
def test_tails_under_more_swaps_make_no_step(kept: bool) -> None:
    frames = np.arange(4 * RATE)
    x = np.sin(2 * np.pi * 100 / RATE * frames).astype(np.float32) / 4
    echo = Delay(time_ms=300.0, feedback=0.5, mix=0.5)
    racks = [
        branches_of(a=echo, **({"k": Delay(time_ms=210.0)} if kept else {})),
        branches_of(b=Gain(gain_db=-3.0), **({"k": Delay(time_ms=210.0)} if kept else {})),
    ]
    e = engine(racks[0])
    found = []
    for k, part in enumerate(np.split(x, 48)):
        found.append(e.process(part))
        if k % 3 == 2:
            e.swap(racks[(k // 3 + 1) % 2])
    y = np.concatenate(found)
    own = steps(x) * 4  # at most four copies of the sine sound at once
    assert steps(y) < own
    jump = y.copy()
    jump[RATE:] += 0.05
    assert steps(jump) > own, "the check would notice a step of that size"


def test_plans_are_freed_after_their_tail() -> None:
    e = engine(chain(("echo", Delay(time_ms=50.0, feedback=0.3))))
    x = np.zeros(RATE, np.float32)
    for k in range(6):
        e.swap(chain(("echo", Delay(time_ms=60.0 + k, feedback=0.3))))
        e.process(x)
    e.stats()
    assert not e.queue.old_plans


def test_reset_ends_tails() -> None:
    e = engine(chain(("echo", Delay(time_ms=500.0, mix=1.0))))
    e.process(np.ones(4_800, np.float32))
    e.swap(chain(("amp", Gain())))
    e.process(np.zeros(4_800, np.float32))
    e.reset()
    assert not e.process(np.zeros(RATE, np.float32)).any()
    e.stats()
    assert not e.queue.old_plans


def test_branches_are_their_own_outputs() -> None:
    y = engine(branches(a=Gain(), b=Gain(gain_db=-80.0))).process({"in": np.ones(64, np.float32)})
    assert set(y) == {"a_out", "b_out"}


def test_parameters_are_set_while_another_thread_prepares_a_swap() -> None:
    """A graph may take long to prepare; meanwhile no other call waits, and no value set is lost."""
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Graph):
        def copy(self) -> Graph:
            begun.set()
            assert go_on.wait(30)
            return super().copy()

    slow = Slow()
    amp = slow.input("in", channels=1) >> slow.add("amp", Gain())
    amp >> slow.add("more", Gain()) >> slow.output("out", channels=1)
    with NullStream(chain(("amp", Gain()))) as stream:
        swapping = threading.Thread(target=stream.swap, args=(slow,))
        swapping.start()
        assert begun.wait(30)
        stream.set("amp.gain_db", -7.0)
        assert stream.get("amp.gain_db") == -7.0
        assert stream.stats().state == "playing"
        go_on.set()
        swapping.join()
        assert stream.get("amp.gain_db") == -7.0
        assert "more" in stream.graph.nodes
