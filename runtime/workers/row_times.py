"""Measure how long each row of a plan takes, and find which rows it depends on.  Control thread."""

import numpy as np

from ..native.abi import native
from ..native.cpu import cycles, nanoseconds_per_cycle, restore_floats, set_flush_to_zero
from ..native.pointers import call_node, record, store
from ..plan.layout.memory import SHARED
from ..plan.plan import Plan
from ..plan.records import ROW
from ..plan.rows import NodeRow
from .lanes import predecessors

__all__ = ["measure_rows", "rows_before"]

FRAMES = 1024
"""Frames that each row is measured for, in blocks as long as the plan's."""
RUNS = 3
LEVEL = 0.1
TRANSPORT = 0
"""Stands for the transport among the addresses that rows read and write."""


@native("void(int64, int64, int64, int64, int64)")
def _measure(row: int, frames: int, block: int, runs: int, target: int) -> None:
    """Run a row ``runs`` times for ``frames``; store the cycles of the shortest run."""
    r = record(row, ROW)
    saved = set_flush_to_zero()
    least = np.int64(1) << 62
    for _ in range(runs):
        begun, left = cycles(), frames
        while left > 0:
            n = min(left, block)
            call_node(r.kernel, r.state, r.ins, r.outs, np.int32(n))
            left -= n
        least = min(least, cycles() - begun)
    store(target, 0, least)
    restore_floats(saved)


def measure_rows(plan: Plan) -> list[float]:
    """Return the nanoseconds that each row takes for a block of ``max_frames`` of noise.

    The plan has been prewarmed and not played: its state is afterwards as it was.  A node that
    records into memory which no reset clears is not run, and counts as 0.
    """
    block = plan.spec.max_frames
    frames = -(-FRAMES // block) * block
    noise = np.random.default_rng(0)
    for number, buffer in enumerate(plan.schedule.buffers):
        plan.buffer(number)[:] = LEVEL * noise.standard_normal((buffer.channels, block), np.float32)
    found, word = [], np.zeros(1, np.int64)
    for k, row in enumerate(plan._prepared):
        word[0] = 0
        if not row.memory.stores:
            _measure.ctypes(plan.row_address(k), frames, block, RUNS, word.ctypes.data)
        found.append(int(word[0]) * nanoseconds_per_cycle() * block / frames)
    plan.clear_buffers()
    plan.arena.state[:] = plan.arena.initial
    return found


def rows_before(plan: Plan) -> list[set[int]]:
    """Return the rows that must be played before each row of a plan.

    Rows depend on each other by the channels that they read and write, and by the transport: a node
    that reads it while control signals move its parameters changes it for the time of a piece.
    """
    reads, writes = list[set[int]](), list[set[int]]()
    for row in plan._prepared:
        reading, writing = plan.channels_of(row)
        reads.append(set(reading))
        writes.append(set(writing))
        if (row.memory.image.links[:, 2] == SHARED).any():
            moved = isinstance(row, NodeRow) and bool(row.modulated)
            (writes if moved else reads)[-1].add(TRANSPORT)
    return predecessors(reads, writes)
