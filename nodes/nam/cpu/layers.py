"""The parts that networks share, as operations of a program."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.networks import Activation, Conv
from ..model.wavenet_parts import Film
from . import program_ops as ops
from .program import Matrix, Program
from .program_conv import CONV, conv as convolution

__all__ = ["Parts", "bias_of", "by_tap"]


class Parts:
    """Adds operations to a program; ``start`` is the matrix that a sum begins at."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def conv(self, conv: Conv, source: Matrix, target: Matrix, start: Matrix | None = None) -> None:
        """Give ``start`` and what is made of the source; the target may not be the source."""
        shares = [by_tap(group) for group in np.split(conv.weight, conv.groups)]
        self.program.operation(
            convolution(self.program.width),
            CONV,
            source=source,
            target=target,
            **_started(start, target),
            taps=conv.taps,
            dilation=conv.dilation,
            groups=conv.groups,
            inputs=conv.inputs // conv.groups,
            outputs=conv.outputs // conv.groups,
            weight=self.program.constants(*shares),
            bias=self.program.constants(bias_of(conv)),
        )

    def film(
        self,
        film: Film,
        source: Matrix,
        condition: Matrix,
        target: Matrix,
        start: Matrix | None = None,
    ) -> None:
        """Give ``start + source * scale + shift``; matrices may be the same."""
        conv, channels = film.conv, film.channels
        inputs = conv.inputs // conv.groups
        group = np.arange(conv.outputs) * conv.groups // conv.outputs
        self.program.operation(
            ops.film(self.program.width),
            ops.FILM,
            source=source,
            condition=condition,
            target=target,
            **_started(start, target),
            channels=channels,
            rows=self.program.constants(_twice((group * inputs).astype(np.int64), channels)),
            inputs=inputs,
            shift_inputs=inputs if film.shift else 0,
            weight=self.program.constants(conv.weight),
            bias=self.program.constants(_twice(bias_of(conv), channels)),
        )

    def activate(self, kind: Activation, source: Matrix, target: Matrix) -> None:
        """Activate channel by channel."""
        self.program.operation(
            ops.activate(kind.name, self.program.width),
            ops.ACTIVATE,
            source=source,
            target=target,
            channels=source.channels,
            parameters=self.program.constants(kind.table(source.channels)),
        )

    def gate(self, first: Matrix, second: Matrix, target: Matrix) -> None:
        """Give ``first * second``."""
        self.program.operation(
            ops.gate(self.program.width),
            ops.GATE,
            first=first,
            second=second,
            target=target,
            channels=target.channels,
        )

    def blend(self, first: Matrix, second: Matrix, raw: Matrix, target: Matrix) -> None:
        """Give ``second * first + (1 - second) * raw``."""
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
        """Give ``start + source``."""
        self.program.operation(
            ops.copy(self.program.width),
            ops.COPY,
            source=source,
            target=target,
            **_started(start, target),
            channels=target.channels,
        )


def by_tap(conv: Conv | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights as ``[tap][in][out]``: a tile's are neighbours, whatever its size."""
    weight = conv.weight if isinstance(conv, Conv) else conv
    return np.ascontiguousarray(weight.transpose(2, 1, 0))


def bias_of(conv: Conv) -> NDArray[np.float32]:
    """Return the biases, be they zero."""
    return np.zeros(conv.outputs, np.float32) if conv.bias is None else conv.bias


def _started(start: Matrix | None, target: Matrix) -> dict[str, Any]:
    return {"start": start or target, "started": int(start is not None)}


def _twice(rows: NDArray[Any], channels: int) -> NDArray[Any]:
    """Fill up with zeros what a modulation that does not shift has no rows for."""
    return np.concatenate([rows, np.zeros(2 * channels - rows.size, rows.dtype)])
