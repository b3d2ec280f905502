"""Shapes that a picture of a graph consists of; ``css`` is the class that styles one."""

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Anchor", "Curve", "Dot", "Point", "Rect", "Scene", "Text"]

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Rect:
    """A rectangle with round corners."""

    css: str
    x: float
    y: float
    width: float
    height: float
    radius: float


@dataclass(frozen=True)
class Curve:
    """A line through points: each step is one point (straight) or three (a Bezier curve)."""

    css: str
    start: Point
    steps: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True)
class Dot:
    """A port."""

    css: str
    x: float
    y: float


@dataclass(frozen=True)
class Text:
    """One line of text; ``y`` is its base line."""

    css: str
    x: float
    y: float
    anchor: Anchor
    text: str


@dataclass
class Scene:
    """Shapes in the order drawn, from the corner of the drawing; the heading is above it."""

    heading: list[str]
    width: float = 0.0
    """Of the whole picture, margins and heading included."""
    height: float = 0.0
    top: float = 0.0
    """Height of margin and heading: the ``y`` of the drawing's corner."""
    left: float = 0.0
    """The ``x`` of the drawing's corner."""
    shapes: list[Rect | Curve | Dot | Text] = field(default_factory=list)
