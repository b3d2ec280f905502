"""A WaveNet as a program: fused kernels for plain layer arrays, general operations for others.

The form is chosen per layer array.  A run of plain layers (``Layer.plain``) is one operation;
any other layer is a list of operations.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ..model.networks import Conv
from ..model.wavenet import WaveNet
from ..model.wavenet_parts import Layer, LayerArray
from .layers import OperationBuilder, bias_of, by_tap, kernel_name
from .program import Matrix, Program
from .program_conv import DENSE, dense
from .wavenet_layers import LAYER, LAYERS, layers
from .wavenet_short import short_layers

__all__ = ["add_wavenet"]


def add_wavenet(program: Program, network: WaveNet, source: Matrix, condition: Matrix) -> Matrix:
    """Add a network without its condition DSP; return the matrix of its output."""
    builder = _ArrayBuilder(program, condition)
    heads = [program.matrix(a.head.inputs, a.head.lookback) for a in network.arrays]
    signal = source
    for number, array in enumerate(network.arrays):
        last = array is network.arrays[-1]
        output = program.matrix(array.head.outputs) if last else heads[number + 1]
        signal = builder.array(array, number, signal, heads[number], last)
        head = array.head.scaled(network.head_scale) if last else array.head
        builder.dense(head, heads[number], output)
    for conv in network.head:
        assert network.head_activation is not None
        history = program.matrix(conv.inputs, conv.lookback)
        builder.operations.activate(network.head_activation, output, history)
        output = program.matrix(conv.outputs)
        builder.operations.conv(conv, history, output)
    return output


class _ArrayBuilder:
    """Adds the layer arrays of a network to a program."""

    def __init__(self, program: Program, condition: Matrix) -> None:
        self.program, self.condition = program, condition
        self.operations = OperationBuilder(program)

    def array(
        self, array: LayerArray, number: int, signal: Matrix, head: Matrix, last: bool
    ) -> Matrix:
        """Add a layer array without its head; return the matrix of its output."""
        if array.plain and array.head.inputs == array.channels:
            return self._fused(array, number, signal, head, last)
        rows = array.layers
        streams, seen = self._streams(rows, array.channels, number)
        self.operations.conv(array.rechannel, signal, streams[0])
        for n, layer in enumerate(rows):
            start = None if n == number == 0 else head
            target = None if last and layer is rows[-1] else streams[n + 1]
            self._layer(layer, streams[n], seen[n], target, head, start)
        return streams[-1]

    def _streams(
        self, rows: Sequence[Layer], channels: int, number: int
    ) -> tuple[list[Matrix], list[Matrix]]:
        """Return the input of each layer (and the output of the last), and of its convolution.

        The two are the same matrix unless a FiLM is between them.
        """
        streams, seen = [], []
        for n, layer in enumerate(rows):
            history = self.program.matrix(channels, layer.conv.lookback)
            seen.append(history)
            between = "conv_pre_film" in layer.films
            # Two matrices alternate: a layer writes the next input while it still reads its own.
            turn = ("stream", number % 2, n % 2)
            streams.append(self.program.shared(channels, *turn) if between else history)
        turn = ("stream", number % 2, len(rows) % 2)
        return [*streams, self.program.shared(channels, *turn)], seen

    def _layer(
        self,
        layer: Layer,
        x: Matrix,
        seen: Matrix,
        target: Matrix | None,
        head: Matrix,
        start: Matrix | None,
    ) -> None:
        operations, films, condition = self.operations, layer.films, self.condition
        if "conv_pre_film" in films:
            operations.film(films["conv_pre_film"], x, condition, seen)
        z = self._mixed(layer, seen)
        a = self._activated(layer, z)
        if "activation_post_film" in films:
            operations.film(films["activation_post_film"], a, condition, a)
        self._to_head(layer, a, head, start)
        if target is None:
            return
        film = films.get("layer1x1_post_film") if layer.gating == "blended" else None
        if layer.out is None:
            operations.copy(x, target)
        elif film is None:
            operations.conv(layer.out, a, target, x)
        else:
            projected = self.program.shared(layer.out.outputs, "layer1x1")
            operations.conv(layer.out, a, projected)
            operations.film(film, projected, condition, target, x)

    def _mixed(self, layer: Layer, seen: Matrix) -> Matrix:
        """Add the convolution and the mixin of the condition; return the matrix of their sum."""
        operations, films, condition = self.operations, layer.films, self.condition
        z = self.program.shared(layer.conv.outputs, "mixed")
        operations.conv(layer.conv, seen, z)
        if "conv_post_film" in films:
            operations.film(films["conv_post_film"], z, condition, z)
        given = condition
        if "input_mixin_pre_film" in films:
            given = self.program.shared(condition.channels, "condition")
            operations.film(films["input_mixin_pre_film"], condition, condition, given)
        if "input_mixin_post_film" in films:
            m = self.program.shared(layer.conv.outputs, "mixin")
            operations.conv(layer.mixin, given, m)
            operations.film(films["input_mixin_post_film"], m, condition, z, z)
        else:
            operations.conv(layer.mixin, given, z, z)
        if "activation_pre_film" in films:
            operations.film(films["activation_pre_film"], z, condition, z)
        return z

    def _activated(self, layer: Layer, z: Matrix) -> Matrix:
        operations, width = self.operations, layer.width
        a = self.program.shared(width, "activated")
        first = z.part(0, width)
        operations.activate(layer.activation, first, a)
        if layer.second is not None:
            second = z.part(width, width)
            operations.activate(layer.second, second, second)
            if layer.gating == "gated":
                operations.gate(a, second, a)
            else:
                operations.blend(a, second, first, a)
        return a

    def _to_head(self, layer: Layer, a: Matrix, head: Matrix, start: Matrix | None) -> None:
        operations, film = self.operations, layer.films.get("head1x1_post_film")
        if layer.head is None:
            operations.copy(a, head, start)
        elif film is None:
            operations.conv(layer.head, a, head, start)
        else:
            own = self.program.shared(layer.head.outputs, "head1x1")
            operations.conv(layer.head, a, own)
            operations.film(film, own, self.condition, head, start)

    def _fused(
        self, array: LayerArray, number: int, signal: Matrix, head: Matrix, last: bool
    ) -> Matrix:
        if number == 0:
            # A convolution without inputs fills the head sum with its bias, zero.
            self.dense(Conv(np.zeros((array.channels, 0, 1), np.float32)), head, head)
        inputs = [self.program.matrix(array.channels, la.conv.lookback) for la in array.layers]
        output = self.program.shared(array.channels, "stream", number % 2, 0)
        self.dense(array.rechannel, signal, inputs[0])
        kept = self.program.shared(array.channels, "activated")
        places = [*inputs, output]
        rows = [
            self._row(layer, places[n], places[n + 1], not (last and layer is array.layers[-1]))
            for n, layer in enumerate(array.layers)
        ]
        kinds = [kernel_name(layer.activation, layer.width) for layer in array.layers]
        for name, run in groupby(range(len(rows)), key=kinds.__getitem__):
            part = [rows[n] for n in run]
            shape = (array.channels, name, self.program.width)
            self.program.operation(
                short_layers(*shape, self.program.frames) or layers(*shape),
                LAYERS,
                channels=array.channels,
                count=len(part),
                layers=self.program.memory.table(LAYER, part),
                condition=self.condition.address,
                activated=kept.address,
                head=head,
            )
        return output

    def _row(self, layer: Layer, source: Matrix, target: Matrix, has_out: bool) -> dict[str, Any]:
        assert layer.out is not None  # a plain layer has one
        keep, table = self.program.constants, layer.activation.table(layer.width)
        return {
            **source.fields("source"),
            **target.fields("target"),
            "taps": layer.conv.taps,
            "dilation": layer.conv.dilation,
            "conv": keep(by_tap(layer.conv)),
            "bias": keep(bias_of(layer.conv)),
            "mixin": keep(by_tap(layer.mixin)),
            "parameters": keep(table),
            "out": keep(by_tap(layer.out)),
            "out_bias": keep(bias_of(layer.out)),
            "has_out": int(has_out),
        }

    def dense(self, conv: Conv, source: Matrix, target: Matrix) -> None:
        """Add a plain convolution: the rechannel of a layer array, or its head."""
        self.program.operation(
            dense(self.program.width),
            DENSE,
            source=source,
            target=target,
            taps=conv.taps,
            dilation=conv.dilation,
            inputs=conv.inputs,
            outputs=conv.outputs,
            weight=self.program.constants(by_tap(conv)),
            bias=self.program.constants(bias_of(conv)),
        )
