"""How much of a node is heard: mix and bypass, for nodes that know of neither."""

from typing import Any

import numpy as np

from ...graph import Io, Kind, Node, Space, Spec
from ..native.abi import kernel
from ..native.pointers import channel, copy_bytes, floats, load, record
from ..simd.smoothing import glide, glide_coefficient

__all__ = ["DRY_WET", "allocate_dry_wet", "allocate_dry_wet_for", "mix_dry_wet"]

SMOOTHING_S = 0.01

DRY_WET = np.dtype(
    [
        ("mix", np.float64),  # 0: the input alone, 1: the node alone
        ("on", np.float64),  # 0 while bypassed
        ("now", np.float64),  # their product, on its way
        ("coefficient", np.float64),
        ("width", np.int64),  # channels out
        ("dry_width", np.int64),  # channels in: as many, or one for all
        ("curve", np.int64),
        ("ring", np.int64),  # the input, held back by the node's latency
        ("length", np.int64),
        ("at", np.int64),
        ("dry", np.int64),
    ]
)
"""One node's share.  It lies with the node's own state: reset, snapshots and swaps include it."""


@kernel
def mix_dry_wet(state: int, ins: int, outs: int, frames: int) -> None:
    """Mix a node's output with its input; the node runs on unheard, so that it can come back."""
    s = record(state, DRY_WET)
    target = s.mix * s.on
    heard = target != 1.0 or (s.now == s.now and s.now != 1.0)
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
    if heard:
        for c in range(s.width):
            y = channel(outs, c, frames)
            dry = floats(s.dry + 4 * frames * (c if s.dry_width > 1 else 0), frames)
            for i in range(frames):  # exact at both ends
                y[i] = wet[i] * y[i] + (np.float32(1.0) - wet[i]) * dry[i]


def allocate_dry_wet(node: Node, io: Io) -> Any:
    """Ask for a node's share, or return ``None`` where its input could not stand for its output.

    It can where the node has one output, and its first input has as many channels, or one.
    """
    if len(node.outputs) != 1 or not node.inputs:
        return None
    ports = node.inputs[0], node.outputs[0]
    if any(port.kind is Kind.CONTROL or port.space is Space.DEVICE for port in ports):
        return None
    width, dry_width = io.outputs[node.outputs[0].name], io.inputs[node.inputs[0].name]
    return allocate_dry_wet_for(io.memory, io.spec, width, dry_width, node.latency(io.spec))


def allocate_dry_wet_for(memory: Any, spec: Spec, width: int, dry_width: int, late: int) -> Any:
    """Ask for what mixes channels, ``late`` behind those they were; ``None`` if it cannot be."""
    if dry_width not in (1, width):
        return None
    longest = spec.max_frames
    curve = memory.scratch((1 + dry_width) * longest)
    return memory.record(
        DRY_WET,
        mix=1.0,
        on=1.0,
        now=np.nan,  # not started: begins at its target
        coefficient=glide_coefficient(SMOOTHING_S, spec.rate),
        width=width,
        dry_width=dry_width,
        curve=curve,
        ring=memory.state((dry_width, late)) if late else 0,
        length=late,
        dry=curve[4 * longest],
    )
