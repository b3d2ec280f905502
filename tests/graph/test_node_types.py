"""What a node type says of itself, and the table of all types."""

from collections.abc import Iterator
from typing import Any

import pytest

import namgraph as ng
from namgraph.graph import CATEGORIES, Node, NodeTypes
from namgraph.graph.catalog.metadata import first_sentence
from namgraph.graph.catalog.registry import classes, registered
from namgraph.graph.catalog.table import format_params, format_ports

SHIPPED = [cls for cls in ng.node_types().values() if cls.__module__.startswith("namgraph.nodes.")]


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Forget the types that a test registers."""
    before = registered()
    yield
    classes.clear()
    classes.update(before)


def made(type_name: str = "odd_filter", doc: str | None = "Filter.", **given: Any) -> type[Node]:
    return ng.node(type_name, **given)(type("Odd", (Node,), {"__doc__": doc}))


@pytest.mark.parametrize("cls", SHIPPED, ids=lambda c: c.type_name)
def test_a_shipped_type_is_described(cls: type[Node]) -> None:
    assert cls.category in CATEGORIES
    assert cls.category != "other", "a shipped node has a category of its own"
    assert cls.description.endswith(".")
    assert "`" not in cls.description
    assert cls.version == 1
    assert cls.__doc__
    assert cls.__doc__.replace("``", "").startswith(cls.description[:40])


def test_what_is_not_given_follows_from_name_and_docstring() -> None:
    cls = made(doc="Filter ``x``,\n    oddly.  And more.\n\n    Even more.")
    assert (cls.display_name, cls.category, cls.version) == ("Odd filter", "other", 1)
    assert cls.description == "Filter x, oddly."
    assert made("nameless", doc=None).description == ""


def test_what_is_given_is_kept() -> None:
    cls = made(display_name="ODD", category="filter", version=3, description="Odd.", example="1")
    found = (cls.display_name, cls.category, cls.version, cls.description, cls.example)
    assert found == ("ODD", "filter", 3, "Odd.", "1")


def test_a_subclass_inherits_the_category_alone() -> None:
    base = made("base_type", category="drive", version=7, display_name="Base")
    derived: type[Node] = ng.node("derived_type")(type("Derived", (base,), {"__doc__": "Another."}))
    found = (derived.display_name, derived.category, derived.version, derived.description)
    assert found == ("Derived type", "drive", 1, "Another.")
    assert base.display_name == "Base"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"category": "pedals"}, "category is 'pedals': must be one of amp, cabinet, "),
        ({"category": 3}, "category is 3"),
        ({"version": 0}, "version is 0: must be a whole number in"),
        ({"version": 1.5}, "version is 1.5"),
        ({"version": True}, "version is True"),
        ({"display_name": ""}, "display_name is '': must be 1 to 40 printable"),
        ({"display_name": "x" * 41}, "display_name is 'x"),
        ({"display_name": "a\nb"}, "display_name is"),
        ({"description": 3}, "description is 3: must be a string"),
        ({"example": None}, "example is None"),
    ],
)
def test_wrong_metadata_is_refused_before_anything_is_registered(given: Any, says: str) -> None:
    with pytest.raises(ng.ParamError, match=says):
        made("never_there", **given)
    assert "never_there" not in ng.node_types()


def test_ports_options_and_required_fields_are_readable_of_the_class() -> None:
    ins, outs = ng.Mix.default_ports()
    assert ([p.name for p in ins], [p.name for p in outs]) == (["in1", "in2"], ["out"])
    assert ng.Pan.default_ports()[1] == (ng.Port("out", 2),)
    assert ng.Nam.default_ports() == ((ng.Port("in"),), (ng.Port("out"),)), "no file is read"
    assert (ng.Nam.required(), ng.Gain.required()) == (("path",), ())
    assert ng.Split.options()["mode"] == ("copy", ("copy", "channels"))
    assert ng.Mix.options()["invert"].choices == ()
    assert Node.required() == ()
    assert format_ports(ng.Split) == "in (any) -> out1 (any), out2 (any)"
    assert format_ports(ng.Cab) == "in (by file) -> out (by file)"
    assert format_params(ng.Mix).endswith("gain8_db -80 to 24 dB, and 8 more")
    assert format_params(ng.Meter) == "none"


def test_the_table_is_a_mapping_by_type_name() -> None:
    types = ng.node_types()
    assert types["delay"] is ng.Delay
    assert {"nam", "cab", "gain"} <= set(types)
    assert types == dict(types)
    assert types.get("dely") is None
    types.pop("delay")
    assert "delay" in ng.node_types(), "a copy"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("dely", "no node type 'dely'; nearest: delay"),
        ("qqqq", "no node type 'qqqq'; there is "),
        (3, "no node type 3; there is"),
        ("x" * 10_000, "no node type 'xxx"),
    ],
)
def test_an_unknown_type_names_the_nearest(wrong: Any, says: str) -> None:
    with pytest.raises(ng.UnknownNameError, match=says) as caught:
        ng.node_types()[wrong]
    assert len(str(caught.value)) < 500


def test_the_table_prints_a_line_for_each_type_by_category() -> None:
    types = NodeTypes({cls.type_name: cls for cls in SHIPPED})
    head, *lines = repr(types).splitlines()
    assert head.split() == ["type", "name", "category", "version", "what", "it", "does"]
    assert len(lines) == len(types)
    assert lines[0].split()[0] == "nam", "amps come first"
    assert all(len(line) <= 120 and line == line.rstrip() for line in lines)
    assert any(line.startswith("cab ") and "Cabinet" in line for line in lines)
    assert repr(NodeTypes()).splitlines() == [" ".join(head.split()).replace(" ", "  ", 4)]
    assert list(types.by_category())[:2] == ["amp", "cabinet"]


def test_a_notebook_gets_html_with_everything_escaped() -> None:
    cls = made("angry", description="<script>", category="drive")
    shown = NodeTypes({"angry": cls, "delay": ng.Delay})._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "time_ms 0 to 5000 ms" in shown
    assert "in (any) -&gt; out (any)" in shown
    assert shown.count("<tr>") == 3


@pytest.mark.parametrize(
    ("doc", "sentence"),
    [
        ("One. Two.", "One."),
        ("No full stop", "No full stop"),
        ("Up to 1.5 dB.\nMore.", "Up to 1.5 dB."),
        ("", ""),
        ("Over\n    lines. Next.", "Over lines."),
    ],
)
def test_the_first_sentence_of_a_docstring(doc: str, sentence: str) -> None:
    assert first_sentence(doc) == sentence
