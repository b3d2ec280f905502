"""The picture of a graph as shapes: rectangles, curves, dots and texts with places and classes.

``svg.py`` writes them as SVG; other programs may draw the same shapes.  Signals run from left to
right, or down the page, where a long rack stays legible at the width of a page.
"""

import unicodedata
from collections.abc import Mapping, Sequence

from ..connection import PortRef
from ..graph import Graph
from ..port import Kind, Port
from .labels import box_labels, drawn_inputs, drawn_wires, title
from .layout import GAP_X, GAP_Y, Size, Wire
from .nested import Padding, Placed, place
from .shapes import Curve, Dot, Point, Rect, Scene, Text

__all__ = ["LINE_HEIGHT", "MARGIN", "scene"]

MARGIN, HEADING_HEIGHT = 28.0, 46.0
LINE_HEIGHT, PADDING = 17.0, 13.0
PORT_GAP, NOTE_HEIGHT, LETTER = 24.0, 14.0, 6.6
DOWN_GAP = 40.0
MAX_LABELS, MAX_LABEL_WIDTH = 5, 30
ACROSS, DOWN = Padding(20.0, 20.0, 32.0, 14.0), Padding(30.0, 12.0, 14.0, 14.0)
"""Room inside the frame of a rack: its name is at the top."""


def scene(
    graph: Graph,
    *,
    down: bool = False,
    notes: Mapping[PortRef, Sequence[str]] | None = None,
    heading: Sequence[str] = (),
) -> Scene:
    """Return the picture of a graph.  ``CycleError`` for loops.

    ``down``: signals run down instead of to the right; only then ``notes`` are drawn, lines of text
    beside output ports.  ``heading`` are lines above, the first one bold; the ends unless given.
    """
    return _Drawing(graph, down, (notes or {}) if down else {}).scene(heading or [title(graph)])


class _Drawing:
    def __init__(self, graph: Graph, down: bool, notes: Mapping[PortRef, Sequence[str]]) -> None:
        self.graph, self.down, self.notes = graph, down, notes
        self.ends = {  # of racks: drawn with their name alone
            f"{rack}.{end}" for rack, sides in graph.racks.items() for side in sides for end in side
        }
        self.names = (*graph.inputs, *graph.nodes, *graph.outputs)
        self.labels = {name: self._labels(name) for name in self.names}
        self.entering = {name: drawn_inputs(graph, name) for name in self.names}
        self.leaving = {name: graph.ports(name, "output") for name in self.names}
        self.sizes = {name: self._size(name) for name in self.names}

    def scene(self, heading: Sequence[str]) -> Scene:
        wires = [
            Wire(s.node, t.node, self._offset(s, "out"), self._offset(t, "in"))
            for s, t in drawn_wires(self.graph)
        ]
        placed = place(
            self.sizes,
            wires,
            racks=self.graph.racks,
            ends=(tuple(self.graph.inputs), tuple(self.graph.outputs)),
            padding=DOWN if self.down else ACROSS,
            gap=DOWN_GAP if self.down else GAP_X,
        )
        size = self._xy(placed.length, placed.breadth)
        made = Scene(list(heading), top=MARGIN + HEADING_HEIGHT + LINE_HEIGHT * (len(heading) - 1))
        widest = max(_text_width(heading[0]) * 8.5, *(_text_width(h) * 7.0 for h in heading))
        made.width = max(size[0], widest) + 2 * MARGIN
        made.left = max(MARGIN, (made.width - size[0]) / 2) if self.down else MARGIN
        made.height = size[1] + made.top + MARGIN
        for frame in placed.frames:
            x, y = self._xy(frame.along, frame.across)
            width, height = self._xy(frame.length, frame.breadth)
            made.shapes.append(Rect("frame", x, y, width, height, 12.0))
        made.shapes += self._wires(placed)
        for frame in placed.frames:  # above wires that cross the frame at its name
            x, y = self._xy(frame.along, frame.across)
            name = _shorten(frame.rack.rpartition(".")[2])
            made.shapes.append(Rect("tag", x + 8, y + 5, _text_width(name) * 7.6 + 8, 19.0, 4.0))
            made.shapes.append(Text("rack", x + 12.0, y + 19.0, "start", name))
        framed = {frame.rack for frame in placed.frames}
        for name in self.names:
            made.shapes += self._box(name, placed.middles[name], framed)
        return made

    def _xy(self, along: float, across: float) -> Point:
        return (across, along) if self.down else (along, across)

    def _labels(self, name: str) -> list[str]:
        if name in self.ends:
            return [_shorten(name)]
        labels = [name, *box_labels(self.graph, name, defaults=2)]
        if len(labels) > MAX_LABELS + 2:
            labels[MAX_LABELS + 1 :] = [f"and {len(labels) - MAX_LABELS - 1} more"]
        return [_shorten(label) for label in labels]

    def _port_gap(self, name: str, side: str) -> float:
        ports = self.entering[name] if side == "in" else self.leaving[name]
        if not self.down:
            return PORT_GAP
        widest = max((_text_width(port.name) for port in ports), default=0)
        return max(PORT_GAP, widest * LETTER + 14.0, self._note_width(name) if side == "out" else 0)

    def _note_width(self, name: str) -> float:
        lines = [n for p in self.leaving[name] for n in self.notes.get(PortRef(name, p.name), ())]
        return max((_text_width(line) for line in lines), default=-2) * LETTER + 14.0

    def _size(self, name: str) -> Size:
        entering, leaving, labels = self.entering[name], self.leaving[name], self.labels[name]
        widest = max(
            [_text_width(labels[0]) * 8.6, *(_text_width(label) * 7.0 for label in labels[1:])]
        )
        ports = max(
            (len(entering) - 1) * self._port_gap(name, "in"),
            (len(leaving) - 1) * self._port_gap(name, "out"),
        )
        width = max(96.0 if name not in self.ends else 60.0, widest + 2 * PADDING)
        height = len(labels) * LINE_HEIGHT + 2 * PADDING - 3
        if not self.down:
            height = max(height, ports + 2 * PADDING)
            return Size(width, height, _label_room(entering), _label_room(leaving))
        beside = 2 * (self._note_width(name) - GAP_Y)  # the last note may reach into the gap
        width = max(width, ports + 2 * PADDING, ports + beside, self._last_label(name))
        lines = max((len(self.notes.get(PortRef(name, p.name), ())) for p in leaving), default=0)
        after = (lines + _named(leaving)) * NOTE_HEIGHT
        before = NOTE_HEIGHT + 4 if _named(entering) else 0.0
        return Size(height, width, before, after + 4 if after else 0.0)

    def _last_label(self, name: str) -> float:
        """Return the width of a box beside whose last port a label reaches into the gap."""
        found = 0.0
        for side, ports in (("in", self.entering[name]), ("out", self.leaving[name])):
            if _named(ports):
                gap = self._port_gap(name, side)
                found = max(found, (len(ports) - 1) * gap + 2 * (gap - GAP_Y))
        return found

    def _offset(self, ref: PortRef, side: str) -> float:
        ports = self.entering[ref.node] if side == "in" else self.leaving[ref.node]
        number = next(i for i, port in enumerate(ports) if port.name == ref.port)
        return (number - (len(ports) - 1) / 2) * self._port_gap(ref.node, side)

    def _wires(self, placed: Placed) -> list[Curve]:
        found = []
        for number, (source, _) in enumerate(drawn_wires(self.graph)):
            ports = self.leaving[source.node]
            kind = next(port.kind for port in ports if port.name == source.port)
            points = placed.paths[number]
            css = "control" if kind is Kind.CONTROL else "audio"
            found.append(Curve(css, self._xy(*points[0]), tuple(self._steps(points))))
        return found

    def _steps(self, points: Sequence[Point]) -> list[tuple[Point, ...]]:
        steps: list[tuple[Point, ...]] = []
        (x, y), *rest = points
        for a, b in rest:
            bend = (x + a) / 2  # runs straight on at both ends
            if y == b:
                if abs(a - x) > 0.01:
                    steps.append((self._xy(a, b),))
            else:
                steps.append((self._xy(bend, y), self._xy(bend, b), self._xy(a, b)))
            x, y = a, b
        return steps

    def _box(self, name: str, middle: Point, framed: set[str]) -> list[Rect | Dot | Text]:
        size, labels = self.sizes[name], self.labels[name]
        if name.rpartition(".")[0] in framed:
            labels = [_shorten(name.rpartition(".")[2]), *labels[1:]]
        center = self._xy(*middle)
        width, height = self._xy(size.width, size.height)
        is_end = name not in self.graph.nodes or name in self.ends
        found: list[Rect | Dot | Text] = [
            Rect(
                "end" if is_end else "box",
                center[0] - width / 2,
                center[1] - height / 2,
                width,
                height,
                height / 2 if is_end else 9.0,
            )
        ]
        y = center[1] - (len(labels) - 1) * LINE_HEIGHT / 2 + 4.5
        for i, label in enumerate(labels):
            css = ("name", "type", "fact")[min(i, 2)]
            found.append(Text(css, center[0], y + i * LINE_HEIGHT, "middle", label))
        for side, ports in (("in", self.entering[name]), ("out", self.leaving[name])):
            sign = -1 if side == "in" else 1
            for port in ports:
                across = middle[1] + self._offset(PortRef(name, port.name), side)
                x, y = self._xy(middle[0] + sign * size.width / 2, across)
                found.append(Dot("control-dot" if port.kind is Kind.CONTROL else "dot", x, y))
                found += self._port_texts(name, port, side, (x, y))
        return found

    def _port_texts(self, name: str, port: Port, side: str, at: Point) -> list[Text]:
        ports = self.entering[name] if side == "in" else self.leaving[name]
        lines = [port.name] if _named(ports) else []
        if not self.down:
            sign, anchor = (-1, "end") if side == "in" else (1, "start")
            return [
                Text("port", at[0] + 8 * sign, at[1] - 5, anchor, text)  # type: ignore[arg-type]
                for text in lines
            ]
        if side == "in":
            return [Text("port", at[0] + 7, at[1] - 6, "start", text) for text in lines]
        lines += self.notes.get(PortRef(name, port.name), ())
        return [
            Text("port", at[0] + 7, at[1] + 13 + NOTE_HEIGHT * i, "start", text)
            for i, text in enumerate(lines)
        ]


def _named(ports: Sequence[Port]) -> bool:
    """Whether names are written beside these ports: of a single one, its amount if it has one."""
    return len(ports) > 1 or any(" " in port.name for port in ports)


def _label_room(ports: Sequence[Port]) -> float:
    return max(_text_width(port.name) for port in ports) * 6.6 + 10 if _named(ports) else 0.0


def _text_width(text: str) -> int:
    """Return the width in half-width cells: wide East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _shorten(text: str) -> str:
    text, rest = text[: MAX_LABEL_WIDTH + 1], text[MAX_LABEL_WIDTH + 1 :]  # narrow at most
    if not rest and _text_width(text) <= MAX_LABEL_WIDTH:
        return text
    while _text_width(text) > MAX_LABEL_WIDTH - 1:
        text = text[:-1]
    return text + "\N{HORIZONTAL ELLIPSIS}"
