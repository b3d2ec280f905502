"""Make the rows of a plan: prepare nodes, and allocate buffers and records in their ``Memory``.

Control threads only.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import CodeType
from typing import Any

from ...graph import (
    EngineError,
    Graph,
    Io,
    KernelError,
    Modulation,
    NamgraphError,
    Node,
    Op,
    Processor,
    Schedule,
    Spec,
)
from ..io.regular_file import file_stamp
from ..native.abi import Native
from .arena import Block, Memory, TooLargeError
from .kernels import buffer_operations
from .kernels.dry_wet import allocate_dry_wet
from .kernels.fade_in import allocate_fade_in, fade_in
from .kernels.modulation import allocate_modulation, modulate, modulated_smoothing_s
from .rows import FadeInRow, NodeRow, Row, check_fields, widths

__all__ = [
    "add_with_fade_in",
    "allocate_buffers",
    "channel_stride",
    "code_of",
    "prepare_row",
    "reused_row",
]

PACKAGE = __name__.partition(".")[0]
LINE = 16
"""Float32 of a cache line."""


def channel_stride(max_frames: int) -> int:
    """Return the float32 from one channel of a buffer to the next.

    They fill whole cache lines, with one to spare, so that no two rows share a line.
    """
    return -(-max_frames // LINE) * LINE + LINE


def allocate_buffers(
    own: Memory, schedule: Schedule, spec: Spec, given: Mapping[int, list[tuple[Block, int]]]
) -> dict[int, list[tuple[Block, int]]]:
    """Allocate the schedule's buffers in one block.

    Returns ``(block, byte offset)`` of each channel of each buffer; ``given`` has those that exist
    already: a device's.
    """
    stride, found, at = channel_stride(spec.max_frames), dict(given), 0
    wanted = [(n, count) for n, (count, _) in enumerate(schedule.buffers) if n not in given]
    block = own.scratch((sum(count for _, count in wanted), stride))
    for number, channels in wanted:
        found[number] = [block[4 * stride * c] for c in range(at, at + channels)]
        at += channels
    return found


def prepare_row(graph: Graph, schedule: Schedule, op: Op, transport: Block) -> Row:
    """Return the row of one operation: prepare its node, or allocate its record."""
    if op.kind != "process":
        return _operation_row(schedule, op)
    memory, buffers, node = Memory(), schedule.buffers, graph.nodes[op.node]
    memory.transport = transport
    ins, outs = graph.ports(op.node, "input"), graph.ports(op.node, "output")
    moved = modulations_of(graph, op.node)
    fast = modulated_smoothing_s(schedule.spec.rate)
    moving = {modulation.target.port for modulation in moved}
    io = Io(
        spec=schedule.spec,
        memory=memory,
        inputs={p.name: buffers[b].channels for p, b in zip(ins, op.reads, strict=False)},
        outputs={p.name: buffers[b].channels for p, b in zip(outs, op.writes, strict=True)},
        params={name: float(getattr(node, name)) for name in node.params()},
        smoothing_s={
            name: min(row.smoothing_s, fast) if name in moving else row.smoothing_s
            for name, row in node.params().items()
        },
        transport=transport,
    )
    files = file_stamps(node)  # before they are read: a file that is replaced meanwhile differs
    processor = _prepare_node(op.node, node, io)
    row = NodeRow(
        op,
        memory,
        processor.kernel.address,
        processor.record,
        node=node,
        code=code_of(node, processor),
        dry_wet=allocate_dry_wet(node, ins, outs, io),
        files=files,
        widths=widths(schedule, op),
        prewarm=processor.prewarm,
        after=processor.after,
        device=processor.device,
        voices=processor.voices,
        side_by_side=processor.side_by_side,
        analysis=processor.analysis,
    )
    return with_modulation(row, io, moved) if moved else row


def with_modulation(row: NodeRow, io: Io, moved: Sequence[Modulation]) -> NodeRow:
    """Return the row of a node whose parameters control signals move."""
    node, name = row.node, row.op.node
    if row.device is not None:
        raise EngineError(
            f"{moved[0].target} cannot be moved by {moved[0].source}: {name} plays on a device; "
            "give it backend='cpu'"
        )
    check_fields(row, [modulation.target.port for modulation in moved], "each parameter")
    declared, moving = node.params(), {modulation.target.port for modulation in moved}
    values = {key: (declared[key], io.params[key]) for key in declared if key in moving}
    channels = sum(io.inputs.values()), sum(io.outputs.values())
    own_state_bytes = row.memory.sizes()[0]
    state, bases = allocate_modulation(
        row.memory, row.kernel, row.record, values, moved, channels, io.transport
    )
    return replace(
        row,
        kernel=modulate.address,
        state=state,
        bases=bases,
        modulated=tuple(modulation.target.port for modulation in moved),
        own_state_bytes=own_state_bytes,
    )


def modulations_of(graph: Graph, name: str) -> list[Modulation]:
    """Return the control signals that move a node's parameters, in the order connected."""
    return [modulation for modulation in graph.modulations if modulation.target.node == name]


def _operation_row(schedule: Schedule, op: Op) -> Row:
    memory, width = Memory(), schedule.buffers[op.writes[0]].channels
    if op.kind == "delay":
        ring = memory.state((width, op.frames))
        record = memory.record(buffer_operations.DELAY, channels=width, ring=ring, length=op.frames)
    else:
        record = memory.record(buffer_operations.WIDTH, channels=width)
    name = "copy" if op.kind in ("upload", "download") else op.kind
    return Row(op, memory, getattr(buffer_operations, name).address, record)


def code_of(node: Node, processor: Processor) -> tuple[Any, ...]:
    """Return the byte code of a node's class, and the digest of its kernel's.

    A class or kernel may be edited while an engine plays (a notebook cell, a reloaded module): the
    state that one version left means nothing to the next.
    """
    kernel = processor.kernel
    digest = kernel.depends or kernel if isinstance(kernel, Native) else type(kernel)
    cls: Any = type(node)  # mypy takes the class's hash for that of its instances
    read = _code_of_class if _is_ours(node) else _code_of_class.__wrapped__
    inner: Any = processor.inner and code_of(node.node, processor.inner)  # type: ignore[attr-defined]
    return read(cls), digest, *(inner or ())


def _is_ours(node: Node) -> bool:
    inner = getattr(node, "node", None)  # of Oversample
    if isinstance(inner, Node) and not _is_ours(inner):
        return False
    return type(node).__module__.partition(".")[0] == PACKAGE


@cache
def _code_of_class(cls: type[Node]) -> tuple[Any, ...]:
    """Return the byte code and the plain values of a class and its bases."""
    members = [member for kind in cls.__mro__ for member in vars(kind).values()]
    members = [member.fget if isinstance(member, property) else member for member in members]
    code = [getattr(member, "__code__", member) for member in members]
    return tuple(c for c in code if isinstance(c, CodeType | int | float | str))


def file_stamps(node: Node) -> tuple[Any, ...]:
    """Return the stamp of each file that a node names; ``None`` for one that is gone."""
    found: list[tuple[int, int, int] | None] = []
    for name in node.files():
        value = getattr(node, name)
        for path in value if isinstance(value, tuple) else (value,):
            if isinstance(path, str | os.PathLike):
                try:
                    found.append(file_stamp(os.stat(path)))
                except (OSError, ValueError):
                    found.append(None)
    return tuple(found)


def reused_row(
    graph: Graph, schedule: Schedule, op: Op, old: NodeRow, before: Any, transport: Block
) -> Row | None:
    """Return the row of a node as an earlier plan has prepared it, or ``None`` if it cannot serve.

    It can if the node is equal, on the host, has the same channels, if its files on disk have not
    changed, and if its class is one of this package: others may be edited while an engine plays (a
    notebook cell).  Its memory is a copy of what ``old`` had after preparation and prewarming.
    ``before`` is that plan, at the same ``Spec``; control signals move the node in neither.
    """
    node = graph.nodes[op.node]
    bound = (old.device, old.after, old.analysis)  # to memory of the earlier plan
    if any(one is not None for one in bound) or not _is_ours(node):
        return None
    if old.node is not node and old.node != node:
        return None
    if old.files != file_stamps(node):
        return None
    if widths(schedule, op) != old.widths:
        return None
    memory, joins = old.memory.copy(before.arena, transport), old.side_by_side
    if joins is not None:
        joins = replace(joins, blocks=tuple(map(memory.counterpart, joins.blocks)))
    return NodeRow(
        op,
        memory,
        old.kernel,
        memory.counterpart(old.record),
        None if old.state is None else memory.counterpart(old.state),
        node=node,
        code=old.code,
        files=old.files,
        widths=old.widths,
        dry_wet=None if old.dry_wet is None else memory.counterpart(old.dry_wet),
        side_by_side=joins,
        copied=id(old),
    )


def add_with_fade_in(
    rows: list[Row], own: Memory, schedule: Schedule, row: NodeRow, early: bool
) -> None:
    """Add a node's row, and one that fades its inputs in, which it reads from.

    If ``early`` the fade-in comes right after the last row that writes what it reads: so it does
    not stand between nodes that are played together.
    """
    memory, record, blocks = allocate_fade_in(own, schedule, row.op)
    channels = tuple(block[0] for block in blocks)
    op = row.op._replace(node="")
    written = [k for k, r in enumerate(rows) if not set(r.op.writes).isdisjoint(op.reads)]
    first = FadeInRow(op, memory, fade_in.address, record, writes=channels)
    rows.insert(1 + max(written, default=-1) if early else len(rows), first)
    rows.append(replace(row, reads=channels))


def _prepare_node(name: str, node: Node, io: Io) -> Processor:
    """Call ``node.prepare``; raise an error that names the node if anything goes wrong in it."""
    where = f"node {name} ({node.type_name})"
    try:
        made = node.prepare(io)
        if not isinstance(made, Processor) or not isinstance(made.record, Block):
            given = type(made).__name__
            raise EngineError(f"{where}: prepare gave a {given}: must be a Processor with a record")
        if type(made.kernel).__module__ == "numba.core.ccallback":
            name = getattr(made.kernel, "__name__", "")
            raise KernelError(
                f"kernel {name}: made by numba.cfunc, which would let it allocate, "
                "call Python and raise: make it with ng.kernel"
            )
        _ = made.kernel.address  # compiles
    except (KernelError, TooLargeError) as reason:
        raise type(reason)(f"{where}: {reason}") from reason.__cause__
    except (NamgraphError, Warning):  # a warning turned into an error by a filter stays a warning
        raise
    except NotImplementedError:
        raise EngineError(f"{where}: has no prepare") from None
    except Exception as reason:
        lines = str(reason).splitlines()
        text = next((line for line in lines if line.strip()), repr(reason))
        raise EngineError(f"{where}: cannot be prepared: {text}") from reason
    return made
