"""Nodes that are played together have the bits that they have one after another.

Every test plays one session on two engines, one of which plays all rows one by one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.benchmarks.models import gru, lstm
from namgraph.nodes.testing import same_bits
from namgraph.runtime.engine import build
from namgraph.runtime.plan.side_by_side import group_rows

Floats = np.ndarray[Any, Any]
FRAMES = 1200
X = np.random.default_rng(5).uniform(-0.5, 0.5, (2, FRAMES)).astype(np.float32)
SIDES = ("left", "right")
Session = Callable[[ng.Engine], object]


def amp(seed: int, hidden: int = 3, **options: Any) -> ng.Nam:
    return ng.Nam(ng.load_nam(lstm(hidden, 1, seed)), **options)


def graph(left: ng.Node | None = None, right: ng.Node | None = None) -> ng.Graph:
    """Two amps side by side, behind a gain each, which is another way for one side."""
    made = ng.Graph()
    made.input("in", channels=2)
    made.add("split", ng.Split(mode="channels"))
    made.connect("in", "split.in")
    for side, node in zip(SIDES, (left or amp(1), right or amp(2)), strict=True):
        made.add(f"{side} gain", ng.Gain(gain_db=-3.0))
        made.add(side, node)
        made.connect(f"split.{side}", f"{side} gain.in")
        made.connect(f"{side} gain", f"{side}.in")
        made.connect(side, made.output(f"{side} out", channels=1))
    return made


@contextmanager
def apart() -> Iterator[None]:
    """Plans that are built meanwhile have no groups."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "group_rows", lambda plan: None)
        yield


def engine(made: ng.Graph, **settings: Any) -> ng.Engine:
    return ng.Engine(made, sample_rate=48_000, max_frames=128, **{"fade_s": 0.002, **settings})


def play(played: ng.Engine, x: Floats, block: int = 64) -> Floats:
    y = np.zeros((2, x.shape[1]), np.float32)
    played.play(list(x), list(y), x.shape[1], block)
    return y


def check(session: Session, blocks: tuple[int, ...] = (64,)) -> ng.Engine:
    """Play, let the session do something, play on: all bits and all state are the same."""
    with apart():
        alone = engine(graph())
        before = play(alone, X[:, :500])
        session(alone)
        after = play(alone, X[:, 500:])
        assert alone.stats().together == ()
    for block in blocks:
        group = engine(graph())
        assert group.stats().together == (SIDES,)
        same_bits(play(group, X[:, :500], block), before)
        session(group)
        same_bits(play(group, X[:, 500:], block), after)
        assert group.plan.state_layout == alone.plan.state_layout
        same_bits(numbers(group), numbers(alone))
    return group


def numbers(played: ng.Engine) -> Floats:
    """The state without addresses."""
    state = played.save_state()
    data = state.data[state.begin :].copy()
    for at, _ in played.plan.state_layout.pointers:
        data[at : at + 8] = 0
    return data


def test_nodes_of_one_shape_are_played_together_in_blocks_of_any_length() -> None:
    check(lambda played: None, (1, 7, 64, 128))


def test_each_node_has_the_bits_of_a_graph_of_its_own() -> None:
    y = play(engine(graph()), X)
    for channel, seed in enumerate((1, 2)):
        alone = ng.Graph.chain(gain=ng.Gain(gain_db=-3.0), amp=amp(seed), channels=1)
        played, wanted = engine(alone), np.zeros((1, FRAMES), np.float32)
        played.play([X[channel]], list(wanted), FRAMES, 64)
        same_bits(y[channel], wanted[0])


def test_the_comparison_can_fail() -> None:
    with pytest.raises(AssertionError):
        check(lambda played: played.set("left.input_db", float(bool(played.stats().together))))


SESSIONS: dict[str, Session] = {
    "input gain": lambda played: played.set("left.input_db", 4.0, at=533),
    "output gain": lambda played: played.set("right.output_db", -9.0, at=577),
    "bypass of the first": lambda played: played.bypass("left", at=611),
    "bypass of the other": lambda played: played.bypass("right", at=611),
    "mix": lambda played: played.mix("right", 0.4),
    "reset": lambda played: played.reset(),
    "times": lambda played: played.stats(timed=True),
    "a time limit": lambda played: played.guard(10.0),
    "state returns": lambda played: played.restore_state(played.save_state()),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_what_is_done_to_one_node_is_done_to_it_alone(name: str) -> None:
    check(SESSIONS[name])


@pytest.mark.parametrize("muted", SIDES)
def test_a_node_that_is_muted_does_not_stop_the_other(muted: str) -> None:
    def session(played: ng.Engine) -> None:
        played.stats(timed=True)
        row = played.plan.names.index(muted)
        played.plan.rows["mute_left"][row] = 300

    check(session)


@pytest.mark.parametrize("side", SIDES)
def test_a_swap_of_one_node_forms_the_group_anew(side: str) -> None:
    def session(played: ng.Engine) -> None:
        played.set("left.input_db", 2.0)
        played.swap(graph(**{side: amp(7)}))

    assert check(session).stats().together == (SIDES,)


@pytest.mark.parametrize("side", SIDES)
def test_a_swap_to_another_shape_dissolves_the_group(side: str) -> None:
    played = check(lambda played: played.swap(graph(**{side: amp(7, 8)})))
    assert played.stats().together == ()
    played.swap(graph())
    play(played, X)
    assert played.stats().together == (SIDES,)


def modulated() -> ng.Graph:
    made = graph()
    made.add("lfo", ng.Lfo())
    made.connect("lfo", "left.input_db")
    return made


def in_series() -> ng.Graph:
    made = graph()
    made.remove("right gain")
    made.connect("left", "right.in")
    return made


APART: dict[str, Callable[[], ng.Graph]] = {
    "other shape": lambda: graph(amp(1, 8)),
    "other network": lambda: graph(ng.Nam(ng.load_capture(gru(3)))),
    "too large": lambda: graph(amp(1, 32), amp(2, 32)),
    "oversampled": lambda: graph(amp(1, oversample=2), amp(2, oversample=2)),
    "modulated": modulated,
    "one after the other": in_series,
}


@pytest.mark.parametrize("name", APART)
def test_what_is_not_played_together(name: str) -> None:
    assert engine(APART[name]()).stats().together == ()


def test_threads_that_share_the_nodes_play_them_apart() -> None:
    played = engine(graph(amp(1, 8), amp(2, 8)), threads=2)
    assert (played.stats().together == ()) == played.stats().threads.engaged  # type: ignore[union-attr]


def test_groups_are_as_large_as_the_shape_allows() -> None:
    made = ng.Graph()
    made.input("in", channels=1)
    for k in range(6):
        made.add(f"amp{k}", amp(k))
        made.connect("in", f"amp{k}.in")
        made.connect(f"amp{k}", made.output(f"out{k}", channels=1))
    played, names = engine(made), [f"amp{k}" for k in range(6)]
    assert played.stats().together == (tuple(names[:4]), tuple(names[4:]))
    y = np.zeros((6, FRAMES), np.float32)
    played.play([X[0]], list(y), FRAMES, 64)
    group_rows(played.plan, 1, 4)
    assert played.stats().together == (tuple(names[1:4]),)
    again = np.zeros((6, FRAMES), np.float32)
    played.reset()
    played.play([X[0]], list(again), FRAMES, 64)
    same_bits(again, y)


def test_a_stepper_plays_each_stream_for_itself() -> None:
    made = graph()
    blend = ng.Graph()
    blend.input("in", channels=1)
    blend.add("mix", ng.Mix(count=2))
    for k, side in enumerate(SIDES, 1):
        blend.add(side, made.nodes[side])
        blend.connect("in", f"{side}.in")
        blend.connect(side, f"mix.in{k}")
    blend.connect("mix", blend.output("out", channels=1))
    alone, many = (ng.Stepper(blend, 48_000, 64, streams=n) for n in (1, 2))
    for begin in range(0, 256, 64):
        x = np.ascontiguousarray(X[:, None, begin : begin + 64])
        same_bits(np.asarray(alone.step(x[:1]))[0], np.asarray(many.step(x))[0])
    assert (
        ng.render(blend, X[:1], 48_000, threads=1).tobytes()
        == ng.render(blend, X[:1], 48_000, threads=2).tobytes()
    )


def test_times_are_shared_equally() -> None:
    played = engine(graph())
    played.stats(timed=True)
    play(played, X)
    stats = played.stats()
    left, right = (node for node in stats.nodes if node.name in SIDES)
    assert left.mean_us == pytest.approx(right.mean_us, rel=1e-3)
    assert left.p50_us == right.p50_us
    assert left.mean_us > 0.0
    assert "played together, with equal shares: left, right" in str(stats)


def test_times_begin_anew_where_a_swap_forms_another_group() -> None:
    played = engine(graph(), fade_s=0.0)
    played.stats(timed=True)
    play(played, X)
    before = {node.name: node for node in played.stats().nodes}
    played.swap(graph(right=amp(7)))
    play(played, X)
    after = {node.name: node for node in played.stats().nodes}
    calls = before["left"].calls
    assert [after[side].calls for side in SIDES] == [calls, calls]
    assert after["left gain"].calls == 2 * calls  # it goes on as it was
    assert after["left"].mean_us == pytest.approx(after["right"].mean_us, rel=1e-3)
    played.swap(graph(right=amp(7)))
    play(played, X)
    again = {node.name: node for node in played.stats().nodes}
    assert [again[name].calls for name in ("left", "right", "left gain")] == [
        2 * calls,
        2 * calls,
        3 * calls,
    ]
    assert min(again["left"].p50_us, after["left"].p50_us) > 0.0  # of the calls since the swap


def test_under_a_time_limit_each_node_is_judged_by_its_own_time() -> None:
    played = engine(graph())
    group = played.plan.groups[0]

    def together() -> bool:
        group._aside.fill(99.0)  # the other nodes' output, if all are played at once
        play(played, X[:, :64])
        return not bool((group._aside == 99.0).all())

    played.guard(10.0, overruns=2)
    assert together()
    for name in SIDES:
        played.plan.rows["consecutive_overruns"][played.plan.names.index(name)] = 1
        assert not together()  # and none is above the limit:
        assert together()
    played.guard(10.0, overruns=1)
    assert not together()  # the first would be muted for the time of all
    played.guard(None)
    assert together()
