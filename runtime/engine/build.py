"""Build a plan: open its device, prewarm it, and hand state over from the plan before.

Control threads only; the audio thread sees a plan when the engine swaps to it.
"""

import contextlib
from collections.abc import Callable, Iterator

from ...graph import CudaError, Graph, Node, Schedule, Spec
from ..plan.arena import Memory
from ..plan.placement import Executor, move_to_host, named, on_device
from ..plan.plan import Plan
from .handover import hand_over, unchanged

__all__ = ["build_plan", "suspend_deadline"]


def build_plan(
    graph: Graph,
    spec: Spec,
    previous: Plan | None = None,
    fade_in_frames: int = 0,
    current: Graph | None = None,
) -> Plan:
    """Return a plan that is ready to be played.

    ``previous`` is the plan it will follow: nodes that are the same by name and value, at the same
    rate and width, take over its state when the engine swaps plans; a value is what ``previous``
    was made with, or what ``current``, its graph as set since, says.  The inputs of other nodes
    that remember for long fade in over ``fade_in_frames``.  If the device fails, nodes that may run
    on the host do, with a ``RuntimeWarning``; where none may, ``CudaError`` is raised.
    """
    before = [] if previous is None else [previous.graph.nodes]
    before += [] if current is None else [current.nodes]

    def is_kept(name: str, node: Node) -> bool:
        return any(nodes.get(name) == node for nodes in before)

    def build(graph: Graph) -> Plan:
        return _build(graph, spec, previous, fade_in_frames, is_kept)

    try:
        return build(graph.copy())
    except CudaError as error:
        return build(move_to_host(graph, error))


def _build(
    graph: Graph,
    spec: Spec,
    previous: Plan | None,
    fade_in_frames: int,
    is_kept: Callable[[str, Node], bool],
) -> Plan:
    changed = list[str]()
    if previous is not None and fade_in_frames > 0:
        changed = [name for name, node in graph.nodes.items() if not is_kept(name, node)]
    plan = Plan(graph, spec, _open_executor, changed)
    try:
        same = [] if previous is None else unchanged(previous, plan, is_kept)
        plan.prewarm(previous, {k: j for j, k in same})
        if previous is not None:
            plan.keep(hand_over(previous, plan, same, is_kept))
        plan.begin_fade_ins(fade_in_frames)
    except BaseException:  # a traceback that is kept would keep the device's memory
        plan.close_executor()
        raise
    return plan


def _open_executor(own: Memory, schedule: Schedule) -> Executor | None:
    """Return what runs the schedule's nodes on a device, or ``None`` where none is there."""
    nodes = on_device(schedule)
    if not nodes:
        return None
    from ..cuda.executor import CudaExecutor

    with named(nodes):
        return CudaExecutor(own, schedule)


@contextlib.contextmanager
def suspend_deadline(executor: Executor | None, deadline_s: float | None) -> Iterator[None]:
    """Suspend the deadline of a device while a plan is made: its driver is busy with that."""
    if executor is None or deadline_s is None:
        yield
        return
    executor.set_deadline(None)
    try:
        yield
    finally:
        executor.set_deadline(deadline_s)
