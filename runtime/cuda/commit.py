"""Before and after a launch: what a node's kernels are told, and what the host keeps of it."""

from typing import Any

import numpy as np

from ..native.abi import helper
from ..native.pointers import copy_bytes, load, numbers, record
from ..plan.row_operations import mute_and_reset
from .records import BLOCK, EXECUTOR, NODE, PART

__all__ = ["append_history", "commit", "write_launch_header"]


@helper
def _recall(n: Any, p: Any) -> None:
    """Write down the past that a node's kernel begins with: what it heard, or an LSTM's state."""
    floats = p.past_floats
    for row in range(p.past_rows):
        target = p.past + 4 * row * p.past_stride
        if p.kept != 0:
            copy_bytes(target, p.kept + 4 * row * floats, 4 * floats)
        else:
            ring, size = p.ring + 4 * row * p.ring_frames, p.ring_frames
            start = (n.at + size - floats) % size
            head = min(floats, size - start)
            copy_bytes(target, ring + 4 * start, 4 * head)
            copy_bytes(target + 4 * head, ring, 4 * (floats - head))


@helper
def write_launch_header(node: int, frames: int) -> None:
    """Tell a node's kernel how many frames there are, and whether to go on or begin again."""
    n = record(node, NODE)
    p = record(n.part, PART)
    o = record(p.order, BLOCK)
    chunks, size = 1, frames
    if p.slots > 1 and frames >= 2 * p.least:
        chunks = min(p.slots, frames // p.least)
        size = (frames + chunks - 1) // chunks
        chunks = (frames + size - 1) // size
    o.frames, o.chunks, o.chunk_frames, o.first = frames, chunks, size, p.first
    p.next = (p.first + chunks - 1) % p.slots
    o.replay = -1
    if n.serial != p.serial:
        o.replay = p.past_floats
        record(p.lane, EXECUTOR).begins = 1
        _recall(n, p)


@helper
def append_history(part: int, row: int, at: int, heard: int, frames: int) -> Any:
    """Put the last of ``frames`` frames at ``heard`` into a ring; return where the next one goes.

    The ring holds the frames before the next in the order they were heard.
    """
    p = record(part, PART)
    size = p.ring_frames
    count = min(frames, size)
    head = min(count, size - at)
    source, ring = heard + 4 * (frames - count), p.ring + 4 * row * size
    copy_bytes(ring + 4 * at, source, 4 * head)
    copy_bytes(ring, source + 4 * head, 4 * (count - head))
    return (at + count) % size


@helper
def _remember(node: int, frames: int) -> None:
    """Put what a node has heard into its ring, and an LSTM's state where it is kept."""
    n = record(node, NODE)
    p = record(n.part, PART)
    at = n.at
    for row in range(p.ring_rows):
        heard = p.heard + 4 * (row * p.heard_stride + p.heard_at)
        at = append_history(n.part, row, n.at, heard, frames)
    n.at = at
    if p.kept != 0:
        for row in range(p.past_rows):
            left = p.heard + 4 * row * p.heard_stride
            copy_bytes(p.kept + 4 * row * p.past_floats, left, 4 * p.past_floats)


@helper
def commit(lane: int, frames: int) -> None:
    """Take over what a block has left: from here on it counts as played.

    A node that made a number that is not finite starts afresh, as it would on the host.
    """
    e = record(lane, EXECUTOR)
    for k in range(e.node_count):
        row, node = load(e.nodes, 2 * k), load(e.nodes, 2 * k + 1)
        n = record(node, NODE)
        p = record(n.part, PART)
        n.armed, n.stood_in = 0, 0
        bad, found = numbers(p.bad, p.instances, np.int32), 0
        for i in range(p.instances):
            found |= bad[i]
            bad[i] = 0
        e.serial += 1
        p.serial, p.first = e.serial, p.next
        if found != 0:
            mute_and_reset(row, e.params, frames)
        else:
            n.serial = e.serial
            _remember(node, frames)
