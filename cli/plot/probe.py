"""Measure one node: gain and distortion against level, response to small and large signals.

The left channel of the node's first audio output, for the same signal on all channels of its first
audio input.  Latency is taken out.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import Graph, Kind, Node, ParamError, Spec
from ...graph.scheduling.channels import resolve_channels
from ...graph.scheduling.ends import find_ends
from ...runtime.adapters.offline import render
from .figures import db, smooth

__all__ = ["LOUD_DB", "SOFT_DB", "Probe", "graph_of_node", "probe", "sweep"]

NODE = "node"
IN, OUT = "probe_in", "probe_out"
LEVELS_DB = np.arange(-80.0, 0.1, 4.0)
TONE_HZ = 220.0
STEP_S, MEASURED_S = 0.25, 0.1
SOFT_DB, LOUD_DB = -60.0, -12.0
SWEEP_S, AFTER_S, RESPONSE_S = 2.0, 0.5, 0.4
LOWEST_HZ = 20.0
AUDIBLE = 1e-8
"""Peak below which an output is taken for silence."""


@dataclass(frozen=True, eq=False)
class Probe:
    """Figures of a node at one sample rate; NaN where it is silent."""

    rate: float
    latency: int
    tone_hz: float
    levels_db: NDArray[np.float64]
    """Peaks of the sines that went in."""
    peaks_db: NDArray[np.float64]
    thd_db: NDArray[np.float64]
    """Harmonics 2 and above over the fundamental."""
    soft: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Frequencies, and gain in dB, for a small signal."""
    loud: tuple[NDArray[np.float64], NDArray[np.float64]]
    heard: NDArray[np.float32]
    """Output for the large sweep, without what is constant at silence."""


def graph_of_node(node: Node) -> Graph:
    """Return a graph with the first audio input and output of a node as its ends."""
    ends = [[p for p in ports if p.kind is Kind.AUDIO] for ports in (node.inputs, node.outputs)]
    for side, ports in zip(("input", "output"), ends, strict=True):
        if not ports:
            raise ParamError(
                f"{node.type_name} has no audio {side}: a picture of a node shows what it makes of "
                "audio; draw a rack that it is in"
            )
    graph = Graph()
    graph.add(NODE, node)
    graph.input(IN, channels=ends[0][0].channels or 1)
    graph.connect(IN, f"{NODE}.{ends[0][0].name}")
    port = graph.handle(NODE)[ends[1][0].name]
    found = resolve_channels(graph, find_ends(graph)).outputs
    width = next(count for ref, count in found.items() if (ref.node, ref.port) == (NODE, port.port))
    graph.connect(port, graph.output(OUT, channels=width))
    return graph


def probe(node: Node, rate: float) -> Probe:
    """Measure a node; ``NamgraphError`` if it cannot run, or has no audio input or output."""
    graph = graph_of_node(node)
    played = _Player(graph, rate)
    tone_hz, peaks, thd = _steps(played)
    high = min(20_000.0, 0.45 * rate)
    heard, gains = np.empty(0, np.float32), list[Any]()
    quiet = played(0.0 * sweep(rate, high, 1.0))  # captures may be a constant, or hum, at silence
    for level in (SOFT_DB, LOUD_DB):
        x = sweep(rate, high, 10.0 ** (level / 20.0))
        heard = played(x)
        gains.append(_gain(x, heard - quiet, rate, high))
    heard = heard - quiet.mean(dtype=np.float64).astype(np.float32)
    latency = graph.latency(Spec(rate, 1))
    return Probe(rate, latency, tone_hz, LEVELS_DB, peaks, thd, gains[0], gains[1], heard)


class _Player:
    def __init__(self, graph: Graph, rate: float) -> None:
        self.graph, self.rate = graph, rate
        self.channels = graph.inputs[IN]

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the left channel of the output for ``x`` on all channels, from silence."""
        audio = np.tile(x.astype(np.float32), (self.channels, 1))
        made: Any = render(self.graph, audio, self.rate, tail=False, strict=None)
        left: NDArray[np.float32] = np.atleast_2d(made)[0]
        return left


def _steps(played: _Player) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Play a sine at rising levels; return its frequency, and peaks and distortion in dB.

    What is measured is a whole number of periods at the end of each step.
    """
    rate = played.rate
    measured, step = round(MEASURED_S * rate), round(STEP_S * rate)
    periods = round(TONE_HZ * measured / rate)
    tone_hz = periods * rate / measured
    amplitude = np.repeat(10.0 ** (LEVELS_DB / 20.0), step)
    y = played(amplitude * np.sin(2 * np.pi * tone_hz / rate * np.arange(amplitude.size)))
    peaks, thd = np.full((2, LEVELS_DB.size), np.nan)
    for n, row in enumerate(y.reshape(-1, step)[:, -measured:].astype(np.float64)):
        half = float(np.ptp(row)) / 2.0  # DC does not count
        if half < AUDIBLE:
            continue
        peaks[n] = db(half)
        lines = np.abs(np.fft.rfft(row - row.mean()))[periods::periods]
        if lines[0] > 0.0:
            thd[n] = db(np.sqrt(np.sum(lines[1:] ** 2)) / lines[0])
    return tone_hz, peaks, thd


def sweep(rate: float, high: float, amplitude: float) -> NDArray[np.float64]:
    """Return an exponential sine sweep from 20 Hz to ``high``, and silence after it."""
    seconds = np.arange(round(SWEEP_S * rate)) / rate
    growth = SWEEP_S / np.log(high / LOWEST_HZ)
    x = np.sin(2 * np.pi * LOWEST_HZ * growth * (np.exp(seconds / growth) - 1.0))
    fade = round(0.01 * rate)
    x[:fade] *= np.linspace(0.0, 1.0, fade)
    x[-fade:] *= np.linspace(1.0, 0.0, fade)
    return np.pad(amplitude * x, (0, round(AFTER_S * rate)))


def _gain(x: Any, y: Any, rate: float, high: float) -> tuple[Any, Any]:
    """Return the gain of the linear part (Farina, AES 108th Convention, 2000, preprint 5093).

    Harmonics come before the impulse response, and are cut off.
    """
    if np.abs(y).max() < AUDIBLE:
        return np.empty(0), np.empty(0)
    size = 1 << (2 * x.size - 1).bit_length()
    given = np.fft.rfft(x, size)
    power = np.abs(given) ** 2
    made = np.fft.rfft(y.astype(np.float64), size)
    impulse = np.fft.irfft(made * np.conj(given) / (power + 1e-7 * power.max()), size)
    before, after = round(0.005 * rate), round(RESPONSE_S * rate)
    impulse[after:-before] = 0.0
    hertz = np.fft.rfftfreq(size, 1.0 / rate)
    inside = (hertz >= LOWEST_HZ) & (hertz <= 0.93 * high)
    gain = db(np.abs(np.fft.rfft(impulse))[inside])
    bands, level = smooth(hertz[inside], gain, 1 / 12, 25.0)
    return bands[np.isfinite(level)], level[np.isfinite(level)]
