"""Collect the counters, meters and times of an engine.  Control threads."""

from ..native.cpu import nanoseconds_per_cycle
from ..plan.plan import Plan
from ..plan.stats import NodeStats, Stats, spread
from .control import ControlQueue
from .messages.message_queue import Message
from .records import TRACE

__all__ = ["collect_stats"]


def collect_stats(queue: ControlQueue) -> Stats:
    """Return the counters, meters and times of an engine and of the plan that plays."""
    with queue.lock:
        queue.free_retired()
        plan = queue.playing_plan
    ((frame, blocks),), counts = queue.progress.tolist(), queue.counts.tolist()
    unit = nanoseconds_per_cycle() * 1e-3
    counters = plan.counters.tolist()
    rows = [_node(plan, k, *counters[k], unit=unit) for k in range(len(counters))]
    done = queue.done
    return Stats(
        frames=frame,
        blocks=blocks,
        latency=plan.latency,
        bad_inputs=counts[0],
        bad_outputs=counts[1],
        faults=sum(n.faults for n in rows),
        block_us=spread(queue.trace[: min(blocks, TRACE)], unit),
        readings={name: float(place[0]) for name, place in plan.reports.items()},
        nodes=tuple(n for n, own in zip(rows, plan.is_node, strict=True) if own),
        device=None if plan.executor is None else plan.executor.stats(),
        between=tuple(n for n, own in zip(rows, plan.is_node, strict=True) if not own),
        swaps=done[Message.SWAP],
        resets=done[Message.RESET],
        saves=done[Message.SNAPSHOT],
        restores=done[Message.RESTORE],
    )


def _node(
    plan: Plan,
    number: int,
    faults: int,
    calls: int,
    cycles_sum: int,
    cycles_max: int,
    late: int,
    xruns: int,
    overruns: int,
    mute_left: int,
    *,
    unit: float,
) -> NodeStats:
    name = plan.names[number].strip("<>")
    times = {"p50": 0.0, "p99": 0.0}
    if calls:
        times = spread(plan.trace(number)[:calls], unit)
    mix, on = 1.0, 1.0
    if name in plan.dry_wet_params:
        mix, on = plan.param_table["value"][plan.dry_wet_params[name] :][:2].tolist()
    return NodeStats(
        name=name,
        faults=faults,
        calls=calls,
        mean_us=cycles_sum * unit / max(1, calls),
        max_us=cycles_max * unit,
        p50_us=times["p50"],
        p99_us=times["p99"],
        late=late,
        xruns=xruns,
        overruns=overruns,
        resting=mute_left > 0,
        mix=mix,
        bypassed=not on,
    )
