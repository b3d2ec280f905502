"""Frames around inner racks, amounts on control cables, texts beside signals that run down."""

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import pytest
from hypothesis import given

from namgraph.graph import Graph, Kind, Port, svg
from namgraph.graph.connection import PortRef
from namgraph.graph.drawing.scene import scene
from namgraph.graph.drawing.shapes import Curve, Rect, Scene, Text
from namgraph.nodes import Gain, Lfo

from ..racks import Box, graphs

SVG = "{http://www.w3.org/2000/svg}"


def inner() -> Graph:
    graph = Graph()
    graph.input("x", channels=1) >> graph.add("g", Gain()) >> graph.output("y", channels=1)
    return graph


def outer() -> Graph:
    """A rack in a rack, one beside it, and an LFO outside that moves a gain in each."""
    middle = Graph()
    middle.input("x", channels=1) >> middle.add("in2", inner()) >> middle.output("y", channels=1)
    graph = Graph()
    guitar, out = graph.input("guitar", channels=1), graph.output("out", channels=1)
    guitar >> graph.add("first", middle) >> graph.add("second", inner()) >> out
    guitar >> graph.add("beside", Gain()) >> out
    graph.add("lfo", Lfo())
    graph.connect("lfo", "first.in2.g.gain_db", 0.25)
    graph.connect("lfo", "second.g.gain_db", -0.5)
    graph.connect("lfo", "beside.gain_db", absolute=True)
    return graph


def rects(picture: Scene, css: str) -> list[Rect]:
    return [s for s in picture.shapes if isinstance(s, Rect) and s.css in css.split()]


def words(picture: Scene, css: str) -> list[str]:
    return [s.text for s in picture.shapes if isinstance(s, Text) and s.css == css]


def holds(a: Rect, b: Rect) -> bool:
    return (
        a.x < b.x
        and a.y < b.y
        and b.x + b.width < a.x + a.width
        and b.y + b.height < a.y + a.height
    )


def apart(a: Rect, b: Rect) -> bool:
    return (
        a.x + a.width < b.x or b.x + b.width < a.x or a.y + a.height < b.y or b.y + b.height < a.y
    )


@pytest.mark.parametrize("down", [False, True])
def test_each_inner_rack_has_a_frame_around_its_own_boxes(down: bool) -> None:
    graph = outer()
    picture = scene(graph, down=down)
    frames = dict(zip(words(picture, "rack"), rects(picture, "frame"), strict=True))
    assert list(frames) == ["first", "in2", "second"]
    assert holds(frames["first"], frames["in2"])
    assert apart(frames["first"], frames["second"])
    names = [*graph.inputs, *graph.nodes, *graph.outputs]
    boxes = dict(zip(names, rects(picture, "box end"), strict=True))
    for rack, frame in (("first", "first"), ("first.in2", "in2"), ("second", "second")):
        for name, box in boxes.items():
            inside = name.startswith(f"{rack}.")
            assert (holds if inside else apart)(frames[frame], box), (rack, name)
    assert "first.in2.g" not in words(picture, "name")
    assert words(picture, "name").count("g") == 2


@pytest.mark.parametrize("down", [False, True])
def test_every_wire_runs_from_its_port_to_its_port(down: bool) -> None:
    """Through all frames: in steps that join, forward."""
    graph = outer()
    picture = scene(graph, down=down)
    curves = [s for s in picture.shapes if isinstance(s, Curve)]
    assert len(curves) == len(graph.connections) + len(graph.modulations)
    names = [*graph.inputs, *graph.nodes, *graph.outputs]
    boxes = dict(zip(names, rects(picture, "box end"), strict=True))
    ends = [(c.source.node, c.target.node) for c in graph.connections]
    ends += [(m.source.node, m.target.node) for m in graph.modulations]
    for curve, (source, target) in zip(curves, ends, strict=True):
        a, b, last = boxes[source], boxes[target], curve.steps[-1][-1]
        if down:
            assert curve.start[1] == pytest.approx(a.y + a.height)
            assert a.x <= curve.start[0] <= a.x + a.width
            assert last[1] == pytest.approx(b.y)
            assert b.x <= last[0] <= b.x + b.width
        else:
            assert curve.start[0] == pytest.approx(a.x + a.width)
            assert last[0] == pytest.approx(b.x)
            assert b.y <= last[1] <= b.y + b.height
        along = [curve.start[down], *(step[-1][down] for step in curve.steps)]
        assert along == sorted(along)


def test_amounts_stand_on_the_cables() -> None:
    shown = words(scene(outer()), "port")
    for label in ("gain_db by 0.25", "gain_db by -0.5", "gain_db absolute"):
        assert shown.count(label) == 1
    assert svg(outer()).count('class="control"') == 3
    graph = Graph()
    for n, amount in enumerate((0.5, 0.5, -1.0)):  # several into one: equal amounts share a port
        graph.add(f"lfo{n}", Lfo())
        graph.connect(
            f"lfo{n}", graph.add("g", Gain())["gain_db"] if n == 0 else "g.gain_db", amount
        )
    assert words(scene(graph), "port") == ["in", "gain_db by 0.5", "gain_db by -1"]


def test_a_single_parameter_of_a_source_has_its_amount_too() -> None:
    graph = Graph()
    graph.add("slow", Lfo())
    graph.add("fast", Lfo())
    graph.connect("slow", "fast.rate_hz", 0.25)
    assert words(scene(graph), "port") == ["rate_hz by 0.25"]


def test_a_rack_that_a_signal_leaves_and_enters_again_has_no_frame() -> None:
    two = Graph()
    for n in ("1", "2"):
        (
            two.input(f"i{n}", channels=1)
            >> two.add(f"g{n}", Gain())
            >> two.output(f"o{n}", channels=1)
        )
    graph = Graph()
    rack = graph.add("rack", two)
    graph.input("in", channels=1) >> rack["i1"]
    rack["o1"] >> graph.add("send", Gain()) >> rack["i2"]
    rack["o2"] >> graph.add("third", inner()) >> graph.output("out", channels=1)
    picture = scene(graph, down=True)
    assert words(picture, "rack") == ["third"]
    assert "rack.g1" in words(picture, "name")


def test_notes_stand_beside_ports_and_over_nothing() -> None:
    graph = Graph()
    ways = graph.add("split", Box(outs=(Port("a"), Port("b"))))
    guitar = graph.input("guitar", channels=1)
    guitar >> ways
    out = graph.output("out", channels=1)
    for n, port in enumerate("ab"):
        ways[port] >> graph.add(f"n{n}", Box()) >> out
    guitar >> out
    lines = ("-100.5 dBFS", "-100.5 LUFS", "12345 frames")
    every = (*graph.inputs, *graph.nodes)
    notes = {PortRef(n, p.name): lines for n in every for p in graph.ports(n, "output")}
    picture = scene(graph, down=True, notes=notes, heading=["Name", "more", "and more"])
    texts = [s for s in picture.shapes if isinstance(s, Text) and s.css == "port"]
    assert [t.text for t in texts].count("12345 frames") == len(notes)
    places = [Rect("", t.x, t.y - 10.0, len(t.text) * 6.4, 11.0, 0.0) for t in texts]
    for a, b in combinations([*places, *rects(picture, "box end")], 2):
        assert apart(a, b)
    for curve in (s for s in picture.shapes if isinstance(s, Curve)):
        at = curve.start
        for step in curve.steps:
            low, high = sorted((at[0], step[-1][0]))
            way = Rect("", low, at[1], high - low, step[-1][1] - at[1], 0.0)
            assert all(apart(way, text) for text in places), curve
            at = step[-1]


@given(graphs())
def test_boxes_of_any_graph_keep_apart_downwards(graph: Graph) -> None:
    whole = Graph()
    whole.add("rack", graph)
    for one in (graph, whole):
        picture = scene(one, down=True)
        for a, b in combinations(rects(picture, "box end"), 2):
            assert apart(a, b)
        for box in rects(picture, "box end frame"):
            assert box.x >= -0.01
            assert box.x + box.width <= picture.width - picture.left + 0.01
            assert box.y + box.height <= picture.height - picture.top + 0.01


def test_the_svg_is_valid_with_any_heading() -> None:
    graph = Graph()
    graph.add("lfo", Box(ins=(), outs=(Port("out", kind=Kind.CONTROL),)))
    root = ET.fromstring(svg(graph))
    assert re.fullmatch(r"translate\(28 \d+\)", str(next(root.iter(f"{SVG}g")).get("transform")))
