"""What a WaveNet is made of: layers with their gates and modulations, arrays, a head at the end.

A layer, with its input ``x`` and the condition ``c`` (the films, F, may each be absent):

    z = F5(F2(conv(F1(x))) + F4(mixin(F3(c))))
    a = F6(act(z)), or the first half of z activated and the second half as a gate, or as a blend
    F8(head(a)) goes to the array's head, x + F7(out(a)) to the next layer
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .networks import Activation, Conv

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
"""Where a layer may be modulated, in the order of their weights."""


@dataclass(frozen=True, eq=False)
class Film:
    """Channels scaled, and perhaps shifted, by what a convolution makes of the condition."""

    conv: Conv
    shift: bool

    @property
    def channels(self) -> int:
        """Channels modulated; the convolution gives their scales first, then their shifts."""
        return self.conv.outputs // (2 if self.shift else 1)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer; see above.  ``gating`` is "none", "gated" or "blended"."""

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
        """Channels after the activation."""
        return self.conv.outputs // (1 if self.gating == "none" else 2)

    @property
    def plain(self) -> bool:
        """Whether it has nothing that the fused kernels leave out."""
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
        """Every convolution, as a signal meets them but for films."""
        yield self.conv
        yield self.mixin
        for conv in (self.out, self.head):
            if conv is not None:
                yield conv
        for film in self.films.values():
            yield film.conv


@dataclass(frozen=True, eq=False)
class LayerArray:
    """Layers of one width, a way in, and a head that weighs the sum of what the layers give it."""

    rechannel: Conv
    layers: tuple[Layer, ...]
    head: Conv
    widths: tuple[int, ...] = ()
    """Channel counts the array was trained to be cut down to, narrowest first."""

    @property
    def channels(self) -> int:
        """The width of the layers."""
        return self.rechannel.outputs

    @property
    def plain(self) -> bool:
        """Whether the fused kernels can play it."""
        return all(layer.plain for layer in self.layers)

    @property
    def convs(self) -> tuple[Conv, ...]:
        """Every convolution."""
        inner = [c for layer in self.layers for c in layer.convs]
        return (self.rechannel, *inner, self.head)

    @property
    def lookback(self) -> int:
        """Frames that the convolutions look back, one after another."""
        return sum(layer.conv.lookback for layer in self.layers) + self.head.lookback
