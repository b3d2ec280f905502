"""Parts of a WaveNet: layer arrays, their layers, gates and FiLMs.

A layer, with its input ``x`` and the condition ``c`` (F1 to F8 are FiLMs, each optional):

    z = F5(F2(conv(F1(x))) + F4(mixin(F3(c))))
    a = F6(act(z)); with a gate, the first half of z activated, times or blended by the second half
    F8(head(a)) is added to the head sum, x + F7(out(a)) is the input of the next layer

Names in a file: ``mixin`` is input_mixin, ``out`` is layer1x1, ``head`` is head1x1, ``width`` is
bottleneck.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .networks import Activation, Conv
from .short_repr import short_repr

__all__ = ["FILMS", "Film", "Layer", "LayerArray"]

FILMS = (
    "conv_pre_film",
    "conv_post_film",
    "input_mixin_pre_film",
    "input_mixin_post_film",
    "activation_pre_film",
    "activation_post_film",
    "layer1x1_post_film",
    "head1x1_post_film",
)
"""Names of the FiLMs of a layer, in the order of their weights in a file."""


@dataclass(frozen=True, eq=False, repr=False)
class Film:
    """A FiLM: scale, and with ``shift`` also shift, channels by a convolution of the condition."""

    __repr__ = short_repr

    conv: Conv
    shift: bool

    @property
    def channels(self) -> int:
        """Channels modulated; the outputs of the convolution are all scales, then all shifts."""
        return self.conv.outputs // (2 if self.shift else 1)


@dataclass(frozen=True, eq=False, repr=False)
class Layer:
    """One layer, as in the module docstring; ``gating`` is "none", "gated" or "blended"."""

    __repr__ = short_repr

    conv: Conv
    mixin: Conv
    activation: Activation
    out: Conv | None
    head: Conv | None = None
    gating: str = "none"
    second: Activation | None = None
    films: Mapping[str, Film] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Channels after the activation (the bottleneck)."""
        return self.conv.outputs // (1 if self.gating == "none" else 2)

    @property
    def plain(self) -> bool:
        """Whether the fused kernels can run the layer."""
        convs = [self.conv, self.mixin, *([self.out] if self.out else [])]
        widths = {self.conv.inputs, self.conv.outputs}
        return (
            all(c.groups == 1 for c in convs)
            and len(convs) == 3
            and len(widths) == 1
            and self.mixin.inputs == 1
            and self.gating == "none"
            and not self.films
            and self.head is None
        )

    @property
    def convs(self) -> Iterator[Conv]:
        """All convolutions, those of FiLMs last."""
        yield self.conv
        yield self.mixin
        for conv in (self.out, self.head):
            if conv is not None:
                yield conv
        for film in self.films.values():
            yield film.conv


@dataclass(frozen=True, eq=False, repr=False)
class LayerArray:
    """A rechannel (1x1 convolution), layers of one width, and a head over their summed outputs."""

    __repr__ = short_repr

    rechannel: Conv
    layers: tuple[Layer, ...]
    head: Conv
    widths: tuple[int, ...] = ()
    """Channel counts the array may be cut to, ascending; empty if it is not slimmable."""

    @property
    def channels(self) -> int:
        """Channels of the layers."""
        return self.rechannel.outputs

    @property
    def plain(self) -> bool:
        """Whether the fused kernels can run the array."""
        return all(layer.plain for layer in self.layers)

    @property
    def convs(self) -> tuple[Conv, ...]:
        """All convolutions of the array."""
        inner = [c for layer in self.layers for c in layer.convs]
        return (self.rechannel, *inner, self.head)

    @property
    def lookback(self) -> int:
        """Sum of the lookback of all convolutions in frames."""
        return sum(layer.conv.lookback for layer in self.layers) + self.head.lookback
