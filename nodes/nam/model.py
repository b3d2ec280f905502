"""A .nam file, checked and immutable: its network, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .networks import Activation, Conv, Layer, LayerArray, Lstm, LstmLayer, WaveNet

__all__ = [
    "UNKNOWN_RATE",
    "Activation",
    "Conv",
    "Layer",
    "LayerArray",
    "Lstm",
    "LstmLayer",
    "Model",
    "Submodel",
    "WaveNet",
]

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
    network: WaveNet | Lstm | None = None
    submodels: tuple[Submodel, ...] = ()

    def select(self, slim: float = 1.0) -> "Model":
        """Return the model to run at a slim value.

        Of a container it is the first submodel whose ``max_value`` is above the value, or the last
        (and that one whole); of a WaveNet that can be cut down, the width for the value.
        """
        if isinstance(self.network, WaveNet):
            network = self.network.slimmed(slim)
            return self if network is self.network else replace(self, network=network)
        if not self.submodels:
            return self
        above = [s.model for s in self.submodels if slim < s.max_value]
        return (above[0] if above else self.submodels[-1].model).select()

    @property
    def running(self) -> WaveNet | Lstm:
        """The network that runs when nobody asks for a slimmer one."""
        network = self.select().network
        assert network is not None  # only containers have none, and select leaves no container
        return network

    @property
    def receptive_field(self) -> int | None:
        """Frames of input that one frame of output depends on; ``None`` for all of them (LSTM)."""
        network = self.running
        return network.receptive_field if isinstance(network, WaveNet) else None

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
        field = self.receptive_field
        return int(LSTM_PREWARM_S * rate) if field is None else field

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
