"""The walk over a plan's rows: native for playing; in Python as an oracle for tests."""

import ctypes
from typing import Any

import numpy as np

from ..native.abi import kernel
from ..native.pointers import call_node, element, load, record
from ..simd.finite import find_nonsense
from .records import PLAN, ROW, ROW_BYTES
from .row_operations import mute_and_reset

__all__ = ["run_plan_in_python", "walk"]


@kernel
def walk(plan: int, timed: int, fresh: int, frames: int) -> None:
    """Run every row of a plan once, in order; ``watch`` does the same and looks at each."""
    p = record(plan, PLAN)
    rows, count, verdict = p.rows, p.row_count, p.verdict  # kernels may write anywhere: keep these
    for k in range(count):
        row = element(rows, k, ROW)
        call_node(row.kernel, row.state, row.ins, row.outs, frames)
        if row.checked > 0:
            find_nonsense(row.outs, row.checked, np.int64(frames), verdict)
            if load(verdict, 0) != 0:
                mute_and_reset(rows + ROW_BYTES * k, p.params, frames)


_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32)


def run_plan_in_python(rows: np.ndarray[Any, Any], frames: int) -> None:
    """Call the kernel of each row from Python: slow, plain, and bit-equal to ``walk``.

    Faults are not contained here: what a node made of nonsense stays visible.
    """
    for row in rows:
        _KERNEL(int(row["kernel"]))(int(row["state"]), int(row["ins"]), int(row["outs"]), frames)
