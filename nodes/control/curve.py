"""Curve: values at given times as a control signal; automation is made of it."""

from typing import Any

import numpy as np

from ...graph.arguments import format_value
from ...runtime import authoring as ng
from .source import ControlSource, hold

__all__ = ["Curve"]

MAX_POINTS = 10_000_000
STATE = np.dtype(
    [
        ("points", np.int64),
        ("count", np.int64),
        ("steps", np.int64),
        ("index", np.int64),  # of the last point at or before this tick, or -1
        ("position", np.int64),  # frames since reset
        ("held", np.float64),  # the value of this tick
    ]
)
POINT = np.dtype([("frame", np.float64), ("value", np.float64)])


@ng.kernel
def _curve(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    points = ng.numbers(s.points, 2 * s.count, np.float64)
    target, frame, held = ng.channel_address(outs, 0), s.position, s.held
    index, count = s.index, s.count
    i = 0
    while i < frames:
        if (frame + i) & 31 == 0:
            at = np.float64(frame + i)
            while index + 1 < count and points[2 * index + 2] <= at:
                index += 1
            if index < 0:
                held = points[1]
            else:
                held = points[2 * index + 1]
                if s.steps == 0 and index + 1 < count:
                    begin, end = points[2 * index], points[2 * index + 2]
                    share = (at - begin) / (end - begin)
                    held += share * (points[2 * index + 3] - held)
        i = hold(target, frames, i, frame, held)
    s.position, s.held, s.index = frame + frames, held, index


@ng.node("curve", example="((0.0, 0.0), (2.0, 1.0)), mode='linear'")
class Curve(ControlSource):
    """Go through ``points``, pairs of a time and a value: an automation lane.

    Times are seconds from the start (or the last reset), or frames with ``unit="frames"``, in
    order.  ``mode`` "linear" connects the points by straight lines, "step" keeps each value until
    the next.  Values change at multiples of 32 frames.  Connected to a parameter with
    ``absolute=True`` they are the parameter's, in its unit.
    """

    points: tuple[tuple[float, float], ...] = ng.option(default=((0.0, 0.0),), kw_only=False)
    mode: str = ng.option(default="linear", choices=("linear", "step"))
    unit: str = ng.option(default="s", choices=("s", "frames"))

    def __post_init__(self) -> None:
        """Check the fields; make ``points`` a tuple of pairs of floats."""
        super().__post_init__()
        object.__setattr__(self, "points", checked_points(self.points))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate a table of all points, in frames."""
        table = np.array(self.points, np.float64)
        if self.unit == "s":
            table[:, 0] *= io.spec.rate
        made = io.memory.record(
            STATE,
            points=io.memory.constant(table),
            count=len(table),
            steps=int(self.mode == "step"),
            index=-1,
        )
        return ng.Processor(_curve, made)


def checked_points(points: Any) -> tuple[tuple[float, float], ...]:
    """Return pairs of finite numbers whose first ones rise, or stay equal; ``ParamError``."""
    allowed = "must be pairs (time, value) of finite numbers, in the order of their times, from 0"
    try:
        given = np.array(points)
    except (TypeError, ValueError, OverflowError):
        given = np.zeros(0)
    is_table = given.ndim == 2 and given.shape[1] == 2 and given.dtype.kind in "fiu"
    if not is_table or not 1 <= len(given) <= MAX_POINTS:
        raise ng.ParamError(f"points is {format_value(points)}: {allowed}")
    table = given.astype(np.float64)
    wrong = ~np.isfinite(table).all(axis=1) | (np.diff(table[:, 0], prepend=0.0) < 0)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ng.ParamError(f"points[{at}] is {tuple(table[at].tolist())}: {allowed}")
    return tuple(zip(table[:, 0].tolist(), table[:, 1].tolist(), strict=True))
