"""Cut layer arrays of a WaveNet down to fewer channels, as slimmable models are."""

from dataclasses import replace
from math import nextafter

from .wavenet_parts import Film, Layer, LayerArray

__all__ = ["bottleneck_of", "cut_array", "head_width_of", "least_slim", "width_of"]


def least_slim(number: int, count: int) -> float:
    """Return the least slim value for which ``int(slim * count)`` is ``number``."""
    limit = number / count
    return limit if int(limit * count) >= number else nextafter(limit, 2.0)


def width_of(array: LayerArray, slim: float) -> int:
    """Return the channels of an array at a slim value."""
    count = len(array.widths)
    return array.widths[min(int(slim * count), count - 1)] if count else array.channels


def bottleneck_of(array: LayerArray, width: int) -> int:
    """Return the bottleneck (channels after the activation) for a width."""
    layer = array.layers[0]
    if layer.out is None:
        return width
    return max(1, layer.width * width // array.channels)


def head_width_of(array: LayerArray, inner: int) -> int:
    """Return the input channels of an array's head; those of a head1x1 are not cut."""
    own = array.layers[0].head
    return inner if own is None else own.outputs


def cut_array(array: LayerArray, inputs: int, width: int, inner: int, outputs: int) -> LayerArray:
    """Return an array with the first channels of every weight; gate rows follow the others."""
    if width == array.channels:
        head = array.head.first(outputs, array.head.inputs)
        rechannel = array.rechannel.first(width, inputs)
        return replace(array, rechannel=rechannel, head=head, widths=())
    layers = [_cut_layer(layer, width, inner) for layer in array.layers]
    head = array.head.first(outputs, head_width_of(array, inner))
    return LayerArray(array.rechannel.first(width, inputs), tuple(layers), head)


def _cut_layer(layer: Layer, width: int, inner: int) -> Layer:
    middle = inner * (1 if layer.gating == "none" else 2)
    sizes = {
        "conv_pre_film": width,
        "conv_post_film": middle,
        "input_mixin_pre_film": layer.mixin.inputs,
        "input_mixin_post_film": middle,
        "activation_pre_film": middle,
        "activation_post_film": inner,
        "layer1x1_post_film": width,
    }
    films = {
        name: _cut_film(film, sizes.get(name, film.channels)) for name, film in layer.films.items()
    }
    return replace(
        layer,
        conv=layer.conv.first(middle, width),
        mixin=layer.mixin.first(middle, layer.mixin.inputs),
        out=layer.out and layer.out.first(width, inner),
        head=layer.head and layer.head.first(layer.head.outputs, inner),
        films=films,
    )


def _cut_film(film: Film, channels: int) -> Film:
    rows = channels * (2 if film.shift else 1)
    return Film(film.conv.first(rows, film.conv.inputs), film.shift)
