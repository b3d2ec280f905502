"""Record layouts of a plan, its rows and its parameters, as kernels and NumPy see them."""

import numpy as np

__all__ = ["PARAM", "PLAN", "ROW", "ROW_BYTES"]

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
