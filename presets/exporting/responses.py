"""Responses of nodes that are linear and do not change: gains, pans, filters, cabinets.

Control threads.  A response is float64 ``[output channel][input channel][tap]``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph import DryWet, Graph, Node
from ...nodes import (
    Align,
    Cab,
    DcBlock,
    Filter,
    Gain,
    GraphicEq,
    Loudness,
    Meter,
    Pan,
    ParametricEq,
    PassThrough,
    ToneStack,
)
from ...nodes.cabinet.impulse_response import response
from ...runtime import Engine
from .series import ExportError

__all__ = ["LINEAR", "NOT_MIXED", "in_series", "is_dry", "response_of"]

Response = NDArray[np.float64]
LINEAR = (
    *(Align, Cab, DcBlock, Filter, Gain, GraphicEq, Loudness, Meter, Pan, ParametricEq),
    *(PassThrough, ToneStack),
)
"""Node types whose output is a convolution of their input."""
NOT_MIXED = DryWet()
PIECE, LONGEST = 4096, 1 << 17
"""Frames of a response played at once, and at most."""
ENDED = 1e-8
"""Share of the peak below which a response has ended: -160 dB, less than float32 resolves."""


def response_of(
    name: str, node: Node, channels: int, rate: float, mixed: DryWet = NOT_MIXED
) -> Response:
    """Return the response of a node with so many input channels; ``ExportError`` if it is long.

    ``mixed`` is its mix and bypass.  Any node that is bypassed has a response: its input, without
    the delay of the node, which nothing needs any more.
    """
    if is_dry(mixed):
        outputs = node.outputs[0].channels or channels
        dry = np.eye(channels) if outputs == channels else np.ones((outputs, channels))
        return dry[:, :, None]
    if isinstance(node, Cab) and channels == 1 and mixed == NOT_MIXED:
        taps = response(node._source, node.layout, rate, node.gain_rule)
        level, mix = 10.0 ** (node.level_db / 20.0), node.mix
        made = level * mix * taps[:, None, :]
        made[:, :, 0] += level * (1.0 - mix)
        return np.asarray(made, np.float64)
    columns = [_played(name, node, channels, number, rate, mixed) for number in range(channels)]
    longest = max(column.shape[1] for column in columns)
    whole = np.zeros((columns[0].shape[0], channels, longest))
    for number, column in enumerate(columns):
        whole[:, number, : column.shape[1]] = column
    return whole


def is_dry(mixed: DryWet) -> bool:
    """Whether the output of a node is its input: bypassed, or mixed to 0."""
    return mixed.bypassed or mixed.mix == 0.0


def in_series(first: Response, second: Response) -> Response:
    """Return the response of one after another."""
    taps = first.shape[2] + second.shape[2] - 1
    size = 1 << (taps - 1).bit_length()
    both = np.einsum("oit,ijt->ojt", np.fft.rfft(second, size), np.fft.rfft(first, size))
    made: Response = np.fft.irfft(both, size)[:, :, :taps]
    if min(first.shape[2], second.shape[2]) == 1:  # gains alone: without the rounding of the FFT
        made = np.einsum("oit,ijt->ojt", second, first)
    return made


def _played(
    name: str, node: Node, channels: int, number: int, rate: float, mixed: DryWet
) -> NDArray[Any]:
    """Return what a node makes of one sample of 1 in a channel, until that has decayed."""
    graph = Graph()
    end = graph.input("in", channels=channels) >> graph.add("node", node)
    outputs = node.outputs[0].channels or channels
    end >> graph.output("out", channels=outputs)
    if mixed != NOT_MIXED:
        graph.mix("node", mixed.mix)
    engine = Engine(graph, sample_rate=rate, max_frames=PIECE, fade_s=0.0)
    pieces, peak = list[NDArray[Any]](), 0.0
    while len(pieces) * PIECE < LONGEST:
        x = np.zeros((channels, PIECE), np.float32)
        x[number, 0] = float(not pieces)
        pieces.append(np.atleast_2d(engine.process(x)).astype(np.float64))
        peak = max(peak, float(np.abs(pieces[-1]).max()))
        if float(np.abs(pieces[-1]).max()) <= ENDED * peak:
            whole = np.concatenate(pieces, axis=1)
            heard = np.flatnonzero(np.abs(whole).max(axis=0) > 0.1 * ENDED * peak)
            return whole[:, : heard[-1] + 1 if heard.size else 1]
    raise ExportError(
        f"{name}: rings for more than {LONGEST} frames: a .nam convolves with responses that end"
    )
