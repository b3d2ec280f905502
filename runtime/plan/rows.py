"""The rows of a plan before they have addresses, and the tables made from them.

Control threads only.  There are four kinds of row:

    Row        an operation between nodes (copy, add, delay, clear), or one step of a device
    NodeRow    a node of the graph
    MixRow     the dry/wet mix of a node that runs on a device, computed on the host
    FadeInRow  the fade-in of a new node's inputs, right before that node

``prepare.py`` makes the rows, ``plan.py`` lays them out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...graph import EngineError, Node, Op, Param, Schedule
from ...graph.prepare import VoicesProcessor
from .arena import Block, Memory, offset
from .dry_wet import DRY_WET
from .monitored_player import TRACED

__all__ = [
    "FadeInRow",
    "MixRow",
    "NodeRow",
    "ParameterTable",
    "Row",
    "find_reports",
    "number_parameters",
    "row_fields",
    "widths",
]


@dataclass(frozen=True)
class Row:
    """One call of a kernel; the base of all kinds of row."""

    op: Op
    memory: Memory
    kernel: int
    """Address of the kernel."""
    record: Block
    state: Block | None = None
    """What the kernel gets in place of ``record``."""
    reads: tuple[Any, ...] = ()
    """Channels it reads in place of the buffers of ``op``."""
    label: str = ""
    """Name in statistics of a row that is timed and runs no node."""


@dataclass(frozen=True, kw_only=True)
class NodeRow(Row):
    """A row that runs a node of the graph."""

    node: Node
    code: tuple[Any, ...]
    """Identifies the code that prepares and runs the node: see ``prepare.code_of``."""
    dry_wet: Block | None = None
    """The node's ``DRY_WET`` record; ``None`` where the node cannot be mixed."""
    prewarm: int = 0
    """Frames of silence to run before the first block."""
    after: Callable[[], None] | None = None
    """Called by ``Engine.play`` after its blocks."""
    device: Any = None
    """What the node runs on a device, if it has ports there."""
    voices: Callable[[], VoicesProcessor] | None = None
    """Makes what plays many signals through the node at once, if it can."""
    files: tuple[Any, ...] = ()
    """Time, size and number of each file that the node has read: see ``prepare.file_stamps``."""
    copied: int = 0
    """``id`` of the row, of the plan before, that its memory was copied from; a reference would
    keep that plan's memory."""


@dataclass(frozen=True, kw_only=True)
class MixRow(Row):
    """A row that mixes the output of a node on a device with the node's input; see ``dry_wet``."""

    node: Node
    code: tuple[Any, ...]
    """As in the row of the node itself."""

    @property
    def dry_wet(self) -> Block:
        """The ``DRY_WET`` record: the row's own."""
        return self.record


@dataclass(frozen=True, kw_only=True)
class FadeInRow(Row):
    """A row that fades in the inputs of a new node; see ``fade_in``."""

    writes: tuple[Block, ...]
    """The channels it writes, which the row of the node reads."""


class ParameterTable(NamedTuple):
    """The parameters of all rows, numbered."""

    by_name: dict[str, int]
    """Of each ``"node.param"`` the index of its ``PARAM``."""
    dry_wet: dict[str, int]
    """Of each node that can be mixed the index of its ``mix``; its ``on`` is the next."""
    params: list[dict[str, Any]]
    """Fields of each ``PARAM``."""
    spans: list[tuple[int, int]]
    """Of each row ``(first PARAM, count)``."""
    rows: dict[str, Param]
    """Of each ``"node.param"`` its declaration: range and unit."""


def number_parameters(rows: Sequence[Row]) -> ParameterTable:
    """Return the parameters of all rows; ``EngineError`` if a record lacks the field of one."""
    table = ParameterTable({}, {}, [], [], {})
    params = table.params
    for row in rows:
        first = len(params)
        if isinstance(row, NodeRow):
            _check_fields(row, tuple(row.node.params()), "each parameter")
            dtype = row.record.content.dtype
            for name, declared in row.node.params().items():
                full = f"{row.op.node}.{name}"
                table.by_name[full], table.rows[full] = len(params), declared
                place = row.record[offset(dtype, name)]
                params.append({"address": place, "value": getattr(row.node, name)})
        if isinstance(row, NodeRow | MixRow) and row.dry_wet is not None:
            table.dry_wet[row.op.node] = len(params)
            places = [row.dry_wet[offset(DRY_WET, name)] for name in ("mix", "on")]
            params.extend({"address": place, "value": 1.0} for place in places)
        table.spans.append((first, len(params) - first))
    return table


def find_reports(rows: Sequence[Row]) -> dict[str, np.ndarray[Any, Any]]:
    """Return, as ``"node.field"``, views of the record fields that nodes report to control threads.

    ``EngineError`` if a record lacks one of them.
    """
    found = {}
    for row in rows:
        if isinstance(row, NodeRow):
            _check_fields(row, tuple(row.node.reports), "each name in reports")
            for name in row.node.reports:
                found[f"{row.op.node}.{name}"] = row.record.content[name]
    return found


def _check_fields(row: NodeRow, names: Sequence[str], what: str) -> None:
    dtype: Any = row.record.content.dtype
    fields = dtype.names or ()
    for name in names:
        if name not in fields or dtype[name] != np.float64:
            raise EngineError(
                f"node {row.op.node}: its record has no float64 field {name!r}, "
                f"as {what} must; it has {', '.join(fields)}"
            )


def row_fields(
    rows: Sequence[Row], buffers: Mapping[int, list[tuple[Block, int]]], own: Memory
) -> list[dict[str, Any]]:
    """Return the fields of each ``ROW`` that are known before the arena is laid out.

    ``buffers`` has ``(block, byte offset)`` of each channel.  All channel lists share one block of
    ``own``, and all traces another: each block costs time when the arena is laid out.
    """
    channels: list[tuple[Sequence[Any], Sequence[Any]]] = [
        (
            row.reads or [c for b in row.op.reads for c in buffers[b]],
            row.writes
            if isinstance(row, FadeInRow)
            else [c for b in row.op.writes for c in buffers[b]],
        )
        for row in rows
    ]
    pointers = own.pointers([c for ins, outs in channels for c in (*ins, *outs)])
    timed = [isinstance(row, NodeRow) or row.label != "" for row in rows]
    traces = own.scratch((sum(timed), TRACED), np.int64)
    found, at, trace = [], 0, 0
    for row, has_trace, (ins, outs) in zip(rows, timed, channels, strict=True):
        dry_wet = row.dry_wet if isinstance(row, NodeRow | MixRow) else None
        found.append(
            {
                "kernel": row.kernel,
                "state": row.state or row.record,
                "ins": pointers[8 * at],
                "outs": pointers[8 * (at + len(ins))],
                "checked": len(outs) if isinstance(row, NodeRow) else 0,
                "trace": traces[8 * TRACED * trace] if has_trace else 0,
                "dry_wet": dry_wet or 0,
            }
        )
        at += len(ins) + len(outs)
        trace += has_trace
    return found


def widths(schedule: Schedule, op: Op) -> tuple[list[int], list[int]]:
    """Return the channel counts of the buffers that an operation reads and writes."""
    buffers = schedule.buffers
    return [buffers[b].channels for b in op.reads], [buffers[b].channels for b in op.writes]
