"""Cut the rows of a plan into stages, each of which a thread can play by itself.

A stage is a range of rows.  While one thread plays it on one chunk of the signal, another can play
the stage before it on the next chunk.  If all rows of a stage have a finite receptive field, it
may also play several chunks at the same time: a run that begins so many frames before a chunk has
the same state there as one from the start.  All other stages play chunk after chunk.

Works on names and integers: no arrays, no engines.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ....graph import Graph, Op, Schedule

__all__ = ["LONGEST_FIELD", "Stage", "receptive_fields", "speed_up", "split"]

LONGEST_FIELD = 1 << 15
"""Frames: with a longer receptive field, too much would be played twice."""
WORTH = 0.5
"""Share of one thread's work from which a range of rows gets a stage that plays side by side."""
SLACK = 1.05
"""How much more than one thread's share of the work a stage may be that plays in order."""


@dataclass(frozen=True)
class Stage:
    """Rows ``begin`` to ``end`` of a plan, and the buffers that they take over and leave."""

    begin: int
    end: int
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    field: int | None
    """Receptive field in frames; ``None``: it plays chunk after chunk."""
    cost: float = 0.0


def receptive_fields(
    graph: Graph, schedule: Schedule, changed: Collection[str]
) -> list[int | None]:
    """Return the receptive field of each operation, ``None`` where it is unbounded.

    Parameters that glide make that of their node unbounded: those of the nodes ``changed``, and
    those that a control signal moves.  So do readings, which are of all that was played.
    """
    moved = {*changed, *(m.target.node for m in graph.modulations)}
    found: list[int | None] = []
    for op in schedule.ops:
        if op.kind == "process":
            node = graph.nodes[op.node]
            known = op.node not in moved and not node.reports
            field = node.receptive_field(schedule.spec) if known else None
            if field is not None and op.node in graph.mixes:  # its input, delayed, is part of it
                field = max(field, 1 + node.latency(schedule.spec))
            found.append(field)
        else:
            found.append(None if op.kind in ("upload", "download") else 1 + op.frames)
    return found


def split(
    schedule: Schedule, fields: Sequence[int | None], costs: Sequence[float], threads: int
) -> list[Stage]:
    """Return the stages in which ``threads`` threads play a plan; one where it cannot be cut.

    ``fields`` and ``costs`` are those of the operations: receptive fields, and times in any unit.
    """
    cuts = _cuts(schedule)
    if not cuts:
        return []
    share = sum(costs) / threads
    found: list[tuple[int, int, int | None]] = []
    for begin, end, field in _runs(schedule.ops, fields, sorted(cuts)):
        cost = sum(costs[begin:end])
        if field is not None and cost < WORTH * share:
            field = None
        last = found[-1] if found else None
        joined = field is None and last is not None and last[2] is None
        together = costs[last[0] : end] if joined and last is not None else ()
        if together and sum(together) <= SLACK * max(share, *together):
            found[-1] = (found[-1][0], end, None)
        else:
            found.append((begin, end, field))
    return [Stage(a, b, cuts[a], cuts[b], field, sum(costs[a:b])) for a, b, field in found]


def speed_up(stages: Sequence[Stage], threads: int) -> float:
    """Return how much faster than one thread the stages can be at most."""
    total = sum(stage.cost for stage in stages)
    longest = max((stage.cost for stage in stages if stage.field is None), default=0.0)
    return total / max(total / threads, longest) if total > 0.0 else 1.0


def _runs(
    ops: Sequence[Op], fields: Sequence[int | None], cuts: Sequence[int]
) -> list[tuple[int, int, int | None]]:
    """Return the longest ranges between cuts whose receptive field is finite, and all others."""
    found: list[tuple[int, int, int | None]] = []
    for begin, end in pairwise(cuts):
        field = _field(ops, fields, begin, end)
        if found and field is not None and found[-1][2] is not None:
            longer = _field(ops, fields, found[-1][0], end)
            if longer is not None:
                found[-1] = (found[-1][0], end, longer)
                continue
        found.append((begin, end, field))
    return found


def _field(ops: Sequence[Op], fields: Sequence[int | None], begin: int, end: int) -> int | None:
    """Return the receptive field of a range: along a chain of operations they add up."""
    reach: dict[int, int] = {}
    longest = 0
    for op, field in zip(ops[begin:end], fields[begin:end], strict=True):
        if field is None:
            return None
        read = (*op.reads, *op.writes) if op.kind == "add" else op.reads
        there = max((reach.get(b, 0) for b in read), default=0) + field - 1
        reach |= dict.fromkeys(op.writes, there)
        longest = max(longest, there)
    return 1 + longest if longest < LONGEST_FIELD else None


def _cuts(schedule: Schedule) -> dict[int, tuple[int, ...]]:
    """Return the places between operations where stages may meet, and the buffers alive there.

    All that is alive must be finite: an engine replaces what is not.  Inputs and the outputs of
    nodes are; a sum may not be.  Empty if an operation reads what none has written before.
    """
    ops = schedule.ops
    if not ops:
        return {}
    alive = set(schedule.outputs.values())
    after = [alive]
    for op in reversed(ops):
        alive = (alive - set(op.writes)) | set(op.reads)
        alive |= set(op.writes) if op.kind == "add" else set()
        after.append(alive)
    after.reverse()
    if not after[0] <= set(schedule.inputs.values()):
        return {}
    finite = set(schedule.inputs.values())
    found = {0: tuple(schedule.inputs.values())}
    for place, op in enumerate(ops, 1):
        safe = op.kind in ("process", "clear") or (op.kind != "add" and finite >= set(op.reads))
        finite = finite | set(op.writes) if safe else finite - set(op.writes)
        if after[place] <= finite:
            found[place] = tuple(sorted(after[place]))
    found[len(ops)] = tuple(schedule.outputs.values())
    return found
