"""Wrong values of every type, for arguments of the public API: some chosen, others drawn."""

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

import namgraph as ng

__all__ = ["SPECIAL", "values"]

SPECIAL: list[Any] = [
    None, True, False, 0, 1, -1, 2, 64, 0.5, 64.0, 63.5, float("nan"), float("inf"), -float("inf"),
    1e300, 10**30, -(10**30), 10**5000, 1j, "", "x", "64", "a.b", "\0", "x" * 10_000, "exact", b"x",
    [], [1], ["x"], [None], {}, {"x": 1}, {"amp.gain_db": 3.0}, (), (1, 2, 3), [(1, 2)], {1, 2},
    object(), int, len, ng.Graph, ng.Gain, ng.Gain(), Path("x"), Path("x.nam"), range(3),
    np.zeros(3), np.zeros((2, 2, 2)), np.zeros((64, 1), np.float32), np.array("x"),
    np.array([1.0, None], object), np.float32(1.0), np.float64("nan"), np.int64(64), np.bool_(True),
]  # fmt: skip


def values() -> st.SearchStrategy[Any]:
    """Strategy for values of every type a caller may pass by mistake."""
    plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    return (
        plain
        | st.binary(max_size=9)
        | st.lists(plain, max_size=4)
        | st.dictionaries(st.text(max_size=4) | st.integers(), plain, max_size=3)
        | st.tuples(plain, plain)
    )
