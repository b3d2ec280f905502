"""``short_repr``: the ``repr`` of networks and their parts, on one line, without arrays."""

import dataclasses
from typing import Any

import numpy as np

__all__ = ["short_repr"]

MAX_CHARACTERS = 160


def short_repr(self: Any) -> str:
    """Return the class and fields of a dataclass: arrays by shape, tuples by length.

    At most ``MAX_CHARACTERS``.
    """
    pairs = ((f.name, getattr(self, f.name)) for f in dataclasses.fields(self))
    inner = ", ".join(f"{name}={_short(value)}" for name, value in pairs if value is not None)
    text = f"{type(self).__name__}({inner})"
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 4] + "...)"


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"<array {'x'.join(map(str, value.shape))}>"
    if isinstance(value, tuple | dict):
        short = all(isinstance(v, int | float) for v in value) and len(value) < 5
        return repr(value) if short else f"<{len(value)} of them>"
    if dataclasses.is_dataclass(value):
        return f"<{type(value).__name__}>"
    return repr(value)
