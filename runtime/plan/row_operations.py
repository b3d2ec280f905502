"""Operations on the rows of a plan, compiled into audio-thread kernels: apply, mute, reset."""

import numpy as np

from ..native.abi import helper, native
from ..native.cpu import restore_floats, set_flush_to_zero
from ..native.pointers import call_node, copy_bytes, record
from ..simd.embed import embed
from ..simd.fields import Fields
from ..simd.lanes import Lanes, Value
from .records import PARAM, PLAN, ROW

__all__ = [
    "apply_params",
    "mute",
    "mute_and_reset",
    "reset_plan",
    "reset_row",
    "run_row",
    "wait_for_device",
]


def _emit_apply(lanes: Lanes, params: Value, first: Value, count: Value) -> None:
    with lanes.loop(lanes.plus(first, count), start=first) as k:
        row = Fields(lanes, lanes.plus(params, lanes.times(k, PARAM.itemsize)), PARAM)
        lanes.put_word(row["value"], lanes.pointer(row["address"]), 0)  # the bits of a float64


def _emit_mute(lanes: Lanes, row: Value, frames: Value) -> None:
    fields = Fields(lanes, row, ROW)
    outs, size = fields.pointer("outs"), lanes.times(frames, 4)
    with lanes.loop(fields["checked"]) as c:
        lanes.clear(lanes.pointer(lanes.word(outs, c)), size)


def _emit_reset_row(lanes: Lanes, row: Value, params: Value) -> None:
    fields = Fields(lanes, row, ROW)
    lanes.copy(fields.pointer("memory"), fields.pointer("initial"), fields["bytes"])
    _emit_apply(lanes, params, fields["params"], fields["param_count"])


def _emit_mute_and_reset(lanes: Lanes, row: Value, params: Value, frames: Value) -> None:
    fields = Fields(lanes, row, ROW)
    _emit_mute(lanes, row, frames)
    _emit_reset_row(lanes, row, params)
    fields["faults"] = lanes.plus(fields["faults"], 1)


apply_params = embed("apply_params", 3, _emit_apply)
"""``apply_params(params, first, count)``: write parameter values into the nodes' records."""

mute = embed("mute", 2, _emit_mute)
"""``mute(row, frames)``: set a node's outputs to zero; ``row`` is the address of a ``ROW``."""

reset_row = embed("reset_row", 2, _emit_reset_row)
"""``reset_row(row, params)``: reset a node's state; its parameters keep their values."""

mute_and_reset = embed("mute_and_reset", 3, _emit_mute_and_reset)
"""``mute_and_reset(row, params, frames)``: mute a node whose output is not finite, and reset it.

It is emitted rather than compiled by Numba to save compile time: every plan has it, few run it.
"""


@native("void(int64, int64, int64)")
def run_row(row: int, frames: int, block: int) -> None:
    """Run one row for ``frames``, in blocks of at most ``block``."""
    r = record(row, ROW)
    saved = set_flush_to_zero()
    while frames > 0:
        n = min(frames, block)
        call_node(r.kernel, r.state, r.ins, r.outs, np.int32(n))
        frames -= n
    restore_floats(saved)


@helper
def wait_for_device(plan: int) -> None:
    """Wait for work in flight on a device, so that the plan's state is complete."""
    p = record(plan, PLAN)
    if p.executor != 0:
        call_node(p.collect, p.executor, 0, 0, np.int32(0))


@helper
def reset_plan(plan: int) -> None:
    """Reset the state of all nodes; parameters keep their values."""
    wait_for_device(plan)
    p = record(plan, PLAN)
    copy_bytes(p.state, p.initial, p.state_bytes)
    apply_params(p.params, 0, p.param_count)
