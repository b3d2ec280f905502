"""From the operations of a schedule to the rows of a plan: memory asked for, kernels chosen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any

import numpy as np
from numba.core.ccallback import CFunc

from ...graph import (
    EngineError,
    Graph,
    Io,
    KernelError,
    NamgraphError,
    Node,
    Op,
    Processor,
    Schedule,
    Spec,
)
from ..native.abi import Native
from . import buffer_operations
from .arena import Block, Memory, TooLargeError, offset
from .dry_wet import DRY_WET, allocate_dry_wet
from .fade_in import allocate_fade_in, fade_in
from .monitored_player import TRACED

__all__ = [
    "Row",
    "allocate_buffers",
    "code_of",
    "find_reports",
    "number_parameters",
    "prepare_row",
    "rows_fields",
    "widths",
    "with_fade_in",
]

SLACK = 16
"""Floats behind every channel of a buffer, so that rows never share a cache line."""


@dataclass(frozen=True)
class Row:
    """One row before it has an address."""

    op: Op
    memory: Memory
    kernel: int
    record: Block
    node: Node | None = None
    prewarm: int = 0
    dry_wet: Block | None = None
    after: Callable[[], None] | None = None
    writes: tuple[Block, ...] = ()
    """Channels it writes that are no buffer of the schedule; the next row reads them."""
    reads: tuple[Any, ...] = ()
    mixes: Node | None = None
    """The node whose share is mixed here, where the row is not its own."""
    state: Block | None = None
    """What the kernel gets, if not the record."""
    device: Any = None
    """What the node runs on the device, if it has ports there."""
    label: str = ""
    """What it is called, if it is no node."""
    code: tuple[Any, ...] = ()
    """What prepares and runs the node: see ``code_of``."""


def allocate_buffers(
    own: Memory, plan: Schedule, spec: Spec, views: Mapping[int, list[tuple[Block, int]]]
) -> dict[int, list[tuple[Block, int]]]:
    """Ask for the schedule's buffers; return where each channel of each of them begins.

    ``views`` are those that are there already: the device's.
    """
    stride = -(-spec.max_frames // 16) * 16 + SLACK
    found = dict(views)
    for number, (channels, _) in enumerate(plan.buffers):
        if number in found:
            continue
        block = own.scratch((channels, stride))
        found[number] = [block[4 * stride * c] for c in range(channels)]
    return found


def prepare_row(graph: Graph, plan: Schedule, op: Op) -> Row:
    """Prepare the node of one operation, or the record of a plain one."""
    memory = Memory()
    if op.kind != "process":
        width = plan.buffers[op.writes[0]][0]
        fields: dict[str, Any] = {"channels": width}
        if op.kind == "delay":
            fields.update(ring=memory.state((width, op.frames)), length=op.frames)
            made = memory.record(buffer_operations.DELAY, **fields)
        else:
            made = memory.record(buffer_operations.WIDTH, **fields)
        plain = "copy" if op.kind in ("upload", "download") else op.kind
        return Row(op, memory, getattr(buffer_operations, plain).address, made)
    node = graph.nodes[op.node]
    io = Io(
        spec=plan.spec,
        memory=memory,
        inputs={p.name: plan.buffers[b][0] for p, b in zip(node.inputs, op.reads, strict=True)},
        outputs={p.name: plan.buffers[b][0] for p, b in zip(node.outputs, op.writes, strict=True)},
        params={name: float(getattr(node, name)) for name in node.params()},
    )
    processor = _prepared(op.node, node, io)
    dry_wet = allocate_dry_wet(node, io)
    made, prewarm, after = processor.record, processor.prewarm, processor.after
    kernel, work = processor.kernel.address, processor.device
    code = code_of(node, processor)
    return Row(op, memory, kernel, made, node, prewarm, dry_wet, after, device=work, code=code)


def code_of(node: Node, processor: Processor) -> tuple[Any, ...]:
    """Return the byte code of a node's class, and the digest of its kernel's.

    A class or kernel may be edited while an engine plays (a notebook's cell, a reloaded module):
    what another code remembers means nothing to the new one.
    """
    kernel = processor.kernel
    members = [member for kind in type(node).__mro__ for member in vars(kind).values()]
    members = [member.fget if isinstance(member, property) else member for member in members]
    code = [getattr(member, "__code__", member) for member in members]
    ours = kernel.depends or kernel if isinstance(kernel, Native) else type(kernel)
    return tuple(c for c in code if isinstance(c, CodeType | int | float | str)), ours


def with_fade_in(own: Memory, plan: Schedule, row: Row) -> list[Row]:
    """Put an onset before a row; see ``fade_in``."""
    memory, made, channels = allocate_fade_in(own, plan, plan.spec, row.op)
    first = Row(replace(row.op, node=""), memory, fade_in.address, made, writes=tuple(channels))
    return [first, replace(row, reads=tuple(channels))]


def _prepared(name: str, node: Node, io: Io) -> Processor:
    """Prepare a node; whatever goes wrong in it is an error that names it."""
    where = f"node {name} ({node.type_name})"
    try:
        made = node.prepare(io)
        if not isinstance(made, Processor) or not isinstance(made.record, Block):
            given = type(made).__name__
            raise EngineError(f"{where}: prepare gave a {given}: must be a Processor with a record")
        if isinstance(made.kernel, CFunc):
            raise KernelError(
                f"kernel {made.kernel.__name__}: made by numba.cfunc, which would let it allocate, "
                "call Python and raise: make it with ng.kernel"
            )
        _ = made.kernel.address  # compiles
    except (KernelError, TooLargeError) as reason:
        raise type(reason)(f"{where}: {reason}") from reason
    except (NamgraphError, Warning):  # a warning that somebody has made an error stays what it is
        raise
    except NotImplementedError:
        raise EngineError(f"{where}: has no prepare") from None
    except Exception as reason:
        said = next((line for line in str(reason).splitlines() if line.strip()), repr(reason))
        raise EngineError(f"{where}: cannot be prepared: {said}") from reason
    return made


def rows_fields(
    prepared: Sequence[Row], buffers: Mapping[int, list[tuple[Block, int]]], own: Memory
) -> list[dict[str, Any]]:
    """Return what is known of the rows before the arena is laid out.

    Their lists of channels share one block, and so do their traces: blocks take time.
    """
    ends: list[tuple[Sequence[Any], Sequence[Any]]] = [
        (
            p.reads or [c for b in p.op.reads for c in buffers[b]],
            p.writes or [c for b in p.op.writes for c in buffers[b]],
        )
        for p in prepared
    ]
    lists = own.pointers([c for ins, outs in ends for c in (*ins, *outs)])
    timed = [p.node is not None or p.label != "" for p in prepared]
    traces = own.scratch((sum(timed), TRACED), np.int64)
    found, at, trace = [], 0, 0
    for p, kept, (ins, outs) in zip(prepared, timed, ends, strict=True):
        checked = p.node is not None
        found.append(
            {
                "kernel": p.kernel,
                "state": p.state or p.record,
                "ins": lists[8 * at],
                "outs": lists[8 * (at + len(ins))],
                "checked": len(outs) if checked else 0,
                "trace": traces[8 * TRACED * trace] if kept else 0,
                "dry_wet": 0 if p.dry_wet is None else p.dry_wet,
            }
        )
        at += len(ins) + len(outs)
        trace += kept
    return found


def number_parameters(
    prepared: list[Row],
) -> tuple[dict[str, int], dict[str, int], list[dict[str, Any]], list[tuple[int, int]]]:
    """Give each parameter a number.

    Returns name to index, node to the index of its two dry/wet rows (mix, on), table rows, and each
    row's share of them.
    """
    index: dict[str, int] = {}
    dry_wet_params: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    spans: list[tuple[int, int]] = []
    for p in prepared:
        first = len(rows)
        record: Any = p.record.content.dtype
        for name in p.node.params() if p.node is not None else ():
            if name not in record.names or record[name] != np.float64:
                raise EngineError(
                    f"node {p.op.node}: its record has no float64 field {name!r}, "
                    f"as each parameter must; it has {', '.join(record.names)}"
                )
            index[f"{p.op.node}.{name}"] = len(rows)
            place = p.record[offset(record, name)]
            rows.append({"address": place, "value": getattr(p.node, name)})
        if p.dry_wet is not None:
            dry_wet_params[p.op.node] = len(rows)
            places = (p.dry_wet[offset(DRY_WET, name)] for name in ("mix", "on"))
            rows.extend({"address": place, "value": 1.0} for place in places)
        spans.append((first, len(rows) - first))
    return index, dry_wet_params, rows, spans


def find_reports(prepared: list[Row]) -> dict[str, np.ndarray[Any, Any]]:
    """Return views of the record fields that nodes let a control thread read."""
    for p in prepared:
        fields: Any = p.record.content.dtype
        for name in p.node.reports if p.node is not None else ():
            if name not in (fields.names or ()) or fields[name] != np.float64:
                raise EngineError(
                    f"node {p.op.node}: its record has no float64 field {name!r}, as each name in "
                    f"reports must; it has {', '.join(fields.names or ())}"
                )
    return {
        f"{p.op.node}.{name}": p.record.content[name]
        for p in prepared
        if p.node is not None
        for name in p.node.reports
    }


def widths(plan: Schedule, op: Op) -> tuple[tuple[int, ...], ...]:
    """Return the channels of what an operation reads and writes."""
    return tuple(tuple(plan.buffers[b][0] for b in side) for side in (op.reads, op.writes))
