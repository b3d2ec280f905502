"""Statistics of a stream: frozen values, ready for JSON.  Control threads."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ....graph.arguments import clip
from ....graph.catalog.text_table import Table, html_of, text_of
from ....graph.text import counted
from ...native.cpu import nanoseconds_per_cycle
from ...plan.kernels.transport import TransportReading
from ...plan.stats import (
    DeviceStats,
    NodeStats,
    Stats,
    ThreadStats,
    format_times,
    node_table,
    reading_notes,
)
from .callback import FLAGS
from .meters import Level, read_levels

__all__ = ["LiveStats", "StreamFacts", "read_stats"]

LEVELS = ("channel", "peak dB", "hold dB", "highest dB", "clipped")


@dataclass(frozen=True)
class LiveStats:
    """Counters since the start, times, levels and latency of a stream.

    A block is *late* if its callback took longer than the block lasts; an *xrun* is what the
    driver reports: sound was lost.  Both are counted for the node that ran long, or as
    "outside": the system or the device.
    """

    state: str
    sample_rate: float
    blocksize: int
    seconds: float
    """Duration of the audio played."""
    frames: int
    blocks: int
    lost: int
    """Blocks that were due and not played (counted by the null stream only)."""
    deadline_us: float
    load: float
    """Time of the 99th percentile of blocks, as a share of the deadline."""
    block_us: dict[str, float]
    """p50, p99 and max of the last blocks, in the engine."""
    longest_callback_us: float
    longest_gap_us: float
    """Between the beginnings of two callbacks."""
    late: int
    late_outside: int
    xruns: int
    xruns_outside: int
    blamed: dict[str, int]
    """Late blocks and xruns by the node that caused them; "between nodes": delays, mixes and
    transfers of the engine."""
    flags: dict[str, int]
    """How often the driver raised each of its flags."""
    latency_ms: dict[str, float]
    """Of the device ("input", "output"), the "graph", and the "total"."""
    inputs: tuple[Level, ...]
    outputs: tuple[Level, ...]
    bad_inputs: int
    """Samples of the input that were not finite, played as 0."""
    bad_outputs: int
    faults: int
    """Blocks muted because a node's output was not finite."""
    overruns: int
    """How often a node was muted because it took more than its limit."""
    readings: dict[str, float]
    nodes: tuple[NodeStats, ...]
    device: DeviceStats | None
    """Of the GPU, if any node runs there."""
    transport: TransportReading
    """Tempo, beats and frame at the end of the last block."""
    threads: ThreadStats | None
    """Of a stream with ``threads``."""

    def __repr__(self) -> str:
        names = ("lost", "late", "xruns", "faults", "overruns", "bad_inputs", "bad_outputs")
        counts = [f"{n.replace('_', ' ')} {getattr(self, n)}" for n in names if getattr(self, n)]
        times = f"{format_times(self.block_us)} of {self.deadline_us:.0f}"
        parts = [f"{self.seconds:.1f} s", f"latency {self.latency_ms['total']:.1f} ms", *counts]
        return clip(
            f"<LiveStats {self.state}: {self.blocks} blocks of {self.blocksize} "
            f"({times}), {', '.join(parts)}>"
        )

    def __str__(self) -> str:
        """Return tables: of the nodes, and of the levels of every channel."""
        return text_of(self._tables())

    def _repr_html_(self) -> str:
        """Return the same tables for a notebook."""
        return html_of(self._tables())

    def _tables(self) -> list[Table]:
        names = ("lost", "late", "xruns", "faults", "overruns", "bad_inputs", "bad_outputs")
        counts = [f"{n.replace('_', ' ')} {getattr(self, n)}" for n in names if getattr(self, n)]
        blocks = f"{counted(self.blocks, 'block')} of {self.blocksize} at {self.sample_rate:g} Hz"
        parts = [f"{self.seconds:.1f} s", blocks, f"latency {self.latency_ms['total']:.1f} ms"]
        parts += [f"load {self.load:.1%} of {self.deadline_us:.0f} us", *counts]
        notes = [f"late or lost because of {name}: {n}" for name, n in self.blamed.items()]
        notes += reading_notes(self.readings)
        notes += [str(one) for one in (self.device, self.threads) if one is not None]
        title = f"LiveStats: {self.state}, {', '.join(parts)}"
        channels = [
            (f"{end} {row.name}", *(f"{x:.1f}" for x in (row.peak_db, row.hold_db, row.highest_db)),
             str(row.clipped))
            for end, rows in (("input", self.inputs), ("output", self.outputs)) for row in rows
        ]  # fmt: skip
        levels = Table("Levels in dB of full scale", LEVELS, channels)
        return [node_table(title, self.nodes, (), self.block_us, notes), levels]


@dataclass(frozen=True)
class StreamFacts:
    """State and configuration of a stream, for ``read_stats``."""

    state: str
    sample_rate: float
    blocksize: int
    latency_s: tuple[float, float]
    """Input and output latency of the device."""
    lost: int
    in_names: list[str]
    out_names: list[str]


def read_stats(
    facts: StreamFacts,
    engine: Stats,
    host: NDArray[Any],
    inputs: NDArray[Any],
    outputs: NDArray[Any],
) -> LiveStats:
    """Return the statistics of a stream: of its engine, its callback (``host``) and its meters."""
    h = host[0]
    unit = nanoseconds_per_cycle() * 1e-3
    rate, nodes = facts.sample_rate, engine.nodes
    blamed = {n.name: n.late + n.xruns for n in nodes}
    blamed["between nodes"] = sum(n.late + n.xruns for n in engine.between)
    deadline = 1e6 * facts.blocksize / rate
    into, out = facts.latency_s
    graph = engine.latency / rate
    seconds = {"input": into, "output": out, "graph": graph, "total": into + out + graph}
    return LiveStats(
        state=facts.state,
        sample_rate=rate,
        blocksize=facts.blocksize,
        seconds=int(h["frames"]) / rate,
        frames=int(h["frames"]),
        blocks=int(h["blocks"]),
        lost=facts.lost,
        deadline_us=deadline,
        load=engine.block_us["p99"] / deadline,
        block_us=engine.block_us,
        longest_callback_us=float(h["longest"]) * unit,
        longest_gap_us=float(h["longest_gap"]) * unit,
        late=int(h["late"]),
        late_outside=int(h["late_outside"]),
        xruns=int(h["xruns"]),
        xruns_outside=int(h["xruns_outside"]),
        blamed={name: count for name, count in blamed.items() if count},
        flags=dict(zip(FLAGS, map(int, h["flags"]), strict=True)),
        latency_ms={name: 1e3 * s for name, s in seconds.items()},
        inputs=read_levels(facts.in_names, inputs),
        outputs=read_levels(facts.out_names, outputs),
        bad_inputs=engine.bad_inputs,
        bad_outputs=engine.bad_outputs,
        faults=engine.faults,
        overruns=sum(n.overruns for n in (*nodes, *engine.between)),
        readings=engine.readings,
        nodes=nodes,
        device=engine.device,
        transport=engine.transport,
        threads=engine.threads,
    )
