"""``measure``: the delay and the polarity that a node or graph has beyond its declared latency.

A linear sweep of 100 ms to 20 kHz, at -20 dBFS, is played and correlated with the output, as
TONE3000 measures models (docs/model-latency.md).  Control thread.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph import Graph, GraphError, GraphSource, Spec, as_graph
from ...graph.check import format_names
from ...graph.connection import Handle, find_port
from ...runtime.adapters.offline import render
from ..dsp.correlation import CLEAR, DISTINCT, Lag, find_lag
from .branches import branch

__all__ = ["Measurement", "measure", "probe", "rate_for"]

SWEEP_S, FADE_S = 0.1, 0.005
SILENCE_S = {False: 0.01, True: 0.024}
"""Longest delay that is found, and the silence after the sweep: of one node, of a chain."""
TOP_HZ, LEVEL = 20_000.0, 0.1
USUAL_RATE = 48_000.0


@dataclass(frozen=True)
class Measurement:
    """How late a signal comes out, and whether it is inverted, at a sample rate in Hz."""

    lag: Lag
    rate: float

    @property
    def frames(self) -> int:
        """The delay: that of the peak, or of the onset if the polarity is ambiguous; or 0."""
        return self.lag.frames

    @property
    def inverted(self) -> bool:
        """Whether the peak is negative; ``False`` if that is ambiguous."""
        return self.lag.sign < 0

    @property
    def doubt(self) -> str:
        """Why delay or polarity are not known; "" if they are."""
        return self.lag.doubt

    @property
    def unclear(self) -> bool:
        """Whether there is no clear delay, which ``frames`` then gives as 0."""
        return self.lag.clarity < CLEAR

    @property
    def ambiguous(self) -> bool:
        """Whether two lobes of the response are about as high, so that there is no polarity."""
        return self.lag.lobe_ratio < DISTINCT

    def __str__(self) -> str:
        frames, ms = self.lag.frames, 1e3 * self.lag.frames / self.rate
        late = f"{frames} frame{'s' * (abs(frames) != 1)} late ({ms:.2f} ms)"
        if self.doubt:
            return self.doubt if self.unclear else f"{late}; {self.doubt}"
        return f"{late}, {'inverted' if self.inverted else 'not inverted'}"

    def __repr__(self) -> str:
        return f"<Measurement: {self}>"


def measure(
    graph: GraphSource,
    sample_rate: float | Spec | None = None,
    *,
    end: Handle | str | None = None,
) -> Measurement:
    """Return the delay beyond the declared latency, and the polarity, of a node or a graph.

    ``graph`` is what ``render`` takes; several inputs all get the sweep, several channels are
    summed.  ``sample_rate`` is in Hz, or of a ``Spec``; without one it is that of the models, or
    48 kHz.  Delays from 0 to 10 ms are found of one node, within 24 ms of a graph of several.
    With ``end``, a node, what is measured ends there: all that feeds it.
    """
    made = as_graph(graph, "measure(graph, sample_rate)")
    if end is not None:
        made = branch(made, find_port(made, end, "output")[0], ())
    if len(made.outputs) != 1 or not made.inputs:
        raise GraphError(
            f"measure: the graph has the inputs {format_names(made.inputs)} and the outputs "
            f"{format_names(made.outputs)}: must have an input, and one output"
        )
    rate = rate_for(made, sample_rate)
    chain = len(made) > 1
    signal = probe(rate, SILENCE_S[chain])
    sent = {name: np.repeat(signal[None], count, 0) for name, count in made.inputs.items()}
    played = render(made, sent, rate, tail=False, strict=None)
    (heard,) = played.values()
    wide = np.repeat(signal[None], len(heard), 0)
    return Measurement(find_lag(wide, heard, rate, SILENCE_S[chain], both=chain), rate)


def probe(rate: float, silence_s: float) -> NDArray[np.float32]:
    """Return the sweep with its fades, and the silence after it."""
    frames, fade = round(SWEEP_S * rate), round(FADE_S * rate)
    seconds = np.arange(frames) / rate
    top = min(TOP_HZ, 0.45 * rate)
    sweep = LEVEL * np.sin(np.pi * top / SWEEP_S * seconds**2)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)
    sweep[:fade] *= rise
    sweep[-fade:] *= rise[::-1]
    return np.concatenate([sweep, np.zeros(round(silence_s * rate))]).astype(np.float32)


def rate_for(graph: Graph, sample_rate: float | Spec | None) -> float:
    """Return a rate that was given, or the only one of the graph's nodes, or 48 kHz."""
    if isinstance(sample_rate, Spec):
        return sample_rate.rate
    if sample_rate is not None:
        return Spec(sample_rate, 1).rate
    rates = {node.own_rate() for node in graph.nodes.values()} - {None}
    return next(iter(rates)) or USUAL_RATE if len(rates) == 1 else USUAL_RATE
