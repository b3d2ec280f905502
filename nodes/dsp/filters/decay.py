"""How long a section rings: for the tails of nodes."""

import math

from .svf import ALL_PASS_1, BELL, HIGH_PASS_1, HIGH_SHELF, HIGHEST, LOW_PASS_1, LOW_SHELF, OFF

__all__ = ["decay_frames", "ring_share"]

DECAY_DB = 135.0
"""A section with two equal poles is down by 100 dB when each of them has fallen by so much."""
FLAT = (BELL, LOW_SHELF, HIGH_SHELF)
"""Kinds that let the signal through unchanged at 0 dB."""


def decay_frames(kind: int, turn: float, q: float = 0.707, gain_db: float = 0.0) -> float:
    """Return the frames in which the answer of a section to an impulse falls by 100 dB.

    ``turn`` is frequency / sample rate.  The poles are those of the analogue filter.
    """
    if kind == OFF:
        return 0.0
    share = ring_share(gain_db) if kind in FLAT else 1.0
    w, a = 2.0 * math.pi * min(turn, HIGHEST), 10.0 ** (gain_db / 40.0)
    half = 0.5 / q  # of the damping
    if kind in (LOW_PASS_1, HIGH_PASS_1, ALL_PASS_1):
        speed = w
    else:
        if kind == BELL:
            half /= a
        elif kind == LOW_SHELF:
            w /= math.sqrt(a)
        elif kind == HIGH_SHELF:
            w *= math.sqrt(a)
        # Of s^2 + 2 half w s + w^2: a pair of poles, or the slower of two.
        speed = w * half if half <= 1.0 else w / (half + math.sqrt(half * half - 1.0))
    return share * DECAY_DB / 20.0 * math.log(10.0) / speed


def ring_share(gain_db: float) -> float:
    """Return the share of the decay that is above -100 dB for a bell or shelf with a gain.

    With a small gain the part of the output that rings is small from the start.
    """
    ringing = abs(10.0 ** (gain_db / 20.0) - 1.0)
    return min(max(1.0 + 20.0 * math.log10(max(ringing, 1e-30)) / DECAY_DB, 0.0), 1.0)
