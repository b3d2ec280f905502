"""Parameters of a hosted graph, with the attributes of pedalboard's ``AudioProcessorParameter``.

``plugin.parameters[...]`` returns a ``Parameter``, an attribute of the plugin a ``ParameterValue``.
Any thread.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ....graph import Param
from ....graph.arguments import as_number, check_flag, check_number
from .hosting.raw_value import from_raw, to_raw

__all__ = [
    "SWITCHES",
    "Parameter",
    "ParameterValue",
    "attribute_names",
    "parse_value",
    "unknown_attribute",
]

SWITCHES = frozenset({"bypass"})
"""Parameters whose values are ``True`` and ``False``; all others are numbers."""
TEXTS = {True: "On", False: "Off"}
STEPS = 1000
"""Values listed by ``valid_values``, less one; pedalboard finds as many at most."""
CONTINUOUS = 0x7FFFFFFF
"""``num_steps`` of a parameter without steps."""


class Values(Protocol):
    """What a parameter reads and writes: a ``HostedGraph``."""

    @property
    def rows(self) -> Mapping[str, Param]:
        """Range and unit of each parameter."""

    def get(self, name: str) -> float:
        """Return a value."""

    def set(self, name: str, value: Any, *, at: int | None = None) -> None:
        """Check and set a value."""


class Parameter:
    """One parameter: its value, range and unit, read and set as in pedalboard.

    ``value`` and ``raw_value`` (0 to 1 over the range, by the parameter's taper) may be assigned.
    Values are not rounded: ``step_size`` is ``None``, and ``valid_values`` lists 1001 of them, at
    equal distances of ``raw_value``.
    """

    __slots__ = ("_values", "index", "name", "python_name", "row")

    def __init__(self, values: Values, name: str, python_name: str, index: int) -> None:
        self._values = values
        self.name = name
        """``"node.param"``, as ``set`` and ``get`` take it."""
        self.python_name = python_name
        """The name of the attribute and the key in ``parameters``."""
        self.index = index
        self.row = values.rows[name]
        """The declaration of the parameter."""

    @property
    def type(self) -> type[float] | type[bool]:
        """``bool`` for a switch, else ``float``."""
        return bool if self.name in SWITCHES else float

    @property
    def value(self) -> float:
        """The value as last set; a changed value glides there."""
        return self._cast(self._values.get(self.name))

    @value.setter
    def value(self, value: float | str) -> None:
        self._values.set(self.name, parse_value(self.row, value))

    @property
    def raw_value(self) -> float:
        """The value as a position in the range, 0 to 1."""
        return to_raw(self.row, self._values.get(self.name))

    @raw_value.setter
    def raw_value(self, raw: float) -> None:
        self._values.set(self.name, self._at(raw))

    @property
    def string_value(self) -> str:
        """The value as text, without its unit: its label, if it has one ("lead")."""
        return self._text(self.value)

    @property
    def default(self) -> float:
        """The default of the node type: a value, not a position."""
        return self._cast(self.row.default)

    @property
    def default_raw_value(self) -> float:
        """The default as a position in the range, 0 to 1."""
        return to_raw(self.row, self.row.default)

    @property
    def min_value(self) -> float:
        """The lowest value."""
        return self._cast(self.row.low)

    @property
    def max_value(self) -> float:
        """The highest value."""
        return self._cast(self.row.high)

    @property
    def step_size(self) -> float | None:
        """The distance of two values: 1 for a switch, ``None`` if every value is valid."""
        return 1 if self.type is bool else self.row.step or None

    @property
    def approximate_step_size(self) -> float | None:
        """The mean distance of two ``valid_values``; ``None`` where there is a ``step_size``."""
        return None if self.is_discrete else (self.row.high - self.row.low) / STEPS

    @property
    def range(self) -> tuple[float, float, float | None]:
        """``(min_value, max_value, step_size)``."""
        return self.min_value, self.max_value, self.step_size

    @property
    def ranges(self) -> dict[tuple[float, float], float]:
        """The value of each range of ``raw_value``."""
        values = self.valid_values
        last = len(values) - 1
        if self.type is bool:
            return {(0.0, 0.5): False, (0.5, 1.0): True}
        ends = [k / last for k in range(last + 1)] + [1.0]
        return {(ends[k], ends[k + 1]): value for k, value in enumerate(values)}

    @property
    def valid_values(self) -> list[float]:
        """``[False, True]``, all steps, or 1001 values from the lowest to the highest."""
        if self.type is bool:
            return [False, True]
        if self.row.step:
            return [self.row.low + self.row.step * k for k in range(self.num_steps)]
        return [from_raw(self.row, k / STEPS) for k in range(STEPS + 1)]

    @property
    def units(self) -> str | None:
        """The unit ("dB", "Hz"); ``None`` if there is none."""
        return self.row.unit or None

    label = units

    @property
    def num_steps(self) -> int:
        """The number of values: 2 for a switch, that of its steps, else 0x7fffffff."""
        if self.row.step:
            return round((self.row.high - self.row.low) / self.row.step) + 1
        return 2 if self.type is bool else CONTINUOUS

    @property
    def is_boolean(self) -> bool:
        """Whether it is a switch."""
        return self.type is bool

    is_discrete = property(lambda self: self.step_size is not None, doc="Whether it has steps.")
    is_automatable = property(lambda self: True, doc="Always true.")
    is_meta_parameter = property(lambda self: False, doc="Always false.")
    is_orientation_inverted = property(lambda self: False, doc="Always false.")

    def get_name(self, maximum_string_length: int) -> str:
        """Return the name, cut to a number of characters."""
        return self.name[:maximum_string_length]

    def get_text_for_raw_value(self, raw_value: float) -> str:
        """Return the text of a position in the range."""
        return self._text(self._at(raw_value))

    def get_raw_value_for_text(self, string_value: str) -> float:
        """Return the position in the range of a text, with or without the unit."""
        return self.get_raw_value_for(string_value)

    def get_raw_value_for(self, new_value: float | str) -> float:
        """Return the position in the range of a value or text; ``ParamError`` if out of range."""
        if self.type is bool:
            texts = {text.lower(): value for value, text in TEXTS.items()}
            known = isinstance(new_value, str) and new_value.lower() in texts
            flag = texts[str(new_value).lower()] if known else new_value
            return float(check_flag(self.name, flag))
        return to_raw(self.row, self.row.check(self.name, parse_value(self.row, new_value)))

    def __float__(self) -> float:
        return float(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __repr__(self) -> str:
        unit = f" {self.units}" if self.units else ""
        low, high = self._text(self.min_value), self._text(self.max_value)
        return f"<{self.name} = {self.string_value}{unit} in [{low}, {high}]>"

    def _cast(self, value: float) -> float:
        return bool(value) if self.type is bool else value

    def _at(self, raw: float) -> float:
        raw = check_number(f"raw_value of {self.name}", raw, 0.0, 1.0)
        return raw >= 0.5 if self.type is bool else from_raw(self.row, raw)

    def _text(self, value: float) -> str:
        if self.type is bool:
            return TEXTS[bool(value)]
        value = self.row.check(self.name, value) if self.row.step else value  # a step
        return self.row.label(value) or f"{value:g}"


class ParameterValue(float):
    """The value of a parameter: a ``float`` with the attributes of its ``Parameter``.

    It stays as it is when the parameter changes.
    """

    __slots__ = ("_parameter",)
    _parameter: Parameter

    def __new__(cls, value: float, parameter: Parameter) -> "ParameterValue":
        """Make a float that refers to its parameter."""
        made = super().__new__(cls, value)
        object.__setattr__(made, "_parameter", parameter)
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"'float' object has no attribute {name!r}")
        return getattr(self._parameter, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._parameter, name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(n for n in dir(self._parameter) if n[0] != "_")]

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)

    def __copy__(self) -> float:
        return float(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> float:
        return float(self)


def parse_value(row: Param, value: Any) -> Any:
    """Return the number in a text like "3 dB"; anything else as it is, for ``row.check``."""
    if not isinstance(value, str):
        return value
    text, unit = value.strip(), row.unit.lower()
    if unit and text.lower().endswith(unit):
        text = text[: -len(unit)]
    try:
        number = as_number(float(text))
    except ValueError:
        return value
    return value if number is None else number


def attribute_names(rows: Mapping[str, Param]) -> dict[str, str]:
    """Name an attribute for each parameter: ``amp.input_db`` is ``amp_input_db``.

    A name that two parameters would share is left out; ``set`` and ``get`` take the full name.
    """
    candidates: dict[str, list[str]] = {}
    for name in rows:
        candidates.setdefault(name.replace(".", "_").replace(" ", "_"), []).append(name)
    return {a: n[0] for a, n in candidates.items() if len(n) == 1 and a.isidentifier()}


def unknown_attribute(kind: str, attributes: Iterable[str], name: str) -> str:
    """Return the message for an unknown attribute, with similar parameter names if any."""
    known = list(attributes)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.75)
    near += [k for k in known if f"_{name}_" in f"_{k}_" and k not in near]
    hint = f"; did you mean {' or '.join(near[:3])}?" if near else ""
    return f"{kind!r} object has no attribute {name!r}{hint}"
