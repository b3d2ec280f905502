"""Knobs of a capture as parameters of its node.  Control threads only."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from ...graph.arguments import as_number, format_value
from ...graph.catalog.fields import Param
from ...graph.errors import ParamError
from ...graph.node import Node
from .knob_kernel import KNOB_SMOOTHING_S
from .model.captures import Knob

__all__ = ["InstanceParams", "Knobs", "check_knobs", "checked_values", "knob_params"]

Knobs = tuple[tuple[str, float], ...]
"""Names and values of knobs."""


class InstanceParams:
    """``params()``: of the class, its fields; of a node, also the knobs of its capture.

    A node reads its file for that, once; not before its other fields are checked.
    """

    def __get__(self, owner: Any, cls: type[Node]) -> Callable[[], dict[str, Param]]:
        if owner is not None and "checked" in vars(owner):
            return lambda: {**_class_params(cls), **owner.knob_params}
        return lambda: _class_params(cls)


def _class_params(cls: type[Node]) -> dict[str, Param]:
    made: dict[str, Param] = Node.params.__func__(cls)  # type: ignore[attr-defined]
    return made


def knob_params(knobs: tuple[Knob, ...]) -> dict[str, Param]:
    """Return the parameter that each knob is."""
    return {k.name: Param(k.default, k.low, k.high, smoothing_s=KNOB_SMOOTHING_S) for k in knobs}


def check_knobs(given: Any) -> Knobs:
    """Return names and values of knobs, of a mapping or of pairs; the file is not read."""
    pairs = given.items() if isinstance(given, Mapping) else given
    try:
        found = tuple((name, value) for name, value in pairs)
    except (TypeError, ValueError):
        found = ((None, None),)
    made = []
    for name, value in found:
        number = as_number(value)
        if not isinstance(name, str) or number is None or not math.isfinite(number):
            raise ParamError(
                f'knobs is {format_value(given)}: must map names to numbers, as in {{"knob1": 0.5}}'
            )
        made.append((name, number))
    return tuple(dict(made).items())


def checked_values(label: str, rows: Mapping[str, Param], given: Knobs) -> dict[str, float]:
    """Return the value of each knob, given or at its default; ``ParamError`` for others."""
    made = {name: row.default for name, row in rows.items()}
    for name, value in given:
        if name not in rows:
            known = f"its knobs are {', '.join(rows)}" if rows else "it has no knobs"
            raise ParamError(f"{label}: there is no knob {format_value(name)}: {known}")
        made[name] = rows[name].check(name, value)
    return made
