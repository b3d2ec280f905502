"""Steps on tentative state: what is played, committed, rolled back, selected, saved, counted."""

import pickle
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import EngineError, Graph, ParamError, PortError
from namgraph.nodes.time.delay import Delay
from namgraph.nodes.utility.gain import Gain
from namgraph.nodes.utility.pan import Pan

from ..racks import chain, noise, one_pole

RATE = 48_000
LSTM = ng.asset("crunch-lstm.nam")


def rack() -> Graph:
    return chain(("a", one_pole()), ("echo", Delay(time_ms=1.0, feedback=0.5)), ("b", Gain()))


def mono_to_stereo() -> Graph:
    graph = Graph()
    pan = graph.add("pan", Pan(position=0.3))
    graph.input("in", channels=1) >> pan >> graph.output("out", channels=2)
    return graph


def as_any(value: Any) -> Any:
    """Return a value that type checkers do not look at."""
    return value


def whole(x: np.ndarray, graph: Graph | None = None) -> np.ndarray:
    """The output of an engine that plays all of a signal: the oracle."""
    made = ng.Engine(graph or rack(), sample_rate=RATE, max_frames=64)
    found: np.ndarray = made.process(x)
    return found


def test_steps_of_one_frame_give_the_bits_of_a_whole_signal() -> None:
    x = noise(300)
    stepper = ng.Stepper(rack(), RATE)
    found = np.concatenate([stepper.step(x[k : k + 1]) for k in range(300)])
    np.testing.assert_array_equal(found, whole(x))


def test_a_number_gives_a_number() -> None:
    stepper, x = ng.Stepper(rack(), RATE), noise(20)
    found = [stepper.step(float(v)) for v in x]
    assert all(isinstance(y, float) for y in found)
    np.testing.assert_array_equal(np.array(found, np.float32), whole(x))


@pytest.mark.parametrize("frames", [1, 3, 64])
def test_blocks_of_up_to_the_given_frames(frames: int) -> None:
    x = noise(200)
    stepper = ng.Stepper(rack(), RATE, frames)
    at, found = 0, []
    for n in [1, 2, 3] * 100:
        block = x[at : at + min(n, frames)]
        if block.size:
            found.append(stepper.step(block))
        at += min(n, frames)
    np.testing.assert_array_equal(np.concatenate(found), whole(x))


def test_rollback_returns_to_the_last_commit() -> None:
    x = noise(90)
    stepper = ng.Stepper(rack(), RATE, 30)
    first = stepper.step(x[:30])
    stepper.rollback()
    np.testing.assert_array_equal(stepper.step(x[:30]), first)
    stepper.commit()
    for seed in range(3):  # three questions from the same place
        stepper.step(noise(30, seed=seed))
        stepper.rollback()
    second = stepper.step(x[30:60])
    third = stepper.step(x[60:])  # steps go on from each other
    np.testing.assert_array_equal(np.concatenate([first, second, third]), whole(x))
    stepper.rollback()
    np.testing.assert_array_equal(stepper.step(x[30:60]), second)


def test_reset_returns_to_the_beginning_and_commits_it() -> None:
    x = noise(60)
    stepper = ng.Stepper(rack(), RATE, 60)
    stepper.step(noise(60, seed=3))
    stepper.commit()
    stepper.reset()
    np.testing.assert_array_equal(stepper.step(x), whole(x))
    stepper.rollback()
    np.testing.assert_array_equal(stepper.step(x), whole(x))


@pytest.mark.parametrize("streams", [2, 37])
def test_streams_are_independent(streams: int) -> None:
    x = np.stack([noise(50, seed=k) for k in range(streams)])
    stepper = ng.Stepper(rack(), RATE, 8, streams=streams)
    found = np.concatenate([stepper.step(x[:, k : k + 8]) for k in range(0, 50, 8)], axis=1)
    np.testing.assert_array_equal(found, [whole(row) for row in x])
    shaped = ng.Stepper(mono_to_stereo(), RATE, 50, streams=streams)
    assert shaped.step(x).shape == shaped.step(x[:, None]).shape == (streams, 2, 50)
    expected = whole(np.tile(x[1], 3), mono_to_stereo())[:, 100:]
    np.testing.assert_array_equal(shaped.step(x)[1], expected)


def test_some_streams_are_committed_rolled_back_and_reset() -> None:
    x = np.stack([noise(40, seed=k) for k in range(4)])
    stepper = ng.Stepper(rack(), RATE, 20, streams=4)
    first = stepper.step(x[:, :20])
    stepper.commit([0, 2])
    stepper.rollback([1])
    stepper.reset(np.array([False, False, False, True]))
    second = stepper.step(x[:, 20:])
    expected = [whole(row)[20:] for row in x]
    np.testing.assert_array_equal(second[[0, 2]], [expected[0], expected[2]])
    np.testing.assert_array_equal(second[[1, 3]], [whole(x[1, 20:]), whole(x[3, 20:])])
    stepper.rollback()
    np.testing.assert_array_equal(stepper.step(x[:, 20:]), second)
    stepper.commit()
    stepper.commit()
    np.testing.assert_array_equal(first, [whole(row[:20]) for row in x])


def test_select_forks_and_drops_streams_as_a_beam_search_does() -> None:
    x = np.stack([noise(30, seed=k) for k in range(3)])
    more = noise(10, seed=9)
    stepper = ng.Stepper(rack(), RATE, 30, streams=3)
    stepper.step(x)
    stepper.commit()
    stepper.select([2, 2, 0])
    found = stepper.step(np.stack([more] * 3))
    for row, source in zip(found, [2, 2, 0], strict=True):
        np.testing.assert_array_equal(row, whole(np.concatenate([x[source], more]))[30:])
    stepper.rollback()
    kept = stepper.step(np.stack([more] * 3))
    np.testing.assert_array_equal(kept[1], whole(np.concatenate([x[1], more]))[30:])


@pytest.mark.parametrize("streams", [1, 3])
def test_branches_are_saved_and_restored(streams: int) -> None:
    x, more = noise(30), noise(10, seed=4)
    stepper = ng.Stepper(rack(), RATE, 30, streams=streams)
    blocks = np.stack([x * (k + 1) for k in range(streams)]) if streams > 1 else x
    stepper.step(blocks)
    state = stepper.save_state(stream=streams - 1)
    assert (state.frame, stepper.save_state(into=state)) == (30, state)
    state = stepper.save_state(stream=streams - 1, into=state)
    stepper.step(blocks)
    stepper.restore_state(pickle.loads(pickle.dumps(state)))
    again = stepper.step(np.stack([more] * streams) if streams > 1 else more)
    expected = whole(np.concatenate([x * streams, more]))[30:]
    for row in again.reshape(streams, -1):
        np.testing.assert_array_equal(row, expected)
    twin = ng.Engine(rack(), sample_rate=RATE, max_frames=30)
    twin.restore_state(state)
    np.testing.assert_array_equal(twin.process(more), expected)


def test_parameters_are_of_all_streams_and_are_no_state() -> None:
    for streams in (1, 2):
        stepper = ng.Stepper(rack(), RATE, 100, streams=streams)
        x = np.ones((streams, 100), np.float32) if streams > 1 else np.ones(100, np.float32)
        stepper.set("b.gain_db", -40.0)
        for _ in range(60):
            quiet = stepper.step(x)
        stepper.commit()
        stepper.set("b.gain_db", 0.0)
        for _ in range(60):
            loud = stepper.step(x)
        stepper.rollback()
        assert stepper.get("b.gain_db") == stepper.params()["b.gain_db"] == 0.0
        assert stepper.graph.nodes["b"].gain_db == 0.0  # type: ignore[attr-defined]
        for _ in range(60):
            again = stepper.step(x)
        assert np.all(loud.max(-1) > 50 * quiet.max(-1))
        np.testing.assert_allclose(again, loud, rtol=1e-5)


@pytest.mark.parametrize("streams", [1, 2])
def test_a_saved_state_has_the_parameters_set_before_it(streams: int) -> None:
    stepper = ng.Stepper(rack(), RATE, streams=streams)
    stepper.set("b.gain_db", -40.0)
    state = stepper.save_state()
    assert state.params["b.gain_db"] == -40.0
    stepper.set("b.gain_db", 3.0)
    stepper.restore_state(state)
    assert stepper["b.gain_db"] == 3.0
    stepper.restore_state(state, params=True)
    assert stepper["b.gain_db"] == -40.0


def test_models_step_prewarmed() -> None:
    graph = chain(("amp", ng.Nam(LSTM)))
    x = noise(64)
    stepper = ng.Stepper(graph, RATE, streams=2)
    found = [stepper.step(np.stack([x[k : k + 1], -x[k : k + 1]])) for k in range(64)]
    both = np.concatenate(found, axis=1)
    np.testing.assert_array_equal(both, [whole(x, graph), whole(-x, graph)])


@pytest.mark.parametrize("streams", [1, 2])
def test_statistics(streams: int) -> None:
    stepper = ng.Stepper(rack(), RATE, 4, streams=streams)
    x = np.zeros((streams, 4), np.float32) if streams > 1 else np.zeros(4, np.float32)
    for _ in range(5):
        stepper.step(x)
    stepper.commit()
    stepper.rollback()
    stepper.reset()
    stepper.restore_state(stepper.save_state())
    stats = stepper.stats()
    counts = stats.steps, stats.frames, stats.commits, stats.rollbacks, stats.resets
    assert counts == (5, 20, 1, 1, 1)
    assert (stats.saves, stats.restores, stats.streams) == (1, 1, streams)
    assert min(stats.pack_us, stats.execute_us, stats.read_us) > 0.0
    assert stats.step_us <= stats.longest_us * 1.001
    assert "\n" not in repr(stats) + repr(stepper)
    stepper.reset_stats()
    empty = stepper.stats()
    assert (empty.steps, empty.commits, empty.step_us, empty.longest_us) == (0, 0, 0.0, 0.0)


def test_out_is_filled_and_returned() -> None:
    x = noise(8)
    stepper, out = ng.Stepper(rack(), RATE, 8), np.empty(8, np.float32)
    assert stepper.step(x, out) is out
    np.testing.assert_array_equal(out, whole(x))
    stepper.reset()
    assert stepper.step(x.astype(np.float64), out) is out
    np.testing.assert_array_equal(out, whole(x))
    stepper.reset()
    zero = np.empty((), np.float32)
    assert stepper.step(x[0], zero) is zero
    assert zero == whole(x)[0]


def two_inputs() -> Graph:
    graph = Graph()
    mix = graph.add("mix", ng.Mix())
    for n in (1, 2):
        graph.connect(graph.input(f"in{n}", channels=1), f"mix.in{n}")
    mix >> graph.output("out", channels=1)
    return graph


X8, ONE = np.zeros(8, np.float32), np.zeros(1, np.float32)
WRONG: list[tuple[Any, type[Exception], str]] = [
    (lambda: ng.Stepper(rack(), RATE, 0), ParamError, "frames is 0: must be a whole"),
    (lambda: ng.Stepper(rack(), RATE, streams=0), ParamError, "streams is 0: must be a whole"),
    (lambda: ng.Stepper(rack(), RATE, streams=65_537), ParamError, "streams is 65537: must be"),
    (lambda: ng.Stepper(two_inputs(), RATE), PortError, "takes a graph with one of each"),
    (
        lambda: ng.Stepper(chain(("e", Delay(time_ms=10.0))), RATE, streams=65_536),
        EngineError,
        "streams is 65536: two states of .* each need .*: at most 4.0 GiB",
    ),
    (lambda: ng.Stepper(rack(), RATE).step(X8), PortError, "block has 8 frames: must have 1 to 1"),
    (lambda: ng.Stepper(rack(), RATE).step(X8[:0]), PortError, "block has 0 frames"),
    (
        lambda: ng.Stepper(rack(), RATE, 8).step(np.zeros((2, 8), np.float32)),
        PortError,
        r"block: shape is \(2, 8\): must be \(1, 1, frames\) or \(1, frames\) or \(frames\)",
    ),
    (
        lambda: ng.Stepper(rack(), RATE, 8, streams=3).step(X8),
        PortError,
        r"shape is \(8,\): must be \(3, 1, frames\) or \(3, frames\)",
    ),
    (lambda: ng.Stepper(rack(), RATE).step(np.zeros(1, np.int16)), PortError, "samples are int16"),
    (lambda: ng.Stepper(rack(), RATE).step(as_any("x")), PortError, "block: samples are"),
    (lambda: ng.Stepper(rack(), RATE).step(ONE, X8), PortError, "out is float32 .*must be a write"),
    (
        lambda: ng.Stepper(rack(), RATE).step(ONE, as_any([0.0])),
        PortError,
        "out is .*must be a writeable",
    ),
    (lambda: ng.Stepper(rack(), RATE, streams=2).commit([2]), EngineError, "streams is .2.: must"),
    (lambda: ng.Stepper(rack(), RATE, streams=2).reset([0.5]), EngineError, "must be numbers in"),
    (lambda: ng.Stepper(rack(), RATE, streams=2).select([[0], [0, 1]]), EngineError, "must be"),
    (lambda: ng.Stepper(rack(), RATE, streams=2).select([0]), EngineError, "must have 2, one for"),
    (lambda: ng.Stepper(rack(), RATE).save_state(stream=1), ParamError, "stream is 1: must be"),
    (
        lambda: ng.Stepper(rack(), RATE).restore_state(as_any(5)),
        EngineError,
        "must be the result of save",
    ),
]


@pytest.mark.parametrize(("wrong", "kind", "says"), WRONG)
def test_what_is_wrong_is_one_line(wrong: Any, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says) as caught:
        wrong()
    assert "\n" not in str(caught.value)
