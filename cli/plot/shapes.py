"""Draw the shapes of a graph's picture with matplotlib, for PNG and PDF."""

import re
from typing import Any

from ...graph.drawing.scene import LINE_HEIGHT, MARGIN
from ...graph.drawing.shapes import Curve, Dot, Rect, Scene
from ...graph.drawing.svg import STYLE
from .figures import new_figure

__all__ = ["SHARP_DPI", "figure_of"]

SHARP_DPI = 192
POINTS = 0.75
"""Points in a pixel of CSS: 72 / 96."""
DOT_RADIUS = 3.2


def figure_of(picture: Scene) -> Any:
    """Return a matplotlib figure of a picture, at 96 pixels to the inch."""
    from matplotlib.patches import Circle, FancyBboxPatch, PathPatch
    from matplotlib.path import Path

    styles = _styles()
    figure = new_figure(picture.height / 96.0, width=picture.width / 96.0)
    figure.set_layout_engine("none")
    figure.patch.set_facecolor(styles["page"]["fill"])
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(-picture.left, picture.width - picture.left)
    axes.set_ylim(picture.height - picture.top, -picture.top)
    for i, line in enumerate(picture.heading):
        y = MARGIN + 12.0 + i * (LINE_HEIGHT + 2.0) - picture.top
        _text(axes, MARGIN - picture.left, y, line, "left", styles["about" if i else "head"])
    for shape in picture.shapes:
        style = styles[shape.css]
        ink: Any = {
            "facecolor": style["fill"],
            "edgecolor": style.get("stroke", "none"),
            "linewidth": float(style.get("stroke-width", 0.0)) * POINTS,
        }
        if "stroke-dasharray" in style:
            dashes = [float(v) * POINTS for v in style["stroke-dasharray"].split()]
            ink["linestyle"] = (0.0, dashes)
        if isinstance(shape, Rect):
            radius = min(shape.radius, shape.height / 2.0, shape.width / 2.0)
            corners = f"round,pad=0,rounding_size={radius}"
            place = (shape.x, shape.y), shape.width, shape.height
            axes.add_patch(FancyBboxPatch(*place, boxstyle=corners, **ink))
        elif isinstance(shape, Curve):
            points, codes = [shape.start], [Path.MOVETO]
            for step in shape.steps:
                points += step
                codes += [Path.LINETO if len(step) == 1 else Path.CURVE4] * len(step)
            axes.add_patch(PathPatch(Path(points, codes), **ink))
        elif isinstance(shape, Dot):
            axes.add_patch(Circle((shape.x, shape.y), DOT_RADIUS, **ink))
        else:
            anchor = {"start": "left", "middle": "center", "end": "right"}[shape.anchor]
            _text(axes, shape.x, shape.y, shape.text, anchor, style)
    return figure


def _text(axes: Any, x: float, y: float, text: str, anchor: str, style: dict[str, str]) -> None:
    axes.text(
        x,
        y,
        text,
        ha=anchor,
        va="baseline",
        color=style["fill"],
        fontsize=float(style["font-size"].removesuffix("px")) * POINTS,
        fontweight="bold" if "font-weight" in style else "normal",
        parse_math=False,
    )


def _styles() -> dict[str, dict[str, str]]:
    """Return the style sheet of the SVG, by class."""
    found = {}
    for name, body in re.findall(r"\.([a-z-]+) \{([^}]*)\}", STYLE):
        rules = (rule.split(":", 1) for rule in body.split(";") if ":" in rule)
        found[name] = {key.strip(): value.strip() for key, value in rules}
    return found
