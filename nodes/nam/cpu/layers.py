"""Building blocks of networks, added to a program as operations: convolution, FiLM, activation."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.networks import Activation, Conv
from ..model.wavenet_parts import Film
from . import program_ops as ops
from .knob_columns import KnobColumns, bias_block
from .program import Matrix, Program
from .program_conv import CONV, conv as convolution

__all__ = ["OperationBuilder", "bias_of", "by_tap", "kernel_name"]


class OperationBuilder:
    """Adds operations to a program; a result is added to the matrix ``start`` if one is given."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def conv(
        self,
        conv: Conv,
        source: Matrix,
        target: Matrix,
        start: Matrix | None = None,
        knobs: KnobColumns | None = None,
    ) -> None:
        """Add a convolution of the source to ``start``; the target may not be the source.

        With ``knobs`` its biases are state.
        """
        shares = [by_tap(group) for group in np.split(conv.weight, conv.groups)]
        self.program.operation(
            convolution(self.program.width),
            CONV,
            source=source,
            target=target,
            **_start_fields(start, target),
            taps=conv.taps,
            dilation=conv.dilation,
            groups=conv.groups,
            inputs=conv.inputs // conv.groups,
            outputs=conv.outputs // conv.groups,
            weight=self.program.constants(*shares),
            bias=bias_block(self.program.memory, bias_of(conv), np.ravel, knobs),
        )

    def film(
        self,
        film: Film,
        source: Matrix,
        condition: Matrix,
        target: Matrix,
        start: Matrix | None = None,
    ) -> None:
        """Add ``target = start + source * scale + shift``; all matrices may be the same."""
        conv, channels = film.conv, film.channels
        inputs = conv.inputs // conv.groups
        group = np.arange(conv.outputs) * conv.groups // conv.outputs
        rows = (group * inputs).astype(np.int64)
        self.program.operation(
            ops.film(self.program.width),
            ops.FILM,
            source=source,
            condition=condition,
            target=target,
            **_start_fields(start, target),
            channels=channels,
            rows=self.program.constants(_scales_and_shifts(rows, channels)),
            inputs=inputs,
            shift_inputs=inputs if film.shift else 0,
            weight=self.program.constants(conv.weight),
            bias=self.program.constants(_scales_and_shifts(bias_of(conv), channels)),
        )

    def activate(self, kind: Activation, source: Matrix, target: Matrix) -> None:
        """Add ``target = activation(source)``, with parameters per channel."""
        self.program.operation(
            ops.activate(kernel_name(kind, source.channels), self.program.width),
            ops.ACTIVATE,
            source=source,
            target=target,
            channels=source.channels,
            parameters=self.program.constants(kind.table(source.channels)),
        )

    def softmax(self, source: Matrix, target: Matrix) -> None:
        """Add a softmax over all channels of each frame."""
        self.program.operation(
            ops.softmax(self.program.width),
            ops.ACTIVATE,
            source=source,
            target=target,
            channels=source.channels,
            parameters=0,
        )

    def gate(self, first: Matrix, second: Matrix, target: Matrix) -> None:
        """Add ``target = first * second``."""
        self.program.operation(
            ops.gate(self.program.width),
            ops.GATE,
            first=first,
            second=second,
            target=target,
            channels=target.channels,
        )

    def blend(self, first: Matrix, second: Matrix, raw: Matrix, target: Matrix) -> None:
        """Add ``target = second * first + (1 - second) * raw``."""
        self.program.operation(
            ops.blend(self.program.width),
            ops.BLEND,
            first=first,
            second=second,
            raw=raw,
            target=target,
            channels=target.channels,
        )

    def copy(self, source: Matrix, target: Matrix, start: Matrix | None = None) -> None:
        """Add ``target = start + source``."""
        self.program.operation(
            ops.copy(self.program.width),
            ops.COPY,
            source=source,
            target=target,
            **_start_fields(start, target),
            channels=target.channels,
        )


def by_tap(conv: Conv | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights as ``[tap][in][out]``: those of one tile are adjacent in memory."""
    weight = conv.weight if isinstance(conv, Conv) else conv
    return np.ascontiguousarray(weight.transpose(2, 1, 0))


def bias_of(conv: Conv) -> NDArray[np.float32]:
    """Return the biases; zeros if the convolution has none."""
    return np.zeros(conv.outputs, np.float32) if conv.bias is None else conv.bias


def kernel_name(kind: Activation, channels: int) -> str:
    """Return the name of an activation's emitter, of a cheaper one where it has the same bits."""
    slopes = kind.table(channels) if kind.name == "leaky" else np.zeros(1)
    return "leaky_max" if ((slopes > 0) & (slopes <= 1)).all() else kind.name


def _start_fields(start: Matrix | None, target: Matrix) -> dict[str, Any]:
    return {"start": start or target, "started": int(start is not None)}


def _scales_and_shifts(rows: NDArray[Any], channels: int) -> NDArray[Any]:
    """Return rows for scales and shifts: zeros for the shifts of a FiLM without them."""
    return np.concatenate([rows, np.zeros(2 * channels - rows.size, rows.dtype)])
