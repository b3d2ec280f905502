"""The player: calls the kernels of a plan's rows, natively; and in Python, as a test oracle."""

import ctypes
from typing import Any

import numpy as np

from ..native.abi import kernel
from ..native.pointers import call_node, element, load, record
from ..simd.finite import find_non_finite
from .kernels.transport import begin_block, end_block
from .records import PLAN, ROW, ROW_BYTES
from .row_operations import mute_and_reset

__all__ = ["run_plan_in_python", "walk"]


@kernel
def walk(plan: int, timed: int, fresh: int, frames: int) -> None:
    """Run every row of a plan once, in order, and mute nodes whose output is not finite.

    Audio thread.  ``monitored_walk`` has the same signature and uses ``timed`` and ``fresh``.
    """
    p = record(plan, PLAN)
    rows, count, verdict = p.rows, p.row_count, p.verdict  # kernels may write anywhere: load once
    begin_block(p.transport)
    for k in range(count):
        row = element(rows, k, ROW)
        call_node(row.kernel, row.state, row.ins, row.outs, frames)
        if row.checked > 0:
            find_non_finite(row.outs, row.checked, np.int64(frames), verdict)
            if load(verdict, 0) != 0:
                mute_and_reset(rows + ROW_BYTES * k, p.params, frames)
    end_block(p.transport, frames)


_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32)


def run_plan_in_python(rows: np.ndarray[Any, Any], frames: int) -> None:
    """Call the kernel of each row from Python; the output equals that of ``walk`` to the bit.

    Slow, for tests.  Nodes whose output is not finite are not muted.
    """
    for row in rows:
        _KERNEL(int(row["kernel"]))(int(row["state"]), int(row["ins"]), int(row["outs"]), frames)
