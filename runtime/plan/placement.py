"""Where a plan meets a device: its lane, what goes wrong with it, and the way back to the host."""

import contextlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...graph import CudaError, Graph, Schedule, Space
from .arena import Memory

if TYPE_CHECKING:
    from ..cuda.executor import Lane

__all__ = ["hosted", "lane_of", "named", "on_device", "patient"]


def on_device(plan: Schedule) -> list[str]:
    """Return the nodes of a schedule that play on a device."""
    there = {b for b, (_, space) in enumerate(plan.buffers) if space is Space.DEVICE}
    if not there:
        return []
    return [op.node for op in plan.ops if op.node and there & {*op.reads, *op.writes}]


def lane_of(own: Memory, plan: Schedule) -> "Lane | None":
    """Return the plan's way to a device, if it wants one."""
    nodes = on_device(plan)
    if not nodes:
        return None
    from ..cuda.executor import Lane

    with named(nodes):
        return Lane(own, plan)


@contextlib.contextmanager
def named(nodes: list[str]) -> Iterator[None]:
    """Say of what a device cannot do for which nodes it was."""
    try:
        yield
    except CudaError as error:
        raise CudaError(
            f"{', '.join(nodes)}: {error}: must play on the host (backend auto or cpu)"
        ) from None


def hosted(graph: Graph, reason: CudaError) -> Graph:
    """Return a graph whose nodes play on the host, if they may; say so."""
    made, moved = graph.copy(), []
    for name, node in graph.nodes.items():
        host = node.without_device()
        if host is not None:
            made.replace(name, host)
            moved.append(name)
    if not moved:
        raise reason
    warnings.warn(f"{', '.join(moved)}: on the CPU: {reason}", RuntimeWarning, stacklevel=5)
    return made


@contextlib.contextmanager
def patient(lane: "Lane | None", deadline_s: float | None) -> Iterator[None]:
    """Blame no device for being late while a plan is made: its driver does that as well."""
    if lane is None or deadline_s is None:
        yield
        return
    lane.expect(None)
    try:
        yield
    finally:
        lane.expect(deadline_s)
