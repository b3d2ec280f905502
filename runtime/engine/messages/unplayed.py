"""What was posted after a swap that waits: replayed, it gives the parameters as they will be.

A swap waits while another one fades, and all that was posted after it waits too.  Control threads,
under the lock of the queue.
"""

from typing import NamedTuple

from ...plan.plan import Plan

__all__ = ["Swap", "Unplayed"]


class Swap(NamedTuple):
    """A posted swap, without its plan: keeping it here would keep the plan's memory."""

    address: int
    """Of the plan."""
    handed_over: frozenset[str]
    values: dict[str, float]

    @classmethod
    def to(cls, plan: Plan) -> "Swap":
        """Return the parameters that a plan begins with, and which nodes take over what was set."""
        return cls(plan.address, plan.handed_over, plan.values())


class Unplayed:
    """Swaps that wait, and values set since the first of them was posted."""

    def __init__(self) -> None:
        self._events: list[Swap | tuple[str, float]] = []

    def __bool__(self) -> bool:
        return bool(self._events)

    def add_swap(self, plan: Plan) -> None:
        """Record that a swap to ``plan`` was posted."""
        self._events.append(Swap.to(plan))

    def add_value(self, name: str, value: float) -> None:
        """Record that a parameter was set, for the next block, after a swap that may wait."""
        if self._events:
            self._events.append((name, value))

    def forget_played(self, playing: Plan, last: Plan) -> Plan:
        """Keep only what comes after the plan that plays; return it.  ``last`` was posted last."""
        if playing is last:
            self._events.clear()
        for k, event in enumerate(self._events):
            if isinstance(event, Swap) and event.address == playing.address:
                del self._events[: k + 1]
                break
        return playing

    def replay(self, values: dict[str, float]) -> dict[str, float]:
        """Return the parameters once all of this is applied to a plan that has ``values``."""
        for event in self._events:
            if isinstance(event, Swap):
                nodes = event.handed_over
                kept = {n: v for n, v in values.items() if n.rpartition(".")[0] in nodes}
                values = {n: kept.get(n, v) for n, v in event.values.items()}
            elif event[0] in values:
                values[event[0]] = event[1]
        return values
