"""JSON parser for untrusted text: size limits, no NaN, one error type.  Any thread."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from .errors import FileError

__all__ = ["format_json", "parse_json"]


MAX_PARTS = 1 << 20
"""Lists and objects in a text: each takes about 60 bytes of memory."""


def format_json(value: Any, most: int = 40) -> str:
    """Format a JSON value for a message: on one line, at most ``most`` characters."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a huge number"
    return text if len(text) <= most else text[: most - 3] + "..."


class _Constant:
    """Placeholder for NaN or an infinity, which Python writes and JSON does not have."""

    def __init__(self, name: str) -> None:
        self.name = name


def parse_json(
    content: str | bytes,
    error: type[FileError],
    *,
    lenient: Callable[[str], bool] = lambda path: False,
    **hooks: Any,
) -> Any:
    """Parse JSON text; any fault in the text is an ``error``.

    NaN and infinities are errors that name their path, such as ``weights[3]``; where
    ``lenient(path)`` is true they become ``None`` instead.  ``hooks`` are those of ``json.loads``;
    they may raise the same ``error``.
    """
    constants = list[_Constant]()

    def constant(name: str) -> _Constant:
        constants.append(_Constant(name))
        return constants[-1]

    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        parts = text.count("[") + text.count("{")
        if parts > MAX_PARTS:
            raise error(f"has {parts} lists and objects: at most {MAX_PARTS}")
        values = json.loads(text, parse_constant=constant, **hooks)
    except error:
        raise
    except UnicodeDecodeError as reason:
        raise error(f"is not UTF-8 text (byte {reason.start})") from None
    except json.JSONDecodeError as reason:
        where = f"line {reason.lineno}, column {reason.colno}"
        raise error(f"is not JSON: {reason.msg} at {where}") from None
    except ValueError as reason:  # an integer of thousands of digits
        raise error(f"is not JSON this package reads: {reason}") from None
    except RecursionError:
        raise error("is nested too deeply") from None
    if not constants:
        return values
    whole = [values]
    for place, key, path in _constants(whole):
        if not lenient(path):
            raise error(f"{path or 'the file'} is {place[key].name}: must be a number JSON has")
        place[key] = None
    return whole[0]


def _constants(whole: list[Any]) -> Iterator[tuple[Any, Any, str]]:
    """Find every constant in ``whole[0]``, in the order of the text: its container, key and path.

    Iterative: nesting depth costs no stack.
    """
    waiting: list[tuple[Any, Any, str]] = [(whole, 0, "")]
    while waiting:
        place, key, path = waiting.pop()
        value = place[key]
        if isinstance(value, _Constant):
            yield place, key, path
        elif isinstance(value, dict):
            inner = [(value, k, f"{path}.{k}" if path else str(k)) for k in value]
            waiting += reversed(inner)
        elif isinstance(value, list):
            rows = [n for n, v in enumerate(value) if isinstance(v, dict | list | _Constant)]
            waiting += [(value, n, f"{path}[{n}]") for n in reversed(rows)]
