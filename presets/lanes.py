"""Automation lanes in JSON: points in seconds, or a curve with its options."""

from collections.abc import Mapping
from typing import Any

from ..graph import NamgraphError, PresetError
from ..nodes import Curve
from .values import as_float, no_such_key, wrong

__all__ = ["read_lanes"]

KEYS = ("points", "mode", "unit")


def read_lanes(data: Any, place: str = "automation") -> dict[str, Curve]:
    """Return the curve of each ``"node.param"`` in a JSON object; ``PresetError`` if it is none.

    A lane is a list of ``[seconds, value]``, or an object with ``points`` and the options ``mode``
    ("linear", "step") and ``unit`` ("s", "frames") of ``Curve``.  A bypass jumps unless it says.
    """
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        wrong(place, data, 'an object such as {"amp.input_db": [[0, -12], [8.5, 6]]}')
    return {name: _curve(f"{place}.{name}", lane) for name, lane in data.items()}


def _curve(place: str, lane: Any) -> Curve:
    options = dict(lane) if isinstance(lane, dict) else {"points": lane}
    if place.endswith(".bypass"):
        options.setdefault("mode", "step")
    for key in options:
        if key not in KEYS:
            no_such_key(place, key, list(KEYS))
    points = options.pop("points", None)
    if not isinstance(points, list) or not points:
        wrong(place, points, "a list of [seconds, value]")
    pairs: list[tuple[float, float]] = []
    for n, pair in enumerate(points):
        if not isinstance(pair, list) or len(pair) != 2:
            wrong(f"{place}[{n}]", pair, "a pair [seconds, value]")
        time, value = (as_float(f"{place}[{n}]", number) for number in pair)
        pairs.append((time, value))
    try:
        return Curve(tuple(pairs), **options)
    except NamgraphError as error:
        raise PresetError(f"{place}: {error}") from None
