"""Mixes of the graph, snapshots and saving, of a plugin and of an effect."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from .graphs import RATE, echo_graph, noise, play as go_on

KINDS = [ng.GraphPlugin, ng.GraphEffect]
X = noise(2, 3_000)


def play(made: Any, audio: Any) -> Any:
    return go_on(made, audio, reset=False)


def mixed() -> ng.Graph:
    graph = echo_graph()
    graph.mix("echo", 0.25)
    graph.bypass("amp")
    graph.store("B", "Lead", {"amp.gain_db": 3.0, "amp.bypass": False, "echo.dry_wet": 1.0})
    return graph


@pytest.mark.parametrize("kind", KINDS)
def test_the_mixes_of_the_graph_are_played(kind: Any) -> None:
    by_hand = kind(echo_graph())
    by_hand.mix_node("echo", 0.25)
    by_hand.bypass_node("amp")
    made = kind(mixed())
    np.testing.assert_array_equal(play(made, X), play(by_hand, X))
    assert made.graph == mixed()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("begun", [False, True])
def test_a_snapshot_is_recalled_and_what_plays_is_saved(
    kind: Any, begun: bool, tmp_path: Path
) -> None:
    made = kind(mixed())
    if begun:
        play(made, X)
    made.store("A", "First")
    made.recall("B")
    assert made.amp_gain_db == 3.0
    play(made, X)
    assert made.graph.mixes == {}
    assert sorted(made.snapshots) == ["A", "B"]
    made.save(tmp_path / "a.json")
    saved = ng.load_preset(tmp_path / "a.json")
    assert saved == made.graph
    assert list(saved.snapshots) == ["A", "B"]
    made.recall("A")
    play(made, X)
    assert made.graph.mixes == mixed().mixes
    with pytest.raises(ng.ParamError, match="slot C is empty"):
        made.recall("C")


@pytest.mark.parametrize("kind", KINDS)
def test_loading_a_preset_sets_its_mixes(kind: Any, tmp_path: Path) -> None:
    ng.save_preset(mixed(), tmp_path / "a.json")
    made = kind(echo_graph(), sample_rate=RATE)
    made.mix_node("echo", 0.75)
    play(made, X)
    made.load_preset(tmp_path / "a.json")
    play(made, X)
    assert made.graph.mixes == mixed().mixes
    assert list(made.snapshots) == ["B"]
    made.mix_node("echo", 0.5)
    made.swap(mixed())  # the graph that it has: what was set stays
    play(made, X)
    assert made.graph.mixes["echo"] == (0.5, False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_is_mixed_while_a_swap_waits(kind: Any) -> None:
    made = kind(echo_graph(), sample_rate=RATE)
    play(made, X)
    longer = echo_graph()
    longer.replace("echo", ng.Delay(time_ms=4.0))
    made.swap(longer)
    made.mix_node("amp", 0.5)  # no block since: both graphs are played with mixes
    assert np.isfinite(play(made, X)).all()
    assert made.graph.mixes == {"amp": (0.5, False)}
