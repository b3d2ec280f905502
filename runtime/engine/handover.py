"""Hand state over from one plan to the next: choose the nodes, and write tables of copies.

Control threads write the tables; the audio thread copies when it swaps plans.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import Node, tail
from ..plan.arena import offset
from ..plan.kernels.transport import TRANSPORT
from ..plan.plan import LONG_TAIL_S, Plan
from ..plan.records import PARAM, ROW_BYTES, ROW_COUNTERS, ROW_TIMES
from ..plan.rows import MixRow, NodeRow, widths

__all__ = ["hand_over", "is_rewired", "unchanged"]

LONGEST_SPILL_S = 30.0


def unchanged(
    previous: Plan, plan: Plan, is_kept: Callable[[str, Node], bool]
) -> list[tuple[int, int]]:
    """Pair the rows of nodes that are the same in both plans: ``(row before, row here)``.

    Nodes are the same if name, class, values and kernel code are.  Which parameters control signals
    move may differ: see ``is_rewired``.
    """
    if previous.spec.rate != plan.spec.rate:
        return []
    before = {
        (row.op.node, type(row)): (j, row)
        for j, row in enumerate(previous._prepared)
        if isinstance(row, NodeRow | MixRow)
    }
    pairs, kept = [], set[str]()
    for k, row in enumerate(plan._prepared):
        if not isinstance(row, NodeRow | MixRow):
            continue
        name = row.op.node
        if isinstance(row, MixRow) and name not in kept:  # a mix goes with its node, or not at all
            continue
        j, old = before.get((name, type(row)), (0, None))
        if old is None:
            continue
        is_copy = isinstance(row, NodeRow) and row.copied == id(old)
        if is_copy or (
            is_kept(name, row.node)
            and old.code == row.code
            and _own_state(previous, j) == _own_state(plan, k)
            and _own_widths(previous, j) == _own_widths(plan, k)
        ):
            pairs.append((j, k))
            kept.add(name)
    return pairs


def is_rewired(previous: Plan, plan: Plan, j: int, k: int) -> bool:
    """Return whether other parameters of a node are modulated in ``plan`` than in ``previous``.

    Then it takes over its own state, but for the coefficients of smoothing filters, and the control
    signals begin anew.
    """
    before, here = previous._prepared[j], plan._prepared[k]
    return (
        isinstance(before, NodeRow)
        and isinstance(here, NodeRow)
        and before.modulated != here.modulated
    )


def _own_widths(plan: Plan, number: int) -> tuple[list[int], list[int]]:
    """Return the channel counts of a row, without control signals that move its parameters."""
    row = plan._prepared[number]
    reads, writes = widths(plan.schedule, row.op)
    signals = len(row.modulated) if isinstance(row, NodeRow) else 0
    return reads[: len(reads) - signals], writes


def _own_state(plan: Plan, number: int) -> int:
    """Return the bytes of a row's state, without those of a modulation."""
    row = plan._prepared[number]
    own = row.own_state_bytes if isinstance(row, NodeRow) else 0
    return own or plan.arena.ranges[number + 1][1]


def _own_pieces(plan: Plan, number: int) -> Iterator[tuple[int, int]]:
    """Yield ``(begin, bytes)`` of a row's own state without coefficients of smoothing filters."""
    begin, end = 0, _own_state(plan, number)
    for at, size in sorted(plan._prepared[number].memory.image.glides):
        if at > begin:
            yield begin, at - begin
        begin = at + size
    if end > begin:
        yield begin, end - begin


def hand_over(
    previous: Plan,
    plan: Plan,
    same: list[tuple[int, int]],
    is_kept: Callable[[str, Node], bool],
    keeps_tempo: bool,
    fade_frames: int,
) -> list[Any]:
    """Write the tables of copies for a swap into the new plan; return the arrays to keep.

    With ``keeps_tempo`` the tempo stays as last set.  ``fade_frames`` is the length of a crossfade.
    """
    header, keep = plan.header, []
    kept = {previous._prepared[j].op.node for j, _ in same}
    moved = [
        n
        for n in plan.graph.nodes
        if n not in kept and _same_but_device(previous, plan, n, is_kept)
    ]
    plan.handed_over = frozenset([*kept, *moved])
    old, new = np.array(same, np.int64).reshape(-1, 2).T
    values = list(_moved(previous, plan, moved))
    values += [(previous.tempo_index, plan.tempo_index)] * keeps_tempo
    copies = _copies(previous, plan, old, new, values)
    relocations = [plan.arena.relocations[k + 1] for _, k in same]
    if previous.spec.rate == plan.spec.rate:
        places = [int(p.header["transport"]) for p in (plan, previous)]
        copies = np.vstack([copies, [*places, TRANSPORT.itemsize]])
    remap = [-1] * len(previous.param_table)
    remap[previous.tempo_index] = plan.tempo_index
    for name, index in previous.params.items():
        remap[index] = plan.params.get(name, -1)
    for name, index in previous.dry_wet_params.items():
        if name in plan.dry_wet_params:
            remap[index] = plan.dry_wet_params[name]
            remap[index + 1] = remap[index] + 1
    for j, k in same:
        plan.arena.take_over_stores(k + 1, previous._prepared[j].memory)
    clear_list = _spillover(previous, same, header)
    if fade_frames and not header["spillover"]:
        header["hold"] += _warm_up(plan, kept)
    waits = header["hold"] > 0 and not header["spillover"]
    indexes = _indexes_in(previous, plan) if waits else []
    for name, count, rows in (
        ("state_copies", "state_copy_count", copies),
        ("relocations", "relocation_count", np.concatenate(relocations) if relocations else []),
        ("remap", "remap_count", remap),
        ("clear_list", "clear_count", clear_list),
        ("previous_params", "previous_param_count", indexes),
    ):
        table = np.asarray(rows, np.int64, order="C")
        keep.append(table)
        header[name] = table.ctypes.data
        header[count] = len(table)
    return keep


def _copies(
    previous: Plan,
    plan: Plan,
    old: NDArray[np.int64],
    new: NDArray[np.int64],
    moved: list[tuple[int, int]],
) -> NDArray[np.int64]:
    """Return ``(target, source, bytes)`` of the state, parameters and counters of rows.

    ``old`` and ``new`` number the rows in both plans; ``moved`` has parameters of others.
    """
    before, after = previous.rows, plan.rows
    count, value = after["param_count"][new], offset(PARAM, "value")
    index = np.arange(count.sum()) - (np.cumsum(count) - count).repeat(count)
    sources = before["params"][old].repeat(count) + index
    targets = after["params"][new].repeat(count) + index
    if moved:
        sources, targets = np.hstack([(sources, targets), np.array(moved, np.int64).T])
    rows = len(new)
    made = np.empty((2 * rows + len(sources), 3), np.int64)
    state, counters, values = made[:rows], made[rows : 2 * rows], made[2 * rows :]
    state[:, 0], state[:, 1] = after["memory"][new], before["memory"][old]
    state[:, 2] = after["bytes"][new]
    pieces = []
    for at, (j, k) in enumerate(zip(old.tolist(), new.tolist(), strict=True)):
        if is_rewired(previous, plan, j, k):
            target, source = state[at, :2].tolist()
            state[at, 2] = 0
            pieces += [(target + b, source + b, n) for b, n in _own_pieces(plan, k)]
    counters[:, 0] = plan.row_address(0) + ROW_COUNTERS + ROW_BYTES * new
    counters[:, 1] = previous.row_address(0) + ROW_COUNTERS + ROW_BYTES * old
    counters[:, 2] = np.where(_keep_times(previous, plan, old, new), ROW_BYTES, ROW_TIMES)
    counters[:, 2] -= ROW_COUNTERS
    values[:, 0] = plan.param_address + value + PARAM.itemsize * targets
    values[:, 1] = previous.param_address + value + PARAM.itemsize * sources
    values[:, 2] = 8
    return np.vstack([made, np.array(pieces, np.int64).reshape(-1, 3)])


def _keep_times(
    previous: Plan, plan: Plan, old: NDArray[np.int64], new: NDArray[np.int64]
) -> list[bool]:
    """Return of each pair of rows whether it is played alone, or with the same others, in both.

    If not, its times begin anew: those of a group are counted in its first row.
    """
    here = dict(zip(old.tolist(), new.tolist(), strict=True))
    before = {j: [here.get(k) for k in g.numbers] for g in previous.groups for j in g.numbers}
    now = {k: group.numbers for group in plan.groups for k in group.numbers}
    return [before.get(j, [k]) == now.get(k, [k]) for j, k in here.items()]


def _moved(previous: Plan, plan: Plan, nodes: list[str]) -> Iterator[tuple[int, int]]:
    """Yield ``(index before, index here)`` of the parameters of nodes that changed device.

    They are the same node on the host or on a device: parameters stay as set.
    """
    if not nodes:
        return
    for name, new in plan.params.items():
        if name in previous.params and name.rpartition(".")[0] in nodes:
            yield previous.params[name], new
    for node, new in plan.dry_wet_params.items():
        if node in previous.dry_wet_params and node in nodes:
            old = previous.dry_wet_params[node]
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


def _indexes_in(previous: Plan, plan: Plan) -> list[int]:
    """Return of each ``PARAM`` its index in the previous plan, or -1.

    Parameters and nodes are the same if they have the same name, type and range.
    """
    index = [-1] * len(plan.param_table)
    index[plan.tempo_index] = previous.tempo_index
    before = {name: type(node) for name, node in previous.graph.nodes.items()}
    same = {name for name, node in plan.graph.nodes.items() if before.get(name) is type(node)}
    for name, declared in plan.param_rows.items():
        if name.rpartition(".")[0] in same and previous.param_rows.get(name) == declared:
            index[plan.params[name]] = previous.params[name]
    for node in plan.dry_wet_params.keys() & previous.dry_wet_params.keys() & same:
        here, there = plan.dry_wet_params[node], previous.dry_wet_params[node]
        index[here : here + 2] = there, there + 1
    return index


def _warm_up(plan: Plan, kept: Collection[str]) -> int:
    """Return the frames for which new nodes play unheard, until their past is filled."""
    nodes = [n for name, n in plan.graph.nodes.items() if n.warms_up and name not in kept]
    longest = max((node.tail(plan.spec) for node in nodes), default=0)
    return min(longest, round(LONG_TAIL_S * plan.spec.rate))


def _spillover(
    previous: Plan, same: list[tuple[int, int]], header: Any
) -> list[tuple[int, int, int]]:
    """Set up spillover of the previous plan; return the state to clear there.

    There is spillover if a node with a long tail is gone or changed.  Nodes that are the same
    have handed their tails over: in the old plan these are cleared when its output is silent.
    """
    kept = {previous._prepared[j].op.node for j, _ in same}
    gone = [name for name in previous.graph.nodes if name not in kept]
    if not any(map(previous.has_long_tail, gone)):
        return []
    header["spillover"] = 2 if any(map(previous.has_long_tail, kept)) else 1
    header["spillover_frames"] = min(
        tail(previous.graph, previous.spec) + previous.latency,
        round(LONGEST_SPILL_S * previous.spec.rate),
    )
    rows = [previous.rows[j] for j, _ in same]
    return [(int(r["memory"]), int(r["initial"]), int(r["bytes"])) for r in rows]
