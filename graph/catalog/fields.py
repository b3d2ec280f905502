"""Fields of node classes: parameters, options and files, and how they are declared."""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ..arguments import check_choice, check_flag, check_number, check_text, format_value
from ..errors import ParamError
from ..paths import Content, check_content_class

__all__ = ["Option", "Param", "file", "option", "param"]

LARGEST = sys.float_info.max


@dataclass(frozen=True)
class Param:
    """A parameter: default, range, unit.  Checks, presets, commands and documents derive from it.

    ``taper`` is the scale a control surface should use; ``smoothing_s`` is the time constant, in
    seconds, of the smoothing that kernels apply to changes (0: none).  With a ``step`` above 0 the
    values are low, low + step, ..., and others are rounded to the nearest; ``labels`` name them in
    that order, and may be given in place of numbers.
    """

    default: float
    low: float
    high: float
    unit: str = ""
    taper: Literal["linear", "log"] = "linear"
    smoothing_s: float = 0.01
    step: float = 0.0
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the fields; ``default`` is checked against the range when a node is made."""
        for name in ("default", "low", "high"):
            number = check_number(name, getattr(self, name), -LARGEST, LARGEST)
            object.__setattr__(self, name, number)
        if self.low > self.high:
            raise ParamError(f"low is {self.low:g}: must be at most high, which is {self.high:g}")
        check_text("unit", self.unit)
        check_choice("taper", self.taper, ("linear", "log"))
        check_number("smoothing_s", self.smoothing_s, 0.0, LARGEST)
        self._check_steps()

    def check(self, name: str, value: float | str) -> float:
        """Return ``value`` as a float; ``ParamError`` if it is no number in range, and no label."""
        if type(value) is float and self.low <= value <= self.high and not self.step:
            return value
        if isinstance(value, str) and self.labels:
            label = check_choice(name, value, self.labels)
            return self.low + self.step * self.labels.index(label)
        number = check_number(name, value, self.low, self.high, self.unit)
        if not self.step:
            return number
        return self.low + self.step * round((number - self.low) / self.step)

    def label(self, value: float) -> str:
        """Return the label of a value of a parameter with steps; "" if it has none."""
        if not self.labels:
            return ""
        return self.labels[round((value - self.low) / self.step)]

    def _check_steps(self) -> None:
        """Check that steps fit the range, and that there is a label for each, or none."""
        check_number("step", self.step, 0.0, LARGEST)
        if not isinstance(self.labels, tuple) or not all(isinstance(t, str) for t in self.labels):
            raise ParamError(f"labels is {format_value(self.labels)}: must be a tuple of strings")
        if not self.step:
            if self.labels:
                raise ParamError("labels are given without a step: give step=1")
            return
        count = (self.high - self.low) / self.step
        if abs(count - round(count)) > 1e-9 or self.smoothing_s != 0:
            raise ParamError(
                f"step is {self.step:g}: must divide high - low, which is "
                f"{self.high - self.low:g}, and needs smoothing_s=0"
            )
        if self.labels and len(self.labels) != round(count) + 1:
            raise ParamError(
                f"labels has {len(self.labels)} texts: must have {round(count) + 1}, one a step"
            )


class Option(NamedTuple):
    """An option of a node type: its default, and what is allowed (empty: checked by the node)."""

    default: Any
    choices: tuple[Any, ...]


def param(
    *,
    default: float,
    low: float,
    high: float,
    unit: str = "",
    taper: Literal["linear", "log"] = "linear",
    smoothing_s: float | None = None,
    step: float = 0.0,
    labels: Sequence[str] = (),
) -> Any:
    """Declare a field of a node class as a parameter: a number that may change while it plays.

    See ``Param``.  ``smoothing_s`` is 0.01 unless given, and 0 for a parameter with a ``step``.
    Returns ``Any`` because the field is annotated as a float; ``default`` is keyword-only, because
    type checkers then see that the field has one.
    """
    if smoothing_s is None:
        smoothing_s = 0.0 if step else 0.01
    known = tuple(labels) if isinstance(labels, list) else labels
    row = Param(default, low, high, unit, taper, smoothing_s, step, known)  # type: ignore[arg-type]
    return dataclasses.field(default=default, kw_only=True, metadata={"param": row})


def option(
    *,
    default: Any,
    choices: Sequence[Any] = (),
    kw_only: bool = True,
    drawn: bool = True,
    machine: bool = False,
) -> Any:
    """Declare a field that is fixed once the node is prepared (a mode, a count, a switch).

    One that is not ``drawn`` is left out of pictures.  One that belongs to a ``machine`` (a device,
    the level of an interface) is left out of presets where it has its default.
    """
    try:
        known = tuple(choices)
    except TypeError:
        raise ParamError(f"choices is {format_value(choices)}: must be a list of values") from None
    return dataclasses.field(
        default=default,
        kw_only=check_flag("kw_only", kw_only),
        metadata={
            "choices": known,
            "drawn": check_flag("drawn", drawn),
            "machine": check_flag("machine", machine),
        },
    )


def file(
    *,
    kw_only: bool = False,
    several: bool = False,
    content: type[Content] | None = None,
    default: Any = dataclasses.MISSING,
) -> Any:
    """Declare a field that is the path of a file, or with ``several`` a tuple of paths.

    Presets store paths relative to the preset.  ``content`` is a class, derived from ``Content``,
    whose objects the field takes in place of a path; presets cannot store these.  ``FileError`` if
    the value is neither.  With ``default=None`` the field may be left out.
    """
    row = {"file": (check_flag("several", several), check_content_class(content))}
    if default is not None and default is not dataclasses.MISSING:
        raise ParamError(f"default is {format_value(default)}: must be None, or not be given")
    named = check_flag("kw_only", kw_only)
    return dataclasses.field(default=default, kw_only=named, metadata=row)
