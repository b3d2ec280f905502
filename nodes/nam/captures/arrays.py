"""Nested lists of numbers as arrays: their shape is checked before any number is used."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.errors import WeightCountError
from ..format.checked_json import MAX_WEIGHTS, fault, finite_floats, too_large

__all__ = ["Arrays", "as_array", "flat_numbers"]

Floats = NDArray[np.float32]


class Arrays:
    """Takes arrays of weights from a file; in all at most ``MAX_WEIGHTS`` numbers."""

    def __init__(self) -> None:
        self.taken = 0

    def take(self, value: Any, path: str, *shape: int) -> Floats:
        """Return a nested list as a read-only float32 array of this shape."""
        count = 1
        for length in shape:
            count *= length
        self.taken += count
        if self.taken > MAX_WEIGHTS:
            found = f"{path} and what is before it have {self.taken} weights"
            raise too_large(found, "weights", self.taken, MAX_WEIGHTS)
        return as_array(value, path, *shape)


def as_array(value: Any, path: str, *shape: int) -> Floats:
    """Return a nested list of finite numbers as a read-only float32 array of this shape."""
    rows = _rows(value, path, shape)
    made = np.array(rows, np.float32).reshape(shape)
    made.flags.writeable = False
    return made


def _rows(value: Any, path: str, shape: tuple[int, ...]) -> list[Floats]:
    """Return the innermost lists as arrays."""
    words = "x".join(map(str, shape))
    if not isinstance(value, list):
        raise fault(path, value, f"a list of {words} numbers")
    if len(value) != shape[0]:
        raise WeightCountError(
            f"{path} has {len(value)} entries: must have {shape[0]}, as a list of {words} numbers",
            expected=shape[0],
            found=len(value),
        )
    if len(shape) == 1:
        return [finite_floats(value, path)]
    return [row for n, v in enumerate(value) for row in _rows(v, f"{path}[{n}]", shape[1:])]


def flat_numbers(value: Any, path: str) -> Floats:
    """Return a list of numbers, or of lists of one number each, as a float32 array."""
    while (
        isinstance(value, list)
        and value
        and all(isinstance(v, list) and len(v) == 1 for v in value)
    ):
        value = [v[0] for v in value]
    if not isinstance(value, list) or not value:
        raise fault(path, value, "a list of numbers")
    return as_array(value, path, len(value))
