import os
import re
import stat
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given

from namgraph.graph import (
    CycleError,
    FileError,
    Graph,
    GraphError,
    Kind,
    Node,
    Port,
    Space,
    draw,
    file,
    mermaid,
    option,
    param,
    svg,
)

from ..racks import Box, chain, graphs

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Amp(Node):
    type_name: ClassVar[str] = "Amp"
    path: str = file(kw_only=True)
    gain_db: float = param(default=0, low=-40, high=40, unit="dB")
    mix: float = param(default=1, low=0, high=1)
    mode: str = option(default="lead", choices=("lead", "clean"))


@dataclass(frozen=True)
class Echo(Node):
    type_name: ClassVar[str] = "Echo"
    time_ms: float = param(default=250, low=1, high=2000, unit="ms")
    mix: float = param(default=0.3, low=0, high=1)
    tone: float = param(default=0.5, low=0, high=1)


def rack() -> Graph:
    graph = Graph()
    amp = graph.add("amp", Amp(path="models/plexi.nam", gain_db=3.5, mode="clean"))
    both = graph.add("both", Box(ins=(Port("a"), Port("b"), Port("wet", kind=Kind.CONTROL))))
    lfo = graph.add("lfo", Box(ins=(), outs=(Port("out", kind=Kind.CONTROL),)))
    graph.input("guitar", channels=1) >> amp >> both["a"]
    graph.handle("guitar") >> both["b"] >> graph.output("out", channels=2)
    lfo >> both["wet"]
    return graph


def texts(picture: str) -> list[str]:
    return [str(element.text) for element in ET.fromstring(picture).iter(f"{SVG}text")]


def rectangles(picture: str) -> list[tuple[float, float, float, float]]:
    found = []
    for rect in ET.fromstring(picture).iter(f"{SVG}rect"):
        if rect.get("class") != "page":
            x, y, w, h = (float(rect.get(k, "0")) for k in ("x", "y", "width", "height"))
            found.append((x, y, x + w, y + h))
    return found


def test_mermaid_shows_names_types_changes_ports_and_control() -> None:
    assert mermaid(rack()).splitlines() == [
        "flowchart LR",
        '    n0(["guitar<br>input, mono"])',
        '    n1["amp<br>Amp<br>plexi.nam<br>gain 3.5 dB<br>mode clean"]',
        '    n2["both<br>Box"]',
        '    n3["lfo<br>Box"]',
        '    n4(["out<br>output, stereo"])',
        "    n0 --> n1",
        '    n1 -->|"a"| n2',
        '    n0 -->|"b"| n2',
        "    n2 --> n4",
        '    n3 -.->|"wet"| n2',
    ]


def test_the_picture_shows_the_same_and_some_defaults() -> None:
    graph = rack()
    graph.add("echo", Echo())
    shown = texts(svg(graph))
    for word in ("guitar", "input, mono", "amp", "gain 3.5 dB", "plexi.nam", "a", "b", "wet"):
        assert word in shown
    assert {"time 250 ms", "mix 0.3"} <= set(shown)
    assert "tone 0.5" not in shown
    assert shown[0] == "guitar to out"
    assert svg(graph).count('class="control"') == 1


def test_device_nodes_say_so() -> None:
    graph = Graph()
    graph.add("gpu", Box(outs=(Port("out", space=Space.DEVICE),)))
    assert "Box, on the device" in texts(svg(graph))


@pytest.mark.parametrize("name", ['<b>&"', "a -->|x| b; end", "]) %% `x`", "日本語", "end"])
def test_any_name_can_be_drawn(name: str) -> None:
    graph = Graph()
    graph.add(name, Box(ins=(Port("]|<"), Port('"'))))
    assert name in texts(svg(graph))
    graph.input("x", channels=1) >> graph.handle(name)['"']
    for line in mermaid(graph).splitlines()[1:]:
        assert re.fullmatch(r'    n\d(\(\[|\[)"[^"<>`]*(<br>[^"<>`]*)*"(\]\)|\])', line) or (
            re.fullmatch(r'    n\d -->(\|"[^"<>|`]*"\|)? n\d', line)
        )


def test_long_names_are_cut_in_the_picture() -> None:
    graph = Graph()
    graph.add("x" * 64, Box())
    assert texts(svg(graph))[1] == "x" * 29 + "…"


def test_the_same_graph_is_the_same_picture() -> None:
    assert svg(rack()) == svg(rack())
    assert svg(rack()) == svg(rack().copy())


@given(graphs())
def test_boxes_keep_apart_and_inside_and_wires_run_to_the_right(graph: Graph) -> None:
    picture = svg(graph)
    root = ET.fromstring(picture)
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    boxes = rectangles(picture)
    assert len(boxes) == len(graph.nodes) + len(graph.inputs) + len(graph.outputs)
    for a, b in combinations(boxes, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right + 28 <= width
        assert bottom + 74 <= height + 1
    paths = [path.get("d", "") for path in root.iter(f"{SVG}path")]
    assert len(paths) == len(graph.connections)
    for path in paths:
        xs = [float(step.split()[-2]) for step in re.split("[MLC]", path)[1:]]
        assert xs == sorted(xs)
        assert xs[0] < xs[-1]


def test_a_wire_goes_around_boxes_between() -> None:
    graph = chain(3)
    graph.handle("in") >> graph.handle("out")
    picture = svg(graph)
    paths = [
        [tuple(map(float, step.split()[-2:])) for step in re.split("[MLC]", path.get("d", ""))[1:]]
        for path in ET.fromstring(picture).iter(f"{SVG}path")
    ]
    points = max(paths, key=lambda path: path[-1][0] - path[0][0])
    for (x, y), (x2, y2) in pairwise(points):
        for left, top, right, bottom in rectangles(picture):
            if x <= left and right <= x2:
                assert y == y2
                assert not top <= y <= bottom


def test_what_has_no_input_stands_just_before_what_it_feeds() -> None:
    graph = chain(3)
    graph.add("lfo", Box(ins=(), outs=(Port("out"),)))
    graph.replace("n2", Box(ins=(Port("in"), Port("side"))))
    graph.connect("lfo", "n2.side")
    words = ET.fromstring(svg(graph)).iter(f"{SVG}text")
    middle = {str(word.text): float(word.get("x", "0")) for word in words}
    assert middle["lfo"] == middle["n1"]


def test_nothing_can_be_drawn_too() -> None:
    assert texts(svg(Graph())) == ["graph without ends"]
    assert mermaid(Graph()) == "flowchart LR\n"


def test_a_loop_is_named_by_the_picture_and_shown_by_mermaid() -> None:
    graph = Graph()
    a, b = graph.add("a", Box()), graph.add("b", Box())
    a >> b >> a
    with pytest.raises(CycleError, match="a -> b -> a"):
        svg(graph)
    assert "n1 --> n0" in mermaid(graph)


@pytest.mark.parametrize("name", ["rack.svg", "rack.SVG", "rack.mmd", "rack.md"])
def test_draw_writes_by_suffix(tmp_path: Path, name: str) -> None:
    draw(rack(), tmp_path / name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    wanted = {".svg": svg(rack()), ".mmd": mermaid(rack())}
    fenced = f"```mermaid\n{mermaid(rack())}```\n"
    assert text == wanted.get((tmp_path / name).suffix.lower(), fenced)
    draw(rack(), os.fspath(tmp_path / name))  # again, over the old one
    assert os.listdir(tmp_path) == [name]
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) & 0o400


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"cannot draw 'rack\.png': must end in \.svg"):
        draw(rack(), tmp_path / "rack.png")


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rack.svg"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(FileError, match=r"cannot write .*rack\.svg: No space left"):
        draw(rack(), path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["rack.svg"]


def test_a_missing_folder_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        draw(rack(), tmp_path / "nowhere" / "rack.svg")


@dataclass(frozen=True)
class Pair(Node):
    type_name: ClassVar[str] = "Pair"
    path: str = file(kw_only=True)
    right: str | None = file(kw_only=True, default=None)


def test_a_file_that_is_left_out_is_not_drawn() -> None:
    graph = Graph()
    graph.add("amp", Pair(path="left.nam"))
    assert "left.nam" in texts(svg(graph))
    assert "None" not in texts(svg(graph))
