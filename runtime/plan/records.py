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
        ("dry_wet", np.int64),  # the DRY_WET record, or 0 where the node cannot be mixed
        ("trace", np.int64),  # cycles of the last calls
        ("consecutive_overruns", np.int64),  # blocks in a row above the cycle limit
        ("mute_left", np.int64),  # frames for which it stays muted
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
        (
            "state_copies",
            np.int64,
        ),  # (target, source, bytes): state taken over from the plan before
        ("state_copy_count", np.int64),
        ("relocations", np.int64),  # (address, value): pointers inside the state taken over
        ("relocation_count", np.int64),
        ("remap", np.int64),  # of each parameter of the plan before, its index here or -1
        ("remap_count", np.int64),
        ("verdict", np.int64),  # where the check for non-finite samples leaves its answer
        ("spillover", np.int64),  # whether the plan before rings on, and if it is hidden meanwhile
        ("spillover_frames", np.int64),
        (
            "clear_list",
            np.int64,
        ),  # (target, source, bytes): state of the plan before that rings on here
        ("clear_count", np.int64),
        ("mix_dry_wet", np.int64),  # address of the kernel that mixes a node with its input
        (
            "cycle_limit",
            np.int64,
        ),  # cycles that one node may take for a block; 0: as many as it likes
        ("max_consecutive_overruns", np.int64),  # blocks in a row past that limit until it is muted
        ("mute_frames", np.int64),  # frames for which it is then muted
        ("executor", np.int64),  # EXECUTOR record of the device, or 0
        ("hold", np.int64),  # frames for which a plan that takes over is silent
        ("collect", np.int64),  # address of the kernel that waits for what is on its way there
    ]
)
