"""Statistics of an engine as frozen values: counters, meter readings, times in microseconds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DeviceStats", "NodeStats", "Stats", "spread"]


@dataclass(frozen=True)
class NodeStats:
    """One node (or one operation between nodes): its times, and how often it was muted."""

    name: str
    faults: int
    """Blocks muted because the node produced what is no number."""
    calls: int
    """Calls timed."""
    mean_us: float
    max_us: float
    p50_us: float = 0.0
    """Of the last calls, like the next."""
    p99_us: float = 0.0
    late: int = 0
    """Blocks past the deadline for which this node is to blame."""
    xruns: int = 0
    """Of the device, likewise."""
    overruns: int = 0
    """How often it was muted because it took more than its share, block after block."""
    resting: bool = False
    """Whether it is muted now."""
    mix: float = 1.0
    bypassed: bool = False


@dataclass(frozen=True)
class DeviceStats:
    """What a plan's GPU has done, block by block; times in microseconds, of the last blocks."""

    name: str
    nodes: tuple[str, ...]
    """What plays there."""
    fallback_reason: str
    """Why the CPU plays them instead, or nothing."""
    since: int
    """The frame from which on it does, counted from when the plan began."""
    misses: int
    """Blocks for which the device took longer than there was time."""
    blocks: int
    pipelined: bool
    upload_us: dict[str, float]
    """p50, p99 and max, like the next two."""
    execute_us: dict[str, float]
    """From the launch to its end, or, pipelined, of the launch alone."""
    download_us: dict[str, float]

    def __str__(self) -> str:
        """Say on one line who plays."""
        names, many = ", ".join(self.nodes), len(self.nodes) != 1
        if not self.fallback_reason:
            return f"{names}: on {self.name}"
        return (
            f"{names}: play{'' if many else 's'} on the CPU since frame {self.since}: "
            f"{self.fallback_reason}"
        )


@dataclass(frozen=True)
class Stats:
    """What an engine has done since it was made."""

    frames: int
    blocks: int
    latency: int
    """Frames."""
    bad_inputs: int
    """Input samples that were no numbers, played as 0."""
    bad_outputs: int
    faults: int
    block_us: dict[str, float]
    """p50, p99 and max of the last blocks, in microseconds."""
    readings: dict[str, float]
    """What meters show, by ``node.field``."""
    nodes: tuple[NodeStats, ...]
    """Of the graph."""
    device: DeviceStats | None = None
    between: tuple[NodeStats, ...] = ()
    """What the engine does between nodes: "copy", "add", "delay", "clear"; where there is a GPU,
    also "upload", "device" (launching, and waiting for it) and "download"."""


def spread(times: NDArray[Any]) -> dict[str, float]:
    """Return the median, the 99th percentile and the greatest of some times."""
    if not times.size:
        return dict.fromkeys(("p50", "p99", "max"), 0.0)
    p50, p99 = np.percentile(times, (50, 99))
    return {"p50": float(p50), "p99": float(p99), "max": float(times.max())}
