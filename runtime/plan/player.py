"""The walk over a plan's rows: native for playing, in Python as the tests' oracle."""

import ctypes
from typing import Any

import numpy as np

from ..native.abi import helper, kernel
from ..native.pointers import call_node, copy_bytes, element, load, record
from ..simd.embed import embed
from ..simd.fields import Fields
from ..simd.finite import find_nonsense
from ..simd.lanes import Lanes, Value

__all__ = [
    "PARAM",
    "PLAN",
    "ROW",
    "ROW_BYTES",
    "apply_params",
    "contain",
    "mute",
    "refresh",
    "reset_plan",
    "run_plan_in_python",
    "settle",
    "walk",
]

ROW = np.dtype(
    [
        ("kernel", np.int64),
        ("state", np.int64),
        ("ins", np.int64),
        ("outs", np.int64),
        ("checked", np.int64),  # output channels to be checked for non-finite samples
        ("memory", np.int64),  # the node's share of the state region, and how it began
        ("initial", np.int64),
        ("bytes", np.int64),
        ("params", np.int64),  # the node's first row in the parameter table
        ("param_count", np.int64),
        ("blend", np.int64),  # how much of the node is heard, or 0 where there is no way past it
        ("trace", np.int64),  # cycles of the last calls
        ("strikes", np.int64),  # blocks in a row in which it took longer than its share
        ("rest", np.int64),  # frames for which it stays muted
        ("spare", np.int64, 2),
        ("faults", np.int64),
        ("overruns", np.int64),
        ("xruns", np.int64),  # of the device, for which this node is to blame
        ("late", np.int64),  # blocks past the deadline, likewise
        ("cycles", np.int64),  # spent in the last block, in all calls, and in the longest
        ("cycles_sum", np.int64),
        ("cycles_max", np.int64),
        ("calls", np.int64),
    ]
)
"""One node (or one copy, sum or delay) of a plan: a cache line to call it, one to watch it, and
one of counters, which go with a node from plan to plan."""

ROW_BYTES = ROW.itemsize

PARAM = np.dtype([("address", np.int64), ("value", np.float64)])
"""Where a parameter's target lives, and what it was last set to (it outlives a reset)."""

PLAN = np.dtype(
    [
        ("rows", np.int64),
        ("row_count", np.int64),
        ("params", np.int64),
        ("param_count", np.int64),
        ("ins", np.int64),  # float* of each channel of the graph's inputs, in order
        ("in_count", np.int64),
        ("outs", np.int64),
        ("out_count", np.int64),
        ("max_frames", np.int64),
        ("state", np.int64),
        ("initial", np.int64),
        ("state_bytes", np.int64),
        ("carry", np.int64),  # (target, source, bytes): state taken over from the plan before
        ("carry_count", np.int64),
        ("fixes", np.int64),  # (address, value): pointers inside the state taken over
        ("fix_count", np.int64),
        ("remap", np.int64),  # of each parameter of the plan before, its index here or -1
        ("remap_count", np.int64),
        ("verdict", np.int64),  # where the check for non-finite samples leaves its answer
        ("spill", np.int64),  # whether the plan before rings on, and if it is hidden meanwhile
        ("spill_frames", np.int64),
        ("hush", np.int64),  # (target, source, bytes): state of the plan before that rings on here
        ("hush_count", np.int64),
        ("blend", np.int64),  # address of the kernel that mixes a node with its input
        ("limit", np.int64),  # cycles that one node may take for a block; 0: as many as it likes
        ("strikes", np.int64),  # blocks in a row past that limit until it is muted
        ("rest", np.int64),  # frames for which it then rests
        ("lane", np.int64),  # to the device; 0 where there is none
        ("hold", np.int64),  # frames for which a plan that takes over is silent
        ("collect", np.int64),  # address of the kernel that waits for what is on its way there
    ]
)


def _emit_apply(lanes: Lanes, params: Value, first: Value, count: Value) -> None:
    with lanes.loop(lanes.plus(first, count), start=first) as k:
        row = Fields(lanes, lanes.plus(params, lanes.times(k, PARAM.itemsize)), PARAM)
        lanes.put_word(row["value"], lanes.pointer(row["address"]), 0)  # the bits of a float64


def _emit_mute(lanes: Lanes, row: Value, frames: Value) -> None:
    fields = Fields(lanes, row, ROW)
    outs, size = fields.pointer("outs"), lanes.times(frames, 4)
    with lanes.loop(fields["checked"]) as c:
        lanes.clear(lanes.pointer(lanes.word(outs, c)), size)


def _emit_refresh(lanes: Lanes, row: Value, params: Value) -> None:
    fields = Fields(lanes, row, ROW)
    lanes.copy(fields.pointer("memory"), fields.pointer("initial"), fields["bytes"])
    _emit_apply(lanes, params, fields["params"], fields["param_count"])


def _emit_contain(lanes: Lanes, row: Value, params: Value, frames: Value) -> None:
    fields = Fields(lanes, row, ROW)
    _emit_mute(lanes, row, frames)
    _emit_refresh(lanes, row, params)
    fields["faults"] = lanes.plus(fields["faults"], 1)


apply_params = embed("apply_params", 3, _emit_apply)
"""``apply_params(params, first, count)``: write targets back into the records they belong to."""

mute = embed("mute", 2, _emit_mute)
"""``mute(row, frames)``: silence a node's outputs; ``row`` is the address of one."""

refresh = embed("refresh", 2, _emit_refresh)
"""``refresh(row, params)``: start a node afresh; its parameters stay where they were set."""

contain = embed("contain", 3, _emit_contain)
"""``contain(row, params, frames)``: mute a node that produced what is no number, start it afresh.

These are emitted as every walk compiles them, and hardly any ever comes to run them.
"""


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
                contain(rows + ROW_BYTES * k, p.params, frames)


@helper
def settle(plan: int) -> None:
    """See to it that a plan's state is complete: wait for what a device is still at."""
    p = record(plan, PLAN)
    if p.lane != 0:
        call_node(p.collect, p.lane, 0, 0, np.int32(0))


@helper
def reset_plan(plan: int) -> None:
    """Forget everything heard; parameters stay where they were set."""
    settle(plan)
    p = record(plan, PLAN)
    copy_bytes(p.state, p.initial, p.state_bytes)
    apply_params(p.params, 0, p.param_count)


_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32)


def run_plan_in_python(rows: np.ndarray[Any, Any], frames: int) -> None:
    """Call the kernel of each row from Python: slow, plain, and bit-equal to ``walk``.

    Faults are not contained here: what a node made of nonsense stays visible.
    """
    for row in rows:
        _KERNEL(int(row["kernel"]))(int(row["state"]), int(row["ins"]), int(row["outs"]), frames)
