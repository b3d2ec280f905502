"""Records in host memory that the native plan, its control thread and device kernels share.

``BLOCK`` mirrors ``struct Block`` of ``common.cuh``: it lies in pinned memory and kernels read it.
All others are read and written by the host only.
"""

import numpy as np

__all__ = [
    "BLOCK",
    "CALL",
    "DOWNLOAD",
    "EXECUTOR",
    "NODE_BUFFERS",
    "NODE_STATE",
    "SECTION",
    "UPLOAD",
]

BLOCK = np.dtype(
    [
        ("frames", np.int32),  # of this block
        ("first", np.int32),  # state slot that chunk 0 continues from
        ("chunks", np.int32),
        ("chunk_frames", np.int32),  # of every chunk but the last
        ("replay", np.int32),  # -1: continue; else floats of NODE_BUFFERS.past to start from
        ("factors", np.int32),  # bit 0: multiply the input by in_factor; bit 1: the output
        ("spare", np.int32, 10),
    ]
)
"""Launch header: written by the host before each launch."""

NODE_STATE = np.dtype(
    [
        ("serial", np.int64),  # identifies the committed block that this state belongs to
        ("cpu_active", np.int64),  # 1: the CPU network's state is current, not the device's
        ("prepared", np.int64),  # 1: a block was started and is not committed yet
        ("position", np.int64),  # where in the ring the next frame goes
        ("buffers", np.int64),  # address of the node's NODE_BUFFERS
    ]
)
"""State of a node on the device, kept on the host.  With the ring of past input (and an LSTM's
state) the device's memory can be rebuilt.  Part of reset, saved state and swaps."""

NODE_BUFFERS = np.dtype(
    [
        ("executor", np.int64),  # address of the EXECUTOR record
        ("ring", np.int64),  # last input after input gain: rows of ``ring_frames`` float32
        ("ring_frames", np.int64),
        ("ring_rows", np.int64),
        ("lstm_state", np.int64),  # committed state of an LSTM; 0 for other networks
        ("initial_state", np.int64),  # the same before the first block
        ("past", np.int64),  # pinned: what a kernel with ``replay`` >= 0 starts from
        ("past_floats", np.int64),
        ("past_rows", np.int64),
        ("past_stride", np.int64),
        ("heard", np.int64),  # pinned: kernel output for ``ring`` and ``lstm_state``
        ("heard_stride", np.int64),
        ("heard_at", np.int64),  # offset of the frames in each row of ``heard``
        ("bad", np.int64),  # pinned: int32 flag of each instance, see NamArgs
        ("instances", np.int64),
        ("header", np.int64),  # pinned: the node's BLOCK
        ("in_factor", np.int64),  # pinned: one float32 a frame
        ("out_factor", np.int64),
        ("slots", np.int64),  # state slots: as many chunks can be computed at once
        ("min_chunk_frames", np.int64),
        ("serial", np.int64),  # of the state in device memory
        ("slot", np.int64),  # where that state lies
        ("next_slot", np.int64),  # where it lies after the block in flight
    ]
)
"""Addresses and sizes of a node's buffers on both sides.  Not part of its state."""

CALL = np.dtype([(n, np.int64) for n in ("executor", "before_launch", "cpu_fallback", "record")])
"""Row of an operation on the device: ``before_launch`` prepares it, ``cpu_fallback`` computes it
on the host; both are kernel addresses, called with ``record``."""

UPLOAD = np.dtype([("executor", np.int64), ("channels", np.int64)])

DOWNLOAD = np.dtype(
    [
        ("executor", np.int64),
        ("channels", np.int64),
        ("views", np.int64),  # host address (float*) of each channel
        ("ring", np.int64),  # pipelined: ``length`` frames of every channel
        ("length", np.int64),
        ("position", np.int64),
    ]
)

SECTION = np.dtype(
    [
        ("executor", np.int64),
        ("graph", np.int64),  # executable CUDA graph of all launches
        ("nodes", np.int64),  # NODE_STATE of each node
        ("count", np.int64),
        ("calls", np.int64),  # CALL rows of the executor up to here
        ("last", np.int64),  # 1: the last section of a block
    ]
)
"""All launches between uploads and the first download that needs them: one CUDA graph."""

EXECUTOR = np.dtype(
    [
        ("context", np.int64),
        ("stream", np.int64),
        ("push", np.int64),  # addresses of driver functions
        ("pop", np.int64),
        ("launch", np.int64),
        ("query", np.int64),
        ("popped", np.int64),  # scratch: receives the context that ``pop`` returns
        ("fallback", np.int64),  # why the host computes; index of FALLBACK_REASONS, 0: it does not
        ("cpu_requested", np.int64),  # 1: a node has a setting that only the host supports
        ("error_code", np.int64),  # of the driver, if it failed
        ("fallback_frame", np.int64),  # first frame computed on the host
        ("hang_cycles", np.int64),  # CPU cycles after which a device counts as hung
        ("deadline_cycles", np.int64),  # cycles after which a block is late; 0: no deadline
        ("max_late_blocks", np.int64),  # late blocks in a row until the host takes over
        ("waited", np.int64),  # cycles of this block
        ("consecutive_late", np.int64),
        ("replays", np.int64),  # 1: a kernel of this block starts from the past: it takes longer
        ("misses", np.int64),  # late blocks in all
        ("blocks", np.int64),
        ("frames", np.int64),
        ("serial", np.int64),
        ("header", np.int64),  # pinned: the BLOCK of copy, add and clear
        ("pipelined", np.int64),
        ("in_flight", np.int64),  # frames launched and not collected
        ("rows", np.int64),  # ROW of each CALL, in order
        ("row_count", np.int64),
        ("nodes", np.int64),  # pairs of ROW and NODE_STATE
        ("node_count", np.int64),
        ("downloads", np.int64),
        ("download_count", np.int64),
        ("params", np.int64),  # of the plan
        ("upload_cycles", np.int64),  # of this block
        ("upload_trace", np.int64),  # cycles of the last TRACED blocks
        ("execute_trace", np.int64),
        ("download_trace", np.int64),
    ]
)
"""State of one plan's executor: driver handles, fallback, deadline, counters."""
