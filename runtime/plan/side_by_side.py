"""Play rows of nodes that do not wait for each other with one kernel: the first row plays all.

A prepared node says with which others it may be played (``graph/prepare.py``, ``SideBySide``).  The
first row of a group plays all its nodes, the others into memory aside; the row of each other one,
at its turn, only copies its output from there.  So each node keeps a row, its buffers, its state,
its parameters, its mix and its counters, and every bit.  The row of a node that was not played
ahead plays it: where the first row is muted, or does not play the group because another one is.

Control threads form the groups; the kernels run on the audio thread.
"""

from typing import Any

import numpy as np

from ...graph.prepare import JointProcessor
from ..native.abi import kernel
from ..native.pointers import call_node, copy_bytes, element, load, record
from .arena import aligned
from .plan import Plan
from .records import PLAN, ROW
from .rows import NodeRow

__all__ = ["RowGroup", "group_rows"]

GROUP = np.dtype(
    [(name, np.int64) for name in ("plan", "count", "members", "kernel", "record", "ins", "outs")]
)
"""``kernel`` plays all members; ``ins`` and ``outs`` list their channels."""
MEMBER = np.dtype(
    [(name, np.int64) for name in ("row", "kernel", "state", "aside", "channels", "ready")]
)
"""``kernel`` and ``state`` play this node alone.  ``aside`` lists its channels where the group's
kernel writes them; ``ready`` is 1 from then until they are copied."""


@kernel
def play_group(state: int, ins: int, outs: int, frames: int) -> None:
    """Play all nodes of a group; the first alone if one is muted, or may be by its time limit.

    The time of a group is that of its first row.  Once that is above the limit for a block, all
    play one by one as long as a node is, so that each is judged by its own time.
    """
    group = record(state, GROUP)
    first, plan, apart = element(group.members, 0, MEMBER), record(group.plan, PLAN), False
    for n in range(group.count):
        row = record(element(group.members, n, MEMBER).row, ROW)
        if row.mute_left > 0 or row.consecutive_overruns > 0:
            apart = True
    if apart or (plan.cycle_limit > 0 and plan.max_consecutive_overruns < 2):
        call_node(first.kernel, first.state, ins, outs, frames)
    else:
        call_node(group.kernel, group.record, group.ins, group.outs, frames)
        for n in range(1, group.count):
            element(group.members, n, MEMBER).ready = 1


@kernel
def play_member(state: int, ins: int, outs: int, frames: int) -> None:
    """Copy the output of a node that its group has played; if it has not, play the node."""
    member = record(state, MEMBER)
    if member.ready != 0:
        member.ready = 0
        for c in range(member.channels):
            copy_bytes(load(outs, c), load(member.aside, c), 4 * np.int64(frames))
    else:
        call_node(member.kernel, member.state, ins, outs, frames)


class RowGroup:
    """Rows of a plan that are played together, by number; keeps the memory that they need."""

    def __init__(self, plan: Plan, numbers: list[int]) -> None:
        self.numbers = numbers
        rows: list[Any] = [plan._prepared[k] for k in numbers]
        sides = [row.side_by_side for row in rows]
        self._joint: JointProcessor = sides[0].join([[b.address for b in s.blocks] for s in sides])
        channels = [plan.channels_of(row) for row in rows]
        counts = [len(written) for _, written in channels]
        stride = -(-plan.spec.max_frames // 16) * 16
        self._aside = aligned(sum(counts) * stride, np.float32)
        self._aside.fill(0.0)  # so that the audio thread meets no page fault
        begin = int(self._aside.ctypes.data)
        aside = [begin + 4 * stride * k for k in range(sum(counts))]
        outs = [*channels[0][1], *aside[counts[0] :]]
        lists = ([at for read, _ in channels for at in read], outs, aside)
        self._ins, self._outs, self._lists = (np.array(own, np.int64) for own in lists)
        self._members, self._group = aligned(len(rows), MEMBER), aligned(1, GROUP)
        at = int(self._lists.ctypes.data)
        for member, k, row, count in zip(self._members, numbers, rows, counts, strict=True):
            member["row"], member["kernel"] = plan.row_address(k), row.kernel
            member["state"], member["aside"], member["channels"] = row.record.address, at, count
            at += 8 * count
        fields = {
            "plan": plan.address,
            "count": len(rows),
            "members": self._members.ctypes.data,
            "kernel": self._joint.kernel.address,
            "record": self._joint.record,
            "ins": self._ins.ctypes.data,
            "outs": self._outs.ctypes.data,
        }
        for name, value in fields.items():
            self._group[name] = value
        first, *others = numbers
        plan.rows["kernel"][first] = play_group.address
        plan.rows["kernel"][others] = play_member.address
        states = self._members.ctypes.data + MEMBER.itemsize * np.arange(len(rows))
        plan.rows["state"][numbers] = [self._group.ctypes.data, *states[1:]]


def group_rows(plan: Plan, begin: int = 0, end: int | None = None) -> None:
    """Let rows ``begin`` to ``end`` of a prewarmed plan be played in groups, all others alone."""
    for group in plan.groups:
        for k in group.numbers:
            row = plan._prepared[k]
            plan.rows["kernel"][k], plan.rows["state"][k] = row.kernel, row.record.address
    plan.groups = []
    if plan.executor is None:
        found = _find_groups(plan, begin, len(plan._prepared) if end is None else end)
        plan.groups = [RowGroup(plan, numbers) for numbers in found]


def _find_groups(plan: Plan, begin: int, end: int) -> list[list[int]]:
    """Return the rows of each group: when the first is played, all of them have their inputs."""
    rows = plan._prepared[begin:end]
    sides = [r.side_by_side if isinstance(r, NodeRow) and not r.modulated else None for r in rows]
    if sum(side is not None for side in sides) < 2:
        return []
    channels = [tuple(map(frozenset, plan.channels_of(row))) for row in rows]
    found, taken = list[list[int]](), set[int]()
    for first, side in enumerate(sides):
        if side is None or first in taken:
            continue
        group, written = list[int](), set[int]()
        for k in range(first, len(rows)):
            (reads, writes), other = channels[k], sides[k]
            equal = other is not None and other.key == side.key and k not in taken
            if equal and written.isdisjoint(reads):
                group.append(k)
                if len(group) == side.most:
                    break
            written |= writes
        taken.update(group)
        if len(group) > 1:
            found.append([begin + k for k in group])
    return found
