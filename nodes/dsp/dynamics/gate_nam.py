"""The noise gate of the NAM plugin, in its arithmetic: float64, to the bit.

Formulas and constants are those of AudioDSPTools (``NoiseGate.cpp``), which the plugin uses: a
power follower with a half-life of 10 ms, a reduction that is quadratic in dB below the threshold,
and goes half the way in a frame, within limits.  A logarithm is computed only where it is not known
beforehand, and a power only where the reduction has changed: the bits are the same.
"""

import math

import numpy as np

from ....runtime import authoring as ng

__all__ = ["NAM_GATE", "NAM_LIMITS", "nam_gain", "nam_limits"]

TIME_S, OPEN_S, HOLD_S, CLOSE_S = 0.01, 0.005, 0.01, 0.05
RATIO = 0.1
LEAST, MOST, LEAST_DB = 1e-12, 1000.0, -120.0
"""Limits of the power."""
SURE = 1.0 + 1e-12
NOTHING = -1e-16
"""Above this reduction in dB the gain rounds to 1."""

NAM_LIMITS = np.dtype(
    [
        ("rate", np.float64),
        ("threshold_db", np.float64),  # for which the rest was computed
        ("keep", np.float64),  # the power follower's coefficients
        ("add", np.float64),
        ("sure", np.float64),  # a power that is certainly at or above the threshold
        ("least_db", np.float64),  # level of the least power
        ("most_db", np.float64),  # the largest reduction, negative
        ("opening_db", np.float64),  # per frame
        ("closing_db", np.float64),
        ("ten", np.float64),  # a variable: of the constant LLVM makes exp10, which rounds otherwise
    ]
)
NAM_GATE = np.dtype(
    [
        ("gain", np.float64),
        ("open", np.float64),  # 1 or 0; these two come first in every kind of gate
        ("power", np.float64),
        ("reduction_db", np.float64),  # 0 or negative, that of the gain; NaN at first: closed
        ("holding", np.float64),
        ("held_s", np.float64),
        ("limits", np.int64),
    ]
)


@ng.kernel
def nam_limits(limits: int, _ins: int, _outs: int, _frames: int) -> None:
    """Compute what follows from the threshold in a record ``NAM_LIMITS``."""
    s = ng.record(limits, NAM_LIMITS)
    s.ten = 10.0
    s.keep = 0.5 ** (1.0 / (TIME_S * s.rate))
    s.add = 1.0 - s.keep
    s.sure = 10.0 ** (s.threshold_db / 10.0) * SURE
    s.least_db = 10.0 * math.log10(LEAST)
    s.most_db = -RATIO * (LEAST_DB - s.threshold_db) * (LEAST_DB - s.threshold_db)
    s.opening_db = -s.most_db / OPEN_S / s.rate
    s.closing_db = s.most_db / CLOSE_S / s.rate


@ng.kernel
def nam_gain(state: int, levels: int, gains: int, frames: int) -> None:
    """Write the gain (float64) of each frame from its level (float64); ``state``: ``NAM_GATE``."""
    s = ng.record(state, NAM_GATE)
    p = ng.record(s.limits, NAM_LIMITS)
    level = ng.numbers(levels, frames, np.float64)
    gain = ng.numbers(gains, frames, np.float64)
    keep = p.keep
    add = p.add
    sure = p.sure
    threshold_db = p.threshold_db
    most_db = p.most_db
    power = s.power
    reduction = s.reduction_db
    factor = s.gain
    if reduction != reduction:
        power = LEAST
        reduction = most_db
        factor = p.ten ** (reduction / 10.0)
    below_db = 0.0
    for i in range(frames):
        x = level[i]
        power = keep * power + add * (x * x)
        power = LEAST if power < LEAST else MOST if power > MOST else power
        if power >= sure:
            below_db = 0.0
        else:
            db = 10.0 * math.log10(power) if power > LEAST else p.least_db
            below_db = db - threshold_db
        before = reduction
        if s.holding != 0.0:
            reduction = 0.0
            s.held_s = s.held_s + 1.0 / p.rate if below_db < 0.0 else 0.0
            if s.held_s >= HOLD_S:
                s.holding = 0.0
        else:
            target = -RATIO * below_db * below_db if below_db < 0.0 else 0.0
            step = 0.5 * (target - reduction)
            if target > reduction:
                reduction += p.opening_db if step > p.opening_db else step
                if reduction >= 0.0:
                    reduction = 0.0
                    s.holding = 1.0
                    s.held_s = 0.0
            elif target < reduction:
                reduction += p.closing_db if step < p.closing_db else step
                reduction = most_db if reduction < most_db else reduction
        if reduction != before:
            factor = 1.0 if reduction > NOTHING else p.ten ** (reduction / 10.0)
        gain[i] = factor
    s.power = power
    s.gain = factor
    s.open = 0.0 if below_db < 0.0 else 1.0
    s.reduction_db = reduction
    if power != power:  # NaN must come out, so that the engine resets the node
        s.gain = power
