"""Dry/wet mix and bypass of any node with one output; the node itself has no part in it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....graph import Io, Kind, Node, Port, Space, Spec
from ....graph.prepare import glide_coefficient
from ...native.abi import kernel
from ...native.pointers import channel, copy_bytes, floats, load, record
from ...simd.smoothing import glide

__all__ = ["DRY_WET", "allocate_dry_wet", "allocate_dry_wet_for", "mix_dry_wet"]

SMOOTHING_S = 0.01

DRY_WET = np.dtype(
    [
        ("mix", np.float64),  # 0: dry, the input; 1: wet, the node's output
        ("on", np.float64),  # 0 while bypassed
        ("now", np.float64),  # their product, smoothed
        ("coefficient", np.float64),
        ("width", np.int64),  # channels out
        ("dry_width", np.int64),  # channels in: as many, or one
        ("curve", np.int64),  # scratch: the smoothed mix of each frame
        ("ring", np.int64),  # ring buffer: delays the input by the node's latency
        ("length", np.int64),
        ("at", np.int64),
        ("dry", np.int64),  # scratch: the delayed input
    ]
)
"""The mix of one node.  It is part of the node's state: of reset, saved states and swaps."""


@kernel
def mix_dry_wet(state: int, ins: int, outs: int, frames: int) -> None:
    """Mix a node's output, in place, with its delayed input (audio thread).

    The node also runs while bypassed, so that its state is current when it returns.
    """
    s = record(state, DRY_WET)
    target = s.mix * s.on
    mixing = target != 1.0 or (s.now == s.now and s.now != 1.0)
    s.now = glide(s.curve, s.now, target, s.coefficient, frames)
    wet = floats(s.curve, frames)
    at = s.at
    for c in range(s.dry_width):
        dry = floats(s.dry + 4 * frames * c, frames)
        if s.length > 0:
            x, ring = channel(ins, c, frames), floats(s.ring + 4 * c * s.length, s.length)
            at = s.at
            for i in range(frames):
                dry[i] = ring[at]
                ring[at] = x[i]
                at = at + 1 if at + 1 < s.length else 0
        else:
            copy_bytes(s.dry + 4 * frames * c, load(ins, c), 4 * frames)
    s.at = at
    if mixing:
        for c in range(s.width):
            y = channel(outs, c, frames)
            dry = floats(s.dry + 4 * frames * (c if s.dry_width > 1 else 0), frames)
            for i in range(frames):  # exact at both ends
                y[i] = wet[i] * y[i] + (np.float32(1.0) - wet[i]) * dry[i]


def allocate_dry_wet(node: Node, inputs: Sequence[Port], outputs: Sequence[Port], io: Io) -> Any:
    """Allocate the ``DRY_WET`` record of a node, or return ``None`` where it cannot be mixed.

    It can if it has one output, and its first input has as many channels, or one.  Both must be
    audio on the host.
    """
    if len(outputs) != 1 or not inputs:
        return None
    ports = inputs[0], outputs[0]
    if any(port.kind is Kind.CONTROL or port.space is Space.DEVICE for port in ports):
        return None
    width, dry_width = io.outputs[outputs[0].name], io.inputs[inputs[0].name]
    return allocate_dry_wet_for(io.memory, io.spec, width, dry_width, node.latency(io.spec))


def allocate_dry_wet_for(memory: Any, spec: Spec, width: int, dry_width: int, latency: int) -> Any:
    """Allocate a ``DRY_WET`` record; ``None`` unless the channel counts match.

    ``width`` and ``dry_width`` are channels out and in, ``latency`` the frames between them.
    """
    if dry_width not in (1, width):
        return None
    curve = memory.scratch((1 + dry_width) * spec.max_frames)
    return memory.record(
        DRY_WET,
        mix=1.0,
        on=1.0,
        now=np.nan,  # not started: begins at its target
        coefficient=glide_coefficient(SMOOTHING_S, spec.rate),
        width=width,
        dry_width=dry_width,
        curve=curve,
        ring=memory.state((dry_width, latency)) if latency else 0,
        length=latency,
        dry=curve[4 * spec.max_frames],
    )
