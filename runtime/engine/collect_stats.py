"""Collect the counters, meters and times of an engine.  Control threads."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..native.cpu import nanoseconds_per_cycle
from ..plan.kernels.transport import read_transport
from ..plan.plan import Plan
from ..plan.stats import NodeStats, Stats, spread
from .control import ControlQueue
from .messages.message_queue import Message
from .records import TRACE

__all__ = ["collect_stats"]

NO_TIMES = np.zeros(0, np.int64)


def collect_stats(queue: ControlQueue, *, times: bool = True) -> Stats:
    """Return the counters, meters and times of an engine and of the plan that plays.

    Without ``times`` these are 0: their unit, which takes 20 ms to measure, is not needed.
    """
    with queue.lock:
        queue.free_retired()
        plan = queue.playing_plan
    ((frame, blocks),), counts = queue.progress.tolist(), queue.counts.tolist()
    unit = nanoseconds_per_cycle() * 1e-3 if times else 0.0
    rows, done = _rows(plan, unit), queue.done
    return Stats(
        frames=frame,
        blocks=blocks,
        latency=plan.latency,
        bad_inputs=counts[0],
        bad_outputs=counts[1],
        faults=sum(n.faults for n in rows),
        block_us=spread(queue.trace[: min(blocks, TRACE)], unit),
        readings=plan.readings(),
        nodes=tuple(n for n, own in zip(rows, plan.is_node, strict=True) if own),
        device=None if plan.executor is None else plan.executor.stats(),
        between=tuple(n for n, own in zip(rows, plan.is_node, strict=True) if not own),
        swaps=done[Message.SWAP],
        resets=done[Message.RESET],
        saves=done[Message.SNAPSHOT],
        restores=done[Message.RESTORE],
        transport=read_transport(plan.transport.content),
        threads=None if queue.workers is None else queue.workers.stats(plan),
        together=tuple(tuple(plan.names[k] for k in group.numbers) for group in plan.groups),
    )


def _rows(plan: Plan, unit: float) -> list[NodeStats]:
    """Return the statistics of each row; those of rows with nothing to tell are shared."""
    values, idle_rows = plan.param_table["value"].tolist(), _idle_rows(tuple(plan.names))
    found, shared = [], plan.counters
    shares = {k: group.numbers for group in plan.groups for k in group.numbers}
    if shares:
        shared = shared.copy()
        for numbers in (group.numbers for group in plan.groups):
            for name in ("cycles_sum", "cycles_max"):
                shared[name][numbers] = shared[name][numbers].sum() // len(numbers)
    for k, counters in enumerate(shared.tolist()):
        idle = idle_rows[k]
        first = plan.dry_wet_params.get(idle.name)
        mix, on = (1.0, 1.0) if first is None else values[first : first + 2]
        if any(counters) or mix != 1.0 or not on:
            times = _last_times(plan, shares.get(k, [k]))
            found.append(_node(idle.name, counters, spread(times, unit), mix, not on, unit))
        else:
            found.append(idle)
    return found


def _last_times(plan: Plan, rows: list[int]) -> NDArray[np.int64]:
    """Return the cycles of the last calls of a row; of several, played together, their means.

    Only of calls in this plan: counters that were handed over count those before, too.
    """
    calls = int(plan.counters["calls"][rows].min())
    traces = np.stack([plan.trace(k)[:calls] for k in rows] if calls else [NO_TIMES])
    return np.asarray(traces[:, traces.all(axis=0)].sum(axis=0) // len(traces), np.int64)


@lru_cache(maxsize=64)
def _idle_rows(names: tuple[str, ...]) -> list[NodeStats]:
    """Return the statistics of rows of these names before anything was counted."""
    return [NodeStats(name.strip("<>"), 0, 0, 0.0, 0.0) for name in names]


def _node(
    name: str,
    counters: tuple[int, ...],
    times: dict[str, float],
    mix: float,
    bypassed: bool,
    unit: float,
) -> NodeStats:
    """Return the statistics of a row from its ``COUNTER_FIELDS`` and the times of calls."""
    faults, calls, cycles_sum, cycles_max, late, xruns, overruns, mute_left = counters
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
        bypassed=bypassed,
    )
