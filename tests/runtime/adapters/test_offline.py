"""``render``: any length and block size, tails included, latency removed."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from namgraph.graph import Graph, NamgraphError, ParamError, PortError
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime import Engine, Stats, render

from ..racks import chain, diamond, divide, noise, one_pole


@given(frames=st.integers(0, 3_000), block=st.sampled_from([1, 7, 64, 512, 4096]))
def test_any_length_and_any_block_give_the_same_bits(frames: int, block: int) -> None:
    x = noise(frames)
    graph = chain(("a", one_pole()))
    np.testing.assert_array_equal(
        render(graph, x, 48_000, block=block),
        Engine(graph, sample_rate=48_000).process(x),
    )


def test_changes_happen_at_their_frames_in_whatever_order_they_are_given() -> None:
    graph, x = chain(("b", Gain())), np.ones(100_000, np.float32)
    changes = [(70_000, "b.gain_db", 0.0), (10, "b.gain_db", -20.0)]
    y = render(graph, x, 48_000, changes=changes)
    np.testing.assert_array_equal(y, render(graph, x, 48_000, changes=changes[::-1], block=33))
    assert y[9] == 1.0
    assert y[10] < 1.0
    assert y[69_999] == pytest.approx(0.1)
    assert y[70_000] > 0.1
    assert y[-1] == 1.0


def test_progress_goes_from_0_to_1() -> None:
    told: list[float] = []
    render(chain(("b", Gain())), noise(200_000), 48_000, progress=told.append)
    assert told == sorted(told)
    assert len(told) >= 4
    assert told[-1] == 1.0


def test_several_inputs_and_outputs_go_by_name() -> None:
    graph = Graph()
    a, b = graph.input("a", channels=1), graph.input("b", channels=1)
    out, dry = graph.output("out", channels=1), graph.output("dry", channels=1)
    a >> out
    b >> out
    b >> dry
    x, z = noise(100, seed=1), noise(100, seed=2)
    found = render(graph, {"a": x, "b": z}, 48_000)
    np.testing.assert_array_equal(found["out"][0], x + z)
    np.testing.assert_array_equal(found["dry"][0], z)
    with pytest.raises(PortError, match="mapping"):
        render(graph, x, 48_000)


def test_mono_comes_back_as_it_was_given() -> None:
    assert render(chain(("b", Gain())), noise(10), 48_000).shape == (10,)
    assert render(chain(("b", Gain())), noise(10, 1), 48_000).shape == (1, 10)
    assert render(diamond(), noise(10, 2), 48_000).shape == (2, 10)


@pytest.mark.parametrize(("rate", "block"), [(0, 64), (float("nan"), 64), (48_000, 0)])
def test_invalid_rates_and_blocks_are_refused(rate: float, block: int) -> None:
    with pytest.raises(ParamError):
        render(chain(("b", Gain())), noise(10), rate, block=block)


def test_muted_blocks_are_reported() -> None:
    found: list[Stats] = []
    x = np.ones(1_000, np.float32)
    render(chain(("bad", divide())), x, 48_000, report=found.append)
    x[500] = 0.0
    render(chain(("bad", divide())), x, 48_000, report=found.append, block=64)
    assert [stats.faults for stats in found] == [0, 1]


def test_thousands_of_changes_give_the_same_bits_in_every_block() -> None:
    graph = chain(("g", Gain()))
    x = np.ones(120_000, np.float32)
    many = np.random.default_rng(4)
    at = np.concatenate([many.integers(30_000, 90_000, 10_000), np.full(10_000, 40_000)])
    values = many.uniform(-40.0, 6.0, at.size)
    changes = [(int(a), "g.gain_db", float(v)) for a, v in zip(at, values, strict=True)]
    dense = [(int(a), "g.gain_db", float(v)) for a, v in zip(range(20_000), values, strict=True)]
    for told in (changes, dense):
        assert len(told) == 20_000
        found = [render(graph, x, 48_000, changes=told, block=block) for block in (1, 64, 512)]
        np.testing.assert_array_equal(found[0], found[1])
        np.testing.assert_array_equal(found[0], found[2])
    engine, parts = Engine(graph, sample_rate=48_000), []
    for k, (_, name, value) in enumerate(dense):
        engine.set(name, value)
        parts.append(engine.process(x[k : k + 1]))
    parts.append(engine.process(x[len(dense) :]))
    np.testing.assert_array_equal(found[0], np.concatenate(parts))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((99_999, "g.gian_db", 0.0), "no parameter 'g.gian_db'; there is g.gain_db"),
        ((99_999, "g.gain_db", 1e9), "g.gain_db is 1000000000.0: must be"),
        ((99_999, "g.gain_db", float("nan")), "g.gain_db is nan"),
        ((-1, "g.gain_db", 0.0), "a change at frame -1: must be a whole number, 0 or more"),
        ((1.5, "g.gain_db", 0.0), "a change at frame 1.5: must be"),
        ((float("nan"), "g.gain_db", 0.0), "a change at frame nan: must be"),
        (("1", "g.gain_db", 0.0), "a change at frame '1': must be"),
    ],
)
def test_changes_are_checked_even_if_they_come_after_the_end(change: Any, said: str) -> None:
    with pytest.raises(NamgraphError, match=re.escape(said)):
        render(chain(("g", Gain())), noise(10), 48_000, changes=[change])


def test_a_change_after_the_end_changes_nothing() -> None:
    x, late = noise(100), [(100, "g.gain_db", -20.0), (5_000, "g.gain_db", 6.0)]
    graph = chain(("g", Gain()))
    np.testing.assert_array_equal(render(graph, x, 48_000, changes=late), x)
