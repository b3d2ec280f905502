"""A graph as a self-contained SVG; equal graphs built in the same order give equal text."""

from html import escape

from ..opening.openers import GraphSource, as_graph
from .scene import LINE_HEIGHT, MARGIN, scene
from .shapes import Curve, Dot, Rect, Scene, Text

__all__ = ["svg", "svg_of"]

# Contrast of text above 5 : 1; control signals differ by dashes as well as by colour.
STYLE = """\
    svg { font-family: Inter, "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif }
    .page { fill: #f8f8f6 }
    .box { fill: #ffffff; stroke: #c3cad4; stroke-width: 1.2 }
    .end { fill: #e6edf4; stroke: #a9b8c8; stroke-width: 1.2 }
    .head { font-size: 15px; font-weight: 600; fill: #1d2733 }
    .about { font-size: 12px; fill: #465260 }
    .name { font-size: 14px; font-weight: 600; fill: #1d2733 }
    .type { font-size: 12px; fill: #5a6675 }
    .fact { font-size: 12px; fill: #334155 }
    .port { font-size: 11px; fill: #465260 }
    .frame { fill: #eef1f4; stroke: #b3bdc9; stroke-width: 1.2; stroke-dasharray: 2 3 }
    .tag { fill: #eef1f4 }
    .rack { font-size: 12px; font-weight: 600; fill: #5a6675 }
    .audio { fill: none; stroke: #5b7a99; stroke-width: 1.8 }
    .control { fill: none; stroke: #a8590a; stroke-width: 1.6; stroke-dasharray: 5 4 }
    .dot { fill: #5b7a99 }
    .control-dot { fill: #a8590a }
"""


def svg(graph: GraphSource) -> str:
    """Return an SVG: signals run from left to right, control dashed.  ``CycleError`` for loops."""
    return svg_of(scene(as_graph(graph)))


def svg_of(picture: Scene) -> str:
    """Return the shapes of a picture as SVG."""
    width, height = f"{picture.width:.0f}", f"{picture.height:.0f}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        f"  <title>{escape(picture.heading[0])}</title>",
        f"  <style>\n{STYLE}  </style>",
        f'  <rect class="page" width="{width}" height="{height}" rx="10"/>',
    ]
    for i, text in enumerate(picture.heading):
        lines.append(
            f'  <text class="{"about" if i else "head"}" x="{MARGIN:.0f}" '
            f'y="{MARGIN + 12 + i * (LINE_HEIGHT + 2):.0f}">{escape(text)}</text>'
        )
    lines.append(f'  <g transform="translate({picture.left:.0f} {picture.top:.0f})">')
    lines += [f"    {_element(shape)}" for shape in picture.shapes]
    return "\n".join([*lines, "  </g>", "</svg>"]) + "\n"


def _element(shape: object) -> str:
    if isinstance(shape, Rect):
        return (
            f'<rect class="{shape.css}" x="{shape.x:.1f}" y="{shape.y:.1f}" '
            f'width="{shape.width:.1f}" height="{shape.height:.1f}" rx="{shape.radius:.1f}"/>'
        )
    if isinstance(shape, Curve):
        steps = [f"M{shape.start[0]:.1f} {shape.start[1]:.1f}"]
        for points in shape.steps:
            letter = "L" if len(points) == 1 else "C"
            steps.append(letter + " ".join(f"{x:.1f} {y:.1f}" for x, y in points))
        return f'<path class="{shape.css}" d="{" ".join(steps)}"/>'
    if isinstance(shape, Dot):
        return f'<circle class="{shape.css}" cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="3.2"/>'
    assert isinstance(shape, Text)
    return (
        f'<text class="{shape.css}" x="{shape.x:.1f}" y="{shape.y:.1f}" '
        f'text-anchor="{shape.anchor}">{escape(shape.text)}</text>'
    )
