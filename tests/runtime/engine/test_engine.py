"""The engine plays blocks of any length, changes parameters at exact frames, and keeps state."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from namgraph.graph import (
    EngineError,
    Graph,
    ParamError,
    PortError,
    Spec,
    UnknownNameError,
)
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime import Engine, Plan
from namgraph.runtime.plan.player import run_plan_in_python, walk

from ..racks import chain, diamond, divide, noise, one_pole

RATE = 48_000


def engine(graph: Graph, max_frames: int = 64, fade_s: float = 0.02) -> Engine:
    return Engine(graph, sample_rate=RATE, max_frames=max_frames, fade_s=fade_s)


def play(e: Engine, x: np.ndarray, cuts: list[int]) -> np.ndarray:
    at, found = 0, []
    for frames in cuts:
        found.append(e.process(x[..., at : at + frames]))
        at += frames
    found.append(e.process(x[..., at:]))
    return np.concatenate(found, axis=-1)


@given(cuts=st.lists(st.integers(0, 200), max_size=20))
def test_any_block_sizes_give_the_same_bits(cuts: list[int]) -> None:
    x = noise(1_000)
    graph = chain(("a", one_pole()), ("b", Gain(gain_db=3)))
    whole = engine(graph).process(x)
    np.testing.assert_array_equal(play(engine(graph), x, cuts), whole)


@given(cuts=st.lists(st.integers(1, 200), max_size=20), at=st.integers(0, 999))
def test_parameters_change_at_exact_frames_whatever_the_cuts(cuts: list[int], at: int) -> None:
    x = noise(1_000)
    graph = chain(("a", one_pole()), ("b", Gain()))
    found = []
    for c in ([], cuts):
        e = engine(graph)
        e.set("a.share", 0.9, at=at)
        e.set("b.gain_db", -20.0, at=at // 2)
        e.set("b.gain_db", 4.0, at=at)
        found.append(play(e, x, c))
    np.testing.assert_array_equal(found[0], found[1])
    before = engine(graph).process(x)
    np.testing.assert_array_equal(found[0][: at // 2], before[: at // 2])
    assert (found[0][at + 1 :] != before[at + 1 :]).any() or at > 990, "the change was heard"


@given(channels=st.integers(1, 3), frames=st.lists(st.integers(1, 64), min_size=1, max_size=8))
def test_the_python_player_gives_the_same_bits(channels: int, frames: list[int]) -> None:
    native, slow = (Plan(diamond(channels), Spec(RATE, 64)) for _ in range(2))
    for n in frames:
        x = noise(64, channels, seed=n)
        for plan in (native, slow):
            _buffers(plan, "inputs")[:, :n] = x[:, :n]
        walk.ctypes(native.address, 0, 0, n)
        run_plan_in_python(slow.rows, n)
        assert _buffers(native, "outputs")[:, :n].any()
        np.testing.assert_array_equal(
            _buffers(native, "outputs")[:, :n], _buffers(slow, "outputs")[:, :n]
        )


def _buffers(plan: Plan, side: str) -> np.ndarray:
    """See the buffer of the plan's only input or output."""
    (number,) = getattr(plan.schedule, side).values()
    return plan.buffer(number)


def test_reset_clears_state_but_not_parameters() -> None:
    x = noise(500)
    e = engine(chain(("a", one_pole()), ("b", Gain())))
    e.set("b.gain_db", -6.0)
    fresh = e.process(x)
    e.process(noise(700, seed=9))
    e.reset()
    assert e.frame in (0, 1_200)  # applied at the next block at the latest
    np.testing.assert_array_equal(e.process(x), fresh)
    assert e.get("b.gain_db") == -6.0
    assert e.frame == 500


def test_restore_state_returns_to_the_saved_frame() -> None:
    x = noise(500)
    e = engine(chain(("a", one_pole()), ("b", Gain())))
    e.process(x[:100])
    moment = e.save_state()
    assert moment.frame == 100
    committed = e.process(x[100:])
    e.set("b.gain_db", 12.0)
    tentative = e.process(x[100:])
    assert (tentative != committed).any()
    e.restore_state(moment, params=True)
    assert e.frame == 100
    assert e.get("b.gain_db") == 0.0
    np.testing.assert_array_equal(e.process(x[100:]), committed)


def test_a_swap_keeps_the_state_of_unchanged_nodes() -> None:
    x = noise(2_000)
    graph = chain(("a", one_pole()))
    still = engine(graph).process(x)
    e = engine(graph, fade_s=0.0)
    first = e.process(x[:1_000])
    e.swap(chain(("a", one_pole()), ("b", Gain())))
    second = e.process(x[1_000:])
    np.testing.assert_array_equal(np.concatenate([first, second]), still)


def test_a_swap_keeps_what_was_set_by_hand_on_unchanged_nodes() -> None:
    x = noise(500)
    e = engine(chain(("b", Gain())), fade_s=0.0)
    e.set("b.gain_db", -6.0)
    before = e.process(x)
    e.swap(chain(("b", Gain()), ("c", Gain())))
    np.testing.assert_array_equal(e.process(x), before)
    e.reset()
    np.testing.assert_array_equal(e.process(x), before)


def test_a_swap_to_other_values_fades_without_a_step() -> None:
    x = np.ones(4_000, np.float32)
    e = engine(chain(("b", Gain(gain_db=0.0))))
    e.process(x)
    e.swap(chain(("b", Gain(gain_db=-40.0))))
    y = e.process(x)
    assert np.abs(np.diff(y, prepend=1.0)).max() < 1.6 / (0.02 * RATE)
    assert y[-1] == pytest.approx(0.01, rel=1e-5)


def test_changes_waiting_for_their_frame_survive_a_swap() -> None:
    x = np.ones(12_000, np.float32)
    e = engine(chain(("b", Gain())), fade_s=0.0)
    e.set("b.gain_db", -40.0, at=1_000)
    e.process(x[:500])
    e.swap(chain(("a", Gain()), ("b", Gain())))
    y = e.process(x[500:])
    assert y[499] == 1.0
    assert y[-1] == pytest.approx(0.01, rel=1e-3)


def test_swaps_in_quick_succession_all_arrive_in_order() -> None:
    x = np.ones(20_000, np.float32)
    e = engine(chain(("b", Gain())))
    for level in (-10.0, -20.0, -30.0):
        e.swap(chain(("b", Gain(gain_db=level))))
        e.set("b.gain_db", level - 1.0)
    e.process(x)
    y = e.process(x)
    assert y[-1] == pytest.approx(10 ** (-31 / 20), rel=1e-4)


def test_a_swap_to_other_inputs_or_outputs_is_refused() -> None:
    e = engine(chain(("b", Gain())))
    with pytest.raises(EngineError, match="inputs"):
        e.swap(chain(("b", Gain()), channels=2))


def test_a_node_that_breaks_is_muted_alone_and_starts_afresh() -> None:
    graph = Graph()
    source, sink = graph.input("in", channels=1), graph.output("out", channels=1)
    source >> graph.add("bad", divide()) >> sink
    source >> graph.add("good", Gain()) >> sink
    e = engine(graph)
    x = np.ones(64, np.float32)
    healthy = e.process(x)
    x[5] = 0.0
    np.testing.assert_array_equal(e.process(x), x)  # only the good branch is heard
    stats = e.stats()
    assert {n.name: n.faults for n in stats.nodes if n.faults} == {"bad": 1}
    np.testing.assert_array_equal(e.process(np.ones(64, np.float32)), healthy)


def test_samples_that_are_not_finite_are_counted_and_silent() -> None:
    x = noise(300)
    clean = x.copy()
    x[[3, 70, 299]] = [np.nan, np.inf, -np.inf]
    clean[[3, 70, 299]] = 0.0
    graph = chain(("a", one_pole()))
    e = engine(graph)
    np.testing.assert_array_equal(e.process(x), engine(graph).process(clean))
    assert e.stats().bad_inputs == 3


def test_denormals_are_flushed_inside_and_not_outside() -> None:
    tiny = np.full(64, 1e-40, np.float32)
    e = engine(chain(("b", Gain(gain_db=6.0))))
    assert not e.process(tiny).any()
    assert (tiny * np.float32(0.5)).any(), "the caller's own arithmetic is untouched"


def test_a_frame_that_was_played_already_is_the_next_block() -> None:
    signal = np.ones((1, 400), np.float32)
    late, now = (engine(chain(("b", Gain()))) for _ in range(2))
    for e in (late, now):
        e.process(signal[:, :100])
    late.set("b.gain_db", -20.0, at=10)
    now.set("b.gain_db", -20.0)
    np.testing.assert_array_equal(late.process(signal[:, 100:]), now.process(signal[:, 100:]))
    assert late.get("b.gain_db") == -20.0


def test_unknown_names_and_bad_values_are_refused_before_they_are_posted() -> None:
    e = engine(chain(("b", Gain())))
    with pytest.raises(UnknownNameError, match=r"b\.gain_db"):
        e.set("b.gain", 1.0)
    with pytest.raises(UnknownNameError):
        e.get("nothing")
    for bad in (1e9, float("nan"), "loud"):
        with pytest.raises(ParamError, match="gain_db"):
            e.set("b.gain_db", bad)  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="frame"):
        e.set("b.gain_db", 0.0, at=-1)
    assert e.get("b.gain_db") == 0.0


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (np.zeros((2, 10), np.float32), "2 channels"),
        (np.zeros((1, 2, 3), np.float32), "shape"),
        (np.zeros(10, np.int16), "int16"),
        (np.array(["a"]), "samples"),
        ({"other": np.zeros(3)}, "other"),
    ],
)
def test_audio_that_does_not_fit_is_refused(bad: object, says: str) -> None:
    with pytest.raises(PortError, match=says):
        engine(chain(("b", Gain()))).process(bad)  # type: ignore[call-overload]


def test_more_messages_than_the_ring_holds_arrive_all_the_same() -> None:
    e = engine(chain(("b", Gain())))
    for k in range(20_000):
        e.set("b.gain_db", -(k % 60))
    assert e.get("b.gain_db") == -(19_999 % 60)


def test_an_audio_thread_that_reads_no_messages_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("namgraph.runtime.engine.control.TIMEOUT_S", 0.05)
    e = engine(chain(("b", Gain())))
    e.queue.has_audio_thread = True
    while not e.queue.ring.full:
        e.set("b.gain_db", 0.0)
    with pytest.raises(EngineError, match="audio thread"):
        e.set("b.gain_db", 0.0)


def test_stats_count_blocks_and_time_nodes() -> None:
    e = engine(diamond())
    e.stats(timed=True)
    e.process(noise(640, 2))
    stats = e.stats()
    assert (stats.frames, stats.blocks, stats.faults) == (640, 1, 0)
    by_name = {n.name: n for n in stats.nodes}
    assert by_name["left"].calls == 10
    assert by_name["left"].mean_us > 0
    assert stats.block_us["p50"] <= stats.block_us["p99"] <= stats.block_us["max"]


def test_reset_discards_messages_that_wait_but_not_those_posted_after_it() -> None:
    x = np.ones(2_000, np.float32)
    e = engine(chain(("b", Gain())))
    e.process(x)
    e.set("b.gain_db", 12.0, at=e.frame + 100)  # belongs to the time before
    e.reset()
    e.set("b.gain_db", -40.0, at=10)
    y = e.process(x)
    assert y[9] == 1.0
    assert y[10] < 1.0
    assert y.max() == 1.0
    e.reset()
    e.set("b.gain_db", -6.0)
    e.process(x[:1])
    assert e.get("b.gain_db") == -6.0
