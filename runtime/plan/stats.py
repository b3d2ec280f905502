"""Statistics of an engine as dataclasses: counters, meter readings, times in microseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.arguments import clip
from ...graph.catalog.text_table import Table, html_of, text_of
from ...graph.text import counted
from .kernels.transport import AT_REST, TransportReading

__all__ = [
    "DeviceStats",
    "NodeStats",
    "Stats",
    "ThreadStats",
    "format_times",
    "node_table",
    "reading_notes",
    "spread",
]

HEAD = ("node", "calls", "mean us", "p50 us", "p99 us", "max us", "share", "")
COUNTS = ("faults", "late", "xruns", "overruns")
"""Counters of a node that a table shows where they are not 0."""


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
        counts = {n: getattr(self, n) for n in COUNTS}
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
class ThreadStats:
    """How threads share the graph of an engine with ``threads``, within a block."""

    threads: int
    """Asked for."""
    lanes: tuple[tuple[str, ...], ...]
    """Of each thread that plays, the nodes and <operations>; the first is the audio thread."""
    reason: str
    """Why one thread plays alone, or ``""``."""
    alone_us: float
    """Of a block of ``max_frames`` by one thread, and by several: measured when the graph was built
    (0: not measured)."""
    shared_us: float
    least_frames: int
    """Shorter blocks are played by one thread."""
    blocks: int
    """Blocks (or parts of them, at changes) shared so far; of them those that each worker entered,
    and how often the audio thread played for one that had not come."""
    entered: tuple[int, ...]
    taken: int

    @property
    def engaged(self) -> bool:
        """Whether several threads play."""
        return not self.reason

    def __str__(self) -> str:
        """Return who plays what, on one line."""
        if self.reason:
            return f"threads: one plays alone: {self.reason}"
        parts = "; ".join(", ".join(n for n in lane if n[0] != "<") or "-" for lane in self.lanes)
        times = f"{self.alone_us:.1f} us alone, {self.shared_us:.1f} us estimated"
        return f"threads: {parts} ({times}); {self.taken} times a worker came too late"


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
    threads: ThreadStats | None = None
    """Of an engine with ``threads``."""
    together: tuple[tuple[str, ...], ...] = ()
    """Groups of nodes that are played at the same time: each has an equal share of their time."""

    def __repr__(self) -> str:
        names = ("faults", "bad_inputs", "bad_outputs")
        counts = [f"{n.replace('_', ' ')} {getattr(self, n)}" for n in names if getattr(self, n)]
        shown = [f"{name} = {value:.3g}" for name, value in list(self.readings.items())[:3]]
        parts = [f"frames {self.frames}", f"latency {self.latency}"]
        parts += [f"nodes {len(self.nodes)}", *counts, *shown]
        times = format_times(self.block_us) if any(self.block_us.values()) else "not timed"
        return clip(f"<Stats blocks {self.blocks} ({times}), {', '.join(parts)}>")

    def __str__(self) -> str:
        """Return a table: a row for each node, and one for whole blocks."""
        return text_of([self._table()])

    def _repr_html_(self) -> str:
        """Return the same table for a notebook."""
        return html_of([self._table()])

    def _table(self) -> Table:
        names = ("faults", "bad_inputs", "bad_outputs", "swaps", "resets", "saves", "restores")
        counts = [f"{n.replace('_', ' ')} {getattr(self, n)}" for n in names if getattr(self, n)]
        parts = [f"{self.frames} frames", f"latency {counted(self.latency, 'frame')}", *counts]
        title = f"Stats: {counted(self.blocks, 'block')}, {', '.join(parts)}"
        notes = reading_notes(self.readings)
        notes += [str(one) for one in (self.device, self.threads) if one is not None]
        notes += [f"played together, with equal shares: {', '.join(g)}" for g in self.together]
        return node_table(title, self.nodes, self.between, self.block_us, notes)


def node_table(
    title: str,
    nodes: Sequence[NodeStats],
    between: Sequence[NodeStats],
    block_us: Mapping[str, float],
    notes: Sequence[str] = (),
) -> Table:
    """Return a row for each node, those between nodes that took time, and the sum.

    ``share`` is the part of the sum of all means.  The node with the largest is marked.  The times
    in the last row are those of whole blocks; only its mean is the sum of those above.
    """
    rows = [*nodes, *(one for one in between if one.calls)]
    total = sum(one.mean_us for one in rows)
    timed = [one for one in rows if one.calls]
    slowest = max(timed, key=lambda one: one.mean_us, default=None)
    cells = [
        (
            one.name if one in nodes else f"({one.name})",
            str(one.calls),
            *_times(one),
            f"{one.mean_us / total:.0%}" if total and one.calls else "-",
            ", ".join(_notes(one, one is slowest and len(timed) > 1)),
        )
        for one in rows
    ]
    if timed:
        calls = str(max(one.calls for one in timed))
        whole = [f"{block_us[key]:.2f}" for key in ("p50", "p99", "max")]
        cells.append(("whole block", calls, f"{total:.2f}", *whole, "100%", ""))
    else:
        notes = ["nodes were not timed: engine.stats(timed=True) begins to", *notes]
    return Table(title, HEAD, cells, notes)


def reading_notes(readings: Mapping[str, float]) -> list[str]:
    """Return the readings of meters, a line each meter."""
    by_node: dict[str, list[str]] = {}
    for name, value in readings.items():
        node, _, field = name.rpartition(".")
        by_node.setdefault(node, []).append(f"{field} {value:.4g}")
    return [f"{node}: {', '.join(found)}" for node, found in by_node.items()]


def _times(one: NodeStats) -> list[str]:
    times = (one.mean_us, one.p50_us, one.p99_us, one.max_us)
    return [f"{us:.2f}" if one.calls else "-" for us in times]


def _notes(one: NodeStats, slowest: bool) -> list[str]:
    found = ["slowest"] * slowest
    found += [f"{name} {getattr(one, name)}" for name in COUNTS if getattr(one, name)]
    found += ["muted now"] * one.resting + ["bypassed"] * one.bypassed
    return found + ([f"mix {one.mix:g}"] if one.mix != 1.0 else [])


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
