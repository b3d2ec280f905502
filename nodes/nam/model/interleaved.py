"""A model at a multiple of its sample rate: copies of its network on interleaved frames.

A network that was trained at one rate has delays of whole frames of that rate.  At ``times`` the
rate all of them are ``times`` as long: frame n then depends on frames n, n - times, n - 2 times ...
alone, as if each of ``times`` copies of the network played every ``times``-th frame.  For a network
of convolutions that is the same network with its dilations multiplied, which is one network to
run; an LSTM, which keeps one state, is copied.
"""

from collections.abc import Mapping
from dataclasses import replace

from .model import Model, Submodel
from .networks import Conv, ConvNet
from .wavenet import Interleaved, Network, Sequential, WaveNet
from .wavenet_parts import Film, Layer, LayerArray

__all__ = ["interleaved", "interleaved_model"]


def interleaved_model(model: Model, times: int) -> Model:
    """Return a mono model, with all of its sizes, at ``times`` its sample rate."""
    if times == 1:
        return model
    rate = times * model.sample_rate
    if len(model.sizes) == 1:
        return replace(model, network=interleaved(model.running, times), sample_rate=rate,
                       submodels=())  # fmt: skip
    sizes = tuple(
        Submodel(
            size.max_value,
            replace(size.model, network=interleaved(size.model.running, times), sample_rate=rate),
        )
        for size in model.sizes
    )
    return replace(model, network=None, submodels=sizes, sample_rate=rate)


def interleaved(network: Network, times: int) -> Network:
    """Return ``times`` copies of a mono network, as one network where it has convolutions only."""
    return _dilated(network, times) or Interleaved(network, times)


def _dilated(network: Network, times: int) -> Network | None:
    """Return the network with its dilations multiplied, or ``None`` if it has other delays."""
    if isinstance(network, ConvNet):
        blocks = tuple((_conv(conv, times), kind) for conv, kind in network.blocks)
        return replace(network, blocks=blocks, head=_conv(network.head, times))
    if isinstance(network, Sequential):
        parts = [_dilated(part, times) for part in network.parts]
        known = tuple(part for part in parts if part is not None)
        return Sequential(known) if len(known) == len(parts) else None
    if not isinstance(network, WaveNet):
        return None
    condition = network.condition and _dilated(network.condition, times)
    if network.condition is not None and condition is None:
        return None
    return replace(
        network,
        arrays=tuple(_array(array, times) for array in network.arrays),
        head=tuple(_conv(conv, times) for conv in network.head),
        condition=condition,
    )


def _array(array: LayerArray, times: int) -> LayerArray:
    layers = tuple(_layer(layer, times) for layer in array.layers)
    rechannel, head = _conv(array.rechannel, times), _conv(array.head, times)
    return replace(array, rechannel=rechannel, layers=layers, head=head)


def _layer(layer: Layer, times: int) -> Layer:
    return replace(
        layer,
        conv=_conv(layer.conv, times),
        mixin=_conv(layer.mixin, times),
        out=layer.out and _conv(layer.out, times),
        head=layer.head and _conv(layer.head, times),
        films=_films(layer.films, times),
    )


def _films(films: Mapping[str, Film], times: int) -> Mapping[str, Film]:
    return {name: replace(film, conv=_conv(film.conv, times)) for name, film in films.items()}


def _conv(conv: Conv, times: int) -> Conv:
    return replace(conv, dilation=times * conv.dilation)
