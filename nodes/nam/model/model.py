"""A checked, immutable .nam file: its network or submodels, its rate and its metadata."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from ....graph import graph_of
from ....graph.json_text import format_json
from ....graph.paths import Content
from ....runtime.io.file_kind import MODEL, NAMB
from .captures import Conditioned, ConvStack, Gru
from .knob import Knob
from .metadata import About
from .networks import ConvNet, Floats, Linear, Lstm
from .wavenet import (
    Gained,
    Interleaved,
    Network,
    ParametricWaveNet,
    Sequential,
    WaveNet,
    knobs_of,
)

if TYPE_CHECKING:
    from .player import Player

__all__ = ["DEFAULT_SAMPLE_RATE", "Model", "Submodel", "prewarm_frames"]

DEFAULT_SAMPLE_RATE = 48_000.0
"""Hz, assumed for a file without a sample rate (as every loader but NAM Core does)."""
LSTM_PREWARM_S = 0.5


@dataclass(frozen=True, eq=False)
class Submodel:
    """One size of a slimmable model, selected by slim values below ``max_value``."""

    max_value: float
    model: "Model"


@dataclass(frozen=True, eq=False, repr=False)
class Model(About, Content):
    """A checked .nam file, with either a network or, in a container, submodels.

    ``load_nam`` makes it; ``Nam(model)`` plays it.  Two are equal if the bytes of their files are.
    """

    described: ClassVar[str] = "a Model, as load_nam returns"
    played_by: ClassVar[tuple[str, str] | None] = ("amp", "nam")

    version: str
    architecture: str
    sample_rate: float
    """Hz; ``DEFAULT_SAMPLE_RATE`` if the file gives none."""
    metadata: Mapping[str, Any]
    network: Network | None = None
    submodels: tuple[Submodel, ...] = ()
    digest: str = ""
    """SHA-256 of the bytes of the file; of a size of a model, of its file and its number."""
    sample_rate_is_assumed: bool = False
    """Whether the file gives no sample rate, nor does any model in it."""
    source: str = ""
    """Where it was read from: an absolute path, the name of a file object, "<bytes>", "<text>",
    "<dict>" or "<file>"; of a size of a model "<size 0 of amp.nam>"."""
    content: bytes | None = None
    """The bytes it was read from, if these were in memory."""
    kind: str = MODEL
    """The format in words: "a NAM model", "a Keras model for RTNeural (AIDA-X)"..."""
    batch: tuple[Floats, Floats] | None = None
    """An input and the output for it, from a zero state, if the file gives them (AIDA-X)."""

    @property
    def given_rate(self) -> float | None:
        """The sample rate in Hz that the file gives, or ``None``."""
        return None if self.sample_rate_is_assumed else self.sample_rate

    @property
    def label(self) -> str:
        """Name in messages, ``source``; for a file that is its path."""
        return self.source or "<model>"

    def saving_hint(self) -> str:
        """Return how to make a file of it, for the message of a preset that needs one."""
        if self.content is None and os.path.isabs(self.source):
            return f"give the node the path it was read from, {self.source!r}"
        suffix = {MODEL: ".nam", NAMB: ".namb"}.get(self.kind, ".json")
        return f'save it, namgraph.save_nam(model, "amp{suffix}"), and give the node that path'

    def at_rate(self, rate: float | None) -> "Model":
        """Return the model with this sample rate, where its file gives none."""
        if rate is None or not self.sample_rate_is_assumed:
            return self
        inner = tuple(Submodel(s.max_value, s.model.at_rate(rate)) for s in self.submodels)
        return replace(self, sample_rate=rate, sample_rate_is_assumed=False, submodels=inner)

    def identified(self, digest: str, source: str = "", content: bytes | None = None) -> "Model":
        """Return the model with digest, source and content; submodels get their own first two."""
        inner = tuple(
            Submodel(s.max_value, s.model.identified(*_part(digest, source, n)))
            for n, s in enumerate(self.submodels)
        )
        return replace(self, digest=digest, source=source, content=content, submodels=inner)

    def __repr__(self) -> str:
        """Return name, architecture, size, weights and rate on one line."""
        name = "" if self.name is None else f" {format_json(self.name)}"
        sizes = f", {len(self.sizes)} sizes" if len(self.sizes) > 1 else ""
        network = self.network
        size = "" if network is None else f" {_size(network)}"
        rate = f"{self.sample_rate:g} Hz" + " assumed" * self.sample_rate_is_assumed
        about = f"{self.architecture}{size}{sizes}, {self.weight_count} weights, {rate}"
        return f"<Model{name}: {about}>"

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields, for a pickle; metadata as a ``dict``."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return values | {"metadata": dict(self.metadata)}

    def __setstate__(self, values: dict[str, Any]) -> None:
        """Set the fields from a pickle."""
        vars(self).update(values | {"metadata": MappingProxyType(values["metadata"])})

    def player(
        self, *, rate: float | None = None, max_frames: int = 512, **options: Any
    ) -> "Player":
        """Return a ``Player``, which plays the model alone on arrays and samples.

        It has ``process(array, out=None)``, ``process_sample(x)``, ``reset()``,
        ``receptive_field``, ``latency``, and ``handle`` for loops that Numba compiles.

        ``rate`` in Hz is the model's if not given; another is refused without ``resample=True``.
        ``options`` are those of ``Nam``: ``slim``, ``prewarm``, ``resample``, ``levels``,
        ``backend`` and so on.  Blocks may have any length; the engine works on up to
        ``max_frames`` at a time.
        """
        from .player import Player  # late: it imports the engine

        graph = graph_of(self, **options)
        field = None if options.get("resample") else self.receptive_field
        return Player(graph, self.sample_rate if rate is None else rate, max_frames, field)

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
        for n, (below, limit) in enumerate(zip((0.0, *limits), limits, strict=False)):
            network = self.network.slimmed(below)
            digest, source = _part(self.digest, self.source, n)
            cut = replace(self, network=network, digest=digest, source=source, content=None)
            found.append(Submodel(limit, self if network is self.network else cut))
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
    def knobs(self) -> tuple[Knob, ...]:
        """The knobs of a capture with knobs, in the order of the file."""
        return knobs_of(self.running)

    @property
    def receptive_field(self) -> int | None:
        """Input frames that an output frame depends on; ``None`` if unbounded (LSTM, GRU)."""
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
        return prewarm_frames(self.running, int(LSTM_PREWARM_S * self.sample_rate))


def _part(digest: str, source: str, number: int) -> tuple[str, str]:
    """Return the digest and the source of a size of a model."""
    whole = os.path.basename(source) or "a model"
    return hashlib.sha256(f"{digest} {number}".encode()).hexdigest(), f"<size {number} of {whole}>"


def _size(network: Network) -> str:
    """Return the size of a network in a few words: channels x layers, units x layers, or taps."""
    if isinstance(network, Gained | Conditioned | ParametricWaveNet):
        return _size(network.inner)
    if isinstance(network, Lstm | Gru):
        return f"{network.hidden_size}x{len(network.layers)}"
    if isinstance(network, ConvStack):
        return f"of {len(network.convs)} layers"
    if isinstance(network, ConvNet):
        return f"{network.blocks[0][0].outputs}x{len(network.blocks)}"
    if isinstance(network, Linear):
        return f"{network.receptive_field} taps"
    if isinstance(network, Sequential):
        return f"of {len(network.parts)}"
    if isinstance(network, Interleaved):
        return _size(network.network)
    if len(network.arrays) > 3:
        return f"of {len(network.arrays)} arrays"
    return "+".join(f"{a.channels}x{len(a.layers)}" for a in network.arrays)


def prewarm_frames(network: Network, lstm: int) -> int:
    """Return the frames after which the output no longer depends on the initial state.

    ``lstm`` is the count to take for an LSTM or a GRU.  Counts of networks that feed others add up.
    """
    if isinstance(network, Gained | Conditioned | ParametricWaveNet):
        return prewarm_frames(network.inner, lstm)
    if isinstance(network, Lstm | Gru):
        return lstm
    if isinstance(network, Sequential):
        return sum(prewarm_frames(part, lstm) for part in network.parts)
    if isinstance(network, Interleaved):
        return network.times * prewarm_frames(network.network, -(-lstm // network.times))
    if isinstance(network, ConvNet | ConvStack | Linear) or network.condition is None:
        field = network.receptive_field
        assert field is not None  # only an LSTM has none
        return field
    own = sum(array.lookback for array in network.arrays) + sum(c.lookback for c in network.head)
    return prewarm_frames(network.condition, lstm) + own
