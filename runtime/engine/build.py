"""Build a plan: open its device, prewarm it, and prepare the handover from the previous plan.

Control threads; the audio thread uses a plan once the engine has swapped to it.
"""

import contextlib
from collections.abc import Callable, Iterator

from ...graph import (
    CudaError,
    DryWet,
    EngineError,
    Graph,
    Node,
    Schedule,
    Spec,
    schedule,
)
from ...graph.editing.snapshots import mix_values
from ..native.cpu import read_cycles
from ..native.parallel import compiled_in_parallel
from ..plan.arena import Memory
from ..plan.placement import Executor, move_to_host, named, on_device
from ..plan.plan import Plan
from ..plan.player import walk
from ..plan.row_operations import run_row
from ..plan.side_by_side import group_rows
from ..workers.plan_lanes import schedule_for_threads
from ..workers.worker_threads import WorkerThreads
from .array_call import process_arrays
from .control import ControlQueue
from .handover import hand_over, is_rewired, unchanged
from .parameters import apply_values
from .process import post_param, process, render_blocks

__all__ = ["build_plan", "check_same_ports", "post_swap", "suspend_deadline"]

OWN_KERNELS = (process, process_arrays, walk, render_blocks, post_param, read_cycles)
"""Those of every engine that renders."""
MAX_OLD_PLANS = 8
"""Plans that may wait for their crossfade before a swap waits for them."""


def check_same_ports(playing: Graph, graph: Graph) -> None:
    """Raise ``EngineError`` where the inputs or outputs of a graph are not those that play."""
    for side in ("inputs", "outputs"):
        old, new = dict(getattr(playing, side)), dict(getattr(graph, side))
        if list(old.items()) != list(new.items()):
            raise EngineError(f"the new graph has {side} {new}, the one that plays has {old}")


def build_plan(
    graph: Graph,
    spec: Spec,
    previous: Plan | None = None,
    fade_in_frames: int = 0,
    current: Graph | None = None,
    workers: WorkerThreads | None = None,
) -> Plan:
    """Return a plan that is ready to be played, by ``workers`` too where that is faster.

    ``previous`` is the plan that plays before it: nodes of the same name and value, at the same
    rate and channel counts, take over its state when the engine swaps plans.  A value is the same
    as in the graph of ``previous``, or as in ``current``, that graph with the parameters as set.
    The same holds for the tempo; beats go on.
    The inputs of other nodes with a long memory fade in over ``fade_in_frames``.  If the device
    fails, nodes that can run on the host do, with a ``RuntimeWarning``; else ``CudaError``.
    """
    before = [] if previous is None else [previous.graph.nodes]
    before += [] if current is None else [current.nodes]

    def is_kept(name: str, node: Node) -> bool:
        return any(nodes.get(name) == node for nodes in before)

    tempos = [earlier.tempo_bpm for earlier in (previous and previous.graph, current) if earlier]
    keeps_tempo = graph.tempo_bpm in tempos

    def build(graph: Graph) -> Plan:
        return _build(graph, spec, previous, fade_in_frames, is_kept, keeps_tempo, workers)

    # Not beside a plan that plays: copies of a process delay its audio thread.
    ahead = compiled_in_parallel(lambda: _ask_for_kernels(graph, spec))
    try:
        with ahead if previous is None else contextlib.nullcontext():
            return build(graph.copy())
    except CudaError as error:
        return build(move_to_host(graph, error))


def post_swap(queue: ControlQueue, graph: Graph, spec: Spec, deadline_s: float | None) -> None:
    """Build a plan of ``graph``, and post the swap to it.

    ``deadline_s`` is that of ``Engine.deadline``.  Snapshots stay unless the graph has its own.
    """
    if queue.has_audio_thread:
        queue.wait(lambda: queue.count_old_plans() < MAX_OLD_PLANS, "faded the last swaps")
    playing = queue.plan
    frames, current = int(queue.record["fade_frames"][0]), queue.current_graph()
    with suspend_deadline(playing.executor, deadline_s):
        plan = build_plan(graph, spec, playing, frames, current, queue.workers)
        plan.touch()
    with queue.lock:
        try:
            if plan.executor is not None:
                plan.executor.set_deadline(deadline_s)
            plan.graph.keep_snapshots(playing.graph)
            if graph.mixes:
                queue.monitor()
            queue.post_plan(plan)
        except BaseException:
            if queue.plan is not plan:
                _discard(plan, queue.workers)
            raise
        apply_values(queue, _new_mixes(playing.graph, current, plan))


def _new_mixes(before: Graph, current: Graph | None, plan: Plan) -> dict[str, float]:
    """Return the mixes that a graph wants of nodes that take over what was set in others.

    They stay as set where the graph has the values of ``before``, or those as set.
    """
    earlier = [g.mixes for g in (before, current) if g is not None]
    handed = plan.handed_over & plan.dry_wet_params.keys()
    now = {node: plan.graph.mixes.get(node, DryWet()) for node in handed}
    return mix_values(
        {n: m for n, m in now.items() if m not in [old.get(n, DryWet()) for old in earlier]}
    )


def _build(
    graph: Graph,
    spec: Spec,
    previous: Plan | None,
    fade_in_frames: int,
    is_kept: Callable[[str, Node], bool],
    keeps_tempo: bool,
    workers: WorkerThreads | None,
) -> Plan:
    def fades_in(name: str) -> bool:
        return previous is not None and fade_in_frames > 0 and not is_kept(name, graph.nodes[name])

    lower = schedule if workers is None else schedule_for_threads
    plan = Plan(graph, spec, _open_executor, fades_in, previous, lower)
    try:
        same = [] if previous is None else unchanged(previous, plan, is_kept)
        whole = [] if previous is None else [p for p in same if not is_rewired(previous, plan, *p)]
        plan.prewarm(previous, {k: j for j, k in whole})
        if workers is not None:
            workers.divide(plan)
        if workers is None or not plan.lanes.engaged:  # several threads play them at the same time
            group_rows(plan)
        if previous is not None:
            plan.keep(hand_over(previous, plan, same, is_kept, keeps_tempo, fade_in_frames))
        plan.begin_fade_ins(fade_in_frames)
    except BaseException:
        _discard(plan, workers)
        raise
    return plan


def _discard(plan: Plan, workers: WorkerThreads | None) -> None:
    """Free a plan that will not be played: a stored traceback would keep the device's memory."""
    plan.close_executor()
    if workers is not None:
        workers.release(plan)


def _ask_for_kernels(graph: Graph, spec: Spec) -> None:
    """Read ``address`` of each kernel that the CPU needs to play a graph: compiles or notes it."""
    for made in (*OWN_KERNELS, run_row):
        _ = made.address
    group_rows(Plan(graph.copy(), spec))


def _open_executor(own: Memory, schedule: Schedule) -> Executor | None:
    """Return the executor of the nodes on a device, or ``None`` if there are none."""
    nodes = on_device(schedule)
    if not nodes:
        return None
    from ..cuda.executor import CudaExecutor

    with named(nodes):
        return CudaExecutor(own, schedule)


@contextlib.contextmanager
def suspend_deadline(executor: Executor | None, deadline_s: float | None) -> Iterator[None]:
    """Suspend the deadline of a device while a plan is built: building delays its driver."""
    if executor is None or deadline_s is None:
        yield
        return
    executor.set_deadline(None)
    try:
        yield
    finally:
        executor.set_deadline(deadline_s)
