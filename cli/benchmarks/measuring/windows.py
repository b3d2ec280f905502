"""Time short windows of several cases in turn, so that the machine's noise falls on all of them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["PARTS", "Timed", "in_turn"]

PARTS = 4
"""Parts of a measurement, each with a least time of its own; their distance is its spread."""


@dataclass(eq=False)
class Timed:
    """A case and the times of its windows; ``play`` computes ``samples`` samples."""

    play: Callable[[], object]
    samples: int
    every: int = 1
    """It takes part in each ``every``-th round: more for a case that takes long."""
    seconds: list[float] = field(default_factory=list)

    def once(self) -> None:
        """Play a window, and note its time."""
        begun = time.perf_counter_ns()
        self.play()
        self.seconds.append((time.perf_counter_ns() - begun) * 1e-9)

    def figures(self) -> dict[str, Any]:
        """Return nanoseconds a sample: the least, median and 99th percentile of all windows.

        ``spread`` is the largest least time of a quarter of the windows over that of all, less one;
        None with fewer windows than quarters.
        """
        if not self.seconds:
            raise ValueError("no window was played")
        ns = np.array(self.seconds) * 1e9 / self.samples
        parts = [part.min() for part in np.array_split(ns, min(PARTS, len(ns)))]
        return {
            "least_ns": float(ns.min()),
            "ns": float(np.median(ns)),
            "p99_ns": float(np.quantile(ns, 0.99)),
            "spread": float(max(parts) / ns.min() - 1.0) if len(ns) >= PARTS else None,
            "windows": len(self.seconds),
        }


def in_turn(cases: Sequence[Timed], rounds: int) -> None:
    """Play a window of each case in each round; the first of each is not counted."""
    for case in cases:
        case.play()  # fills the caches
    for number in range(rounds):
        for case in cases:
            if number % case.every == 0:
                case.once()
