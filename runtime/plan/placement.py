"""Placement of nodes on a device or the host: the executor's interface, and the CPU fallback.

Control threads only.
"""

import contextlib
import warnings
from collections.abc import Iterator
from typing import Protocol

from ...graph import CudaError, EngineError, Graph, Op, Schedule, Space
from .arena import Block
from .rows import Row
from .stats import DeviceStats

__all__ = ["Executor", "move_to_host", "named", "on_device", "refuse_offline_nodes"]


class Executor(Protocol):
    """Runs a plan's rows on a device: the interface of ``cuda.executor.CudaExecutor``."""

    record: Block
    views: dict[int, list[tuple[Block, int]]]
    """Of each buffer on the device, ``(block, byte offset)`` of its channels on the host."""
    shared_views: dict[int, list[tuple[Block, int]]]
    """The same of each host buffer that the executor allocates itself."""

    @property
    def collect(self) -> int:
        """Address of the kernel that waits for the work in flight."""

    def uses_device(self, op: Op) -> bool:
        """Return whether an operation reads or writes a buffer on the device."""

    def rows(self, op: Op, plain: Row) -> list[Row]:
        """Return the rows that run an operation on the device; ``plain`` runs it on the host."""

    def finish(self, rows: Block, params: Block, prepared: list[Row]) -> None:
        """Link the executor's records to the plan's ``ROW`` and ``PARAM`` tables."""

    def use_cpu_fallback(self, on: bool) -> None:
        """Switch the host kernels on, as while nodes are prewarmed, or off."""

    def warm(self) -> None:
        """Launch everything once over no frames; raises ``CudaError`` if the device fails."""

    def close(self) -> None:
        """Free everything on the device."""

    def stats(self) -> DeviceStats:
        """Return counters and times."""

    def set_deadline(self, deadline_s: float | None) -> None:
        """Set the seconds that a block may take on the device; ``None``: no limit."""


def on_device(schedule: Schedule) -> list[str]:
    """Return the names of the nodes of a schedule that run on a device."""
    there = {b for b, (_, space) in enumerate(schedule.buffers) if space is Space.DEVICE}
    if not there:
        return []
    return [op.node for op in schedule.ops if op.node and there & {*op.reads, *op.writes}]


@contextlib.contextmanager
def named(nodes: list[str]) -> Iterator[None]:
    """Add the names of the nodes to a ``CudaError`` raised in the ``with`` block."""
    try:
        yield
    except CudaError as error:
        raise CudaError(
            f"{', '.join(nodes)}: {error}: must play on the host (backend auto or cpu)"
        ) from None


def move_to_host(graph: Graph, reason: CudaError) -> Graph:
    """Return a copy of a graph with its device nodes moved to the host, with a ``RuntimeWarning``.

    Raises ``reason`` if no node may move.
    """
    copy, moved = graph.copy(), []
    for name, node in graph.nodes.items():
        host = node.on_cpu()
        if host is not None:
            copy.replace(name, host)
            moved.append(name)
    if not moved:
        raise reason
    warnings.warn(f"{', '.join(moved)}: on the CPU: {reason}", RuntimeWarning, stacklevel=5)
    return copy


def refuse_offline_nodes(graph: Graph, where: str) -> None:
    """Raise ``EngineError`` if a node of ``graph`` cannot play in real time.

    Such a node has an attribute ``offline_only``: the next step for the user, as text.
    """
    for name, node in graph.nodes.items():
        way_out = getattr(node, "offline_only", "")
        if way_out:
            raise EngineError(f"{name} ({node.type_name}) cannot play in {where}: {way_out}")
