"""What the audio thread and the workers share: record layouts, for kernels and NumPy.

The rows of a plan are split into *lanes*: lane 0 is played by the audio thread, each other by a
worker.  A lane is cut into *segments* of rows: before a segment its thread waits for segments of
other lanes, after it others go on.  Segments count in the order of their first rows, so that none
waits for a later one.

Each worker has a ``JOB`` with a door.  The audio thread fills a job while its door is IDLE, and
opens it.  A worker enters (OPEN to INSIDE), plays the segments of its lane, and leaves (IDLE).  The
audio thread takes back a lane that no worker has entered (OPEN to IDLE): so a worker that sleeps,
or that does not exist, costs time, and stops nothing.
"""

import numpy as np

__all__ = ["DONE_BYTES", "IDLE", "INSIDE", "JOB", "JOB_BYTES", "LANES", "OPEN", "SEGMENT", "TEAM"]

IDLE, OPEN, INSIDE = 0, 1, 2
"""States of a door, the first field of a ``JOB``."""

LINE = 8
"""Words of a cache line."""
DONE_BYTES = 8 * LINE
"""From one segment's number of the last block played to the next."""

JOB = np.dtype(
    [
        ("door", np.int64),
        ("plan", np.int64),
        ("lanes", np.int64),
        ("turn", np.int64),  # number of the block
        ("timed", np.int64),  # arguments of the walk
        ("fresh", np.int64),
        ("frames", np.int64),
        ("begun", np.int64),  # cycles when the block began
        # A cache line that the worker writes.
        ("verdict", np.int64),  # scratch of the player
        ("entered", np.int64),  # blocks that it played its lane of
        ("naps", np.int64),
        ("ended", np.int64),  # 1: the thread has left the native code
        ("spare", np.int64, 4),
    ]
)
"""What one worker is to play; the first is the audio thread's own."""
JOB_BYTES = JOB.itemsize

TEAM = np.dtype(
    [
        ("turn", np.int64),  # number of the last block
        ("begun", np.int64),  # cycles when the last whole block began
        ("period", np.int64),  # cycles from the one before to it
        ("taken", np.int64),  # lanes that the audio thread has played for a worker
        ("spare", np.int64, 4),
        # A cache line that no thread writes while blocks are played.
        ("stop", np.int64),
        ("jobs", np.int64),  # address of the JOB of lane 0
        ("patience", np.int64),  # cycles after which the audio thread takes lanes over
        ("settle", np.int64),  # cycles that it waits for a worker to leave the block before
        ("linger", np.int64),  # cycles for which a worker polls after a block
        ("early", np.int64),  # cycles before an expected block from which it polls again
        ("longest_poll", np.int64),  # cycles after which it stops to expect that block
        ("idle_nap", np.int64),  # cycles that it then sleeps at a time
        ("longest_period", np.int64),  # cycles; rarer blocks are not expected
        ("sleep", np.int64),  # addresses of C functions: sleep, and let other threads run
        ("give_way", np.int64),
        ("sleep_unit", np.int64),  # cycles of the unit that ``sleep`` counts in
        ("shortest_nap", np.int64),  # cycles; shorter times are spent polling
        ("padding", np.int64, 3),
    ]
)
"""What all threads of an engine share."""

LANES = np.dtype(
    [
        ("team", np.int64),
        ("alone", np.int64),  # address of the walk for one thread
        ("play_segment", np.int64),
        ("least_frames", np.int64),  # a shorter block is played alone
        ("lane_count", np.int64),
        ("segment_count", np.int64),
        ("segments", np.int64),
        ("done", np.int64),  # of each segment the last turn that it was played in
        ("rows", np.int64),  # numbers of rows, segment after segment
        ("before", np.int64),  # numbers of segments, likewise: those that each waits for
        ("padding", np.int64, 6),
    ]
)
"""How the threads share the rows of one plan."""

SEGMENT = np.dtype(
    [
        ("lane", np.int64),
        ("first", np.int64),  # in LANES.rows
        ("end", np.int64),
        ("first_before", np.int64),  # in LANES.before
        ("end_before", np.int64),
        ("padding", np.int64, 3),
    ]
)
"""Rows of one lane that are played without waiting in between."""
