"""Statistics of an engine as dataclasses: counters, meter readings, times in microseconds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.arguments import clip
from .kernels.transport import AT_REST, TransportReading

__all__ = ["DeviceStats", "NodeStats", "Stats", "format_times", "spread"]


@dataclass(frozen=True)
class NodeStats:
    """Times of one node, or of one operation between nodes, and how often it was muted."""

    name: str
    faults: int
    """Blocks muted because the node's output was not finite."""
    calls: int
    """Calls timed."""
    mean_us: float
    max_us: float
    p50_us: float = 0.0
    """Median of the last calls."""
    p99_us: float = 0.0
    """99th percentile of the last calls."""
    late: int = 0
    """Blocks past the deadline attributed to this node."""
    xruns: int = 0
    """Xruns of the sound card attributed to this node."""
    overruns: int = 0
    """Times it was muted because it exceeded its time limit for several blocks in a row."""
    resting: bool = False
    """Whether it is muted now, after an overrun."""
    mix: float = 1.0
    bypassed: bool = False

    def __repr__(self) -> str:
        counts = {n: getattr(self, n) for n in ("faults", "late", "xruns", "overruns")}
        extra = [f"{name} {count}" for name, count in counts.items() if count]
        extra += ["muted now"] * self.resting + ["bypassed"] * self.bypassed
        extra += [f"mix {self.mix:g}"] if self.mix != 1.0 else []
        times = f"p50 {self.p50_us:.1f}, p99 {self.p99_us:.1f}, max {self.max_us:.1f} us"
        parts = [f"calls {self.calls}", *([times] if self.calls else []), *extra]
        return clip(f"<NodeStats {self.name}: {', '.join(parts)}>")


@dataclass(frozen=True)
class DeviceStats:
    """Statistics of a plan's device; times in microseconds, of the last blocks."""

    name: str
    nodes: tuple[str, ...]
    """Names of the nodes on the device."""
    fallback_reason: str
    """Why the CPU runs them instead, or ``""``."""
    since: int
    """First frame run on the CPU, counted from the start of the plan."""
    misses: int
    """Blocks for which the device exceeded its deadline."""
    blocks: int
    pipelined: bool
    upload_us: dict[str, float]
    """p50, p99 and max, as of the next two."""
    execute_us: dict[str, float]
    """From the launch to its end; if pipelined, of the launch only."""
    download_us: dict[str, float]

    def __repr__(self) -> str:
        return clip(f"<DeviceStats {self}, {self.blocks} blocks, {self.misses} misses>")

    def __str__(self) -> str:
        """Return the nodes and where they run, on one line."""
        names = ", ".join(self.nodes)
        if not self.fallback_reason:
            return f"{names}: on {self.name}"
        verb = "plays" if len(self.nodes) == 1 else "play"
        reason = self.fallback_reason
        return f"{names}: {verb} on the CPU since frame {self.since}: {reason}"


@dataclass(frozen=True)
class Stats:
    """Statistics of an engine since it was made, or since ``reset_stats``."""

    frames: int
    blocks: int
    latency: int
    """Frames."""
    bad_inputs: int
    """Input samples that were not finite, replaced by 0."""
    bad_outputs: int
    """The same of output samples."""
    faults: int
    """Blocks muted because a node's output was not finite."""
    block_us: dict[str, float]
    """p50, p99 and max of the last blocks, in microseconds."""
    readings: dict[str, float]
    """Readings of meters, by ``node.field``."""
    nodes: tuple[NodeStats, ...]
    """The nodes of the graph."""
    device: DeviceStats | None = None
    between: tuple[NodeStats, ...] = ()
    """Operations between nodes: "copy", "add", "delay", "clear", "fade_in"; with a device also
    "upload", "device" (launch and wait) and "download"."""
    swaps: int = 0
    resets: int = 0
    saves: int = 0
    """Calls of ``save_state``."""
    restores: int = 0
    """Calls of ``restore_state``."""
    transport: TransportReading = AT_REST
    """Tempo, beats and frame at the end of the last block."""

    def __repr__(self) -> str:
        names = ("faults", "bad_inputs", "bad_outputs")
        counts = [f"{n.replace('_', ' ')} {getattr(self, n)}" for n in names if getattr(self, n)]
        shown = [f"{name} = {value:.3g}" for name, value in list(self.readings.items())[:3]]
        parts = [f"frames {self.frames}", f"latency {self.latency}"]
        parts += [f"nodes {len(self.nodes)}", *counts, *shown]
        times = format_times(self.block_us) if any(self.block_us.values()) else "not timed"
        return clip(f"<Stats blocks {self.blocks} ({times}), {', '.join(parts)}>")


def format_times(times: dict[str, float]) -> str:
    """Return p50, p99 and max of some times in microseconds as text."""
    return ", ".join(f"{name} {value:.1f}" for name, value in times.items()) + " us"


def spread(times: NDArray[np.int64], unit: float = 1.0) -> dict[str, float]:
    """Return the median, the 99th percentile and the maximum of some times, multiplied by ``unit``.

    Percentiles are values that occur: the first that so many of the times do not exceed.
    """
    if not times.size:
        return dict.fromkeys(("p50", "p99", "max"), 0.0)
    last = times.size - 1
    median, rare = last // 2, -(-99 * last // 100)
    found = np.partition(times, (median, rare))
    return {
        "p50": int(found[median]) * unit,
        "p99": int(found[rare]) * unit,
        "max": max(found[rare:].tolist()) * unit,
    }
