"""Edge cases of an engine: one clear error, or the right output."""

import threading
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import (
    EngineError,
    Graph,
    Io,
    Node,
    ParamError,
    PortError,
    Processor,
    UnknownNameError,
    node_types,
)
from namgraph.graph.node import node
from namgraph.nodes.time.delay import Delay
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime import Engine, render
from namgraph.runtime.plan.kernels.buffer_operations import WIDTH, copy

from ..racks import chain, noise, one_pole
from .test_engine import RATE, engine


def late(frames: int) -> Node:
    """A node with the latency that it declares."""
    from namgraph.runtime.plan.kernels.buffer_operations import DELAY, delay

    name = f"test_late_{frames}"
    if name not in node_types():

        @node(name)
        class Late(Node):
            """Holds its input back, and says so."""

            def latency(self, spec: Any) -> int:
                return frames

            def prepare(self, io: Io) -> Processor:
                ring = io.memory.state((1, frames))
                made = io.memory.record(DELAY, channels=1, ring=ring, length=frames)
                return Processor(delay, made)

    return node_types()[name]()


def test_render_takes_the_latency_out() -> None:
    x = noise(1_000)
    graph = chain(("late", late(100)), ("b", Gain()))
    assert Engine(graph, sample_rate=RATE).latency == 100
    np.testing.assert_array_equal(render(graph, x, RATE), x)
    np.testing.assert_array_equal(engine(graph).process(x)[100:], x[:-100])


def test_state_behind_pointers_is_carried_and_points_into_the_new_plan() -> None:
    x = noise(30_000)
    echo: dict[str, Any] = {"time_ms": 20.0, "feedback": 0.5, "mix": 0.5}
    still = engine(chain(("d", Delay(**echo)))).process(x)
    e = engine(chain(("d", Delay(**echo))), fade_s=0.0)
    found = [e.process(x[:10_000])]
    for k, start in enumerate((10_000, 20_000)):
        e.swap(chain(("d", Delay(**echo)), *[(f"g{i}", Gain()) for i in range(k + 1)]))
        first = e.process(x[start : start + 1])  # the swap happens here
        for plan in e.queue.old_plans:
            plan.arena.state[:] = 0xFF  # NaN everywhere: a kernel that still reads it is noticed
        found += [first, e.process(x[start + 1 : start + 10_000])]
    np.testing.assert_array_equal(np.concatenate(found), still)


def test_plans_retire_once_faded_out_and_not_before() -> None:
    x = np.ones(4_000, np.float32)
    e = engine(chain(("b", Gain())))
    first = e.plan
    e.swap(chain(("b", Gain(gain_db=-3.0))))
    e.process(x[:100])
    e.stats()
    assert e.queue.old_plans == [first], "it is still heard"
    e.process(x)
    e.stats()
    assert e.queue.old_plans == []


def test_play_in_blocks_survives_swaps_from_another_thread() -> None:
    e = engine(chain(("b", Gain())), fade_s=0.0)
    x = np.ones(1 << 21, np.float32)
    y = np.zeros_like(x)
    over = threading.Event()

    def swap() -> None:
        k = 0
        while not over.is_set():
            k += 1
            e.swap(chain(*[(f"g{i}", Gain()) for i in range(1 + k % 5)]))
            e.stats()

    thread = threading.Thread(target=swap)
    thread.start()
    for _ in range(20):
        e.play([x], [y], len(x), 64)
        assert (y == 1.0).all()
    over.set()
    thread.join()


def test_a_saved_state_is_complete_while_another_thread_plays() -> None:
    graph = chain(("a", one_pole()), *[(f"g{k}", Gain()) for k in range(20)])
    x = noise(1 << 19)
    y = np.zeros_like(x)
    e = engine(graph)
    e.process(x[:1])
    thread = threading.Thread(target=lambda: e.play([x], [y], len(x), 64))
    thread.start()
    moment = e.save_state()
    thread.join()
    played = moment.frame - 1
    assert played % 64 == 0, "between two blocks, never within one"
    assert 0 <= played <= len(x)
    found = []
    for _ in range(2):
        e.restore_state(moment)
        found.append(e.process(np.append(x, x[:500])[played : played + 500]))
    np.testing.assert_array_equal(found[0], found[1])
    if played < len(x):
        np.testing.assert_array_equal(found[0][: len(x) - played], y[played : played + 500])


@pytest.mark.parametrize(
    ("out", "says"),
    [
        (np.frombuffer(bytes(400), np.float32), "writeable"),
        ([0.0] * 100, "list"),
        (np.zeros(100), "float64"),
        (np.zeros(99, np.float32), "shape"),
    ],
)
def test_an_out_that_cannot_be_written_is_refused(out: Any, says: str) -> None:
    with pytest.raises(PortError, match=says):
        engine(chain(("b", Gain()))).process(np.zeros(100, np.float32), out)


def test_a_graph_with_very_many_outputs_plays() -> None:
    graph = Graph()
    for k in range(140):
        graph.input(f"i{k}", channels=64) >> graph.output(f"o{k}", channels=64)
    x = {f"i{k}": np.full((64, 10), k, np.float32) for k in range(140)}
    found = render(graph, x, RATE, block=4)
    assert all((found[f"o{k}"] == k).all() for k in range(140))


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"sample_rate": "x"}, "sample_rate"),
        ({"sample_rate": None}, "sample_rate"),
        ({"max_frames": "a"}, "max_frames"),
        ({"max_frames": 64.5}, "max_frames"),
        ({"fade_s": float("nan")}, "fade_s"),
        ({"fade_s": -1.0}, "fade_s"),
    ],
)
def test_invalid_arguments_of_engines_are_refused(what: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamError, match=says):
        Engine(chain(("b", Gain())), **{"sample_rate": RATE, **what})


@pytest.mark.parametrize("at", [True, -1, 10**30, 1.5, "now"])
def test_invalid_frames_of_messages_are_refused(at: Any) -> None:
    with pytest.raises(ParamError, match="at is"):
        engine(chain(("b", Gain()))).set("b.gain_db", 0.0, at=at)


def test_too_many_changes_for_later_are_refused_and_the_rest_still_arrives() -> None:
    e = engine(chain(("b", Gain())))
    for k in range(8_192):
        e.set("b.gain_db", -1.0, at=10**9 + k)
    with pytest.raises(EngineError, match="wait for their frames"):
        e.set("b.gain_db", -1.0, at=10**9)
    e.set("b.gain_db", -6.0)
    assert e.get("b.gain_db") == -6.0
    e.process(np.ones(100, np.float32))
    e.reset()
    e.process(np.ones(10, np.float32))
    assert e.frame == 10


def broken(kind: str) -> Node:
    """A node whose ``prepare`` is wrong."""
    if f"test_broken_{kind}" not in node_types():

        @node(f"test_broken_{kind}")
        class Broken(Node):
            """Goes wrong in ``prepare``, or has none."""

            if kind != "none":

                def prepare(self, io: Io) -> Any:
                    if kind == "raises":
                        raise LookupError("no such table")
                    if kind == "nothing":
                        return None
                    return Processor(copy, WIDTH)

    return node_types()[f"test_broken_{kind}"]()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("raises", "cannot be prepared: no such table"),
        ("nothing", "must be a Processor"),
        ("record", "must be a Processor"),
        ("none", "has no prepare"),
    ],
)
def test_mistakes_in_a_node_of_ones_own_name_the_node(kind: str, says: str) -> None:
    with pytest.raises(EngineError, match=rf"node mine \(test_broken_{kind}\): .*{says}"):
        engine(chain(("mine", broken(kind))))


def test_statistics_start_again_at_zero() -> None:
    e = engine(chain(("a", one_pole()), ("b", Gain())))
    e.stats(timed=True)
    e.process(np.array([np.nan] * 64, np.float32))
    e.save_state()
    e.restore_state(e.save_state())
    e.reset()
    e.swap(chain(("a", one_pole()), ("b", Gain())))
    e.process(noise(2_000))
    e.process(noise(10))
    before = e.stats()
    assert before.bad_inputs == 64
    assert (before.swaps, before.resets, before.saves, before.restores) == (1, 1, 2, 1)
    assert all(n.calls and n.max_us for n in before.nodes)
    e.reset_stats()
    after = e.stats()
    assert (after.blocks, after.bad_inputs, after.saves, after.swaps) == (0, 0, 0, 0)
    assert not any(n.calls or n.max_us or n.p50_us or n.faults for n in after.nodes)
    assert (after.frames, after.block_us["max"]) == (before.frames, 0.0)
    e.process(noise(10))
    assert e.stats().blocks == 1


def test_parameters_by_index() -> None:
    e = engine(chain(("b", Gain())))
    e["b.gain_db"] = -6.0
    assert e["b.gain_db"] == -6.0
    with pytest.raises(UnknownNameError, match=r"no parameter 'b.gain'; there is b.gain_db"):
        e["b.gain"] = 1.0
    with pytest.raises(UnknownNameError):
        _ = e["b.loudness"]


def test_tail_and_latency_are_those_of_the_graph() -> None:
    e = ng.Engine(ng.load_preset("crunch"), sample_rate=48_000)
    assert e.tail == ng.load_preset("crunch").tail(48_000) > 1_000
    assert e.latency == 0
