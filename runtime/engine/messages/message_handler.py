"""Audio-thread side of the message queue: reads messages, sorts them by frame, applies due ones."""

from typing import Any

import numpy as np

from ...native.abi import helper, kernel, native
from ...native.pointers import (
    call_node,
    copy_bytes,
    element,
    load,
    load_acquire,
    move_bytes,
    record,
    store,
    store_release,
    zero_bytes,
)
from ...plan.records import PARAM, PLAN, ROW_BYTES, ROW_COUNTERS
from ...plan.row_operations import apply_params, reset_plan, wait_for_device
from ..records import ENGINE
from .message_queue import MESSAGE, NOW, Message

__all__ = ["copy_state", "handle_messages"]

PARAM_MESSAGE, SWAP, RESET = int(Message.PARAM), int(Message.SWAP), int(Message.RESET)
SNAPSHOT, RESTORE_ALL = int(Message.SNAPSHOT), int(Message.RESTORE_ALL)
RESET_STATS = int(Message.RESET_STATS)
MESSAGE_BYTES = MESSAGE.itemsize
COUNTS_BYTES = 64
"""Bytes of the counters of samples that are not finite."""


@helper
def _copy_message(messages: int, index: int, source: int) -> None:
    """Copy the message at address ``source`` to ``messages[index]``."""
    move_bytes(messages + MESSAGE_BYTES * index, source, MESSAGE_BYTES)


@helper
def _swap(e: Any, plan: int) -> None:
    """Copy the state of unchanged nodes, and begin the crossfade."""
    wait_for_device(e.plan)
    p = record(plan, PLAN)
    for k in range(p.state_copy_count):
        row = p.state_copies + 24 * k
        copy_bytes(load(row, 0), load(row, 1), load(row, 2))
    for k in range(p.relocation_count):
        store(load(p.relocations, 2 * k), 0, load(p.relocations, 2 * k + 1))
    apply_params(p.params, 0, p.param_count)
    kept = 0
    for k in range(e.pending_count):
        m = element(e.pending, k, MESSAGE)
        index = m.index
        if m.kind == PARAM_MESSAGE and m.plan == e.plan:
            index = load(p.remap, m.index)
            m.plan = plan
        if index >= 0:
            m.index = index
            _copy_message(e.pending, kept, e.pending + MESSAGE_BYTES * k)
            kept += 1
    e.pending_count = kept
    e.old = e.plan
    e.plan = plan
    e.fade_left = e.fade_frames + p.hold  # the old plan plays on until the new one is ready
    if e.fade_left == 0:  # no tail either: plans retire in their order
        e.retired += 1


@helper
def _save(e: Any, place: int) -> None:
    """Copy the frame count, parameter values and all state to an ``EngineState``."""
    wait_for_device(e.plan)
    p = record(e.plan, PLAN)
    for k in range(p.param_count):
        store(place, 1 + k, load(p.params, 2 * k + 1))
    copy_bytes(place + 8 * (1 + p.param_count), p.state, p.state_bytes)
    store_release(place, e.frame)  # last: a thread that reads it reads the rest too


@helper
def _restore(e: Any, place: int, with_params: bool) -> None:
    """Copy the frame count, all state and with ``with_params`` the parameters back."""
    wait_for_device(e.plan)
    p = record(e.plan, PLAN)
    e.frame = load(place, 0)
    if with_params:
        for k in range(p.param_count):
            store(p.params, 2 * k + 1, load(place, 1 + k))
    copy_bytes(p.state, place + 8 * (1 + p.param_count), p.state_bytes)
    apply_params(p.params, 0, p.param_count)


@helper
def _reset_stats(e: Any) -> None:
    """Set all counters to zero."""
    p = record(e.plan, PLAN)
    e.blocks = 0
    zero_bytes(e.counts, COUNTS_BYTES)
    for k in range(p.row_count):
        zero_bytes(p.rows + ROW_BYTES * k + ROW_COUNTERS, ROW_BYTES - ROW_COUNTERS)


@helper
def _remove_messages(e: Any, count: int) -> None:
    """Remove the first messages that wait."""
    e.pending_count -= count
    move_bytes(e.pending, e.pending + MESSAGE_BYTES * count, MESSAGE_BYTES * e.pending_count)


@helper
def _is_warming(e: Any) -> bool:
    """Return whether a swap has begun, but not its crossfade, and both plans have parameters."""
    p = record(e.plan, PLAN)
    is_held = e.fade_frames < e.fade_left < e.fade_frames + p.hold
    return bool(is_held and p.previous_param_count > 0)


@helper
def _apply_params_due(e: Any) -> None:
    """Apply the PARAM messages that are due, up to the first message of another kind.

    While a new plan warms up, the old one takes them too: it is what is heard.
    """
    wait_for_device(e.plan)  # blocks in flight have the old values
    is_warming = _is_warming(e)
    if is_warming:
        wait_for_device(e.old)
    p, k = record(e.plan, PLAN), 0
    while k < e.pending_count:
        m = element(e.pending, k, MESSAGE)
        if m.kind != PARAM_MESSAGE or m.at > e.frame:
            break
        element(p.params, m.index, PARAM).value = m.value
        apply_params(p.params, m.index, 1)
        if is_warming and load(p.previous_params, m.index) >= 0:
            index, params = load(p.previous_params, m.index), record(e.old, PLAN).params
            element(params, index, PARAM).value = m.value
            apply_params(params, index, 1)
        k += 1
    _remove_messages(e, k)


@helper
def _apply(e: Any, kind: int, index: int, value: float) -> None:
    """Apply a message of any kind but PARAM."""
    if kind == SWAP:
        _swap(e, index)
    elif kind == RESET:
        reset_plan(e.plan)
        e.frame = 0
        if e.tail != 0:
            e.tail = 0
            e.retired += 1
        if e.fade_left > 0:
            e.fade_left = 0
            e.retired += 1
    elif kind == SNAPSHOT:
        _save(e, index)
    elif kind == RESET_STATS:
        _reset_stats(e)
    else:
        _restore(e, index, kind == RESTORE_ALL)


@helper
def _read_ring(e: Any) -> None:
    """Read all messages in the ring; sort them by frame, then by the order they were posted in."""
    written, read = load_acquire(e.counters), load(e.counters, 8)
    while read != written and e.pending_count < e.pending_size:
        slot = e.slots + MESSAGE_BYTES * (read & (e.slot_count - 1))
        at = record(slot, MESSAGE).at
        if record(slot, MESSAGE).kind == RESET:  # discards messages for later frames, posted before
            while e.pending_count > 0 and element(e.pending, e.pending_count - 1, MESSAGE).at > NOW:
                e.pending_count -= 1
        k = e.pending_count
        while k > 0 and element(e.pending, k - 1, MESSAGE).at > at:
            _copy_message(e.pending, k, e.pending + MESSAGE_BYTES * (k - 1))
            k -= 1
        _copy_message(e.pending, k, slot)
        e.pending_count += 1
        read += 1
    store_release(e.counters + 64, read)


@kernel
def handle_messages(engine: int, ins: int, outs: int, frames: int) -> None:
    """Apply the messages that are due; set the frames until the next one, at most ``frames``."""
    e = record(engine, ENGINE)
    _read_ring(e)
    first = record(e.pending, MESSAGE)
    waiting = False
    while e.pending_count > 0 and first.at <= e.frame and not waiting:
        if first.kind == PARAM_MESSAGE:
            _apply_params_due(e)
        elif first.kind == SWAP and e.fade_left > 0:
            waiting = True  # one crossfade at a time; later messages wait too
        else:
            kind, index, value = first.kind, first.index, first.value
            _remove_messages(e, 1)
            _apply(e, kind, index, value)
    e.frames_until_event = frames
    if e.pending_count > 0 and not waiting:
        e.frames_until_event = min(np.int64(frames), first.at - e.frame)


@native("int64(int64, int64, int64, int64)")
def copy_state(engine: int, place: int, out: int, with_params: int) -> int:
    """Apply the messages that are due, then save to or restore from ``place``.

    Returns the address of the plan that plays.  For control threads where no audio thread plays.
    """
    e = record(engine, ENGINE)
    if e.pending_count > 0 or load(e.counters, 0) != load(e.counters, 8):
        call_node(e.handle_messages, engine, 0, 0, np.int32(0))
    if out != 0:
        _save(e, place)
    else:
        _restore(e, place, with_params != 0)
    return int(e.plan)
