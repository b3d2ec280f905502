"""A graph inside a graph: names, connections, editing, sound, presets."""

import re
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Graph, GraphError, PortError
from namgraph.nodes.testing import same_bits
from namgraph.presets.preset import dumps, loads

X = np.random.default_rng(4).uniform(-0.5, 0.5, 4800).astype(np.float32)
RATE = 48_000


def amp() -> Graph:
    graph = Graph()
    drive, echo = graph.add("drive", ng.Gain(gain_db=6.0)), graph.add("echo", ng.Delay(time_ms=3.0))
    graph.input("guitar", channels=1) >> drive >> echo >> graph.output("out", channels=1)
    graph.add("lfo", ng.Lfo(rate_hz=9.0))
    graph.connect("lfo", "echo.mix", 0.25)
    return graph


def rack() -> Graph:
    graph = Graph()
    inner = graph.add("amp", amp())
    gain = graph.add("master", ng.Gain(gain_db=-3.0))
    graph.input("in", channels=1) >> inner >> gain >> graph.output("out", channels=1)
    return graph


def flat() -> Graph:
    graph = amp()
    graph.insert("master", ng.Gain(gain_db=-3.0), between=("echo", "out"))
    return graph


def test_it_sounds_as_the_nodes_in_line() -> None:
    same_bits(ng.render(rack(), X, RATE), ng.render(flat(), X, RATE))
    assert rack().check() == ()


def test_nodes_and_parameters_have_the_name_of_the_rack() -> None:
    graph = rack()
    assert set(graph) == {
        "amp.guitar", "amp.out", "amp.drive", "amp.echo", "amp.lfo", "master"
    }  # fmt: skip
    assert dict(graph.racks) == {"amp": (("guitar",), ("out",))}
    assert graph["amp.drive"] == ng.Gain(gain_db=6.0)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    engine.set("amp.drive.gain_db", -6.0)
    engine.bypass("amp.echo")
    engine.process(X[None])
    assert engine.get("amp.drive.gain_db") == -6.0
    assert engine.graph["amp.drive"] == ng.Gain(gain_db=-6.0)
    moved = graph.with_params({"amp.drive.gain_db": 1.0})
    assert moved["amp.drive"] == ng.Gain(gain_db=1.0)
    with pytest.raises(ng.UnknownNameError, match=r"no node 'amp'; it is a rack, whose nodes are"):
        graph["amp"]


def test_handles_reach_into_a_rack() -> None:
    graph = rack()
    inner = graph.handle("amp")
    graph.add("knob", ng.Constant())
    graph.handle("knob") >> inner["drive"]["gain_db"]
    assert str(graph.modulations[-1].target) == "amp.drive.gain_db"
    graph.connect("knob", "amp.echo.time_ms", 0.1)
    graph.disconnect("in", "amp.guitar")
    graph.connect("in", "amp")
    assert [p.name for p in graph.ports("amp", "input")] == ["guitar"]
    same_bits(ng.render(graph, X, RATE), ng.render(rack(), X, RATE))


def test_a_rack_of_several_ends_says_which() -> None:
    two = Graph()
    for name in ("left", "right"):
        two.input(name, channels=1) >> two.output(f"{name} out", channels=1)
    graph = Graph()
    graph.add("pair", two)
    graph.input("in", channels=1)
    with pytest.raises(PortError, match="pair has the inputs left, right: say which"):
        graph.connect("in", "pair")
    with pytest.raises(PortError, match="pair has the inputs left, right: 'x' is none of them"):
        graph.connect("in", "pair.x")
    graph.connect("in", "pair.right")
    graph.connect("pair.right out", graph.output("out", channels=1))
    with pytest.warns(ng.GraphWarning):
        same_bits(ng.render(graph, X, RATE), X)


def test_racks_nest() -> None:
    outer = Graph()
    outer.input("in", channels=1) >> outer.add("rig", rack()) >> outer.output("out", channels=1)
    assert "rig.amp.drive" in outer
    assert set(outer.racks) == {"rig", "rig.amp"}
    same_bits(ng.render(outer, X, RATE), ng.render(rack(), X, RATE))
    assert loads(dumps(outer)).graph == outer


def test_a_rack_is_renamed_and_removed_whole() -> None:
    graph = rack()
    graph.rename("amp", "clean")
    assert "clean.drive" in graph
    assert not [name for name in graph if name.startswith("amp")]
    assert str(graph.modulations[0].target) == "clean.echo.mix"
    same_bits(ng.render(graph, X, RATE), ng.render(rack(), X, RATE))
    graph.remove("clean")
    assert list(graph) == ["master"]
    assert not graph.racks
    assert not graph.modulations
    assert len(graph.connections) == 1


def test_a_rack_cannot_be_renamed_into_itself() -> None:
    graph = rack()
    before = graph.copy()
    with pytest.raises(
        GraphError, match=r"the rack amp cannot be renamed 'amp\.b': that is inside"
    ):
        graph.rename("amp", "amp.b")
    assert graph == before
    graph.rename("amp.drive", "amp.boost")  # a node of it can have another name there
    assert "amp.boost" in graph


def test_nodes_of_a_rack_are_edited_as_any() -> None:
    graph = rack()
    graph.add("amp.cut", ng.DcBlock())
    graph.remove("amp.cut")
    graph.insert("amp.cut", ng.DcBlock(), between=("amp.drive", "amp.echo"))
    graph.replace("amp.drive", ng.Gain())
    assert graph["amp.cut"] == ng.DcBlock()
    with pytest.raises(GraphError, match=r"'pre\.cut' is no name"):
        graph.add("pre.cut", ng.Gain())
    with pytest.raises(ng.DuplicateNameError):
        graph.add("amp", ng.Gain())


def test_a_swap_keeps_the_state_inside() -> None:
    kept, swapped = (ng.Engine(rack(), sample_rate=RATE, max_frames=64, fade_s=0) for _ in "ab")
    for engine in (kept, swapped):
        engine.process(X[None])
    other = rack()
    other.replace("master", ng.Gain(gain_db=-3.0))
    swapped.swap(other)
    same_bits(swapped.process(X[None]), kept.process(X[None]))


def test_a_preset_has_racks(tmp_path: Path) -> None:
    ng.save_preset(rack(), tmp_path / "rack.json")
    found = ng.load_preset(tmp_path / "rack.json")
    assert found == rack()
    same_bits(ng.render(found, X, RATE), ng.render(rack(), X, RATE))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"racks"', '"rack"', "rack"),
        ('"guitar"\n      ],', '"x"\n      ],', r"racks.amp: amp\.x is no end of a rack"),
        ('"inputs": [\n        "guitar"\n      ]', '"inputs": 3', "racks.amp.inputs is 3"),
        ('"amp": {\n      "inputs"', '"pre": {\n      "inputs"', "is no name"),
    ],
)
def test_wrong_racks_in_presets(old: str, new: str, message: str) -> None:
    text = dumps(rack())
    assert old in text
    with pytest.raises(ng.PresetError, match=message):
        loads(text.replace(old, new, 1))


def test_names_have_a_longest() -> None:
    graph = Graph()
    with pytest.raises(GraphError, match="too long a name"):
        graph.add("a" * 60, amp())
    assert not len(graph)


def test_pictures_and_plugins_know_racks() -> None:
    words = re.findall(r"<text[^>]*>([^<]*)</text>", ng.svg(rack()))
    assert words[1] == "amp"  # the title of a frame; names inside leave it out
    assert "drive" in words
    assert "amp.drive" not in words
    assert "amp.drive" in ng.mermaid(rack())
    pytest.importorskip("pedalboard")
    plugin = ng.GraphPlugin(rack())
    plugin.amp_drive_gain_db = -6.0
    graph = rack().with_params({"amp.drive.gain_db": -6.0})
    same_bits(plugin(X[None], RATE)[0], ng.render(graph, X, RATE, tail=False))


@pytest.mark.parametrize(
    ("edit", "arguments"),
    [
        ("remove", ("amp.guitar",)),
        ("rename", ("amp.guitar", "amp.entry")),
        ("rename", ("amp.guitar", "entry")),
        ("replace", ("amp.guitar", ng.Gain())),
    ],
)
def test_the_ends_of_a_rack_stay(edit: str, arguments: tuple[object, ...]) -> None:
    graph = rack()
    with pytest.raises(GraphError, match="is an input of the rack amp: it cannot be"):
        getattr(graph, edit)(*arguments)
    assert graph == rack()
    graph.set_rack_ends("amp", [], ["out"])
    graph.remove("amp.guitar")
    assert loads(dumps(graph)).graph == graph
