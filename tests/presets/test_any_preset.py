"""Whatever is read as a preset: a graph, or one clear error."""

import json
import math
from typing import Any

from hypothesis import example, given, strategies as st

import namgraph as ng
from namgraph import PresetError
from namgraph.presets.preset import dumps, loads

from .every_kind import KINDS, rack

EMPTY: dict[str, Any] = {"namgraph": 2, "inputs": {}, "outputs": {}, "nodes": {}, "connections": []}


def read_or_refuse(content: str | bytes) -> ng.Graph | None:
    try:
        graph = loads(content).graph
    except PresetError as error:
        if "\n" in str(error):
            raise
        return None
    assert loads(dumps(graph)).graph == graph
    return graph


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
