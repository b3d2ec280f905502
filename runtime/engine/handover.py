"""Hand state over from one plan to the next: choose the nodes, and write tables of copies.

Control threads write the tables; the audio thread copies when it swaps plans.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...graph import Node, tail
from ..plan.arena import offset
from ..plan.plan import Plan
from ..plan.records import PARAM, ROW
from ..plan.rows import widths

__all__ = ["hand_over", "unchanged"]

COPY = np.dtype([("target", np.int64), ("source", np.int64), ("bytes", np.int64)])
FIX = np.dtype([("address", np.int64), ("value", np.int64)])
COUNTERS = offset(ROW, "faults")
"""The offset of the counters in a row."""
LONGEST_SPILL_S = 30.0


def unchanged(
    previous: Plan, plan: Plan, is_kept: Callable[[str, Node], bool]
) -> list[tuple[int, int]]:
    """Pair the rows of nodes that are the same in both plans: ``(row before, row here)``.

    Nodes are the same if name, class, values and kernel code are.
    """
    if previous.spec.rate != plan.spec.rate:
        return []
    before = {
        (p.op.node, p.mixes is None): j
        for j, p in enumerate(previous._prepared)
        if p.node is not None or p.mixes is not None
    }
    pairs, kept = [], set[str]()
    for k, prepared in enumerate(plan._prepared):
        node, own = prepared.mixes or prepared.node, prepared.mixes is None
        j = before.get((prepared.op.node, own)) if node is not None else None
        if not own and prepared.op.node not in kept:  # a mix is handed over only with its node
            continue
        if (
            j is not None
            and node is not None
            and is_kept(prepared.op.node, node)
            and previous._prepared[j].code == prepared.code
            and previous.arena.ranges[j + 1][1] == plan.arena.ranges[k + 1][1]
            and widths(previous.schedule, previous._prepared[j].op)
            == widths(plan.schedule, prepared.op)
        ):
            pairs.append((j, k))
            kept.add(prepared.op.node)
    return pairs


def hand_over(
    previous: Plan,
    plan: Plan,
    same: list[tuple[int, int]],
    is_kept: Callable[[str, Node], bool],
) -> list[Any]:
    """Write the tables of copies for a swap into the new plan; return the arrays to keep."""
    header, keep = plan.header, []
    value = offset(PARAM, "value")
    here, there = (p.param_table.ctypes.data + value for p in (plan, previous))
    copies: list[tuple[int, int, int]] = []
    fixes: list[tuple[int, int]] = []
    names = ["memory", "bytes", "params", "param_count"]
    before, after = (p.rows[names].tolist() for p in (previous, plan))
    for j, k in same:
        memory, size, first, count = after[k]
        copies.append((memory, before[j][0], size))
        fixes += plan.arena.fixes[k + 1]
        for i in range(count):
            target = here + PARAM.itemsize * (first + i)
            source = there + PARAM.itemsize * (before[j][2] + i)
            copies.append((target, source, 8))
        counters = (plan.row_address(k) + COUNTERS, previous.row_address(j) + COUNTERS)
        copies.append((*counters, ROW.itemsize - COUNTERS))
    kept = {previous._prepared[j].op.node for j, _ in same}
    moved = [
        n
        for n in plan.graph.nodes
        if n not in kept and _same_but_device(previous, plan, n, is_kept)
    ]
    for old, new in _moved(previous, plan, moved):
        copies.append((here + PARAM.itemsize * new, there + PARAM.itemsize * old, 8))
    plan.carried = frozenset([*kept, *moved])
    remap = np.full(len(previous.param_table), -1, np.int64)
    for name, index in previous.params.items():
        remap[index] = plan.params.get(name, -1)
    for name, index in previous.blends.items():
        remap[index : index + 2] = plan.blends.get(name, -1)
        remap[index + 1] += int(name in plan.blends)
    hush = _spill(previous, same, header)
    for name, rows, dtype in (
        ("carry", copies, COPY),
        ("fix", fixes, FIX),
        ("remap", remap, np.int64),
        ("hush", hush, COPY),
    ):
        table = np.array(rows, dtype)
        keep.append(table)
        header[{"fix": "fixes"}.get(name, name)] = table.ctypes.data
        header[f"{name}_count"] = len(table)
    return keep


def _moved(previous: Plan, plan: Plan, nodes: list[str]) -> Iterator[tuple[int, int]]:
    """Yield ``(index before, index here)`` of the parameters of nodes that changed device.

    They are the same node on the host or on a device: parameters stay as set.
    """
    for name, new in plan.params.items():
        if name in previous.params and name.partition(".")[0] in nodes:
            yield previous.params[name], new
    for node, new in plan.blends.items():
        if node in previous.blends and node in nodes:
            old = previous.blends[node]
            yield from ((old, new), (old + 1, new + 1))


def _same_but_device(
    previous: Plan, plan: Plan, name: str, is_kept: Callable[[str, Node], bool]
) -> bool:
    """Whether a node is the same, except for the device it runs on."""
    before, here = previous.graph.nodes.get(name), plan.graph.nodes[name]
    if before is None:
        return False
    same = (before.on_cpu() or before) == (here.on_cpu() or here)
    return same or is_kept(name, here)


def _spill(previous: Plan, same: list[tuple[int, int]], header: Any) -> list[tuple[int, int, int]]:
    """Set up spillover of the previous plan; return the state to clear there.

    There is spillover if a node with a long tail is gone or changed.  Nodes that are the same
    have handed their tails over: in the old plan these are cleared when its output is silent.
    """
    kept = {previous._prepared[j].op.node for j, _ in same}
    ringing = {name for name in previous.graph.nodes if previous.remembers(name)}
    if not ringing - kept:
        return []
    header["spill"] = 2 if ringing & kept else 1
    header["spill_frames"] = min(
        tail(previous.graph, previous.spec) + previous.latency,
        round(LONGEST_SPILL_S * previous.spec.rate),
    )
    rows = [previous.rows[j] for j, _ in same]
    return [(int(r["memory"]), int(r["initial"]), int(r["bytes"])) for r in rows]
