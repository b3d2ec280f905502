"""Share the rows of a plan among threads: list scheduling.  Works on numbers only.

Rows are placed in the order of their longest way to the end, each on the lane where it ends first
(H. Topcuoglu et al., "Performance-effective and low-complexity task scheduling for heterogeneous
computing", IEEE Trans. Parallel Distrib. Syst. 13, 2002, on equal processors).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

__all__ = ["Segment", "Shares", "predecessors", "share_rows", "ways_to_the_end"]


@dataclass(frozen=True)
class Segment:
    """Rows that one lane plays without waiting in between."""

    lane: int
    rows: tuple[int, ...]
    before: tuple[int, ...]
    """Numbers of the segments that must be played before it."""


@dataclass(frozen=True)
class Shares:
    """How ``lanes`` threads share the rows of a plan."""

    lanes: int
    segments: tuple[Segment, ...]
    """No segment waits for a later one."""
    cost: float
    """When the last row is played, in the unit of the costs."""

    def lane_of(self, rows: int) -> list[int]:
        """Return the lane of each of ``rows`` rows."""
        found = [0] * rows
        for segment in self.segments:
            for row in segment.rows:
                found[row] = segment.lane
        return found


def predecessors(
    reads: Sequence[Collection[int]], writes: Sequence[Collection[int]]
) -> list[set[int]]:
    """Return the rows that must be played before each row, by the memory that rows read and write.

    A row waits for the last that wrote what it reads or writes, and for those that have read what
    it writes since.
    """
    writer: dict[int, int] = {}
    readers: dict[int, list[int]] = {}
    found = []
    for row, (reading, writing) in enumerate(zip(reads, writes, strict=True)):
        wait = {writer[place] for place in (*reading, *writing) if place in writer}
        for place in writing:
            wait.update(readers.pop(place, ()))
            writer[place] = row
        for place in reading:
            readers.setdefault(place, []).append(row)
        found.append(wait - {row})
    return found


def share_rows(
    costs: Sequence[float], before: Sequence[Collection[int]], lanes: int, handover: float
) -> Shares:
    """Return how ``lanes`` threads share rows of these costs; fewer where more would idle.

    ``before`` are the predecessors of each row, all with smaller numbers.  ``handover`` is the cost
    of waiting for a row of another lane.
    """
    way = ways_to_the_end(costs, before)
    order = sorted(range(len(costs)), key=lambda row: (-way[row], row))
    lane_of, ends, free = [0] * len(costs), [0.0] * len(costs), [0.0] * lanes
    for row in order:
        best = (float("inf"), 0)
        for lane in range(lanes):
            start = free[lane]
            for k in before[row]:
                start = max(start, ends[k] + handover * (lane_of[k] != lane))
            best = min(best, (start + costs[row], lane))
        ends[row], lane_of[row] = best
        free[lane_of[row]] = best[0]
    numbers = {lane: number for number, lane in enumerate(dict.fromkeys(lane_of[k] for k in order))}
    lane_of = [numbers[lane] for lane in lane_of]  # lane 0 has the first row
    last = max((ends[k] + handover * (lane_of[k] != 0) for k in order), default=0.0)
    return Shares(max(1, len(numbers)), _segments(order, lane_of, before), last)


def ways_to_the_end(costs: Sequence[float], before: Sequence[Collection[int]]) -> list[float]:
    """Return of each row its cost, and the most that has to be played after it."""
    way = list(map(float, costs))
    for row in reversed(range(len(costs))):
        for k in before[row]:
            way[k] = max(way[k], costs[k] + way[row])
    return way


def _segments(
    order: Sequence[int], lane_of: Sequence[int], before: Sequence[Collection[int]]
) -> tuple[Segment, ...]:
    """Cut each lane before a row that waits for another lane, and after one that is waited for."""
    waited_for = {k for row in order for k in before[row] if lane_of[k] != lane_of[row]}
    rows: list[list[int]] = []
    segment_of: dict[int, int] = {}
    current: dict[int, int] = {}
    for row in order:
        lane = lane_of[row]
        waits = any(lane_of[k] != lane for k in before[row])
        if lane not in current or waits:
            current[lane] = len(rows)
            rows.append([])
        segment_of[row] = current[lane]
        rows[current[lane]].append(row)
        if row in waited_for:
            del current[lane]
    return tuple(
        Segment(
            lane_of[own[0]],
            tuple(own),
            tuple(sorted({segment_of[k] for row in own for k in before[row]} - {number})),
        )
        for number, own in enumerate(rows)
    )
