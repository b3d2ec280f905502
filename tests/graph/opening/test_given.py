"""What may be given in place of a graph, wherever one is taken; a cabinet after it (``ir``)."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Content, as_graph, graph_of, with_cabinet

LSTM, CAB = ng.asset("crunch-lstm.nam"), ng.asset("cab.wav")
RATE = 48_000
X = (0.1 * np.random.default_rng(4).standard_normal(480)).astype(np.float32)
GRAPH = ng.Graph.chain(amp=ng.Nam(LSTM))
WANTED = ng.render(GRAPH, X, RATE, tail=False)
GIVEN: dict[str, Any] = {
    "a graph": GRAPH,
    "a path": LSTM,
    "a Path": Path(LSTM),
    "a node": ng.Nam(LSTM),
    "a model": ng.load_nam(LSTM),
    "a model from bytes": ng.load_nam(Path(LSTM).read_bytes()),
}


def null_stream(graph: Any) -> Any:
    with ng.NullStream(
        graph, 64, source=X[None], record=480, realtime=False, seconds=0.01, sample_rate=RATE
    ) as stream:
        assert stream.wait(30.0)
        return stream.recorded[0, :480]


def saved(graph: Any) -> Any:
    if isinstance(graph, ng.Model):  # a preset names files
        with pytest.raises(
            ng.PresetError, match=r"Model.*and give the node that path|its path|path"
        ):
            ng.save_preset(graph, "rack.json")
        graph = ng.Nam(LSTM)
    ng.save_preset(graph, "rack.json")
    return ng.render("rack.json", X, RATE, tail=False)


def swapped(graph: Any) -> Any:
    engine = ng.Engine(ng.Graph.chain(ng.Gain()), sample_rate=RATE, fade_s=0.0)
    engine.swap(graph)
    return engine.process(X)


def swapped_stream(graph: Any) -> Any:
    with ng.NullStream(ng.Graph.chain(ng.Gain()), sample_rate=RATE) as stream:
        stream.swap(graph)
        return ng.render(stream.graph, X, RATE, tail=False)


def swapped_plugin(graph: Any) -> Any:
    made = ng.GraphPlugin(ng.Gain())
    made.swap(graph)
    return made(X[None], RATE)[0]


TAKES: dict[str, Callable[[Any], Any]] = {
    "render": lambda graph: ng.render(graph, X, RATE, tail=False),
    "Engine": lambda graph: ng.Engine(graph, sample_rate=RATE).process(X),
    "Engine.swap": swapped,
    "Stepper": lambda graph: ng.Stepper(graph, RATE, 480).step(X),
    "NullStream": null_stream,
    "Stream.swap": swapped_stream,
    "save_preset": saved,
    "match_levels": lambda graph: ng.render(ng.match_levels(graph), X, RATE, tail=False),
    "GraphPlugin": lambda graph: ng.GraphPlugin(graph)(X[None], RATE)[0],
    "GraphEffect": lambda graph: ng.Board([ng.GraphEffect(graph)])(X, RATE),
    "GraphPlugin.swap": swapped_plugin,
    "Board": lambda graph: ng.Board([graph])(X, RATE),
}


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("take", TAKES)
@pytest.mark.filterwarnings("ignore::namgraph.LevelsWarning")
def test_it_sounds_as_its_graph(
    take: str, given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    heard = np.asarray(TAKES[take](GIVEN[given]))
    wanted = TAKES[take](GRAPH) if take == "match_levels" else WANTED
    assert np.abs(heard).max() > 0.01
    np.testing.assert_array_equal(heard, wanted)


def test_a_preset_is_taken_by_its_path_or_its_bundled_name(tmp_path: Path) -> None:
    preset = ng.load_preset("crunch")
    ng.save_preset("crunch", tmp_path / "mine.json")
    for given in ("crunch", tmp_path / "mine.json", str(tmp_path / "mine.json")):
        assert as_graph(given) == preset
    assert as_graph("crunch").name == "Crunch"
    np.testing.assert_array_equal(ng.render("crunch", X, RATE), ng.render(preset, X, RATE))
    assert ng.GraphPlugin("crunch").name == "Crunch"


def test_a_graph_is_taken_itself_and_others_get_a_name_for_their_node() -> None:
    assert as_graph(GRAPH) is GRAPH
    assert list(as_graph(LSTM)) == ["amp"]
    assert list(as_graph(ng.load_nam(LSTM))) == ["amp"]
    assert list(as_graph(ng.Nam(LSTM))) == ["nam"]
    assert as_graph(LSTM).name == "crunch-lstm"


def test_nodes_that_are_no_chain_are_refused() -> None:
    for node in (ng.Mix(2), ng.Split(2)):
        with pytest.raises(ng.PortError, match="a chain takes nodes with one audio input and one"):
            ng.render(node, X, RATE)


def test_content_that_no_node_plays_alone() -> None:
    class Other(Content):
        described = "another content"
        digest = "0"

    for give in (graph_of, as_graph):
        with pytest.raises(ng.GraphError, match="no node plays it alone"):
            give(Other())
    assert graph_of(ng.load_nam(LSTM), slim=0.5)["amp"].slim == 0.5  # type: ignore[attr-defined]


@pytest.mark.parametrize("given", [name for name in GIVEN if name != "a graph"])
@pytest.mark.parametrize("ir", [CAB, Path(CAB), ng.read_audio(CAB), ng.Cab(CAB)], ids=repr)
def test_a_model_is_followed_by_a_cabinet(given: str, ir: Any) -> None:
    heard = ng.render(GIVEN[given], X, RATE, ir=ir)
    by_hand = ng.Graph.chain(amp=ng.Nam(LSTM), cab=ng.Cab(CAB))
    np.testing.assert_array_equal(heard, ng.render(by_hand, X, RATE))
    assert len(heard) > len(ng.render(LSTM, X, RATE)), "the tail of the response"


def test_names_of_the_cabinet_and_of_the_graph() -> None:
    graph = with_cabinet(LSTM, CAB)
    assert (list(graph), graph.name) == (["amp", "cab"], "crunch-lstm")
    assert graph == ng.Graph.chain(amp=ng.Nam(LSTM), cab=ng.Cab(CAB))
    two = with_cabinet(ng.Cab(CAB), ng.Cab(CAB, level_db=-6.0))
    assert (list(two), two["cab2"]) == (["cab", "cab2"], ng.Cab(CAB, level_db=-6.0))
    assert with_cabinet(GRAPH) is GRAPH
    bank = with_cabinet(ng.NamBank([LSTM, LSTM]), CAB)
    assert dict(bank.outputs) == {"out": 2}


@pytest.mark.parametrize(
    ("given", "ir", "kind", "says"),
    [
        (
            "crunch",
            CAB,
            ng.GraphError,
            "goes with one model or node, 'crunch' is a rack: put a Cab",
        ),
        (GRAPH, CAB, ng.GraphError, "is a rack: put a Cab into it"),
        (LSTM, "none.wav", ng.AudioFileError, "none.wav: cannot be read"),
        (LSTM, LSTM, ng.AudioFileError, "crunch-lstm.nam"),
        (LSTM, 3, ng.FileError, "ir is 3: must be the path of a file"),
        (LSTM, "", ng.FileError, "ir is an empty text"),
        (LSTM, ng.Gain(), ng.FileError, "ir is a Gain: must be"),
        (LSTM, np.ones(4), ng.ParamError, "ir is an array of shape (4,): must be"),
        (ng.Mix(2), CAB, ng.PortError, "mix (Mix) has 2 inputs"),
        (None, CAB, ng.GraphError, "graph is None"),
    ],
)
def test_what_cannot_be_a_cabinet_is_one_line(
    given: Any, ir: Any, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=re.escape(says)) as caught:
        ng.render(given, X, RATE, ir=ir)
    assert "\n" not in str(caught.value)
