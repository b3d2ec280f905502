"""A checked, immutable .nam file: its network or submodels, its rate and its metadata."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from .networks import ConvNet, Linear, Lstm
from .wavenet import Network, Sequential, WaveNet

__all__ = ["UNKNOWN_RATE", "Model", "Submodel", "prewarm_frames"]

UNKNOWN_RATE = 48_000.0
"""Hz, assumed for a file without a sample rate (as every loader but NAM Core does)."""
LSTM_PREWARM_S = 0.5


@dataclass(frozen=True, eq=False)
class Submodel:
    """One size of a slimmable model, selected by slim values below ``max_value``."""

    max_value: float
    model: "Model"


@dataclass(frozen=True, eq=False)
class Model:
    """A checked .nam file, with either a network or, in a container, submodels."""

    version: str
    architecture: str
    sample_rate: float | None
    """Hz; ``None`` if the file gives none."""
    metadata: Mapping[str, Any]
    network: Network | None = None
    submodels: tuple[Submodel, ...] = ()
    digest: str = ""
    """SHA-256 of the bytes of the file; empty for a model within another."""

    def select(self, slim: float = 1.0) -> "Model":
        """Return the model to run for a slim value from 0 (smallest) to 1 (largest).

        Of a container: the first submodel with a ``max_value`` above ``slim``, else the last, at
        its own largest size.  Of a slimmable WaveNet: the network cut to the width for ``slim``.
        """
        sizes = self.sizes
        return next((s.model for s in sizes if slim < s.max_value), sizes[-1].model)

    @cached_property
    def sizes(self) -> tuple[Submodel, ...]:
        """All models to run, smallest first, with the slim values below which they are selected."""
        if self.submodels:
            return tuple(Submodel(s.max_value, s.model.select()) for s in self.submodels)
        if not isinstance(self.network, WaveNet):
            return (Submodel(1.0, self),)
        limits = self.network.limits
        found = []
        for below, limit in zip((0.0, *limits), limits, strict=False):
            network = self.network.slimmed(below)
            same = network is self.network
            found.append(Submodel(limit, self if same else replace(self, network=network)))
        return tuple(found)

    @property
    def running(self) -> Network:
        """The network at the largest size."""
        network = self.select().network
        assert network is not None  # select never returns a container
        return network

    @property
    def channels(self) -> tuple[int, int]:
        """Input and output channels."""
        return self.running.inputs, self.running.outputs

    @property
    def receptive_field(self) -> int | None:
        """Input frames that an output frame depends on; ``None`` if unbounded (LSTM)."""
        return self.running.receptive_field

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        return self.running.multiply_adds

    @property
    def weight_count(self) -> int:
        """Number of weights in the file, of all submodels together."""
        if self.submodels:
            return sum(s.model.weight_count for s in self.submodels)
        return self.running.weight_count

    @property
    def prewarm(self) -> int:
        """Frames of silence to run before playing: the receptive field, or 0.5 s for an LSTM."""
        rate = self.sample_rate or UNKNOWN_RATE
        return prewarm_frames(self.running, int(LSTM_PREWARM_S * rate))

    @property
    def loudness(self) -> float | None:
        """RMS level in dB of the trainer's clip through the model; ``None`` if not in the file."""
        return self._level("loudness")

    @property
    def input_level_dbu(self) -> float | None:
        """Level in dBu of a sine that is full scale at the input; ``None`` if not in the file."""
        return self._level("input_level_dbu")

    @property
    def output_level_dbu(self) -> float | None:
        """Level in dBu of a sine that is full scale at the output; ``None`` if not in the file."""
        return self._level("output_level_dbu")

    def _level(self, name: str) -> float | None:
        value = self.metadata.get(name)
        return None if value is None else float(value)


def prewarm_frames(network: Network, lstm: int) -> int:
    """Return the frames after which the output no longer depends on the initial state.

    ``lstm`` is the count to take for an LSTM.  Counts of networks that feed others add up.
    """
    if isinstance(network, Lstm):
        return lstm
    if isinstance(network, Sequential):
        return sum(prewarm_frames(part, lstm) for part in network.parts)
    if isinstance(network, (ConvNet, Linear)) or network.condition is None:
        field = network.receptive_field
        assert field is not None  # only an LSTM has none
        return field
    own = sum(array.lookback for array in network.arrays) + sum(c.lookback for c in network.head)
    return prewarm_frames(network.condition, lstm) + own
