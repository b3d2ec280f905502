"""What the native plan and the device know of each other, as records.

``BLOCK`` lies in pinned memory and is read by kernels: it is ``struct Block`` of ``common.cuh``.
All else is the host's alone.
"""

import numpy as np

__all__ = ["BLOCK", "CALL", "EXECUTOR", "FETCH", "NODE", "PART", "SECTION", "STAGE"]

BLOCK = np.dtype(
    [
        ("frames", np.int32),  # of this block
        ("first", np.int32),  # the state slot that chunk 0 goes on from
        ("chunks", np.int32),
        ("chunk_frames", np.int32),  # of every chunk but the last
        ("replay", np.int32),  # -1, or how much of the past to begin with
        ("factors", np.int32),  # 1: of the input, 2: of the output
        ("spare", np.int32, 10),
    ]
)

NODE = np.dtype(
    [
        ("serial", np.int64),  # names the moment that the rest of the state belongs to
        ("stood_in", np.int64),  # whether the CPU's state is the node's, or what the device has
        ("armed", np.int64),  # whether a block was begun that is not committed
        ("at", np.int64),  # where in its ring the next frame goes
        ("part", np.int64),
    ]
)
"""What a node on the device remembers, on the host: with what it has heard (and, of an LSTM, its
state) the device's own memory can be made again.  Part of reset, snapshots and swaps."""

PART = np.dtype(
    [
        ("lane", np.int64),
        ("ring", np.int64),  # what was heard last, driven: rows of ``ring_frames`` float32
        ("ring_frames", np.int64),
        ("ring_rows", np.int64),
        ("kept", np.int64),  # of an LSTM: its state, as the device left it
        ("fresh", np.int64),  # the same before the first block
        ("past", np.int64),  # pinned: what a kernel begins with, after ``replay``
        ("past_floats", np.int64),
        ("past_rows", np.int64),
        ("past_stride", np.int64),
        ("heard", np.int64),  # pinned: what a kernel leaves for ``ring`` and ``kept``
        ("heard_stride", np.int64),
        ("heard_at", np.int64),  # where in a row of it the frames begin
        ("bad", np.int64),  # pinned: int32 of each instance
        ("instances", np.int64),
        ("order", np.int64),  # pinned: the node's BLOCK
        ("in_factor", np.int64),  # pinned: one float32 a frame
        ("out_factor", np.int64),
        ("slots", np.int64),  # of state: as many chunks can be computed at once
        ("least", np.int64),  # frames of a chunk
        ("serial", np.int64),  # of the state that the device holds
        ("first", np.int64),  # the slot it lies in
        ("next", np.int64),  # the slot it will lie in
    ]
)
"""A node's share of a lane; no part of its state."""

CALL = np.dtype([(n, np.int64) for n in ("lane", "arm", "stand_in", "record")])
"""A row for an operation on the device: ``arm`` prepares it, ``stand_in`` does it on the host."""

STAGE = np.dtype([("lane", np.int64), ("channels", np.int64)])

FETCH = np.dtype(
    [
        ("lane", np.int64),
        ("channels", np.int64),
        ("views", np.int64),  # float* of each channel as the host sees it
        ("ring", np.int64),  # pipelined: one block's worth of every channel
        ("length", np.int64),
        ("at", np.int64),
    ]
)

SECTION = np.dtype(
    [
        ("lane", np.int64),
        ("graph", np.int64),  # all its launches, as one
        ("nodes", np.int64),  # NODE of each
        ("count", np.int64),
        ("calls", np.int64),  # rows of the lane up to here
        ("last", np.int64),  # whether a block ends with it
    ]
)
"""What is launched at once: everything between uploads and the download that waits for it."""

EXECUTOR = np.dtype(
    [
        ("context", np.int64),
        ("stream", np.int64),
        ("push", np.int64),  # addresses of the driver's functions
        ("pop", np.int64),
        ("launch", np.int64),
        ("query", np.int64),
        ("popped", np.int64),  # where the context that was left is named
        ("fallen", np.int64),  # why the host does the device's work; 0 while it does not
        ("asked", np.int64),  # whether a node wants the host to take over
        ("code", np.int64),  # the driver's, if that is why
        ("since", np.int64),  # the frame from which on it does
        ("hang", np.int64),  # cycles after which a device counts as gone
        ("patience", np.int64),  # cycles after which a block is missed; 0: none is
        ("strikes_most", np.int64),  # misses in a row until the host takes over
        ("waited", np.int64),  # cycles, this block
        ("strikes", np.int64),
        ("begins", np.int64),  # whether a kernel begins again, from what was heard before
        ("misses", np.int64),
        ("blocks", np.int64),
        ("frames", np.int64),
        ("serial", np.int64),
        ("order", np.int64),  # pinned: the BLOCK of plain operations
        ("pipelined", np.int64),
        ("flight", np.int64),  # frames that were launched and not collected
        ("rows", np.int64),  # ROW of each CALL, in order
        ("row_count", np.int64),
        ("nodes", np.int64),  # ROW and NODE of each node, side by side
        ("node_count", np.int64),
        ("fetches", np.int64),
        ("fetch_count", np.int64),
        ("params", np.int64),  # of the plan
        ("upload", np.int64),  # cycles, this block
        ("uploads", np.int64),  # cycles of the last blocks
        ("executes", np.int64),
        ("downloads", np.int64),
    ]
)
"""One plan's way to the device and back."""
