"""Collect the counters, meters and times of an engine.  Control threads."""

import numpy as np

from ..native.cpu import nanoseconds_per_cycle
from ..plan.plan import Plan
from ..plan.stats import NodeStats, Stats, spread
from .control import ControlQueue
from .records import TRACE

__all__ = ["collect_stats"]


def collect_stats(queue: ControlQueue) -> Stats:
    """Return the counters, meters and times of an engine and of the plan that plays."""
    with queue.lock:
        queue.free_retired()
        plan = queue.playing_plan
    record, counts = queue.record[0], queue.counts
    unit = nanoseconds_per_cycle() * 1e-3
    blocks = int(record["blocks"])
    recent = queue.trace[: min(blocks, TRACE)] * unit
    rows = [_node(plan, k, name.strip("<>"), unit) for k, name in enumerate(plan.names)]
    return Stats(
        frames=int(record["frame"]),
        blocks=blocks,
        latency=plan.latency,
        bad_inputs=int(counts[0]),
        bad_outputs=int(counts[1]),
        faults=sum(n.faults for n in rows),
        block_us=spread(recent),
        readings={name: float(place[0]) for name, place in plan.reports.items()},
        nodes=tuple(n for n, own in zip(rows, plan.is_node, strict=True) if own),
        device=None if plan.executor is None else plan.executor.stats(),
        between=tuple(n for n, own in zip(rows, plan.is_node, strict=True) if not own),
    )


def _node(plan: Plan, number: int, name: str, unit: float) -> NodeStats:
    row = plan.rows[number]
    times = plan.trace(number)
    times = times[times > 0] * unit
    p50, p99 = np.percentile(times, (50, 99)) if times.size else (0.0, 0.0)
    mix, on = (
        plan.param_table["value"][plan.dry_wet_params[name] :][:2]
        if name in plan.dry_wet_params
        else (1, 1)
    )
    return NodeStats(
        name=name,
        faults=int(row["faults"]),
        calls=int(row["calls"]),
        mean_us=float(row["cycles_sum"]) * unit / max(1, int(row["calls"])),
        max_us=float(row["cycles_max"]) * unit,
        p50_us=float(p50),
        p99_us=float(p99),
        late=int(row["late"]),
        xruns=int(row["xruns"]),
        overruns=int(row["overruns"]),
        resting=int(row["mute_left"]) > 0,
        mix=float(mix),
        bypassed=not on,
    )
