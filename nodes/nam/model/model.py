"""A .nam file, checked and immutable: its network, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from .networks import ConvNet, Linear, Lstm
from .wavenet import Network, Sequential, WaveNet

__all__ = ["UNKNOWN_RATE", "Model", "Submodel", "settling"]

UNKNOWN_RATE = 48_000.0
"""What a file that names no sample rate means (every loader but Core's says so)."""
LSTM_PREWARM_S = 0.5


@dataclass(frozen=True, eq=False)
class Submodel:
    """A model of a container, meant for slim values below ``max_value``."""

    max_value: float
    model: "Model"


@dataclass(frozen=True, eq=False)
class Model:
    """A checked .nam file.  It holds either a network or, as a container does, submodels."""

    version: str
    architecture: str
    sample_rate: float | None
    """Hz, or ``None`` where the file does not say."""
    metadata: Mapping[str, Any]
    network: Network | None = None
    submodels: tuple[Submodel, ...] = ()
    digest: str = ""
    """SHA-256 of the bytes of the file; empty for a model within another."""

    def select(self, slim: float = 1.0) -> "Model":
        """Return the model to run at a slim value.

        Of a container it is the first submodel whose ``max_value`` is above the value, or the last
        (and that one whole); of a WaveNet that can be cut down, the width for the value.
        """
        sizes = self.sizes
        return next((s.model for s in sizes if slim < s.max_value), sizes[-1].model)

    @cached_property
    def sizes(self) -> tuple[Submodel, ...]:
        """Every model there is to run, each with the slim value below which it is meant."""
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
        """The network that runs when nobody asks for a slimmer one."""
        network = self.select().network
        assert network is not None  # only containers have none, and select leaves no container
        return network

    @property
    def channels(self) -> tuple[int, int]:
        """Channels in and out."""
        return self.running.inputs, self.running.outputs

    @property
    def receptive_field(self) -> int | None:
        """Frames of input that one frame of output depends on; ``None`` for all of them (LSTM)."""
        return self.running.receptive_field

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, activations not counted."""
        return self.running.multiply_adds

    @property
    def weight_count(self) -> int:
        """Numbers in the file, those of all submodels together."""
        if self.submodels:
            return sum(s.model.weight_count for s in self.submodels)
        return self.running.weight_count

    @property
    def prewarm(self) -> int:
        """Frames of silence after which the start of the network can no longer be heard."""
        rate = self.sample_rate or UNKNOWN_RATE
        return settling(self.running, int(LSTM_PREWARM_S * rate))

    @property
    def loudness(self) -> float | None:
        """Level in dB of the trainer's clip through the model, if known."""
        return self._level("loudness")

    @property
    def input_level_dbu(self) -> float | None:
        """Analogue level of a sine that is full scale at the model's input, if known."""
        return self._level("input_level_dbu")

    @property
    def output_level_dbu(self) -> float | None:
        """Analogue level of a sine that is full scale at the model's output, if known."""
        return self._level("output_level_dbu")

    def _level(self, name: str) -> float | None:
        value = self.metadata.get(name)
        return None if value is None else float(value)


def settling(network: Network, lstm: int) -> int:
    """Return the frames after which the start of a network is forgotten, with ``lstm`` for those.

    What an LSTM makes the condition of, or hands on, is settled that much later.
    """
    if isinstance(network, Lstm):
        return lstm
    if isinstance(network, Sequential):
        return sum(settling(part, lstm) for part in network.parts)
    if isinstance(network, (ConvNet, Linear)) or network.condition is None:
        field = network.receptive_field
        assert field is not None  # without an LSTM there is one
        return field
    own = sum(array.lookback for array in network.arrays) + sum(c.lookback for c in network.head)
    return settling(network.condition, lstm) + own
