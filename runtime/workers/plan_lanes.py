"""Decide how threads share the rows of one plan, and write it as tables.  Control threads."""

from dataclasses import dataclass

import numpy as np

from ...graph import Graph, Schedule, Spec, schedule, unshared_schedule
from ..plan.arena import aligned
from ..plan.monitored_player import monitored_walk
from ..plan.plan import Plan
from .lanes import Shares, predecessors, share_rows, ways_to_the_end
from .parallel_walk import play_segment
from .records import DONE_BYTES, LANES, SEGMENT
from .row_times import measure_rows, rows_before

__all__ = ["PlanLanes", "choose_shares", "schedule_for_threads"]

HANDOVER_NS = 400.0
"""What it costs to wait for a row of another thread: two cache lines from core to core."""
ENTRY_NS = 1500.0
"""What a block must save at least, so that opening the doors pays."""
LEAST_GAIN = 1.15
"""How many times as fast as one thread several must be by the estimate."""
MOST_LANES = 32
"""Lanes that the audio thread can keep account of."""
NEVER = 1 << 31
"""A number of frames that no block has."""


@dataclass(frozen=True)
class Choice:
    """How a plan is played: ``shares`` of several threads, or ``None`` for ``reason``."""

    shares: Shares | None
    reason: str
    alone_us: float = 0.0
    """Of a block of ``max_frames``, by one thread and by several: estimates."""
    shared_us: float = 0.0
    least_frames: int = NEVER


def choose_shares(costs: list[float], before: list[set[int]], threads: int, frames: int) -> Choice:
    """Return how up to ``threads`` threads share rows, where that is faster than one.

    ``costs`` are nanoseconds for a block of ``frames``.
    """
    alone = sum(costs)
    best = share_rows(costs, before, 1, HANDOVER_NS)
    for lanes in range(2, min(threads, MOST_LANES, len(costs)) + 1):
        shares = share_rows(costs, before, lanes, HANDOVER_NS)
        if shares.lanes < lanes:
            break  # more would have nothing to do
        if shares.cost < 0.98 * best.cost:
            best = shares
    alone_us, shared_us = 1e-3 * alone, 1e-3 * best.cost
    if best.lanes < 2:
        return Choice(None, "its independent nodes are too quick to be shared", alone_us)
    saved = alone - best.cost
    if best.cost * LEAST_GAIN > alone or saved < ENTRY_NS:
        reason = (
            f"{best.lanes} threads would take {shared_us:.1f} us for a block of {frames} frames, "
            f"one takes {alone_us:.1f} us"
        )
        return Choice(None, reason, alone_us, shared_us)
    least = max(1, min(frames, round(frames * ENTRY_NS / saved)))
    return Choice(best, "", alone_us, shared_us, least)


class PlanLanes:
    """The lanes of one plan: what its ``LANES`` record refers to, and a description.

    ``team`` is the address of the engine's ``TEAM``.  The plan has been prewarmed.
    """

    def __init__(self, plan: Plan, threads: int, team: int) -> None:
        self.choice = choice = _choose(plan, threads)
        shares = choice.shares or Shares(1, (), 0.0)
        self.lanes = shares.lanes
        """Threads that play the plan."""
        lane_of, names = shares.lane_of(len(plan.names)), plan.names
        self.names = tuple(
            tuple(n for n, own in zip(names, lane_of, strict=True) if own == lane)
            for lane in range(shares.lanes)
        )
        """Of each thread the rows that it plays: nodes, and operations in angle brackets."""
        segments = shares.segments
        self._segments = aligned(max(1, len(segments)), SEGMENT)
        self._done = aligned(max(1, len(segments)) * DONE_BYTES // 8, np.int64)
        rows = [row for segment in segments for row in segment.rows]
        before = [k for segment in segments for k in segment.before]
        self._rows, self._before = (np.array([*table, 0], np.int64) for table in (rows, before))
        at = at_before = 0
        for record, segment in zip(self._segments, segments, strict=False):
            end, end_before = at + len(segment.rows), at_before + len(segment.before)
            record["lane"], record["first"], record["end"] = segment.lane, at, end
            record["first_before"], record["end_before"] = at_before, end_before
            at, at_before = end, end_before
        self.record = aligned(1, LANES)
        fields = {
            "team": team,
            "alone": monitored_walk.address,
            "play_segment": play_segment.address,
            "least_frames": choice.least_frames,
            "lane_count": shares.lanes,
            "segment_count": len(segments),
            "segments": self._segments.ctypes.data,
            "done": self._done.ctypes.data,
            "rows": self._rows.ctypes.data,
            "before": self._before.ctypes.data,
        }
        for name, value in fields.items():
            self.record[name] = value
        plan.rows["lane"] = lane_of
        plan.header["lanes"], plan.header["lane_count"] = self.record.ctypes.data, shares.lanes
        plan.lanes = self

    @property
    def engaged(self) -> bool:
        """Whether several threads play the plan."""
        return self.choice.shares is not None


def _choose(plan: Plan, threads: int) -> Choice:
    if threads < 2:
        return Choice(None, "this process may use one processor")
    if plan.executor is not None:
        return Choice(None, "nodes of it play on a GPU")
    if plan.afters:
        return Choice(None, "nodes of it call Python")
    before = rows_before(plan)
    if not _has_branches([float(node) for node in plan.is_node], before):
        return Choice(None, "no two of its nodes are independent")
    return choose_shares(measure_rows(plan), before, threads, plan.spec.max_frames)


def schedule_for_threads(graph: Graph, spec: Spec) -> Schedule:
    """Compile ``graph``, without sharing buffers where it has independent branches.

    Branches that used the same buffers would wait for each other.
    """
    found = unshared_schedule(graph, spec)
    before = predecessors([op.reads for op in found.ops], [op.writes for op in found.ops])
    costs = [float(op.kind == "process") for op in found.ops]
    return found if _has_branches(costs, before) else schedule(graph, spec)


def _has_branches(costs: list[float], before: list[set[int]]) -> bool:
    """Return whether two rows that have costs can be played at the same time."""
    return max(ways_to_the_end(costs, before), default=0.0) < sum(costs)
