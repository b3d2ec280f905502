"""The gain of a compressor: detector, static curve, attack and release, in decibels.

The static curve is that of D. Giannoulis, M. Massberg, J. Reiss, "Digital Dynamic Range Compressor
Design" (JAES 60(6), 2012), eq. 4: for a level o dB above the threshold, a slope s = 1 - 1/ratio and
a knee of w dB the reduction is 0 below -w/2, s (o + w/2)^2 / (2 w) in the knee, and s o above it.

Attack and release are one-pole filters.  Style "clean" has them on the reduction in dB (smooth
branching, eq. 16); "fet" on the level, before the logarithm; "opto" on two reductions, one released
fast and one slowly, whose mean is the reduction.  All state is float64.
"""

import math

import numpy as np

from ....runtime import authoring as ng
from ....runtime.simd.loops.log_exp import DB_PER_OCTAVE

__all__ = [
    "COMPRESSION",
    "COMPRESSION_LIMITS",
    "DETECTORS",
    "STYLES",
    "compression_gain",
    "compression_limits",
]

DETECTORS = ("peak", "rms", "opto")
STYLES = ("clean", "fet", "opto")
RMS, MEAN = 1, 2
FET, OPTO = 1, 2
MEAN_S = 10e-3
"""Time constant of the detectors "rms" and "opto"."""
FAST, SLOWEST, SLOW = 27.5 / 120.0, 5.0 / 0.120, 0.5 / 0.120
"""Release times of style "opto", in ``release_ms``; with 120 ms half is over in 60 ms."""
MEMORY_S = 5.0
"""Time constant of the share of time in which style "opto" was at work."""

COMPRESSION_LIMITS = np.dtype(
    [
        ("rate", np.float64),
        ("threshold_db", np.float64),  # the parameters for which the rest was computed
        ("ratio", np.float64),
        ("knee_db", np.float64),
        ("makeup_db", np.float64),
        ("attack_ms", np.float64),
        ("release_ms", np.float64),
        ("attack", np.float64),  # coefficients, per frame
        ("release", np.float64),
        ("fast", np.float64),
        ("slow", np.float64),
        ("slowest", np.float64),
        ("mean", np.float64),
        ("memory", np.float64),
        ("slope", np.float64),
        ("makeup", np.float64),  # amplitude factor
        ("automatic", np.int64),
        ("detector", np.int64),
        ("style", np.int64),
        ("attacks", np.int64),  # curves of parameters on their way, float32: coefficients
        ("thresholds", np.int64),
        ("slopes", np.int64),
        ("knees", np.int64),
    ]
)
COMPRESSION = np.dtype(
    [
        ("reduction_db", np.float64),
        ("fast_db", np.float64),  # style "opto": the two reductions
        ("slow_db", np.float64),
        ("worked", np.float64),
        ("level", np.float64),  # of the detector
        ("envelope", np.float64),  # style "fet"
        ("limits", np.int64),
    ]
)


@ng.helper
def _reduction(over_db: float, slope: float, knee_db: float) -> float:
    """Return the reduction for a level in dB above the threshold."""
    inside = over_db + 0.5 * knee_db
    made = slope * over_db
    if over_db < 0.5 * knee_db:
        made = slope * inside * inside / (2.0 * knee_db)
    return 0.0 if inside <= 0.0 else made


@ng.helper
def _follow(now: float, target: float, attack: float, release: float) -> float:
    """Return the next value of a one-pole filter, faster on one way: both ways are computed."""
    up = attack * target + (1.0 - attack) * now
    down = release * target + (1.0 - release) * now
    return up if target > now else down


@ng.kernel
def compression_limits(limits: int, _ins: int, _outs: int, _frames: int) -> None:
    """Compute what follows from the parameters in a record ``COMPRESSION_LIMITS``."""
    s = ng.record(limits, COMPRESSION_LIMITS)
    s.attack = 1.0 - math.exp(-1000.0 / (s.attack_ms * s.rate))
    release = s.release_ms * 1e-3 * s.rate
    s.release = 1.0 - math.exp(-1.0 / release)
    s.fast = 1.0 - math.exp(-1.0 / (FAST * release))
    s.slow = 1.0 - math.exp(-1.0 / (SLOW * release))
    s.slowest = 1.0 - math.exp(-1.0 / (SLOWEST * release))
    s.mean = 1.0 - math.exp(-1.0 / (MEAN_S * s.rate))
    s.memory = 1.0 - math.exp(-1.0 / (MEMORY_S * s.rate))
    s.slope = 1.0 - 1.0 / s.ratio
    makeup_db = s.makeup_db
    if s.automatic:
        makeup_db += 0.5 * _reduction(-s.threshold_db, s.slope, s.knee_db)
    s.makeup = ng.decibels(makeup_db)


@ng.kernel
def compression_gain(state: int, levels: int, gains: int, frames: int) -> None:
    """Write the gain (float32) of each frame from its level (float64, which is overwritten)."""
    s = ng.record(state, COMPRESSION)
    p = ng.record(s.limits, COMPRESSION_LIMITS)
    level = ng.numbers(levels, frames, np.float64)
    octave_db = DB_PER_OCTAVE
    attack = ng.floats(p.attacks, frames)
    release = p.release
    mean = p.mean
    now = s.level
    if p.detector == RMS:
        octave_db *= 0.5
        for i in range(frames):
            now += mean * (level[i] * level[i] - now)
            level[i] = now
    elif p.detector == MEAN:
        for i in range(frames):
            now += mean * (level[i] - now)
            level[i] = now
    s.level = now
    now = s.envelope
    if p.style == FET:
        for i in range(frames):
            now = _follow(now, level[i], np.float64(attack[i]), release)
            level[i] = now
    s.envelope = now
    ng.log2_run(levels, levels, frames)
    threshold = ng.floats(p.thresholds, frames)
    slope = ng.floats(p.slopes, frames)
    knee = ng.floats(p.knees, frames)
    for i in range(frames):
        over_db = octave_db * level[i] - np.float64(threshold[i])
        level[i] = _reduction(over_db, np.float64(slope[i]), np.float64(knee[i]))
    now = s.reduction_db
    if p.style == FET:
        now = level[frames - 1]
    elif p.style == OPTO:
        fast = s.fast_db
        slow = s.slow_db
        worked = s.worked
        memory = p.memory
        for i in range(frames):
            needed = level[i]
            worked += memory * ((1.0 if needed > 0.0 else 0.0) - worked)
            back = p.slow + worked * (p.slowest - p.slow)
            fast = _follow(fast, needed, np.float64(attack[i]), p.fast)
            slow = _follow(slow, needed, np.float64(attack[i]), back)
            level[i] = 0.5 * (fast + slow)
        now = level[frames - 1]
        s.fast_db = fast
        s.slow_db = slow
        s.worked = worked
    else:
        for i in range(frames):
            now = _follow(now, level[i], np.float64(attack[i]), release)
            level[i] = now
    s.reduction_db = now + (now - now)  # infinity becomes NaN, and the engine resets the node
    for i in range(frames):
        level[i] *= -1.0 / DB_PER_OCTAVE
    ng.exp2_run32(gains, levels, frames)
