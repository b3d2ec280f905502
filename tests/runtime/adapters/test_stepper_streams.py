"""Steps, commits, rollbacks and so on of some streams in any order, against an engine for each."""

from typing import Any

import numpy as np
import pytest

import namgraph as ng

from .step_reference import any_order

RATE, MOST = 48_000, 7
GRAPH = ng.Graph.chain(ng.Gain(), ng.Delay(time_ms=0.5, feedback=0.9), ng.Pan())
LIMITS = {"gain.gain_db": (-20.0, 10.0), "delay.feedback": (0.0, 0.9), "pan.position": (-1.0, 1.0)}


@pytest.mark.parametrize("streams", [1, 2, 5])
@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_calls(streams: int, seed: int) -> None:
    any_order(GRAPH, LIMITS, streams, seed)


def test_no_stream_selected_changes_nothing() -> None:
    made = ng.Stepper(GRAPH, RATE, MOST)
    first = made.save_state()
    x = np.ones(MOST, np.float32)
    wanted = ng.Engine(GRAPH, sample_rate=RATE, max_frames=MOST)
    for nothing in ([], [False], np.zeros(0, int)):
        wanted.process(x)
        made.step(x)
        made.rollback(nothing)
        made.reset(nothing)
        made.restore_state(first, streams=nothing)
        np.testing.assert_array_equal(made.step(x), wanted.process(x))
    made.commit([])
    made.rollback()
    wanted.reset()
    np.testing.assert_array_equal(made.step(x), wanted.process(x))


def test_a_call_that_is_refused_is_not_counted() -> None:
    made = ng.Stepper(GRAPH, RATE)
    for call in (made.commit, made.rollback, made.reset):
        with pytest.raises(ng.EngineError, match=r"streams is \[3\]"):
            call([3])
    with pytest.raises(ng.ParamError, match="stream is 9"):
        made.save_state(stream=9)
    with pytest.raises(ng.EngineError, match="state is None"):
        made.restore_state(None)  # type: ignore[arg-type]
    counts = made.stats()
    assert (counts.commits, counts.rollbacks, counts.resets) == (0, 0, 0)
    assert (counts.saves, counts.restores) == (0, 0)


def test_out_may_lie_over_the_block() -> None:
    graph = ng.Gain(gain_db=6.0)
    x = np.random.default_rng(3).standard_normal((6, 4)).astype(np.float32)
    wanted = ng.Stepper(graph, RATE, 4, streams=5).step(x[:5].copy())
    for begin, order in ((0, 1), (1, 1), (0, -1)):
        made, memory = ng.Stepper(graph, RATE, 4, streams=5), x.copy()
        out = memory[begin : begin + 5][::order]
        made.step(memory[:5], out)
        np.testing.assert_array_equal(out, wanted)


def test_a_number_plays_as_an_array_of_one_frame() -> None:
    graph = ng.asset("crunch-lstm.nam")
    one, other = ng.Stepper(graph, RATE), ng.Stepper(graph, RATE)
    for x in (0.5, -0.25, 1e-30, 0.0, float("nan"), float("inf"), 1e300, -1e300):
        found = one.step(x)
        assert type(found) is float
        assert found == other.step(np.array([x], np.float64))[0]
        one.step(0.9)
        one.rollback()
        one.step(x)
        one.commit()
        other.rollback()
        other.step(np.array([x], np.float64))
        other.commit()
    assert one.stats().frames == 3 * 8


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_one_frame_of_many_streams_needs_no_axis(kind: Any) -> None:
    graph = ng.asset("crunch-lstm.nam")
    one, other = (ng.Stepper(graph, RATE, 4, streams=5) for _ in range(2))
    rng, out = np.random.default_rng(4), np.empty(5, np.float32)
    for _ in range(20):
        block = rng.standard_normal(10).astype(kind)[::2]  # also not side by side
        wanted = other.step(block[:, None])
        assert one.step(block, out) is out
        np.testing.assert_array_equal(out, wanted[:, 0])
        one.rollback()
        assert one.step(block).shape == (5,)
        for stepper in (one, other):
            stepper.commit()
    with pytest.raises(ng.PortError, match=r"block: shape is \(4,\)"):
        one.step(np.zeros(4, np.float32))
