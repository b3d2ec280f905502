"""A graph in a ``Board``: what ``GraphPlugin`` is in a ``Pedalboard``, with no plugin host."""

import numpy as np
from numpy.typing import NDArray

from ....graph import Graph, Spec
from ....graph.arguments import by_keyword
from .attributes import Knobs
from .hosted_graph import Fit, Rack
from .reset import restart

__all__ = ["GraphEffect"]

Audio = NDArray[np.float32]


class GraphEffect(Knobs):
    """A graph that a ``Board`` plays; parameters are attributes, as on a ``GraphPlugin``."""

    @by_keyword
    def __init__(
        self, graph: Graph, *, fit: Fit = "exact", sample_rate: float | None = None
    ) -> None:
        rate = None if sample_rate is None else Spec(sample_rate, 1).rate
        rack = Rack(graph, fit)
        self._begin(rack, rate)
        object.__setattr__(self, "_built", (0.0, 0))
        object.__setattr__(self, "_fed", 0)
        if rate is not None:
            self._prepare(rate, 2 if 2 in rack.channels else rack.channels[0])

    def reset(self) -> None:
        """Forget everything heard; parameters stay."""
        for engine in self._rack.engines:
            restart.ctypes(engine.state, 0, 0, 0)
        object.__setattr__(self, "_fed", 0)

    def play(self, audio: Audio, sample_rate: float, last: bool) -> Audio:
        """Play planar audio as pedalboard plays a plugin.

        Frames that are there only because the graph lags are dropped at the start; with ``last``
        as many are fetched at the end.
        """
        self._prepare(sample_rate, len(audio))
        latency = self.latency
        if last and latency:
            audio = np.concatenate([audio, np.zeros((len(audio), latency), np.float32)], axis=1)
        heard = np.empty_like(audio)
        each = len(self._rack.engines) > 1 or self._rack.fit == "each"
        for c, engine in enumerate(self._rack.engines):
            ins = [audio[c]] if each else list(audio[: self._rack.reads])
            outs = [heard[c]] if each else list(heard)
            engine.play(ins, outs, audio.shape[1])
        drop = min(audio.shape[1], max(0, latency - self._fed))
        object.__setattr__(self, "_fed", self._fed + audio.shape[1])
        return np.ascontiguousarray(heard[:, drop:])

    def _prepare(self, rate: float, channels: int) -> None:
        if (rate, channels) != self._built:
            self._rack.build(rate, channels)
            object.__setattr__(self, "_built", (rate, channels))
