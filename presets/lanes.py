"""Automation lanes in JSON: points in seconds, or a curve with its options."""

from collections.abc import Mapping
from typing import Any

from ..graph import NamgraphError, PresetError
from ..nodes import Curve
from .values import as_float, no_such_key, wrong

__all__ = ["read_lanes"]

KEYS = ("points", "mode", "unit")


Lane = Curve | dict[str, Any]
"""Of a lane with labels its options: ``automated`` knows their numbers."""


def read_lanes(data: Any, place: str = "automation") -> dict[str, Lane]:
    """Return the lane of each ``"node.param"`` in a JSON object; ``PresetError`` if it is none.

    A lane is a list of ``[seconds, value]``, or an object with ``points`` and the options ``mode``
    ("linear", "step") and ``unit`` ("s", "frames") of ``Curve``.  A bypass jumps unless it says.
    Values are numbers; of a parameter with labels also these, of a bypass ``true`` and ``false``.
    """
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        wrong(place, data, 'an object such as {"amp.input_db": [[0, -12], [8.5, 6]]}')
    return {name: _curve(f"{place}.{name}", lane) for name, lane in data.items()}


def _curve(place: str, lane: Any) -> Lane:
    options = dict(lane) if isinstance(lane, dict) else {"points": lane}
    is_bypass = place.endswith(".bypass")
    if is_bypass:
        options.setdefault("mode", "step")
    for key in options:
        if key not in KEYS:
            no_such_key(place, key, list(KEYS))
    points = options.pop("points", None)
    if not isinstance(points, list) or not points:
        wrong(place, points, "a list of [seconds, value]")
    pairs: list[tuple[float, Any]] = []
    for n, pair in enumerate(points):
        if not isinstance(pair, list) or len(pair) != 2:
            wrong(f"{place}[{n}]", pair, "a pair [seconds, value]")
        at, (time, value) = f"{place}[{n}]", pair
        if is_bypass and isinstance(value, bool):
            value = float(value)
        is_label = isinstance(value, str) and not is_bypass
        pairs.append((as_float(at, time), value if is_label else as_float(at, value)))
    labels = [value for _, value in pairs if isinstance(value, str)]
    try:
        made = Curve(tuple((t, 0.0 if v in labels else v) for t, v in pairs), **options)
        return {"points": pairs, **options} if labels else made
    except NamgraphError as error:
        raise PresetError(f"{place}: {error}") from None
