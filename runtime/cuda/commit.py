"""Audio-thread steps around a launch: write launch headers before it, commit node state after it.

A block is committed once the device is done: then each node's ring of past input and its serial
advance.  Until then the state on the host is that of the block before.
"""

from typing import Any

import numpy as np

from ..native.abi import helper
from ..native.pointers import copy_bytes, load, numbers, record
from ..plan.row_operations import mute_and_reset
from .records import BLOCK, EXECUTOR, NODE_BUFFERS, NODE_STATE

__all__ = ["append_history", "commit", "write_launch_header"]


@helper
def _write_past(state: Any, b: Any) -> None:
    """Write the past that a node's kernel starts from: its last input, or an LSTM's state."""
    floats = b.past_floats
    for row in range(b.past_rows):
        target = b.past + 4 * row * b.past_stride
        if b.lstm_state != 0:
            copy_bytes(target, b.lstm_state + 4 * row * floats, 4 * floats)
        else:
            ring, size = b.ring + 4 * row * b.ring_frames, b.ring_frames
            start = (state.position + size - floats) % size
            head = min(floats, size - start)
            copy_bytes(target, ring + 4 * start, 4 * head)
            copy_bytes(target + 4 * head, ring, 4 * (floats - head))


@helper
def write_launch_header(node: int, frames: int) -> None:
    """Write a node's BLOCK: frames, chunks, and whether its kernel continues or starts anew.

    ``node`` is the address of a NODE_STATE.
    """
    state = record(node, NODE_STATE)
    b = record(state.buffers, NODE_BUFFERS)
    header = record(b.header, BLOCK)
    chunks, size = 1, frames
    if b.slots > 1 and frames >= 2 * b.min_chunk_frames:
        chunks = min(b.slots, frames // b.min_chunk_frames)
        size = (frames + chunks - 1) // chunks
        chunks = (frames + size - 1) // size
    header.frames, header.chunks, header.chunk_frames, header.first = frames, chunks, size, b.slot
    b.next_slot = (b.slot + chunks - 1) % b.slots
    header.replay = -1
    if state.serial != b.serial:
        header.replay = b.past_floats
        record(b.executor, EXECUTOR).replays = 1
        _write_past(state, b)


@helper
def append_history(buffers: int, row: int, position: int, source: int, frames: int) -> Any:
    """Append ``frames`` float32 at ``source`` to a row of a node's ring; return the next position.

    ``buffers`` is the address of a NODE_BUFFERS.  Only the last ``ring_frames`` are kept.
    """
    b = record(buffers, NODE_BUFFERS)
    size = b.ring_frames
    count = min(frames, size)
    head = min(count, size - position)
    first, ring = source + 4 * (frames - count), b.ring + 4 * row * size
    copy_bytes(ring + 4 * position, first, 4 * head)
    copy_bytes(ring, first + 4 * head, 4 * (count - head))
    return (position + count) % size


@helper
def _save_node(node: int, frames: int) -> None:
    """Append a node's input of this block to its ring, and save an LSTM's state."""
    state = record(node, NODE_STATE)
    b = record(state.buffers, NODE_BUFFERS)
    position = state.position
    for row in range(b.ring_rows):
        heard = b.heard + 4 * (row * b.heard_stride + b.heard_at)
        position = append_history(state.buffers, row, state.position, heard, frames)
    state.position = position
    if b.lstm_state != 0:
        for row in range(b.past_rows):
            left = b.heard + 4 * row * b.heard_stride
            copy_bytes(b.lstm_state + 4 * row * b.past_floats, left, 4 * b.past_floats)


@helper
def commit(executor: int, frames: int) -> None:
    """Commit a block of every node.

    A node whose output has a NaN or an infinity is muted and reset, as on the host.
    """
    e = record(executor, EXECUTOR)
    for k in range(e.node_count):
        row, node = load(e.nodes, 2 * k), load(e.nodes, 2 * k + 1)
        state = record(node, NODE_STATE)
        b = record(state.buffers, NODE_BUFFERS)
        state.prepared, state.cpu_active = 0, 0
        bad, found = numbers(b.bad, b.instances, np.int32), 0
        for i in range(b.instances):
            found |= bad[i]
            bad[i] = 0
        e.serial += 1
        b.serial, b.slot = e.serial, b.next_slot
        if found != 0:
            mute_and_reset(row, e.params, frames)
        else:
            state.serial = e.serial
            _save_node(node, frames)
