"""Long blocks leave out transfers; the output does not change."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.cuda.executor import LONG_BLOCK

from .fake_driver import FakeDriver
from .gpu import RATE, X, engine, in_blocks

Rack = Callable[[str], ng.Graph]


def amp(model: str) -> ng.Node:
    return ng.Nam(model, backend="cuda")


def ends(graph: ng.Graph) -> tuple[ng.Handle, ng.Handle]:
    return graph.input("in", channels=1), graph.output("out", channels=1)


def alone(model: str) -> ng.Graph:
    graph = ng.Graph()
    x, y = ends(graph)
    x >> graph.add("amp", amp(model)) >> y
    return graph


def among_others(model: str) -> ng.Graph:
    graph = ng.Graph()
    x, y = ends(graph)
    first, last = graph.add("first", ng.Gain(gain_db=-3.0)), graph.add("last", ng.Gain(gain_db=2.0))
    x >> first >> graph.add("amp", amp(model)) >> last >> y
    return graph


def beside_its_input(model: str) -> ng.Graph:
    graph = ng.Graph()
    x, y = ends(graph)
    x >> graph.add("amp", amp(model)) >> y
    x >> graph.add("dry", ng.Gain(gain_db=-6.0)) >> y
    return graph


def twice_with_the_host_between(model: str) -> ng.Graph:
    graph = ng.Graph()
    x, y = ends(graph)
    between = graph.add("between", ng.Gain(gain_db=-1.0))
    x >> graph.add("one", amp(model)) >> between >> graph.add("two", amp(model)) >> y
    return graph


def heard_by_two(model: str) -> ng.Graph:
    graph = ng.Graph()
    x, y = ends(graph)
    one, two = graph.add("one", amp(model)), graph.add("two", amp(model))
    x >> one >> two >> y
    one >> graph.add("level", ng.Gain(gain_db=-9.0)) >> y
    return graph


def past_the_device(model: str) -> ng.Graph:
    graph = ng.Graph()
    x, y = ends(graph)
    made = graph.add("amp", amp(model))
    x >> made >> y
    x >> y
    made >> graph.add("echo", ng.Delay(time_ms=1.0, mix=1.0)) >> y
    return graph


RACKS: list[tuple[Rack, int]] = [
    (alone, 2),
    (among_others, 0),
    (beside_its_input, 0),
    (twice_with_the_host_between, 4),
    (heard_by_two, 1),
    (past_the_device, 0),
]


def copies(made: ng.Engine) -> int:
    return sum(name in ("<upload>", "<download>") for name in made.plan.names)


@pytest.mark.parametrize(("rack", "spared"), RACKS)
def test_output_is_the_same_to_the_bit(
    fake: FakeDriver, model: str, rack: Rack, spared: int
) -> None:
    short, long = engine(rack(model)), engine(rack(model), max_frames=LONG_BLOCK)
    assert copies(short) - copies(long) >= spared
    wanted = in_blocks(short, X, 64)
    np.testing.assert_array_equal(in_blocks(long, X, [64, 1000, 7]), wanted)
    long.reset()
    np.testing.assert_array_equal(in_blocks(long, X, [900]), wanted)


@pytest.mark.parametrize(("rack", "spared"), RACKS)
def test_fallback_without_transfers(fake: FakeDriver, model: str, rack: Rack, spared: int) -> None:
    def played(frames: int) -> Any:
        made = engine(rack(model), max_frames=frames)
        before = in_blocks(made, X[:640], 64)
        fake.fail("cuGraphLaunch", 2)
        return np.concatenate([before, in_blocks(made, X[640:], 64)])

    np.testing.assert_array_equal(played(LONG_BLOCK), played(128))


def test_mix_and_bypass_without_transfers(fake: FakeDriver, model: str) -> None:
    def played(frames: int) -> Any:
        made = engine(among_others(model), max_frames=frames)
        made.mix("amp", 0.3, at=500)
        made.bypass("amp", at=1500)
        return in_blocks(made, X, 64)

    np.testing.assert_array_equal(played(LONG_BLOCK), played(128))


def test_a_swap_fades_from_one_to_the_other(fake: FakeDriver, model: str) -> None:
    def played(frames: int) -> Any:
        made = engine(alone(model), max_frames=frames, fade_s=0.01)
        before = in_blocks(made, X[:640], 64)
        made.swap(among_others(model))
        return np.concatenate([before, in_blocks(made, X[640:], 64)])

    np.testing.assert_array_equal(played(LONG_BLOCK), played(128))


def test_pipelined_plans_keep_all_transfers(fake: FakeDriver, model: str) -> None:
    made = ng.Engine(alone(model), sample_rate=RATE, max_frames=LONG_BLOCK, pipelined=True)
    assert copies(made) == 2
