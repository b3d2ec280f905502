"""The JSON Schema of presets against the parser: what the one refuses the other refuses, too."""

import copy
import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings, strategies as st

import namgraph as ng
from namgraph.graph.catalog.registry import registered
from namgraph.presets.bundled import shipped_presets
from namgraph.presets.preset import dumps, loads
from namgraph.presets.schema import preset_schema
from namgraph.presets.values import fields_of

from .every_node import every_node

SCHEMA = preset_schema()
CHECK = jsonschema.Draft202012Validator(SCHEMA)
FOLDER = Path(ng.asset("cab.wav")).parent
RACK: dict[str, Any] = {
    "namgraph": 2,
    "name": "x",
    "tempo_bpm": 100,
    "inputs": {"in": 1},
    "outputs": {"out": 1},
    "nodes": {
        "amp": {"type": "nam", "path": "crunch-lstm.nam", "input_db": 3, "levels": "raw"},
        "cab": {"type": "cab", "path": "cab.wav", "dry_wet": 0.5, "bypass": True},
        "mix": {"type": "mix", "count": 2, "invert": [1], "gain1_db": -3.0},
        "over": {"type": "oversample", "node": {"type": "clipper", "curve": "tanh"}, "times": 2},
        "lfo": {"type": "lfo"},
    },
    "snapshots": {"A": {"name": "a", "values": {"amp.input_db": 1, "cab.bypass": False}}},
    "connections": [
        ["in", "amp"],
        ["amp", "cab"],
        ["cab", "over"],
        ["over.out", "mix.in1"],
        ["lfo", "amp.input_db", {"amount": 0.5}],
        ["mix", "out"],
    ],
}


def schema_accepts(data: Any) -> bool:
    return bool(CHECK.is_valid(data))


def parser_accepts(data: Any) -> bool:
    try:
        loads(json.dumps(data), folder=FOLDER)
    except ng.PresetError:
        return False
    return True


def test_it_is_a_schema_and_has_every_node_type() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"].endswith("2020-12/schema")
    ours = {n for n, c in ng.node_types().items() if c.__module__.startswith("namgraph.nodes")}
    assert {f"node {name}" for name in ours} <= SCHEMA["$defs"].keys()


@pytest.mark.parametrize("name", shipped_presets())
def test_shipped_presets_are_valid_as_they_are_and_as_they_are_written(name: str) -> None:
    CHECK.validate(json.loads(shipped_presets()[name].read_text(encoding="utf-8")))
    graph = ng.load_preset(name)
    graph.store("A", "all")
    CHECK.validate(json.loads(dumps(graph)))


def test_a_preset_with_every_node_is_valid() -> None:
    graph = every_node()
    graph.store("F", "all")
    CHECK.validate(json.loads(dumps(graph)))


def put(*path: Any) -> Callable[[Any], None]:
    """Return what puts the last of ``path`` at the place that the others name."""

    def change(data: Any) -> None:
        for key in path[:-2]:
            data = data[key]
        data[path[-2]] = path[-1]

    return change


def drop(*path: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return change


FILE = {
    "path": "crunch-lstm.nam",
    "size": (FOLDER / "crunch-lstm.nam").stat().st_size,
    "sha256": hashlib.sha256((FOLDER / "crunch-lstm.nam").read_bytes()).hexdigest(),
}
RIGHT = [
    put("name", ""),
    put("racks", None),
    put("snapshots", None),
    put("snapshots", {}),
    put("tempo_bpm", 20),
    put("nodes", "amp", "input_db", -40.0),
    put("nodes", "amp", "knobs", {}),
    put("nodes", "amp", "path", "asset:crunch-lstm.nam"),
    put("nodes", "amp", "path", FILE),
    put("nodes", "amp", "right", None),
    put("nodes", "amp", "right", FILE),
    put("nodes", "lfo", "tempo_bpm", 400),
    put("nodes", "cab", "bypass", False),
    put("connections", []),
    put("connections", 4, ["lfo", "amp.input_db", {"absolute": True}]),
    put("connections", 4, ["lfo", "amp.input_db"]),
    drop("name"),
    drop("snapshots", "A", "name"),
    drop("nodes", "cab", "dry_wet"),
]
WRONG = [
    put("namgraph", 3),
    put("namgraph", "2"),
    put("name", 1),
    put("nam", 1),
    put("tempo_bpm", 19),
    put("tempo_bpm", None),
    put("inputs", "in", 0),
    put("inputs", "a.b", 1),
    put("inputs", "", 1),
    put("inputs", []),
    put("racks", 1),
    put("racks", {"a": {"inputs": []}}),
    put("nodes", "amp", "type", "gian"),
    put("nodes", "amp", "input_db", 99),
    put("nodes", "amp", "input_db", "3"),
    put("nodes", "amp", "inputdb", 1),
    put("nodes", "amp", "levels", "loud"),
    put("nodes", "amp", "path", 3),
    put("nodes", "amp", "path", ""),
    put("nodes", "amp", "path", {"path": "crunch-lstm.nam"}),
    put("nodes", "amp", "path", FILE | {"size": 0}),
    put("nodes", "amp", "path", FILE | {"sha256": "0" * 63}),
    put("nodes", "amp", "path", FILE | {"more": 1}),
    put("nodes", "amp", "resample", 1),
    put("nodes", "amp", "interface_dbu", "12"),
    put("nodes", "cab", "bypass", 1),
    put("nodes", "cab", "dry_wet", 1.5),
    put("nodes", "mix", "count", 2.5),
    put("nodes", "mix", "count", 99),
    put("nodes", "mix", "invert", [1, "2"]),
    put("nodes", "mix", "invert", 1),
    put("nodes", "over", "times", 3),
    put("nodes", "over", "node", {"type": "nothing"}),
    put("nodes", "over", "node", {"type": "clipper", "bypass": True}),
    put("nodes", "over", "node", {"type": "oversample", "node": {"type": "clipper"}}),
    put("nodes", "over", "node", {"type": "clipper", "drive_db": 1000}),
    put("nodes", "lfo", 3),
    put("snapshots", "G", {"values": {}}),
    put("snapshots", "A", "values", 3),
    put("snapshots", "A", "more", 3),
    put("snapshots", "A", "name", 3),
    put("snapshots", "A", "values", "amp.input_db", None),
    put("snapshots", "A", "values", "tempo_bpm", 1),
    put("connections", 0, ["in"]),
    put("connections", 0, ["in", 1]),
    put("connections", 4, ["lfo", "amp.input_db", {"amount": 2}]),
    put("connections", 4, ["lfo", "amp.input_db", {"amount": 1, "absolute": True}]),
    put("connections", 4, ["lfo", "amp.input_db", {"absolute": False}]),
    put("connections", 4, ["lfo", "amp.input_db", {"amount": 1}, 1]),
    put("connections", {}),
    drop("namgraph"),
    drop("nodes"),
    drop("inputs"),
    drop("connections"),
    drop("nodes", "amp", "type"),
    drop("nodes", "amp", "path"),
    drop("nodes", "over", "node"),
    drop("snapshots", "A", "values"),
]
ONLY_THE_PARSER = [  # README.md has the list: the schema cannot say it
    put("nodes", "amp", "path", "no.nam"),  # files that must exist
    put("inputs", "amp", 1),  # names used twice
    put("connections", 0, ["in", "nowhere"]),  # names of nodes and ports
    put("connections", 4, ["lfo", "amp.output", {"amount": 0.5}]),
    put("nodes", "amp", "interface_dbu", 1e6),  # options that the node checks by itself
    put("nodes", "mix", "count", 2.0),  # whole numbers written with a point
    put("racks", {"no dot.": {"inputs": [], "outputs": ["x"]}}),  # ends of racks
    put("snapshots", "A", "values", "amp.gain", 1),  # names and ranges in snapshots
    put("snapshots", "A", "values", "amp.input_db", 99),
    put("snapshots", "A", "values", "cab.bypass", 1),
    put("nodes", "lfo", "bypass", True),  # nodes that cannot be mixed
]


def changed(change: Callable[[Any], None]) -> Any:
    data = copy.deepcopy(RACK)
    change(data)
    return data


def test_the_rack_is_valid() -> None:
    assert schema_accepts(RACK)
    assert parser_accepts(RACK)


@pytest.mark.parametrize("change", RIGHT)
def test_both_accept(change: Callable[[Any], None]) -> None:
    data = changed(change)
    assert parser_accepts(data)
    CHECK.validate(data)


@pytest.mark.parametrize("change", WRONG)
def test_both_refuse(change: Callable[[Any], None]) -> None:
    data = changed(change)
    assert not parser_accepts(data)
    assert not schema_accepts(data)


@pytest.mark.parametrize("change", ONLY_THE_PARSER)
def test_what_the_schema_cannot_say(change: Callable[[Any], None]) -> None:
    data = changed(change)
    assert not parser_accepts(data)
    assert schema_accepts(data)


numbers = st.integers(-200, 200) | st.floats(-200, 200)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=3)
objects = st.dictionaries(st.text(max_size=3), scalars, max_size=2)
things = scalars | st.lists(scalars, max_size=2) | objects


@pytest.mark.parametrize("value", [None, True, [], {}, "", 0, 1.5, -1], ids=repr)
def test_what_the_parser_reads_in_any_field_of_any_node_the_schema_does_not_refuse(
    value: Any,
) -> None:
    read = 0
    defined = {name.removeprefix("node ") for name in SCHEMA["$defs"]}
    for name, cls in registered().items():
        if name not in defined or name in ("oversample", "pedalboard_effect"):
            continue  # those of other tests; those that hold a node, or a plugin
        node: dict[str, Any] = {"type": name}
        for field in fields_of(cls):
            if field.default is dataclasses.MISSING:  # a file, or several
                file = "crunch-lstm.nam" if name.startswith("nam") else "cab.wav"
                node[field.name] = [file] if field.metadata["file"][0] else file
        for field in fields_of(cls):
            given = {"n": {**node, field.name: value}}
            data = {"namgraph": 2, "inputs": {}, "outputs": {}, "nodes": given, "connections": []}
            if parser_accepts(data):
                assert schema_accepts(data), (name, field.name)
                read += 1
    assert read


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_the_schema_refuses_the_parser_refuses(data: st.DataObject) -> None:
    """Put something else in one place of a good preset: valid for the parser is valid."""
    preset = copy.deepcopy(RACK)
    here: Any = preset
    for _ in range(data.draw(st.integers(0, 3))):
        inside = [k for k, v in _items(here) if isinstance(v, dict | list) and v]
        if not inside:
            break
        here = here[data.draw(st.sampled_from(inside))]
    here[data.draw(st.sampled_from([k for k, _ in _items(here)]))] = data.draw(things)
    if parser_accepts(preset):
        CHECK.validate(preset)


def _items(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items() if isinstance(value, dict) else enumerate(value))
