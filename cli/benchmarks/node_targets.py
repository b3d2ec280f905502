"""What each node may cost: nanoseconds per frame and channel at 48 kHz, in blocks of 64.

The targets are for one core of a desktop processor of 2024 at 3.7 GHz with AVX-512.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...nodes import Gain
from ...presets.bundled import asset

__all__ = ["ALLOWED", "FILES", "TARGETS", "Setting"]

ALLOWED = 1.5
"""A node that takes this many times its target is flagged."""


@dataclass(frozen=True)
class Setting:
    """Arguments of a node, and its target with them; None where there is none."""

    target_ns: float | None
    arguments: dict[str, Any] = field(default_factory=dict)


def _one(target_ns: float, **arguments: Any) -> tuple[Setting, ...]:
    return (Setting(target_ns, arguments),)


TARGETS: dict[str, tuple[Setting, ...]] = {
    "blend": _one(1.0),
    "cab_mics": _one(8.0),
    "chorus": _one(12.0, voices=2) + _one(22.0, voices=2, character="bbd"),
    "clipper": _one(10.0, oversample=2) + _one(16.0),
    "compressor": _one(10.0),
    "constant": _one(0.1),
    "crossover": _one(3.0, bands=2) + _one(9.0, bands=4),
    "delay": _one(6.0),
    "doubler": _one(7.5),
    "drive": _one(120.0) + _one(25.0, quality="live"),
    "envelope_follower": _one(0.1),
    "filter": _one(6.0, low_slope=24, high_slope=24),
    "flanger": _one(8.0),
    "fuzz": _one(40.0),
    "gate": _one(6.0) + _one(10.0, mode="nam"),
    "graphic_eq": _one(12.0),
    "lfo": _one(0.1),
    "limiter": _one(8.0, true_peak="off") + _one(14.0, true_peak=4) + _one(22.0, true_peak=8),
    "looper": _one(3.0),
    "loudness": _one(20.0),  # 6 for the loudness, 14 for true peaks
    "map": _one(0.1),
    "mid_side": _one(2.0),
    "octaver": _one(10.0),
    "parametric_eq": _one(12.0, count=8),
    "phaser": _one(8.0, stages=4) + _one(24.0, stages=12),
    "pitch_shift": _one(10.0, semitones=-2) + _one(10.0, semitones=12),
    "random": _one(0.1),
    "reverb": _one(10.0, model="hall")
    + _one(7.5, model="plate")
    + _one(30.0, model="spring")
    + (Setting(None, {"model": "shimmer"}),),
    "rotary": _one(25.0),
    "step": _one(0.1),
    "stereo_width": _one(2.0),
    "tone_stack": _one(4.0, model="nam") + _one(4.0, model="bassman"),
    "tremolo": _one(1.5) + _one(5.0, mode="harmonic"),
    "tuner": _one(1.0),
    "vibrato": _one(6.0),  # as a voice of the chorus
    "wah": _one(3.0),
}
"""By node type; also of types that are not there yet."""

FILES: dict[str, Callable[[], dict[str, Any]]] = {
    "cab": lambda: {"path": asset("cab.wav")},
    "cab_mics": lambda: {"path_a": asset("cab.wav")},
    "nam": lambda: {"path": asset("crunch-lstm.nam")},
    "nam_bank": lambda: {"paths": [asset("crunch-lstm.nam")] * 2},
    "oversample": lambda: {"node": Gain()},
}
"""Arguments of node types that must be given a file, or another node."""
