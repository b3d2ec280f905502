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
    seconds, of the smoothing that kernels apply to changes (0: none).
    """

    default: float
    low: float
    high: float
    unit: str = ""
    taper: Literal["linear", "log"] = "linear"
    smoothing_s: float = 0.01

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

    def check(self, name: str, value: float) -> float:
        """Return ``value`` as a float; ``ParamError`` if it is not a number in range."""
        if type(value) is float and self.low <= value <= self.high:
            return value
        return check_number(name, value, self.low, self.high, self.unit)


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
    smoothing_s: float = 0.01,
) -> Any:
    """Declare a field of a node class as a parameter: a number that may change while it plays.

    Returns ``Any`` because the field is annotated as a float; ``default`` is keyword-only, because
    type checkers then see that the field has one.
    """
    row = Param(default, low, high, unit, taper, smoothing_s)
    return dataclasses.field(default=default, kw_only=True, metadata={"param": row})


def option(*, default: Any, choices: Sequence[Any] = (), kw_only: bool = True) -> Any:
    """Declare a field that is fixed once the node is prepared (a mode, a count, a switch)."""
    try:
        known = tuple(choices)
    except TypeError:
        raise ParamError(f"choices is {format_value(choices)}: must be a list of values") from None
    return dataclasses.field(
        default=default,
        kw_only=check_flag("kw_only", kw_only),
        metadata={"choices": known},
    )


def file(
    *, kw_only: bool = False, several: bool = False, content: type[Content] | None = None
) -> Any:
    """Declare a field that is the path of a file, or with ``several`` a tuple of paths.

    Presets store paths relative to the preset.  ``content`` is a class, derived from ``Content``,
    whose objects the field takes in place of a path; presets cannot store these.  ``FileError`` if
    the value is neither.
    """
    row = {"file": (check_flag("several", several), check_content_class(content))}
    return dataclasses.field(kw_only=check_flag("kw_only", kw_only), metadata=row)
