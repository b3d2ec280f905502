"""The noise gate's own law: peak follower, hysteresis and hold, expansion, attack and release.

The envelope follows the level up with a time constant of 0.2 ms and down with 25 ms.  The gate
opens where the envelope reaches the threshold, and closes when it has been more than ``hysteresis``
below it for the hold time.  While closed, the gain that it goes to is (envelope / threshold) to the
power (ratio - 1), down to the floor; while open it is 1.  The gain goes there exponentially.
"""

import math

import numpy as np

from ....runtime import authoring as ng

__all__ = ["OWN_GATE", "OWN_LIMITS", "gate_gain", "gate_limits"]

RISE_S, FALL_S = 0.2e-3, 25e-3
SILENT_DB = 120.0
"""A range of this or more is silence."""
HARD_RATIO = 20.0
"""From this ratio on the gain is that of the floor wherever the gate is closed."""
ARRIVED = 1e-7
"""A gain this close to where it goes to is there."""

OWN_LIMITS = np.dtype(
    [
        ("rate", np.float64),
        ("threshold_db", np.float64),  # the parameters for which the rest was computed
        ("hysteresis_db", np.float64),
        ("range_db", np.float64),
        ("attack_ms", np.float64),
        ("hold_ms", np.float64),
        ("release_ms", np.float64),
        ("ratio", np.float64),
        ("rise", np.float64),  # coefficients of the envelope and of the gain, per frame
        ("fall", np.float64),
        ("attack", np.float64),
        ("release", np.float64),
        ("hold", np.int64),  # frames
        ("open_at", np.float64),  # levels
        ("close_at", np.float64),
        ("floor_at", np.float64),
        ("floor", np.float64),  # gain
        ("octave", np.float64),  # log2 of open_at
        ("slope", np.float64),  # ratio - 1
    ]
)
OWN_GATE = np.dtype(
    [
        ("gain", np.float64),  # -1 at first: closed
        ("open", np.float64),  # 1 or 0; these two come first in every kind of gate
        ("envelope", np.float64),
        ("left", np.int64),  # frames until it closes
        ("limits", np.int64),
        ("envelopes", np.int64),  # scratch, float64
        ("goals", np.int64),
    ]
)


@ng.kernel
def gate_limits(limits: int, _ins: int, _outs: int, _frames: int) -> None:
    """Compute what follows from the parameters in a record ``OWN_LIMITS``."""
    s = ng.record(limits, OWN_LIMITS)
    s.rise, s.fall = (
        1.0 - math.exp(-1.0 / (RISE_S * s.rate)),
        1.0 - math.exp(-1.0 / (FALL_S * s.rate)),
    )
    s.attack = 1.0 - math.exp(-1000.0 / (s.attack_ms * s.rate))
    s.release = 1.0 - math.exp(-1000.0 / (s.release_ms * s.rate))
    s.hold = math.floor(s.hold_ms * 1e-3 * s.rate + 0.5)
    s.open_at = ng.decibels(s.threshold_db)
    s.close_at = ng.decibels(s.threshold_db - s.hysteresis_db)
    s.floor = 0.0 if s.range_db >= SILENT_DB else ng.decibels(-s.range_db)
    s.slope = s.ratio - 1.0
    s.octave = math.log2(s.open_at)
    s.floor_at = 0.0
    if s.slope <= 0.0:
        s.floor = 1.0
    if s.ratio >= HARD_RATIO:
        s.floor_at = s.open_at
    elif s.slope > 0.0:
        s.floor_at = ng.decibels(s.threshold_db - s.range_db / s.slope)


@ng.kernel
def gate_gain(state: int, levels: int, gains: int, frames: int) -> None:
    """Write the gain (float64) of each frame from its level (float64); ``state``: ``OWN_GATE``."""
    s = ng.record(state, OWN_GATE)
    p = ng.record(s.limits, OWN_LIMITS)
    level = ng.numbers(levels, frames, np.float64)
    gain = ng.numbers(gains, frames, np.float64)
    follow = ng.numbers(s.envelopes, frames, np.float64)
    goal = ng.numbers(s.goals, frames, np.float64)
    open_at = p.open_at
    floor_at = p.floor_at
    envelope = s.envelope
    rise = p.rise
    fall = p.fall
    keep_up = 1.0 - p.rise
    keep_down = 1.0 - p.fall
    between = False
    lowest = math.inf
    highest = 0.0
    for i in range(frames):
        # Both ways are computed: the faster one is above the other while the envelope rises.
        up = rise * level[i] + keep_up * envelope
        envelope = fall * level[i] + keep_down * envelope
        envelope = up if up > envelope else envelope
        follow[i] = envelope
        lowest = envelope if envelope < lowest else lowest
        highest = envelope if envelope > highest else highest
        between |= floor_at < envelope < open_at
    floor = p.floor
    close_at = p.close_at
    attack = p.attack
    release = p.release
    keep_attack = 1.0 - attack
    keep_release = 1.0 - release
    if between:
        ng.log2_run(s.goals, s.envelopes, frames)
        for i in range(frames):
            goal[i] = p.slope * (goal[i] - p.octave)
        ng.exp2_run(s.goals, s.goals, frames)
    now = floor if s.gain < 0.0 else s.gain
    is_open = s.open != 0.0
    left = s.left
    hold = p.hold
    stays_open = is_open and now == 1.0 and lowest >= close_at
    stays_closed = not is_open and now == floor and highest < open_at and not between
    if stays_open or stays_closed:
        left = hold
        for i in range(frames):
            gain[i] = now
    else:
        for i in range(frames):
            envelope = follow[i]
            if envelope >= (close_at if is_open else open_at):
                is_open = True
                left = hold
            elif is_open:
                left -= 1
                is_open = left >= 0
            target = 1.0
            if not is_open:
                target = goal[i] if envelope > floor_at else floor
            away = target - now
            up = attack * target + keep_attack * now
            down = release * target + keep_release * now
            now = target if abs(away) < ARRIVED else up if away > 0.0 else down
            gain[i] = now
    s.envelope = envelope
    s.open = 1.0 if is_open else 0.0
    s.left = left
    # NaN must come out, so that the engine resets the node.
    s.gain = now if envelope == envelope else envelope
