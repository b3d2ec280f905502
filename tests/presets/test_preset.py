"""Presets: what is written is read, and what is wrong is named."""

import json
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng
from namgraph import PresetError
from namgraph.presets.bundled import shipped_presets
from namgraph.presets.preset import MAX_BYTES, loads, read_preset

from .every_kind import rack

SIMPLE: dict[str, Any] = {
    "namgraph": 2,
    "name": "Simple",
    "inputs": {"in": 1},
    "outputs": {"out": 1},
    "nodes": {"gain": {"type": "gain", "gain_db": -3.0}, "mix": {"type": "mix", "invert": [1]}},
    "connections": [["in", "gain"], ["gain.out", "mix.in1"], ["mix", "out"]],
}


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in SIMPLE.items() if k != key}


def test_a_round_trip_changes_nothing(tmp_path: Path) -> None:
    graph = rack()
    path = tmp_path / "deep" / "er" / "rack.json"
    path.parent.mkdir(parents=True)
    ng.save_preset(graph, path, name="Every node")
    found = read_preset(path)
    assert found.graph == graph
    assert found.name == "Every node"
    assert [p.name for p in path.parent.iterdir()] == ["rack.json"]


def test_nearby_files_are_stored_as_seen_from_the_preset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "racks").mkdir()
    (tmp_path / "cab.wav").write_bytes(Path(ng.asset("cab.wav")).read_bytes())
    monkeypatch.chdir(tmp_path)
    graph = ng.Graph()
    graph.add("near", ng.Cab(str(tmp_path / "cab.wav")))
    graph.add("far", ng.Cab(ng.asset("cab.wav")))
    ng.save_preset(graph, "racks/a.json")
    stored = json.loads(Path("racks/a.json").read_text())["nodes"]
    assert stored["near"]["path"]["path"] == "../cab.wav"
    assert stored["far"]["path"] == "asset:cab.wav"
    assert ng.load_preset("racks/a.json") == graph
    (tmp_path / "racks").rename(tmp_path / "elsewhere")
    assert ng.load_preset("elsewhere/a.json") == graph


def test_saving_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")

    @ng.node("test_presets_unwritable")
    class Unwritable(ng.Node):
        thing: Any = ng.option(default=None)

    graph = ng.Graph()
    graph.add("odd", Unwritable(thing={1, 2}))
    with pytest.raises(PresetError, match=r"odd\.thing is \{1, 2\}"):
        ng.save_preset(graph, path)
    assert path.read_text() == "before"
    with pytest.raises(PresetError, match="cannot be written"):
        ng.save_preset(ng.Graph(), path / "below.json")
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("name", shipped_presets())
def test_shipped_presets_play(name: str) -> None:
    graph = ng.load_preset(name)
    assert read_preset(name).name
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=64)
    assert engine.plan.schedule.outputs


def test_files_that_are_no_presets_are_named(tmp_path: Path) -> None:
    big = tmp_path / "big.json"
    with big.open("wb") as file:
        file.write(b"{")
        file.truncate(MAX_BYTES + 1)
    (tmp_path / "latin.json").write_bytes(b'{"n\xe4me": 1}')
    cases: list[tuple[str | Path, str]] = [
        ("no-such", "there is .*crunch"),
        (tmp_path / "none.json", "No such file"),
        (tmp_path, "cannot be read"),
        (big, "at most"),
        (tmp_path / "latin.json", "not UTF-8 text .byte 3"),
    ]
    for path, said in cases:
        with pytest.raises(PresetError, match=said) as caught:
            ng.load_preset(path)
        assert str(caught.value).count(Path(path).name) == 1


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        ([], "the preset is a list of 0: must be a JSON object"),
        ({}, '"namgraph" is missing'),
        ({**SIMPLE, "namgraph": 3}, "namgraph is 3: the preset needs a newer namgraph than 0"),
        ({**SIMPLE, "namgraph": True}, "namgraph is True: must be 1 to 2"),
        ({**SIMPLE, "namgraph": 0}, "namgraph is 0: must be 1 to 2"),
        ({**SIMPLE, "namgraph": 2.0}, r"namgraph is 2\.0: must be 1 to 2"),
        ({**SIMPLE, "nodez": {}}, "the preset has the key 'nodez': known keys are namgraph"),
        ({**SIMPLE, "name": 3}, "name is 3: must be a string"),
        (without("nodes"), "nodes is None: must be an object"),
        (without("connections"), "connections is None: must be a list"),
        ({**SIMPLE, "inputs": {"in": 0}}, r"inputs\.in: in has 0 channels"),
        ({**SIMPLE, "inputs": {"a.b": 1}}, r"inputs\.a\.b: 'a\.b' is no name"),
        ({**SIMPLE, "inputs": {"in": True}}, "in has True channels"),
        ({**SIMPLE, "outputs": {"in": 1}}, "'in' is already in this graph"),
        ({**SIMPLE, "nodes": {"a": 3}}, r"nodes\.a is 3: must be an object"),
        ({**SIMPLE, "nodes": {"a": {}}}, r"nodes\.a\.type is None"),
        ({**SIMPLE, "nodes": {"a": {"type": "gian"}}}, "no node type 'gian'; nearest: gain"),
        (
            {**SIMPLE, "nodes": {"a": {"type": "gain", "gain": 3}}},
            r"nodes\.a has the key 'gain': known keys are type, gain_db",
        ),
        (
            {**SIMPLE, "nodes": {"a": {"type": "gain", "gain_db": "3"}}},
            r"nodes\.a\.gain_db is '3': must be a finite number",
        ),
        (
            {**SIMPLE, "nodes": {"a": {"type": "gain", "gain_db": 99}}},
            r"nodes\.a: gain_db is 99\.0: must be a number in \[-80, 36\] dB",
        ),
        (
            {**SIMPLE, "nodes": {"a": {"type": "mix", "count": 2.5}}},
            r"nodes\.a\.count is 2\.5: must be a whole number",
        ),
        ({**SIMPLE, "nodes": {"a": {"type": "mix", "count": 99}}}, r"nodes\.a: count is 99"),
        (
            {**SIMPLE, "nodes": {"a": {"type": "mix", "invert": [1, "2"]}}},
            r"nodes\.a\.invert is a list of 2: must be a list \(a whole number each\)",
        ),
        ({**SIMPLE, "nodes": {"a": {"type": "nam"}}}, r"nodes\.a\.path is missing"),
        ({**SIMPLE, "nodes": {"a": {"type": "nam", "path": 3}}}, r"nodes\.a\.path is 3"),
        (
            {**SIMPLE, "nodes": {"a": {"type": "nam", "path": "no.nam"}}},
            r"nodes\.a\.path is 'no\.nam': there is no file .*no\.nam",
        ),
        ({**SIMPLE, "connections": [["in"]]}, r"connections\[0\] is a list of 1: must be a pair"),
        ({**SIMPLE, "connections": [["in", 3]]}, r"connections\[0\] is 3: must be a port"),
        ({**SIMPLE, "connections": [["in", "x"]]}, r"connections\[0\]: nothing called 'x'"),
        (
            {**SIMPLE, "connections": [["in", "mix"]]},
            r"connections\[0\]: mix has the inputs in1, in2: say which",
        ),
    ],
)
def test_errors_name_the_place(preset: object, said: str) -> None:
    with pytest.raises(PresetError, match=said):
        loads(json.dumps(preset))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON: Expecting value at line 1, column 1"),
        ('{"namgraph": 1', "is not JSON"),
        ('{"namgraph": NaN}', "namgraph is NaN: must be a number JSON has"),
        ('{"nodes": {"a": [0, -Infinity]}}', r"nodes\.a\[1\] is -Infinity: must be a number"),
        ('{"namgraph": 1, "nodes": {"a": {}, "a": {}}}', "the key 'a' is there twice"),
        ("[" * 200_000, "nested too deeply"),
        ('{"namgraph": ' + "9" * 5_000 + "}", "not JSON this package reads"),
    ],
)
def test_text_that_is_no_json_is_refused(text: str, said: str) -> None:
    with pytest.raises(PresetError, match=said):
        loads(text)


def test_numbers_too_large_for_floats_are_refused() -> None:
    for number in ("1e999", "1" + "0" * 400):
        text = json.dumps(SIMPLE).replace("-3.0", number)
        with pytest.raises(PresetError, match=r"gain_db is .*: must be a finite number"):
            loads(text)


def test_a_simple_preset_is_read() -> None:
    found = loads(json.dumps(SIMPLE))
    assert found.name == "Simple"
    assert found.graph.nodes == {"gain": ng.Gain(gain_db=-3.0), "mix": ng.Mix(2, invert=(1,))}
    assert len(found.graph.connections) == 3
