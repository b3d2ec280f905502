"""Record layouts of a plan, its rows and its parameters, shared by kernels and NumPy."""

import numpy as np

from .layout.block import offset

__all__ = ["COUNTER_FIELDS", "PARAM", "PLAN", "ROW", "ROW_BYTES", "ROW_COUNTERS", "ROW_TIMES"]

ROW = np.dtype(
    [
        ("kernel", np.int64),  # address, and its arguments
        ("state", np.int64),
        ("ins", np.int64),
        ("outs", np.int64),
        ("checked", np.int64),  # output channels to be checked for non-finite samples
        ("memory", np.int64),  # address of the node's state, of its initial state, and their size
        ("initial", np.int64),
        ("bytes", np.int64),
        ("params", np.int64),  # index of the node's first PARAM
        ("param_count", np.int64),
        ("dry_wet", np.int64),  # the DRY_WET record, or 0 where the node cannot be mixed
        ("trace", np.int64),  # address: cycles of the last calls
        ("consecutive_overruns", np.int64),  # blocks in a row above the cycle limit
        ("mute_left", np.int64),  # frames for which it stays muted
        ("lane", np.int64),  # the thread that plays it: see runtime/workers
        ("spare", np.int64),
        ("faults", np.int64),
        ("overruns", np.int64),
        ("xruns", np.int64),  # of the sound card, attributed to this node
        ("late", np.int64),  # blocks past the deadline, attributed to this node
        ("cycles", np.int64),  # of the last block, of all calls, and of the longest
        ("cycles_sum", np.int64),
        ("cycles_max", np.int64),
        ("calls", np.int64),
    ]
)
"""One row of a plan, in three cache lines: its call, its monitoring, and its counters, which are
handed over with a node's state when plans are swapped."""

ROW_BYTES = ROW.itemsize
ROW_COUNTERS: int = offset(ROW, "faults")
"""Offset in bytes of the counters of a row: all fields from ``faults`` on."""
ROW_TIMES: int = offset(ROW, "cycles")
"""Offset in bytes of the times of a row: all fields from ``cycles`` on."""
COUNTER_FIELDS = [
    "faults", "calls", "cycles_sum", "cycles_max", "late", "xruns", "overruns", "mute_left",
]  # fmt: skip
"""Fields of ``ROW`` that statistics are made from."""

PARAM = np.dtype([("address", np.int64), ("value", np.float64)])
"""Address of a parameter's target, and the value last set, which a reset keeps."""

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
        # Tables for the swap to this plan; "previous" is the plan before.
        ("state_copies", np.int64),  # (target, source, bytes): state handed over by the previous
        ("state_copy_count", np.int64),
        ("relocations", np.int64),  # (address, value): pointers in that state
        ("relocation_count", np.int64),
        ("remap", np.int64),  # of each PARAM of the previous, its index here or -1
        ("remap_count", np.int64),
        ("previous_params", np.int64),  # of each PARAM its index in the previous plan, or -1
        ("previous_param_count", np.int64),  # 0 where there is no hold
        ("verdict", np.int64),  # address: result of find_non_finite and of blame
        ("spillover", np.int64),  # 1: the previous plays its tail; 2: so, after a fade-out
        ("spillover_frames", np.int64),
        ("clear_list", np.int64),  # (target, source, bytes): state of the previous to reset
        ("clear_count", np.int64),
        ("mix_dry_wet", np.int64),  # address of the kernel
        ("cycle_limit", np.int64),  # cycles that a node may take for a block; 0: no limit
        ("max_consecutive_overruns", np.int64),  # blocks above the limit until a node is muted
        ("mute_frames", np.int64),  # frames for which it is then muted
        ("executor", np.int64),  # address of the device's EXECUTOR record, or 0
        (
            "hold",
            np.int64,
        ),  # frames between a swap and its crossfade: a device is late, nodes warm up
        ("collect", np.int64),  # address of the kernel that waits for the device
        ("transport", np.int64),  # address of the TRANSPORT record
        ("lanes", np.int64),  # address of the LANES record, of an engine with worker threads
        ("lane_count", np.int64),
    ]
)
"""One plan: its rows, its channels, its state, and what the audio thread needs for a swap to it."""
