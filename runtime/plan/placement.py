"""Which nodes of a plan run on a device, what a plan needs of its executor, and the fallback."""

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
    """Runs a plan's rows on a device: ``cuda.executor.CudaExecutor``.  Control threads only."""

    record: Block
    views: dict[int, list[tuple[Block, int]]]
    """Of each buffer on the device, where the host sees its channels."""
    shared_views: dict[int, list[tuple[Block, int]]]
    """Of each host buffer that lies in memory of the device, the same."""

    @property
    def collect(self) -> int:
        """Address of the kernel that waits for the work in flight."""

    def uses_device(self, op: Op) -> bool:
        """Return whether an operation reads or writes a buffer on the device."""

    def rows(self, op: Op, plain: Row) -> list[Row]:
        """Return the rows that run an operation on the device; ``plain`` runs it on the host."""

    def finish(self, rows: Block, params: Block, prepared: list[Row]) -> None:
        """Write the addresses of the plan's rows, once they are known."""

    def use_cpu_fallback(self, on: bool) -> None:
        """Switch the host's kernels on (while nodes are prewarmed) or off."""

    def warm(self) -> None:
        """Launch everything once over no frames; raises ``CudaError`` if the device fails."""

    def close(self) -> None:
        """Free everything on the device."""

    def stats(self) -> DeviceStats:
        """Return counters and times."""

    def set_deadline(self, deadline_s: float | None) -> None:
        """Set the seconds a block may take; ``None``: no limit."""


def on_device(plan: Schedule) -> list[str]:
    """Return the nodes of a schedule that play on a device."""
    there = {b for b, (_, space) in enumerate(plan.buffers) if space is Space.DEVICE}
    if not there:
        return []
    return [op.node for op in plan.ops if op.node and there & {*op.reads, *op.writes}]


@contextlib.contextmanager
def named(nodes: list[str]) -> Iterator[None]:
    """Say of what a device cannot do for which nodes it was."""
    try:
        yield
    except CudaError as error:
        raise CudaError(
            f"{', '.join(nodes)}: {error}: must play on the host (backend auto or cpu)"
        ) from None


def move_to_host(graph: Graph, reason: CudaError) -> Graph:
    """Return a graph whose nodes play on the host, if they may; say so."""
    made, moved = graph.copy(), []
    for name, node in graph.nodes.items():
        host = node.on_cpu()
        if host is not None:
            made.replace(name, host)
            moved.append(name)
    if not moved:
        raise reason
    warnings.warn(f"{', '.join(moved)}: on the CPU: {reason}", RuntimeWarning, stacklevel=5)
    return made


def refuse_offline_nodes(graph: Graph, where: str) -> None:
    """Raise ``EngineError`` if a node of ``graph`` says, in ``offline_only``, that it cannot play.

    ``offline_only`` is the way out, in words for the user.
    """
    for name, node in graph.nodes.items():
        way_out = getattr(node, "offline_only", "")
        if way_out:
            raise EngineError(f"{name} ({node.type_name}) cannot play in {where}: {way_out}")
