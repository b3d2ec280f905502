"""Knobs of a capture as parameters of its node.  Control threads only."""

import dataclasses
import difflib
import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ...graph.arguments import as_number, format_value
from ...graph.catalog.fields import Param
from ...graph.errors import ParamError
from ...graph.node import Node
from .knob_kernel import KNOB_SMOOTHING_S
from .model.knob import Knob
from .pair.sides import knobs_of_sides
from .resolved_model import ResolvedModel, equal_nodes

__all__ = ["KNOBS", "KnobNode", "Knobs"]

Knobs = tuple[tuple[str, float | str], ...]
"""Names and values of knobs; that of a switch may be the name of a choice."""
KNOBS: Any = dataclasses.field(
    default=(), kw_only=True, compare=False, metadata={"choices": (), "pairs": True}
)
"""An option whose values are those of parameters."""


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
    return {knob.name: _param(knob) for knob in knobs}


def _param(knob: Knob) -> Param:
    smoothing_s = 0.0 if knob.step else KNOB_SMOOTHING_S  # the kernel smooths either
    return Param(
        knob.default,
        knob.low,
        knob.high,
        smoothing_s=smoothing_s,
        step=knob.step,
        labels=knob.choices,
    )


def check_knobs(given: Any) -> Knobs:
    """Return names and values of knobs, of a mapping or of pairs; the file is not read.

    Which texts are choices of a switch its file tells.
    """
    pairs = given.items() if isinstance(given, Mapping) else given
    try:
        found = tuple((name, value) for name, value in pairs)
    except (TypeError, ValueError):
        found = ((None, None),)
    made = list[tuple[str, float | str]]()
    for name, value in found:
        number = 0.0 if isinstance(value, str) else as_number(value)
        if not isinstance(name, str) or number is None or not math.isfinite(number):
            raise ParamError(
                f"knobs is {format_value(given)}: must map names to numbers, of switches also "
                'to choices, as in {"knob1": 0.5, "mode": "lead"}'
            )
        made.append((name, value if isinstance(value, str) else number))
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


def _number(row: Param | None, value: float | str) -> float | str:
    """Return the number that a choice of a switch is; other values as they are."""
    is_choice = row is not None and value in row.labels
    return row.low + row.step * row.labels.index(value) if row and is_choice else value


class KnobNode(Node):
    """A node whose capture may have knobs: a base class of ``Nam``.

    ``resolved`` is the model that it has read; ``knobs`` the values given.
    """

    params: ClassVar[Any] = InstanceParams()  # the class has no knobs, a node may have some
    knobs: Any

    @property
    def resolved(self) -> ResolvedModel:
        """The model; ``NamFileError`` for a bad file."""
        raise NotImplementedError

    @classmethod
    def argument_hint(cls, name: str, value: Any) -> str:
        """Return that a knob of the capture, whose names only its file tells, goes into ``knobs``.

        "" for a misspelled name of a field.
        """
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]
        if difflib.get_close_matches(name, [f.name for f in fields], cutoff=0.85):
            return ""
        return f"knobs of a capture are given as knobs={{{name!r}: {format_value(value)}}}"

    def check_knobs(self) -> None:
        """Check the form of ``knobs``, without reading the file."""
        object.__setattr__(self, "knobs", check_knobs(self.knobs))
        object.__setattr__(self, "checked", True)

    def __eq__(self, other: object) -> bool:
        """Compare two nodes; knobs that are not given are at their defaults."""
        if not equal_nodes(self, other):
            return False
        both: list[Any] = [self, other]
        read = [node for node in both if "resolved" in vars(node)]
        rows = read[0].knob_params if read else {}
        known = read[0].knob_defaults if read else {}
        mine, theirs = (
            known | {name: _number(rows.get(name), value) for name, value in each.knobs}
            for each in both
        )
        return mine == theirs

    def __getattr__(self, name: str) -> float:
        """Return the value of a knob of the capture; a file is not read for it."""
        values = vars(self)
        if "resolved" in values and name in self.knob_params:
            return self.knob_values[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def sides(self) -> tuple[ResolvedModel, ...]:
        """The models: one, or the two of a pair."""
        return (self.resolved,)

    @property
    def knob_params(self) -> dict[str, Param]:
        """The parameters that the knobs of the capture are; reads the file."""
        return knob_params(knobs_of_sides(self.sides))

    @property
    def knob_values(self) -> dict[str, float]:
        """The value of each knob; reads the file.  ``ParamError`` for a knob that it has not."""
        whole = ", ".join(side.path for side in self.sides)
        return checked_values(whole, self.knob_params, check_knobs(self.knobs))

    @property
    def knob_defaults(self) -> dict[str, float]:
        """The values of knobs that are not given; reads the file."""
        return {name: row.default for name, row in self.knob_params.items()}

    def field_values(self, values: Mapping[str, float]) -> dict[str, Any]:
        """Return values of parameters as those of fields: knobs are in one field."""
        own: Any = type(self)
        names = {field.name for field in dataclasses.fields(own)}
        turned = {name: value for name, value in values.items() if name not in names}
        made: dict[str, Any] = {name: v for name, v in values.items() if name in names}
        if not turned:
            return made
        _ = self.sides  # what knobs there are
        return {**made, "knobs": {**dict(self.knobs), **turned}}
