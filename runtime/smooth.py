"""Parameters that glide: one pole per parameter, stepped once a frame, so that cuts are inaudible.

A node's record holds, for a parameter ``gain_db``, the target ``gain_db`` (written by the engine at
an exact frame) and ``gain_db_now``, the gliding value in whatever unit the kernel wants.  The plan
sets every ``*_now`` to NaN, which means "not started: begin at the target".
"""

import math
from typing import Any

import numpy as np

from .abi import helper
from .pointers import floats

__all__ = ["decibels", "glide", "glide_coefficient"]

NEAR = 1e-6
"""A glide this close to its target has arrived (-120 dB of full scale)."""


def glide_coefficient(smoothing_s: float, rate: float) -> float:
    """Return the share of the remaining way to go each frame, for a time constant in seconds.

    One-pole smoother sampled from the exponential: 1 - exp(-1 / (tau * rate)).
    """
    return 1.0 - math.exp(-1.0 / (smoothing_s * rate)) if smoothing_s > 0 else 1.0


@helper
def decibels(level: float) -> Any:
    """Return the amplitude factor of a level in dB."""
    return 10.0 ** (level / 20.0)


@helper
def glide(curve: int, now: float, target: float, coefficient: float, frames: int) -> Any:
    """Write the next ``frames`` values of a glide as float32 at ``curve``; return the last.

    The arithmetic is float64 from frame to frame, whatever the cuts.  A glide that has arrived
    stays exactly at its target, so a settled gain of 1 changes no bit.
    """
    values = floats(curve, frames)
    if now != now:
        now = target
    start = 0
    while start < frames and now != target:
        now += coefficient * (target - now)
        if abs(target - now) <= NEAR:
            now = target
        values[start] = np.float32(now)
        start += 1
    settled = np.float32(target)
    for i in range(start, frames):
        values[i] = settled
    return now
