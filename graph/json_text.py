"""JSON from outside: parsed with suspicion, and shown in messages."""

import json
from typing import Any, NoReturn

from .errors import FileError

__all__ = ["parse_json", "shown"]


MAX_PARTS = 1 << 20
"""Lists and objects in a text: each takes some 60 bytes of memory, and two or three in the text."""


def shown(value: Any, most: int = 40) -> str:
    """Return a value for a message: short, on one line."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a huge number"
    return text if len(text) <= most else text[: most - 3] + "..."


def parse_json(content: str | bytes, error: type[FileError], **hooks: Any) -> Any:
    """Return what JSON text holds; whatever is wrong with the text is one ``error``.

    ``hooks`` are those of ``json.loads``; they may raise the same ``error``.
    """

    def no_constant(name: str) -> NoReturn:
        raise error(f"is not JSON: {name} is no number")

    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        parts = text.count("[") + text.count("{")
        if parts > MAX_PARTS:
            raise error(f"has {parts} lists and objects: at most {MAX_PARTS}")
        return json.loads(text, parse_constant=no_constant, **hooks)
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
