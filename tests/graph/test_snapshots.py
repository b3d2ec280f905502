"""Mixes, bypasses and snapshots as part of a graph."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest

import namgraph as ng
from namgraph.graph import DryWet, Snapshot, schedule


def rack() -> ng.Graph:
    graph = ng.Graph.chain(drive=ng.Gain(gain_db=6.0), echo=ng.Delay(), level=ng.Gain())
    graph.add("lfo", ng.Lfo())
    graph.connect("lfo", "level.gain_db", 0.1)
    return graph


def test_mixes_are_part_of_the_value_of_a_graph() -> None:
    plain, mixed = rack(), rack()
    mixed.mix("echo", 0.25)
    mixed.bypass("drive")
    assert mixed.mixes == {"echo": DryWet(0.25, False), "drive": DryWet(1.0, True)}
    assert mixed != plain
    assert mixed.copy() == mixed == pickle.loads(pickle.dumps(mixed))
    mixed.mix("echo", 1.0)
    mixed.bypass("drive", False)
    assert mixed == plain


def test_a_snapshot_is_recalled() -> None:
    graph = rack()
    graph.bypass("echo")
    graph.store("A", "all")
    assert set(graph.snapshots["A"].values) >= {"drive.gain_db", "echo.bypass", "tempo_bpm"}
    graph.store("B", "some", {"drive.gain_db": -3.0, "echo.bypass": False, "tempo_bpm": 90.0})
    first = graph.copy()
    graph.recall("B")
    assert graph["drive"] == ng.Gain(gain_db=-3.0)
    assert not graph.mixes
    assert graph.tempo_bpm == getattr(graph["lfo"], "tempo_bpm") == 90.0  # noqa: B009
    graph.recall("A")
    assert graph == first
    graph.discard("B")
    assert list(graph.snapshots) == ["A"]


def test_values_follow_their_nodes() -> None:
    graph = rack()
    graph.store("A", "", {"drive.gain_db": 1.0, "echo.bypass": True, "echo.mix": 0.5})
    graph.mix("echo", 0.5)
    graph.rename("echo", "slap")
    assert graph.snapshots["A"].values == {"drive.gain_db": 1, "slap.bypass": 1, "slap.mix": 0.5}
    assert list(graph.mixes) == ["slap"]
    graph.replace("slap", ng.Gain())  # has no mix of its own
    assert graph.snapshots["A"].values == {"drive.gain_db": 1, "slap.bypass": 1}
    graph.remove("drive")
    assert graph.snapshots["A"].values == {"slap.bypass": 1}
    graph.remove("slap")
    assert not graph.mixes


def test_a_rack_brings_its_mixes_and_not_its_snapshots() -> None:
    inner, outer = rack(), ng.Graph()
    inner.bypass("echo")
    inner.store("A")
    outer.add("amp", inner)
    assert outer.mixes == {"amp.echo": DryWet(1.0, True)}
    assert not outer.snapshots
    outer.store("C", "", {"amp.echo.bypass": False, "amp.drive.gain_db": 3.0})
    outer.rename("amp", "first")
    assert set(outer.snapshots["C"].values) == {"first.echo.bypass", "first.drive.gain_db"}


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda g: g.mix("ech", 0.5), "no node 'ech'; nearest: echo"),
        (lambda g: g.mix("echo", 1.5), r"mix of echo: share is 1\.5: must be a number in \[0, 1\]"),
        (lambda g: g.bypass("echo", 2), "bypassed is 2: must be True or False"),
        (lambda g: g.with_params({"echo.bypass": 2}), r"echo\.bypass is 2: must be True or False"),
        (lambda g: g.bypass("lfo"), "lfo cannot be mixed or bypassed: that takes one audio output"),
        (lambda g: g.store("G"), "slot is 'G': must be one of A, B, C, D, E, F"),
        (lambda g: g.store("A", 3), "name is 3"),
        (lambda g: g.store("A", "", {"echo.mixx": 1.0}), r"no parameter 'echo\.mixx'.*echo\.mix"),
        (lambda g: g.store("A", "", {"drive.gain_db": 99.0}), r"drive\.gain_db is 99\.0: must be"),
        (lambda g: g.store("A", "", {"tempo_bpm": 1.0}), "tempo_bpm is 1.0: must be"),
        (lambda g: g.recall("B"), r"slot B is empty; filled: A \(one\)"),
        (lambda g: g.discard("B"), "slot B is empty"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(act: Callable[[Any], Any], said: str) -> None:
    graph = rack()
    graph.store("A", "one", {"drive.gain_db": 0.0})
    before = graph.copy()
    with pytest.raises(ng.NamgraphError, match=said):
        act(graph)
    assert graph == before


def test_values_that_are_wrong_among_right_ones_change_nothing() -> None:
    graph = rack()
    before = graph.copy()
    with pytest.raises(ng.ParamError, match="echo"):
        graph.with_params({"tempo_bpm": 60.0, "drive.gain_db": 1.0, "echo.dry_wet": -1.0})
    assert graph == before


def test_snapshots_of_another_graph_are_kept_where_they_fit() -> None:
    old, new = rack(), ng.Graph.chain(drive=ng.Gain())
    old.store("A", "fits", {"drive.gain_db": 2.0, "echo.bypass": True})
    old.store("B", "does not", {"echo.mix": 0.1})
    new.keep_snapshots(old)
    assert new.snapshots == {"A": Snapshot("fits", {"drive.gain_db": 2.0})}
    own = ng.Graph.chain(drive=ng.Gain())
    own.store("F", "own")
    own.keep_snapshots(old)
    assert list(own.snapshots) == ["F"]


def test_a_mix_of_fewer_channels_is_refused_by_the_schedule() -> None:
    @ng.node("test_snapshots_narrow")
    class Narrow(ng.Node):
        @property
        def inputs(self) -> tuple[ng.Port, ...]:
            return (ng.Port("in", 2),)

        @property
        def outputs(self) -> tuple[ng.Port, ...]:
            return (ng.Port("out", 1),)

    graph = ng.Graph()
    guitar = graph.input("in", channels=2)
    guitar >> graph.add("narrow", Narrow()) >> graph.output("out", channels=1)
    schedule(graph, ng.Spec(48_000, 64))
    graph.bypass("narrow")
    with pytest.raises(
        ng.ParamError, match=r"narrow cannot be mixed .*: it has 1 channel out and 2"
    ):
        schedule(graph, ng.Spec(48_000, 64))


def test_a_picture_shows_them() -> None:
    graph = rack()
    graph.bypass("drive")
    graph.mix("echo", 0.5)
    drawn = ng.svg(graph)
    assert "gain, bypassed" in drawn
    assert "delay, 50% wet" in drawn
    assert "bypassed" not in ng.svg(rack())
