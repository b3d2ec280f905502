"""Records of int64 fields, as emitted code reads them."""

from typing import Any

import numpy as np

from .lanes import Lanes, Value

__all__ = ["Words"]


class Words:
    """A record loaded whole, to be read by name.

    Loading it once, before anything is stored, tells LLVM that no store changes it.
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
