"""Measure how fast a rack plays, in native code, beside the processor's peak multiply-add rate."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import ParamError
from ...presets.bundled import DEMO_DI, asset
from ...presets.rig import Rig, models
from ...runtime.engine.engine import Engine
from ...runtime.io.audio_file import read_audio
from ...runtime.simd.peak import fma_peak
from .machine import format_machine, machine

__all__ = ["ROUNDS", "bench", "format_rack"]

ROUNDS = 8
WARM_S = 0.2
SHORTEST_S, LONGEST_S = 0.1, 600.0
LEAST_NS = 0.005
"""Nanoseconds a sample below which an operation between nodes is left out."""


def bench(
    rig: Rig,
    *,
    block: int = 64,
    seconds: float = 10.0,
    progress: Callable[[float], None] = lambda share: None,
) -> dict[str, Any]:
    """Play the bundled guitar through a rack in blocks; return figures as JSON values.

    Rounds of playing alternate with measurements of the processor's peak, since the clock rate of a
    shared machine changes; every figure is a median over rounds.  Nodes are timed in separate
    rounds, because timing them takes time.  The trace of block times holds the last 4,096.
    """
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ParamError(f"seconds is {seconds:g}: must lie in [{SHORTEST_S:g}, {LONGEST_S:g}]")
    rate = rig.rate or 48_000.0
    engine = Engine(rig.graph, sample_rate=rate, max_frames=block)
    play = _Rounds(engine, block, max(1, round(seconds * rate / ROUNDS / block)))
    play.once(round(WARM_S * rate / block) + 1)
    peaks, whole = [], []
    for n in range(ROUNDS):
        peaks.append(fma_peak())
        whole.append(play.once())
        progress((n + 1) / ROUNDS / 2)
    block_us = engine.stats(timed=True).block_us
    parts: dict[tuple[bool, str], list[float]] = {}
    for n in range(ROUNDS):
        peaks.append(fma_peak())
        for part, spent in play.nodes().items():
            parts.setdefault(part, []).append(spent)
        progress((n + 1 + ROUNDS) / ROUNDS / 2)
    ns = statistics.median(whole)
    nodes = [
        {"name": name, "type": _type(rig, name), "ns_per_sample": statistics.median(found)}
        for (is_node, name), found in parts.items()
        if is_node
    ]
    between = {name: statistics.median(f) for (is_node, name), f in parts.items() if not is_node}
    peak = statistics.median(peaks)
    device = engine.stats().device
    done = _model_rate(rig, nodes) if device is None else None
    return {
        "rig": rig.name,
        "sample_rate": rate,
        "block": block,
        "seconds": seconds,
        "ns_per_sample": ns,
        "x_realtime": 1e9 / (ns * rate),
        "block_us": block_us,
        "deadline_share": block_us["p99"] * 1e-6 * rate / block,
        "nodes": nodes,
        "between_ns_per_sample": between,
        "device": None if device is None else asdict(device),
        "fma_per_s": done,
        "fma_peak_per_s": peak,
        "fma_peak_share": None if done is None else done / peak,
        "machine": machine(),
    }


@dataclass(eq=False)
class _Rounds:
    """Plays the same ``block * blocks`` frames of the guitar in each round."""

    engine: Engine
    block: int
    blocks: int

    def __post_init__(self) -> None:
        di = read_audio(asset(DEMO_DI)).samples[0]
        graph = self.engine.graph
        frames = self.block * self.blocks
        self.source: NDArray[np.float32] = np.resize(di, frames)
        self.outputs = list(np.zeros((sum(graph.outputs.values()), frames), np.float32))

    def once(self, blocks: int | None = None) -> float:
        """Play one round in one native call; return nanoseconds per sample."""
        count = sum(self.engine.graph.inputs.values())
        frames = self.block * min(blocks or self.blocks, self.blocks)
        begun = time.perf_counter_ns()
        self.engine.play([self.source] * count, self.outputs, frames, self.block)
        return (time.perf_counter_ns() - begun) / frames

    def nodes(self) -> dict[tuple[bool, str], float]:
        """Play one round; return nanoseconds per sample of each node and operation between nodes.

        Keys are (is a node, name); rows of one name are summed.
        """
        before = self._spent()
        self.once()
        frames = self.block * self.blocks
        return {
            part: (spent - before[part]) * 1e3 / frames for part, spent in self._spent().items()
        }

    def _spent(self) -> dict[tuple[bool, str], float]:
        stats, spent = self.engine.stats(), dict[tuple[bool, str], float]()
        for is_node, rows in ((True, stats.nodes), (False, stats.between)):
            for n in rows:
                key = is_node, n.name
                spent[key] = spent.get(key, 0.0) + n.mean_us * n.calls
        return spent


def _type(rig: Rig, name: str) -> str:
    node = rig.graph.nodes.get(name)
    return "" if node is None else node.type_name


def _model_rate(rig: Rig, nodes: list[dict[str, Any]]) -> float | None:
    """Return the multiply-adds per second of the models while they run; ``None`` without models."""
    needed = {
        name: sum(side.model.multiply_adds for side in node.sides)
        for name, node in models(rig.graph).items()
    }
    spent = sum(n["ns_per_sample"] for n in nodes if n["name"] in needed)
    return sum(needed.values()) * 1e9 / spent if needed and spent else None


def format_rack(found: dict[str, Any]) -> str:
    """Return the figures of ``bench`` as lines of text."""
    us = found["block_us"]
    lines = [
        f"{found['rig']}: blocks of {found['block']} at {found['sample_rate']:g} Hz",
        f"  {found['ns_per_sample']:.1f} ns a sample, {found['x_realtime']:.1f} x real time",
        f"  block p50 {us['p50']:.1f} us, p99 {us['p99']:.1f} us, max {us['max']:.1f} us; "
        f"p99 is {100 * found['deadline_share']:.1f} % of the deadline",
    ]
    lines += [
        f"  {n['name']:<16} {n['type']:<12} {n['ns_per_sample']:8.2f} ns a sample"
        for n in found["nodes"]
    ]
    between = {name: ns for name, ns in found["between_ns_per_sample"].items() if ns > LEAST_NS}
    if between:
        parts = ", ".join(f"{name} {ns:.2f}" for name, ns in between.items())
        lines.append(f"  {'between nodes':<29} {sum(between.values()):8.2f} ns a sample ({parts})")
    if found["device"] is not None:
        lines += _device_lines(found["device"])
    peak = f"{found['fma_peak_per_s'] / 1e9:.1f} G multiply-adds/s on one core"
    if found["fma_peak_share"] is None:
        lines.append(f"  peak measured beside it: {peak}")
    else:
        lines.append(
            f"  models: {found['fma_per_s'] / 1e9:.1f} G multiply-adds/s, "
            f"{100 * found['fma_peak_share']:.1f} % of the peak measured beside it: {peak}"
        )
    lines.append(f"  {format_machine(found['machine'])}")
    return "\n".join(lines)


def _device_lines(device: dict[str, Any]) -> list[str]:
    """Return the times of a GPU's stages, and why it fell back to the CPU, if it did."""
    stages = ", ".join(
        f"{stage} {us['p50']:.1f} us (p99 {us['p99']:.1f})"
        for stage in ("upload", "execute", "download")
        if (us := device[f"{stage}_us"])
    )
    fallen = [f"  on the CPU since frame {device['since']}: {device['fallback_reason']}"]
    return [f"  {device['name']}: {stages}", *(fallen if device["fallback_reason"] else [])]
