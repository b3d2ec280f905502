"""Presets: what is written is read; whatever else is read, a graph or one clear error."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

import namgraph as ng
from namgraph import PresetError
from namgraph.presets.bundled import shipped_presets
from namgraph.presets.preset import MAX_BYTES, dumps, loads, read_preset

EMPTY: dict[str, Any] = {"namgraph": 2, "inputs": {}, "outputs": {}, "nodes": {}, "connections": []}
SIMPLE: dict[str, Any] = {
    "namgraph": 2,
    "name": "Simple",
    "inputs": {"in": 1},
    "outputs": {"out": 1},
    "nodes": {"gain": {"type": "gain", "gain_db": -3.0}, "mix": {"type": "mix", "invert": [1]}},
    "connections": [["in", "gain"], ["gain.out", "mix.in1"], ["mix", "out"]],
}


KINDS = {
    name: cls
    for name, cls in ng.node_types().items()
    if cls.__module__.startswith("namgraph.") and name != "pedalboard_effect"
}


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in SIMPLE.items() if k != key}


def rack() -> ng.Graph:
    """One node of every kind, files among them."""
    graph = ng.Graph()
    nodes: dict[str, ng.Node] = {
        "amp": ng.Nam(ng.asset("crunch-lstm.nam"), input_db=-3.5),
        "cab": ng.Cab(ng.asset("cab.wav"), gain_rule="peak"),
        "oversample": ng.Oversample(ng.Cab(ng.asset("cab.wav")), times=2, mix=0.5),
        "mix": ng.Mix(3, invert=(1, 3), gain3_db=-7.0),
        "split": ng.Split(2, mode="channels"),
    }
    nodes |= {n: cls() for n, cls in KINDS.items() if n not in nodes and not cls.files()}
    for name, node in nodes.items():
        graph.add(name, node)
    guitar = graph.input("guitar", channels=1)
    guitar >> graph.handle("amp") >> graph.handle("cab") >> graph.handle("pan")
    graph.handle("pan") >> graph.output("out", channels=2)
    graph.connect("guitar", "mix.in2")
    graph.mix("amp", 0.5)
    graph.bypass("pan")
    graph.store("A", "All")
    graph.store("F", "", {"amp.input_db": 1.0, "pan.bypass": False})
    return graph


def read_or_refuse(content: str | bytes) -> ng.Graph | None:
    try:
        graph = loads(content).graph
    except PresetError as error:
        if "\n" in str(error):
            raise
        return None
    assert loads(dumps(graph)).graph == graph
    return graph


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


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "gain", "in", "out", "gain_db", ""]), inner)
    ),
    max_leaves=12,
)
kinds = st.sampled_from([*sorted(KINDS), "no such type"])
fields = {
    name: st.floats(-100, 100) | st.integers(0, 4) | values
    for cls in KINDS.values()
    for name in cls.__dataclass_fields__  # type: ignore[attr-defined]
}
paths = st.sampled_from([ng.asset("cab.wav"), ng.asset("di.wav"), ".", "", "no.nam"]) | values
nodes = st.fixed_dictionaries({"type": kinds}, optional={**fields, "path": paths})
ends = st.sampled_from(["in", "a", "b", "out", "a.out", "b.in1", "a.in", "b.x", "."])
almost = st.fixed_dictionaries(
    {
        "namgraph": st.sampled_from([1, 2]),
        "inputs": st.dictionaries(st.sampled_from(["in", "x.y", ""]), st.integers(0, 3) | values),
        "outputs": st.dictionaries(st.sampled_from(["out", "in"]), st.integers(0, 65)),
        "nodes": st.dictionaries(st.sampled_from(["a", "b"]), nodes | values, max_size=2),
        "connections": st.lists(st.lists(ends | scalars, min_size=1, max_size=3), max_size=4),
    },
    optional={
        "name": scalars,
        "snapshots": st.dictionaries(
            st.sampled_from(["A", "F", "G"]),
            st.fixed_dictionaries(
                {"values": st.dictionaries(st.sampled_from(["a.bypass", "a.dry_wet"]), scalars)}
            )
            | values,
        ),
    },
)


@given(st.text() | st.binary())
def test_any_text_is_a_preset_or_an_error(text: str | bytes) -> None:
    read_or_refuse(text)


@given(values | almost)
@example({**EMPTY, "inputs": {"a": 10**400}})
@example({**EMPTY, "nodes": {"a": {"type": "gain", "gain_db": math.inf}}})
@example({**EMPTY, "nodes": {"a": {"type": "mix", "invert": [10**30]}}})
def test_any_json_is_a_preset_or_an_error(value: object) -> None:
    read_or_refuse(json.dumps(value))


@given(st.data())
def test_one_thing_changed_is_a_preset_or_an_error(data: st.DataObject) -> None:
    """Take a good preset and put something else in one place."""
    text = dumps(rack())
    preset = json.loads(text)
    here: Any = preset
    while True:
        inside = [k for k in here if isinstance(here[k], dict | list)] if isinstance(
            here, dict
        ) else [k for k, v in enumerate(here) if isinstance(v, dict | list)]  # fmt: skip
        if not inside or data.draw(st.booleans()):
            break
        here = here[data.draw(st.sampled_from(inside))]
    keys = list(here) if isinstance(here, dict) else list(range(len(here)))
    if keys:
        here[data.draw(st.sampled_from(keys))] = data.draw(values)
    read_or_refuse(json.dumps(preset))


def test_the_checks_can_pass() -> None:
    # the properties above would hold for a reader that refuses everything
    assert read_or_refuse(json.dumps(EMPTY)) == ng.Graph()
    assert read_or_refuse(dumps(rack())) == rack()
