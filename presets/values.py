"""Values of a preset, checked against what a node's class declares."""

import dataclasses
import math
import os
import re
import types
import typing
from typing import Any, NoReturn

from ..graph import Node, PresetError, json_text

__all__ = [
    "as_float",
    "check_option",
    "fields_of",
    "no_such_key",
    "shown",
    "to_json",
    "windows_hint",
    "wrong",
]


def shown(value: Any) -> str:
    """Return a value for a message; a preset is written by hand, so more of it is shown."""
    return json_text.shown(value, 60)


def wrong(place: str, value: Any, allowed: str) -> NoReturn:
    """Raise the complaint that ``place`` holds ``value`` where ``allowed`` is wanted."""
    raise PresetError(f"{place} is {shown(value)}: must be {allowed}")


def no_such_key(place: str, key: str, known: list[str]) -> NoReturn:
    """Raise the complaint that an object has a key nobody reads."""
    raise PresetError(f"{place} has the key {shown(key)}: known keys are {', '.join(known)}")


def windows_hint(path: str) -> str:
    """Return advice, in brackets, on a path that was not found and is spelled as on Windows."""
    if os.name == "nt":
        return ""
    if re.match(r"[A-Za-z]:", path):
        return " (a drive of Windows: paths are relative to this file, with / between folders)"
    return " (write / between folders)" if "\\" in path else ""


def as_float(place: str, value: Any) -> float:
    """Return a JSON number as a finite float."""
    try:
        if type(value) in (int, float) and math.isfinite(value):
            return float(value)
    except OverflowError:  # an integer beyond float64
        pass
    wrong(place, value, "a finite number")


def fields_of(cls: type[Node]) -> tuple[dataclasses.Field[Any], ...]:
    """Return what a node of this class is made from: parameters, options, files."""
    return dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()


def check_option(place: str, cls: type[Node], name: str, value: Any) -> Any:
    """Return ``value`` as the field's type asks for it (lists become tuples)."""
    hint = typing.get_type_hints(cls).get(name, Any)
    made = _fit(hint, value)
    if made is _MISFIT:
        wrong(place, value, _spelled(hint))
    return made


def to_json(place: str, value: Any) -> Any:
    """Return a field's value as JSON has it."""
    if isinstance(value, tuple | list):
        return [to_json(place, v) for v in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise PresetError(f"{place} is {value!r}: cannot be written to a preset")


_MISFIT: Any = object()


def _fit(hint: Any, value: Any) -> Any:
    """Return ``value`` if it is a JSON form of ``hint``; ``_MISFIT`` otherwise."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        fits = [made for made in (_fit(a, value) for a in args) if made is not _MISFIT]
        return fits[0] if fits else _MISFIT
    if origin is typing.Literal:
        same = [a for a in args if type(a) is type(value) and a == value]
        return same[0] if same else _MISFIT
    if origin in (tuple, list) or hint in (tuple, list):
        return _fit_list(args, value) if isinstance(value, list) else _MISFIT
    if hint is float:
        number = type(value) in (int, float) and abs(value) < 1e300
        return float(value) if number else _MISFIT
    if hint in (bool, int, str):
        return value if type(value) is hint else _MISFIT
    if hint in (None, type(None)):
        return None if value is None else _MISFIT
    return value if value is None or isinstance(value, bool | int | float | str) else _MISFIT


def _fit_list(args: tuple[Any, ...], value: list[Any]) -> Any:
    if not args:
        inner = [Any] * len(value)
    elif args[-1] is ... or len(args) == 1:
        inner = [args[0]] * len(value)
    else:
        inner = list(args)
    if len(inner) != len(value):
        return _MISFIT
    made = tuple(_fit(h, v) for h, v in zip(inner, value, strict=True))
    return _MISFIT if any(m is _MISFIT for m in made) else made


def _spelled(hint: Any) -> str:
    """Name a type as a reader of JSON would."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_spelled(a) for a in args)
    if origin is typing.Literal:
        return "one of " + ", ".join(repr(a) for a in args)
    if origin in (tuple, list):
        count = "" if not args or args[-1] is ... or origin is list else f" of {len(args)}"
        return f"a list{count} ({_spelled(args[0])} each)" if args else "a list"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
    return "null" if hint in (None, type(None)) else words.get(hint, "a number, a string or null")
