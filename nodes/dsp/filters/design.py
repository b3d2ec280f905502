"""A C function that designs one section and writes it into a group of lanes.

A kernel calls it by address at a tick: inlined into every node, the formulas would cost each of
them a tenth of a second of compiling.
"""

import numpy as np

from ....runtime import authoring as ng
from ....runtime.simd.loops.svf import LANES
from .matched import matched, matched_first_order
from .matched_shelf import matched_shelf
from .svf import (
    BELL,
    HIGH_PASS,
    HIGH_PASS_1,
    HIGH_SHELF,
    LOW_PASS,
    LOW_PASS_1,
    LOW_SHELF,
    direct,
)

__all__ = ["DESIGN", "ask_design", "design"]

DESIGN = np.dtype(
    [
        ("turn", np.float64),  # frequency / sample rate
        ("q", np.float64),
        ("gain_db", np.float64),
        ("sign", np.float64),  # of the output: 1 or -1
        ("kind", np.int64),  # of svf.py
        ("matched", np.int64),  # 1: as the analogue filter, where there is a formula for it
        ("aim", np.int64),  # the address of the group's coefficients
        ("lane", np.int64),
        ("copies", np.int64),  # how often, ``spacing`` lanes from each other
        ("spacing", np.int64),
    ]
)
"""What to design, and where to write it; a record of its own, or part of a node's."""
G, K, M0, M1, M2 = range(0, 5 * LANES, LANES)


@ng.kernel
def design(state: int, ins: int, outs: int, frames: int) -> None:
    """Design the section that the ``DESIGN`` record at ``state`` describes; other arguments: 0."""
    s = ng.record(state, DESIGN)
    kind, turn = s.kind, s.turn
    # Five numbers, ``LANES`` apart.  Each formula stores its own: that compiles faster.
    x = ng.numbers(s.aim + 8 * s.lane, 5 * LANES, np.float64)
    if s.matched != 0 and kind in (LOW_PASS_1, HIGH_PASS_1):
        x[G], x[K], x[M0], x[M1], x[M2] = matched_first_order(kind, turn)
    elif s.matched != 0 and kind in (LOW_PASS, HIGH_PASS, BELL):
        x[G], x[K], x[M0], x[M1], x[M2] = matched(kind, turn, s.q, s.gain_db)
    elif s.matched != 0 and kind in (LOW_SHELF, HIGH_SHELF):
        x[G], x[K], x[M0], x[M1], x[M2] = matched_shelf(kind, turn, s.q, s.gain_db)
    else:
        x[G], x[K], x[M0], x[M1], x[M2] = direct(kind, turn, s.q, s.gain_db)
    for n in range(M0, M2 + 1, LANES):
        x[n] = s.sign * x[n]
    for copy in range(1, s.copies):
        for n in range(0, M2 + 1, LANES):
            x[n + copy * s.spacing] = x[n]


@ng.helper
def ask_design(function, request):  # type: ignore[no-untyped-def]
    """Call ``design`` by its address, with the address of a ``DESIGN`` record."""
    ng.call_node(function, request, 0, 0, np.int32(0))
