"""``GraphEffect``: a graph in a ``Board``, processed without a plugin host."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph import GraphSource, Spec
from ....graph.arguments import by_keyword
from ..automation import automated
from .attributes import GraphAttributes
from .channels import Fit
from .hosted_graph import HostedGraph
from .reset import reset_engine

__all__ = ["GraphEffect"]

Audio = NDArray[np.float32]


class GraphEffect(GraphAttributes):
    """A graph as an item of a ``Board``; arguments and attributes are those of ``GraphPlugin``."""

    is_effect, is_instrument = True, False
    category, manufacturer_name = "Fx", "namgraph"

    @by_keyword
    def __init__(
        self,
        graph: GraphSource,
        *,
        fit: Fit = "auto",
        sample_rate: float | None = None,
        name: str | None = None,
        automation: Mapping[str, Any] | None = None,
        threads: int | None = 1,
    ) -> None:
        rate = None if sample_rate is None else Spec(sample_rate, 1).rate
        if automation is not None:
            graph = automated(graph, automation)
        hosted = HostedGraph(graph, fit, name, threads)
        self._attach(hosted, rate)
        object.__setattr__(self, "_built", (0.0, 0))
        object.__setattr__(self, "_frames_in", 0)
        if rate is not None:
            self._prepare(rate, hosted.rack.preferred_channels)

    def reset(self) -> None:
        """Clear all node states; parameters keep their values."""
        for engine in self._hosted.engines:
            reset_engine.ctypes(engine.state, 0, 0, 0)
        object.__setattr__(self, "_frames_in", 0)

    def play(self, audio: Audio, sample_rate: float, last: bool) -> Audio:
        """Process float32 ``(channels, frames)`` as pedalboard processes a plugin.

        The frames that the graph's latency adds at the start are dropped; with ``last``, as many
        frames of silence are processed at the end, so that the output is complete.
        """
        self._prepare(sample_rate, len(audio))
        latency = self.latency
        if last and latency:
            audio = np.concatenate([audio, np.zeros((len(audio), latency), np.float32)], axis=1)
        output = np.empty_like(audio)
        engines = self._hosted.engines
        for c, engine in enumerate(engines):
            own = slice(None) if len(engines) == 1 else slice(c, c + 1)
            engine.play(list(audio[own]), list(output[own]), audio.shape[1])
        drop = min(audio.shape[1], max(0, latency - self._frames_in))
        object.__setattr__(self, "_frames_in", self._frames_in + audio.shape[1])
        return np.ascontiguousarray(output[:, drop:])

    def _prepare(self, rate: float, channels: int) -> None:
        if (rate, channels) != self._built:
            self._hosted.build(rate, channels)
            object.__setattr__(self, "_built", (rate, channels))
