"""The layout of an engine's record, for kernels and NumPy."""

import numpy as np

__all__ = ["ENGINE", "TRACE"]

TRACE = 1024
"""Blocks whose durations are stored."""

ENGINE = np.dtype(
    [
        ("plan", np.int64),
        ("old", np.int64),  # the plan that is fading out
        ("tail", np.int64),  # the plan before that one, while its tail plays; else 0
        ("tail_left", np.int64),  # frames
        ("tail_age", np.int64),  # frames since it began, for its fade-in
        ("fade_left", np.int64),
        ("fade_frames", np.int64),
        ("frame", np.int64),  # frames since the start or the last reset
        ("slots", np.int64),
        ("slot_count", np.int64),
        ("counters", np.int64),
        ("pending", np.int64),  # messages for later, earliest first
        ("pending_count", np.int64),
        ("pending_size", np.int64),
        ("retired", np.int64),  # plans finished with; control threads free them
        ("blocks", np.int64),
        ("frames_until_event", np.int64),  # frames until the next message is due
        ("handle_messages", np.int64),  # addresses of kernels; 0 until needed
        ("walk", np.int64),
        ("crossfade", np.int64),
        ("process", np.int64),
        ("counts", np.int64),  # counters of samples that are not finite: in, out, old plan
        ("timed", np.int64),  # whether the time of each node is measured
        ("trace", np.int64),  # cycles of the last TRACE blocks
        ("channels", np.int64),  # scratch: float* of all inputs and outputs
        ("views", np.int64),  # scratch: two VIEW records
    ]
)
