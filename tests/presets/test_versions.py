"""Version 2 of the format: migration of version 1, mixes, snapshots, exact round trips."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph import PresetError
from namgraph.presets.bundled import shipped_presets
from namgraph.presets.migrations import FORMAT, MIGRATIONS, migrate
from namgraph.presets.preset import dumps, loads, read_preset

from .every_node import every_node

RACK: dict[str, Any] = {
    "namgraph": 2,
    "inputs": {"in": 1},
    "outputs": {"out": 1},
    "nodes": {
        "drive": {"type": "gain", "gain_db": 6.0, "dry_wet": 0.5, "bypass": True},
        "echo": {"type": "delay", "mix": 1.0},
        "lfo": {"type": "lfo"},
    },
    "snapshots": {"B": {"name": "Lead", "values": {"drive.gain_db": 9, "drive.bypass": False}}},
    "connections": [["in", "drive"], ["drive", "echo"], ["echo", "out"]],
}


def changed(**values: Any) -> dict[str, Any]:
    return {**RACK, **values}


def snapshot(values: Any, slot: str = "A") -> dict[str, Any]:
    return changed(snapshots={slot: {"name": "x", "values": values}})


def alone(node: dict[str, Any]) -> dict[str, Any]:
    return changed(nodes={"a": node}, connections=[], snapshots=None)


def test_mixes_and_snapshots_are_read() -> None:
    found = loads(json.dumps(RACK))
    assert found.graph.mixes == {"drive": (0.5, True)}
    assert found.snapshots["B"].name == "Lead"
    assert found.snapshots["B"].values == {"drive.gain_db": 9.0, "drive.bypass": 0.0}
    found.graph.recall("B")
    assert found.graph.mixes == {"drive": (0.5, False)}


@pytest.mark.parametrize("name", shipped_presets())
def test_a_preset_of_version_1_is_the_same_graph(name: str) -> None:
    path = shipped_presets()[name]
    old = json.loads(path.read_text(encoding="utf-8"))
    old.pop("snapshots", None)
    graph = read_preset(name).graph
    for slot in list(graph.snapshots):
        graph.discard(slot)
    assert loads(json.dumps({**old, "namgraph": 1}), folder=path.parent).graph == graph


def test_what_version_1_stored_of_a_machine_is_read() -> None:
    amp = {"type": "nam", "path": ng.asset("crunch-lstm.nam"), "interface_dbu": 18.0}
    old = {"namgraph": 1, "inputs": {}, "outputs": {}, "nodes": {"amp": amp}, "connections": []}
    graph = loads(json.dumps(old)).graph
    assert getattr(graph["amp"], "interface_dbu") == 18.0  # noqa: B009
    assert loads(dumps(graph)).graph == graph


def test_options_of_a_machine_are_not_written_by_default() -> None:
    graph = ng.Graph.chain(amp=ng.Nam(ng.asset("crunch-lstm.nam")))
    stored = json.loads(dumps(graph))["nodes"]["amp"]
    assert not {"interface_dbu", "backend"} & stored.keys()
    assert "levels" in stored


def test_each_step_leads_to_the_next_version() -> None:
    for version, step in enumerate(MIGRATIONS, 1):
        assert step({"namgraph": version, "nodes": {}})["namgraph"] == version + 1
    given = {"namgraph": 1, "nodes": {}}
    assert migrate(given)["namgraph"] == FORMAT == 2
    assert given["namgraph"] == 1


@pytest.mark.parametrize("name", [*shipped_presets(), ""])
def test_loading_and_saving_again_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    graph = ng.load_preset(name) if name else every_node()
    first = next(n for n, node in graph.nodes.items() if node.type_name in ("nam", "gain", "pan"))
    graph.bypass(first)
    graph.store("C", "All of it")
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    ng.save_preset(graph, a)
    found = read_preset(a)
    assert found.graph == graph
    assert (found.name, found.description) == (graph.name or "a", graph.description)
    ng.save_preset(found.graph, b)
    assert a.read_bytes() == b.read_bytes()


def test_a_saved_mix_has_the_same_bits(tmp_path: Path) -> None:
    sound = np.random.default_rng(3).uniform(-0.2, 0.2, 2_000).astype(np.float32)
    graph = ng.load_preset("crunch")
    graph.mix("cab", 0.4)
    graph.bypass("dc_block")
    ng.save_preset(graph, tmp_path / "a.json")
    heard = ng.render(str(tmp_path / "a.json"), sound, 48_000)
    np.testing.assert_array_equal(heard, ng.render(graph, sound, 48_000))
    assert not np.array_equal(heard, ng.render("crunch", sound, 48_000))


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        (changed(namgraph=3), "namgraph is 3: the preset needs a newer namgraph than .*1 to 2 of"),
        (changed(namgraph=1), r'snapshots is a key of version 2: write "namgraph": 2'),
        (
            {**changed(namgraph=1), "snapshots": None},
            "snapshots is a key of version 2",
        ),
        (
            {k: v for k, v in changed(namgraph=1).items() if k != "snapshots"},
            r"nodes\.drive\.dry_wet is a key of version 2",
        ),
        (changed(snapshots=[]), "snapshots is a list of 0: must be an object"),
        (snapshot({}, "G"), "snapshots has the key 'G': known keys are A, B, C, D, E, F"),
        (changed(snapshots={"A": 1}), r"snapshots\.A is 1: must be an object"),
        (changed(snapshots={"A": {}}), r"snapshots\.A\.values is None: must be an object"),
        (
            changed(snapshots={"A": {"values": {}, "nam": 1}}),
            r"snapshots\.A has the key 'nam': known keys are name, values",
        ),
        (changed(snapshots={"A": {"values": {}, "name": 1}}), r"snapshots\.A\.name is 1: must be"),
        (snapshot({"amp.gain_db": 1}), r"snapshots\.A: no parameter 'amp\.gain_db' in this graph"),
        (snapshot({"drive.gain": 1}), r"snapshots\.A: no parameter .*; nearest: drive\.gain_db"),
        (snapshot({"drive.gain_db": 99}), r"snapshots\.A: drive\.gain_db is 99\.0: must be a num"),
        (snapshot({"drive.gain_db": "9"}), r"snapshots\.A\.values\.drive\.gain_db is '9': must be"),
        (
            snapshot({"drive.gain_db": True}),
            r"values\.drive\.gain_db is True: must be a finite",
        ),
        (snapshot({"drive.bypass": 1}), r"values\.drive\.bypass is 1: must be true or false"),
        (snapshot({"drive.dry_wet": 2}), r"snapshots\.A: drive\.dry_wet is 2\.0: must be a number"),
        (snapshot({"lfo.bypass": True}), r"snapshots\.A: lfo cannot be mixed or bypassed"),
        (snapshot({"tempo_bpm": 5}), r"snapshots\.A: tempo_bpm is 5\.0: must be"),
        (snapshot({"": 5}), r"snapshots\.A: no parameter ''"),
        (
            alone({"type": "gain", "bypass": 1}),
            r"nodes\.a\.bypass is 1: must be",
        ),
        (alone({"type": "gain", "dry_wet": 2}), r"nodes\.a: dry_wet is 2\.0: must be"),
        (
            alone({"type": "oversample", "node": {"type": "gain", "bypass": True}}),
            r"nodes\.a\.node has the key 'bypass'",
        ),
    ],
)
def test_what_is_wrong_is_named_in_one_line(preset: dict[str, Any], said: str) -> None:
    with pytest.raises(PresetError, match=said) as caught:
        loads(json.dumps(preset))
    assert "\n" not in str(caught.value)


def test_a_slot_is_there_once() -> None:
    text = json.dumps(RACK).replace('"snapshots": {', '"snapshots": {"B": {"values": {}}, ')
    with pytest.raises(PresetError, match="the key 'B' is there twice"):
        loads(text)


def test_content_in_memory_cannot_be_saved_from_an_engine(tmp_path: Path) -> None:
    model = ng.load_nam(Path(ng.asset("crunch-lstm.nam")).read_bytes())
    engine = ng.Engine(ng.Nam(model), sample_rate=48_000)
    with pytest.raises(PresetError, match=r"nam\.path is .*, in memory, and a preset names files"):
        engine.save(tmp_path / "a.json")
    with pytest.raises(PresetError, match=r"must end in \.json"):
        engine.save(tmp_path / "a.txt")
    assert not list(tmp_path.iterdir())
