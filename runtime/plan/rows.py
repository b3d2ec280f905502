"""The rows of a plan before they have addresses, and the tables made from them.

Control threads only.  There are four kinds of row:

    Row        an operation between nodes (copy, add, delay, clear), or one step of a device
    NodeRow    a node of the graph
    MixRow     the dry/wet mix of a node that runs on a device, computed on the host
    FadeInRow  the fade-in of a new node's inputs, right before that node

``prepare.py`` makes the rows, ``layout/tables.py`` the tables.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from ...graph import TEMPO, EngineError, Node, Op, Param, ParamError, Schedule
from ...graph.editing.snapshots import BYPASS, DRY_WET as MIX_NAME
from ...graph.prepare import SideBySide, VoicesProcessor
from .arena import Block, Memory, offset
from .kernels.dry_wet import DRY_WET
from .kernels.transport import TRANSPORT

__all__ = [
    "FadeInRow",
    "MixRow",
    "NodeRow",
    "ParameterTable",
    "Row",
    "check_fields",
    "find_analyses",
    "find_reports",
    "not_mixable",
    "number_parameters",
    "widths",
]

MIX, ON = offset(DRY_WET, "mix"), offset(DRY_WET, "on")


@dataclass(eq=False)
class Row:
    """One call of a kernel; the base of all kinds of row."""

    op: Op
    memory: Memory
    kernel: int
    """Address of the kernel."""
    record: Block
    state: Block | None = None
    """What the kernel gets in place of ``record``."""
    reads: tuple[tuple[Block, int], ...] = ()
    """``(block, byte offset)`` of the channels it reads in place of the buffers of ``op``."""
    label: str = ""
    """Name in statistics of a row that is timed and runs no node."""
    dry_wet: Block | None = None
    """The ``DRY_WET`` record of the node; ``None`` where there is none, or it cannot be mixed."""


@dataclass(eq=False, kw_only=True)
class NodeRow(Row):
    """A row that runs a node of the graph."""

    node: Node
    code: tuple[Any, ...]
    """Identifies the code that prepares and runs the node: see ``prepare.code_of``."""
    widths: tuple[list[int], list[int]]
    """Channel counts of what the node reads and writes."""
    prewarm: int = 0
    """Frames of silence to run before the first block."""
    after: Callable[[], None] | None = None
    """Called by ``Engine.play`` after its blocks."""
    device: Any = None
    """What the node runs on a device, if it has ports there."""
    voices: Callable[[], VoicesProcessor] | None = None
    """Makes what plays many signals through the node at once, if it can."""
    side_by_side: SideBySide | None = None
    """How it is played together with others, if it can: see ``side_by_side.py``."""
    analysis: Callable[[], Mapping[str, float]] | None = None
    """Computes the node's readings, if they are no fields of its record."""
    files: tuple[Any, ...] = ()
    """Time, size and number of each file that the node has read: see ``prepare.file_stamps``."""
    bases: Mapping[str, tuple[Block, int]] = field(default_factory=dict)
    """Of each modulated parameter the place of its value as set: see ``modulation``."""
    modulated: tuple[str, ...] = ()
    """The parameter that each control signal moves, in the order connected."""
    own_state_bytes: int = 0
    """Bytes of the state before that of the modulation, if there is one."""
    copied: int = 0
    """``id`` of the row, of the plan before, that its memory was copied from; a reference would
    keep that plan's memory."""


@dataclass(eq=False, kw_only=True)
class MixRow(Row):
    """A row that mixes the output of a node on a device with the node's input; see ``dry_wet``."""

    node: Node
    code: tuple[Any, ...]
    """As in the row of the node itself."""


@dataclass(eq=False, kw_only=True)
class FadeInRow(Row):
    """A row that fades in the inputs of a new node; see ``fade_in``."""

    writes: tuple[tuple[Block, int], ...]
    """The channels it writes, which the row of the node reads."""


class ParameterTable(NamedTuple):
    """The parameters of all rows, numbered."""

    by_name: dict[str, int]
    """Of each ``"node.param"`` the index of its ``PARAM``."""
    dry_wet: dict[str, int]
    """Of each node that can be mixed the index of its ``mix``; its ``on`` is the next."""
    places: list[tuple[Block, int]]
    """Of each ``PARAM`` the block and byte offset of its target."""
    values: list[float]
    """Of each ``PARAM`` the value in the graph."""
    spans: list[tuple[int, int]]
    """Of each row ``(first PARAM, count)``."""
    rows: dict[str, Param]
    """Of each ``"node.param"`` its declaration: range and unit."""
    transport: Block
    """The ``TRANSPORT`` of the plan; its tempo has the last ``PARAM``."""

    def named(self, values: Sequence[float]) -> dict[str, float]:
        """Return values of all ``PARAM`` by name: parameters and mixes as ``Graph.with_params``."""
        found = dict[str, float]()
        for node, k in self.dry_wet.items():
            found |= {f"{node}.{MIX_NAME}": values[k], f"{node}.{BYPASS}": 1.0 - values[k + 1]}
        return found | {name: values[k] for name, k in self.by_name.items()}


def not_mixable(node: str) -> ParamError:
    """Return the error for a node that cannot be mixed or bypassed."""
    return ParamError(
        f"{node} cannot be mixed or bypassed: that takes one audio output, and a first input "
        "with as many channels, or one; on a device, neighbours that are not there too"
    )


def number_parameters(
    rows: Sequence[Row], transport: Block, mixes: Mapping[str, tuple[float, bool]]
) -> ParameterTable:
    """Return the parameters of all rows, and the mixes of their nodes as in ``mixes``.

    ``EngineError`` if a record lacks the field of a parameter, ``ParamError`` for a mix of a node
    that has none.
    """
    table = ParameterTable({}, {}, [], [], [], {}, transport)
    places, values = table.places, table.values
    for row in rows:
        first = len(places)
        if isinstance(row, NodeRow):
            params = row.node.params()
            fields = check_fields(row, params, "each parameter")
            for name, declared in params.items():
                full = f"{row.op.node}.{name}"
                table.by_name[full], table.rows[full] = len(places), declared
                places.append(row.bases.get(name) or (row.record, fields[name]))
                values.append(getattr(row.node, name))
        if row.dry_wet is not None:
            table.dry_wet[row.op.node] = len(places)
            places += [(row.dry_wet, MIX), (row.dry_wet, ON)]
            share, bypassed = mixes.get(row.op.node, (1.0, False))
            values += [share, float(not bypassed)]
        table.spans.append((first, len(places) - first))
    if lost := mixes.keys() - table.dry_wet:
        raise not_mixable(min(lost))
    places.append((transport, offset(TRANSPORT, TEMPO)))
    values.append(float(transport.content[TEMPO][0]))
    return table


def find_reports(rows: Sequence[Row]) -> dict[str, np.ndarray[Any, Any]]:
    """Return, as ``"node.field"``, views of the record fields that nodes report to control threads.

    ``EngineError`` if a record lacks one of them.
    """
    found = {}
    for row in rows:
        if isinstance(row, NodeRow):
            fields = row.node.reports if row.analysis is None else ()
            check_fields(row, fields, "each name in reports")
            for name in fields:
                found[f"{row.op.node}.{name}"] = row.record.content[name]
            for name in row.bases:
                found[f"{row.op.node}.{name}.modulated"] = row.record.content[name]
    return found


def find_analyses(rows: Sequence[Row]) -> dict[str, Callable[[], float]]:
    """Return, as ``"node.name"``, what computes the readings that are no fields of a record."""
    found: dict[str, Callable[[], float]] = {}
    for row in rows:
        if isinstance(row, NodeRow) and row.analysis is not None:
            for name in row.node.reports:
                found[f"{row.op.node}.{name}"] = partial(_analyzed, row, name)
    return found


def _analyzed(row: NodeRow, name: str) -> float:
    found: Mapping[str, float] = {} if row.analysis is None else row.analysis()
    if name not in found:
        raise EngineError(
            f"node {row.op.node}: its analysis returns no {name!r}, as each name in reports must "
            f"be; it has {', '.join(map(str, found)) or 'nothing'}"
        )
    return float(found[name])


def check_fields(row: NodeRow, names: Iterable[str], what: str) -> dict[str, int]:
    """Return the offsets of the float64 fields of a node's record: ``names`` must be among them."""
    dtype: Any = row.record.dtype
    fields = _float_fields(dtype)
    for name in names:
        if name not in fields:
            raise EngineError(
                f"node {row.op.node}: its record has no float64 field {name!r}, "
                f"as {what} must; it has {', '.join(dtype.names or ())}"
            )
    return fields


@cache
def _float_fields(dtype: np.dtype[Any]) -> dict[str, int]:
    """Return the offset of each float64 field of a structured dtype."""
    fields: Any = dtype.fields or {}
    return {name: at for name, (kind, at, *_) in fields.items() if kind == np.float64}


def widths(schedule: Schedule, op: Op) -> tuple[list[int], list[int]]:
    """Return the channel counts of the buffers that an operation reads and writes."""
    buffers = schedule.buffers
    return [buffers[b].channels for b in op.reads], [buffers[b].channels for b in op.writes]
