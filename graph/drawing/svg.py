"""A graph as a self-contained SVG; equal graphs built in the same order give equal text."""

import unicodedata
from html import escape

from ..graph import Graph
from ..port import Kind, Port
from ..scheduling.order import topological_order
from .labels import box_labels, drawn_inputs, drawn_wires, title
from .layout import Layout, Size, Wire, layout

__all__ = ["svg"]

MARGIN, HEADING_HEIGHT = 28.0, 46.0
LINE_HEIGHT, PADDING = 17.0, 13.0
PORT_GAP = 24.0
MAX_LABELS, MAX_LABEL_WIDTH = 5, 30

# Contrast of text above 5 : 1; control signals differ by dashes as well as by colour.
STYLE = """\
    svg { font-family: Inter, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif }
    .page { fill: #f8f8f6 }
    .box { fill: #ffffff; stroke: #c3cad4; stroke-width: 1.2 }
    .end { fill: #e6edf4; stroke: #a9b8c8; stroke-width: 1.2 }
    .head { font-size: 15px; font-weight: 600; fill: #1d2733 }
    .name { font-size: 14px; font-weight: 600; fill: #1d2733 }
    .type { font-size: 12px; fill: #5a6675 }
    .fact { font-size: 12px; fill: #334155 }
    .port { font-size: 11px; fill: #5a6675; paint-order: stroke; stroke: #f8f8f6; stroke-width: 4 }
    .audio { fill: none; stroke: #5b7a99; stroke-width: 1.8 }
    .control { fill: none; stroke: #a8590a; stroke-width: 1.6; stroke-dasharray: 5 4 }
    .dot { fill: #5b7a99 }
    .control-dot { fill: #a8590a }
"""


def svg(graph: Graph) -> str:
    """Return an SVG: signals run from left to right, control dashed.  ``CycleError`` for loops."""
    order, layer = _layers(graph)
    labels = {name: _labels(graph, name) for name in order}
    sizes = {name: _size(graph, name, labels[name]) for name in order}
    wires = [
        Wire(
            source.node,
            target.node,
            _offset(graph.ports(source.node, "output"), source.port),
            _offset(drawn_inputs(graph, target.node), target.port),
        )
        for source, target in drawn_wires(graph)
    ]
    placed = layout(sizes, layer, wires)
    heading = title(graph)
    width = max(placed.width, _text_width(heading) * 8.5) + 2 * MARGIN
    height = placed.height + HEADING_HEIGHT + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"  <title>{escape(heading)}</title>",
        f"  <style>\n{STYLE}  </style>",
        f'  <rect class="page" width="{width:.0f}" height="{height:.0f}" rx="10"/>',
        f'  <text class="head" x="{MARGIN:.0f}" y="{MARGIN + 12:.0f}">{escape(heading)}</text>',
        f'  <g transform="translate({MARGIN:.0f} {MARGIN + HEADING_HEIGHT:.0f})">',
        *_wires(graph, placed),
    ]
    for name in order:
        lines += _box(graph, name, labels[name], sizes[name], placed.middles[name])
    return "\n".join([*lines, "  </g>", "</svg>"]) + "\n"


def _layers(graph: Graph) -> tuple[list[str], dict[str, int]]:
    """Return an order and layers by longest path; sources go just before their first target."""
    after: dict[str, list[str]] = {
        name: [] for name in (*graph.inputs, *graph.nodes, *graph.outputs)
    }
    for source, target in drawn_wires(graph):
        after[source.node].append(target.node)
    order = topological_order(after)
    layer = dict.fromkeys(order, 0)
    for name in order:
        for follower in after[name]:
            layer[follower] = max(layer[follower], layer[name] + 1)
    fed = {target.node for _, target in drawn_wires(graph)}
    for name in reversed(order):
        if after[name] and name not in fed and name not in graph.inputs:
            layer[name] = min(layer[target] for target in after[name]) - 1
    last = max(layer.values(), default=0)
    layer.update(dict.fromkeys(graph.outputs, max(last, 1) if graph.inputs else last))
    used = {depth: i for i, depth in enumerate(sorted(set(layer.values())))}
    return order, {name: used[depth] for name, depth in layer.items()}


def _labels(graph: Graph, name: str) -> list[str]:
    labels = [name, *box_labels(graph, name, defaults=2)]
    if len(labels) > MAX_LABELS + 2:
        labels[MAX_LABELS + 1 :] = [f"and {len(labels) - MAX_LABELS - 1} more"]
    return [_shorten(label) for label in labels]


def _size(graph: Graph, name: str, labels: list[str]) -> Size:
    entering, leaving = drawn_inputs(graph, name), graph.ports(name, "output")
    ports = max(len(entering), len(leaving))
    widest = max(
        [_text_width(labels[0]) * 8.6, *(_text_width(label) * 7.0 for label in labels[1:])]
    )
    return Size(
        width=max(96.0, widest + 2 * PADDING),
        height=max(
            len(labels) * LINE_HEIGHT + 2 * PADDING - 3, (ports - 1) * PORT_GAP + 2 * PADDING
        ),
        before=_label_room(entering),
        after=_label_room(leaving),
    )


def _label_room(ports: tuple[Port, ...]) -> float:
    return max(_text_width(port.name) for port in ports) * 6.6 + 10 if len(ports) > 1 else 0.0


def _offset(ports: tuple[Port, ...], name: str) -> float:
    place = next(i for i, port in enumerate(ports) if port.name == name)
    return (place - (len(ports) - 1) / 2) * PORT_GAP


def _wires(graph: Graph, placed: Layout) -> list[str]:
    lines = []
    for (source, _), path in zip(drawn_wires(graph), placed.paths, strict=True):
        kind = next(p.kind for p in graph.ports(source.node, "output") if p.name == source.port)
        (x, y), *rest = path
        steps = [f"M{x:.1f} {y:.1f}"]
        for a, b in rest:
            bend = (x + a) / 2  # level at both ends
            steps.append(
                f"L{a:.1f} {b:.1f}"
                if y == b
                else f"C{bend:.1f} {y:.1f} {bend:.1f} {b:.1f} {a:.1f} {b:.1f}"
            )
            x, y = a, b
        css = "control" if kind is Kind.CONTROL else "audio"
        lines.append(f'    <path class="{css}" d="{" ".join(steps)}"/>')
    return lines


def _box(
    graph: Graph, name: str, labels: list[str], size: Size, middle: tuple[float, float]
) -> list[str]:
    left, top = middle[0] - size.width / 2, middle[1] - size.height / 2
    css, radius = ("box", 9.0) if name in graph.nodes else ("end", size.height / 2)
    lines = [
        f'    <rect class="{css}" x="{left:.1f}" y="{top:.1f}" width="{size.width:.1f}" '
        f'height="{size.height:.1f}" rx="{radius:.1f}"/>'
    ]
    y = middle[1] - (len(labels) - 1) * LINE_HEIGHT / 2 + 4.5
    for i, label in enumerate(labels):
        css = ("name", "type", "fact")[min(i, 2)]
        lines.append(
            f'    <text class="{css}" x="{middle[0]:.1f}" y="{y + i * LINE_HEIGHT:.1f}" '
            f'text-anchor="middle">{escape(label)}</text>'
        )
    for ports, sign in ((drawn_inputs(graph, name), -1), (graph.ports(name, "output"), 1)):
        x = middle[0] + sign * size.width / 2
        for port in ports:
            at = middle[1] + _offset(ports, port.name)
            css = "control-dot" if port.kind is Kind.CONTROL else "dot"
            lines.append(f'    <circle class="{css}" cx="{x:.1f}" cy="{at:.1f}" r="3.2"/>')
            if len(ports) > 1:
                lines.append(
                    f'    <text class="port" x="{x + 8 * sign:.1f}" y="{at - 5:.1f}" '
                    f'text-anchor="{"end" if sign < 0 else "start"}">{escape(port.name)}</text>'
                )
    return lines


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
