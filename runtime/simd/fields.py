"""Access to records of int64 fields from emitted code."""

from typing import Any

import numpy as np

from .lanes import Lanes, Value

__all__ = ["Fields", "Words"]


class Words:
    """A record whose fields are all loaded at once.

    Loaded before any store, the values are constant for LLVM.
    """

    def __init__(self, lanes: Lanes, dtype: np.dtype[Any], at: Value) -> None:
        self._lanes = lanes
        names = dtype.names or ()
        self._values = {name: lanes.word(at, number) for number, name in enumerate(names)}

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def pointer(self, name: str) -> Value:
        """Return the address in a field as a pointer."""
        return self._lanes.pointer(self[name])


class Fields:
    """The int64 fields of a record at an address, loaded and stored one by one."""

    def __init__(self, lanes: Lanes, address: Value, dtype: Any) -> None:
        self._lanes, self._place, self._dtype = lanes, lanes.pointer(address), dtype

    def __getitem__(self, name: str) -> Value:
        """Load a field."""
        return self._lanes.word(self._place, self._word(name))

    def __setitem__(self, name: str, value: Value | int) -> None:
        """Store a field."""
        self._lanes.put_word(value, self._place, self._word(name))

    def pointer(self, name: str) -> Value:
        """Load the address in a field as a pointer."""
        return self._lanes.pointer(self[name])

    def _word(self, name: str) -> int:
        return int(self._dtype.fields[name][1]) // 8
