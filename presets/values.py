"""Check the values of a preset against the fields of the node's class."""

import dataclasses
import math
import os
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, NoReturn

from ..graph import NamgraphError, Node, Param, PresetError, json_text

__all__ = [
    "as_float",
    "as_value",
    "call_at",
    "check_option",
    "fields_of",
    "format_value",
    "holds_node",
    "no_such_key",
    "object_at",
    "to_json",
    "windows_hint",
    "wrong",
]


def format_value(value: Any) -> str:
    """Return a JSON value for a message, truncated to 60 characters."""
    return json_text.format_json(value, 60)


def wrong(place: str, value: Any, allowed: str) -> NoReturn:
    """Raise a ``PresetError``: ``place`` holds ``value``, must be ``allowed``."""
    raise PresetError(f"{place} is {format_value(value)}: must be {allowed}")


def no_such_key(place: str, key: str, known: list[str]) -> NoReturn:
    """Raise a ``PresetError``: the object at ``place`` has an unknown key."""
    raise PresetError(f"{place} has the key {format_value(key)}: known keys are {', '.join(known)}")


def windows_hint(path: str) -> str:
    """Return advice in brackets for a missing path in Windows notation, else an empty string."""
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


def as_value(place: str, value: Any, row: Param | None) -> Any:
    """Return a JSON number as a finite float; of a parameter with labels a text as it is."""
    by_label = isinstance(value, str) and row is not None and row.labels
    return value if by_label else as_float(place, value)


def call_at(place: str, call: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function; put ``place`` before the message of its error, as a ``PresetError``."""
    try:
        return call(*args, **kwargs)
    except NamgraphError as error:
        raise PresetError(f"{place}: {error}") from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise PresetError(f"{place}: {error}") from error


def object_at(data: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object under a key of a preset; ``PresetError`` if it is none."""
    if not isinstance(data.get(key), dict):
        wrong(key, data.get(key), "an object")
    found: dict[str, Any] = data[key]
    return found


def fields_of(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    """Return the fields of a node class: parameters, options, files."""
    return dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()


def holds_node(cls: type[Node], name: str) -> bool:
    """Whether a field of a node class holds another node, as that of ``Oversample`` does."""
    return typing.get_type_hints(cls).get(name) is Node


def check_option(place: str, cls: type[Node], name: str, value: Any) -> Any:
    """Return ``value`` converted to the field's type (lists become tuples), or raise."""
    hint = typing.get_type_hints(cls).get(name, Any)
    made = _fit(hint, value)
    if made is _MISFIT:
        wrong(place, value, _format_type(hint))
    return made


def to_json(place: str, value: Any) -> Any:
    """Return a field's value as a JSON value."""
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
    if origin is Mapping:
        return _fit_mapping(args[1], value) if isinstance(value, dict) else _MISFIT
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


def _fit_mapping(kind: Any, value: dict[str, Any]) -> Any:
    made = {name: _fit(kind, each) for name, each in value.items()}
    return _MISFIT if any(m is _MISFIT for m in made.values()) else made


def _format_type(hint: Any) -> str:
    """Return a type in the words of JSON."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_format_type(a) for a in args)
    if origin is typing.Literal:
        return "one of " + ", ".join(repr(a) for a in args)
    if origin in (tuple, list):
        words = [_format_type(a) for a in args if a is not ...]
        if len(set(words)) > 1:
            return f"a list of {' and '.join(words)}"
        count = "" if not args or args[-1] is ... or origin is list else f" of {len(args)}"
        return f"a list{count} ({words[0]} each)" if args else "a list"
    if origin is Mapping:
        return f"an object of names ({_format_type(args[1])} each)"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
    return "null" if hint in (None, type(None)) else names.get(hint, "a number, a string or null")
