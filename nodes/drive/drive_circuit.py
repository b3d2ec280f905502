"""The clipping stage and the tone control of an overdrive, at 4 or 2 times the sample rate.

An operational amplifier passes the input on, x, and adds the voltage v of its feedback branch:
diodes, a resistor R of 51 to 551 kilohm (the drive) and 51 pF side by side, through which the
current i of the other branch flows, x behind a first-order high-pass over 4.7 kilohm::

    C v' = i - v / R - 2 Is sinh(v / Vt)        y = x + v

(D. Yeh, J. Abel, J. Smith, "Simplified, physically-informed models of distortion and overdrive
guitar effects pedals", DAFx 2007).  ``studio`` solves this frame by frame; the implicit share of
each step is 0.52, near the trapezoidal rule, whose ringing after a switching diode so fades.
``live`` filters i by R and C alone, and applies the static solution with first-order ADAA: the
solution's antiderivative is closed.
"""

import math

import numpy as np

from ...runtime import authoring as ng
from .diode import solved
from .static_law import embed_static_law

__all__ = ["CHANNEL", "KNOBS", "LIFT_HZ", "TONE_HZ", "design", "live", "pole", "studio", "warped"]

OHM, FARAD = 4.7e3, 51e-12
LEAST_OHM, MORE_OHM = 51e3, 500e3
IMPLICIT = 0.52
TONE_HZ, LIFT_HZ, MATCH_HZ = 723.0, 3200.0, 7000.0

KNOBS = np.dtype(
    [
        ("drives", np.int64),  # addresses of float32, one per frame of the lower rate
        ("cuts", np.int64),
        ("tones", np.int64),
        ("first", np.int64),  # frame of the curves where a call begins
        ("times", np.int64),
        ("table", np.int64),
        ("steps", np.int64),
        ("pushed", np.int64),  # scratch: float64, one per frame of the higher rate
        ("rate", np.float64),  # of the signal here
        ("volts", np.float64),
        ("saturation", np.float64),
        ("thermal", np.float64),  # of positive and of negative voltages
        ("thermal_back", np.float64),
        ("tone", np.float64),  # coefficients of the two poles
        ("lift", np.float64),
        ("warp", np.float64),  # what ``warped`` returns
    ]
)
PAIRS = ("b", "log_half", "zero", "scale")
CHANNEL = np.dtype(
    [
        ("for_drive", np.float64),  # what the coefficients were computed for
        ("for_cut", np.float64),
        ("cut", np.float64),  # coefficient of the high-pass
        ("gain", np.float64),
        ("pole", np.float64),
        *((f"{name}{side}", np.float64) for name in PAIRS for side in ("", "_back")),
        *((name, np.float64) for name in ("high", "now", "total", "pushed")),
        *((name, np.float64) for name in ("x1", "g1", "v1", "area1", "low", "tone1", "tone2")),
    ]
)
static_law = embed_static_law(CHANNEL, KNOBS)


@ng.helper
def _area(g: float, u: float, b: float) -> float:
    """Return the integral of u over g, from 0, for ``u + b sinh(u) = g``."""
    rest = g - u
    return u * g - 0.5 * u * u - math.sqrt(b * b + rest * rest) + b


@ng.kernel
def design(state: int, ins: int, outs: int, frames: int) -> None:
    """Compute the coefficients of a ``CHANNEL`` for its drive and cut; ``frames`` 1 for studio."""
    s, k = ng.record(state, CHANNEL), ng.record(ins, KNOBS)
    ohm = LEAST_OHM + MORE_OHM * s.for_drive
    turn = math.pi * s.for_cut / k.rate
    s.cut = turn / (1.0 + turn)
    if frames == 1:
        step = IMPLICIT * k.warp / (math.pi * FARAD)
        all_in, leak = 1.0 + step / ohm, 2.0 * step * k.saturation
        s.gain = k.warp / (math.pi * FARAD * OHM)
    else:
        all_in, leak = 1.0, 2.0 * ohm * k.saturation
        s.gain = ohm / OHM
        turn = k.warp / (2.0 * math.pi * ohm * FARAD)
        s.pole = turn / (1.0 + turn)
    s.scale, s.scale_back = 1.0 / (all_in * k.thermal), 1.0 / (all_in * k.thermal_back)
    s.b, s.b_back = leak * s.scale, leak * s.scale_back
    s.log_half, s.log_half_back = math.log(0.5 * s.b), math.log(0.5 * s.b_back)
    s.zero = s.zero_back = 0.0
    s.zero = solved(0.0, s.log_half, s.b, k.steps, k.table)
    s.zero_back = solved(0.0, s.log_half_back, s.b_back, k.steps, k.table)
    if frames != 1:  # the last sample, by the new law
        back = s.g1 < 0.0
        g = -s.scale_back * s.g1 if back else s.scale * s.g1
        thermal, b = (k.thermal_back, s.b_back) if back else (k.thermal, s.b)
        u = solved(g, s.log_half_back if back else s.log_half, b, k.steps, k.table)
        s.area1 = thermal * thermal * _area(g, u, b)
        u -= s.zero_back if back else s.zero
        s.v1 = -thermal * u if back else thermal * u


@ng.kernel
def studio(state: int, ins: int, outs: int, frames: int) -> None:
    """Play ``frames`` frames of the lower rate from ``first`` on, in place at the address ``outs``.

    ``state`` is a ``CHANNEL`` with the coefficients of these frames, ``ins`` the ``KNOBS``.
    """
    s, k = ng.record(state, CHANNEL), ng.record(ins, KNOBS)
    times, table, steps = k.times, k.table, k.steps
    tones = ng.floats(k.tones + 4 * k.first, frames)
    y = ng.floats(outs + 4 * k.first * times, np.int64(frames) * times)
    plus, scale, log_half, b, zero = k.thermal, s.scale, s.log_half, s.b, s.zero
    minus, scale_back, log_half_back = -k.thermal_back, -s.scale_back, s.log_half_back
    b_back, zero_back = s.b_back, s.zero_back
    volts, per_volt = k.volts, 1.0 / k.volts
    cut, gain, back = s.cut, s.gain, (1.0 - IMPLICIT) / IMPLICIT
    high, now, total, pushed = s.high, s.now, s.total, s.pushed
    tone1, tone2, first, second = s.tone1, s.tone2, k.tone, k.lift
    for i in range(frames):
        tone = np.float64(tones[i])
        for n in range(i * times, (i + 1) * times):
            x = volts * np.float64(y[n])
            half = cut * (x - high)
            push = gain * (x - high - half)
            high += half + half
            total = now + back * (now - total) + (1.0 - IMPLICIT) * pushed + IMPLICIT * push
            pushed = push
            if total >= 0.0:
                now = plus * (solved(scale * total, log_half, b, steps, table) - zero)
            else:
                u = solved(scale_back * total, log_half_back, b_back, steps, table)
                now = minus * (u - zero_back)
            x += now
            half = first * (x - tone1)
            dull = tone1 + half
            tone1 = dull + half
            half = second * (dull + tone * (x - dull) - tone2)
            dull = tone2 + half
            tone2 = dull + half
            y[n] = np.float32(per_volt * dull)
    s.high, s.now, s.total, s.pushed = high, now, total, pushed
    s.tone1, s.tone2 = tone1, tone2


@ng.kernel
def live(state: int, ins: int, outs: int, frames: int) -> None:
    """Do what ``studio`` does by the static law."""
    s, k = ng.record(state, CHANNEL), ng.record(ins, KNOBS)
    times = k.times
    count = np.int64(frames) * times
    tones = ng.floats(k.tones + 4 * k.first, frames)
    y, run = ng.floats(outs + 4 * k.first * times, count), ng.numbers(k.pushed, count, np.float64)
    volts, per_volt = k.volts, 1.0 / k.volts
    cut, gain, pole = s.cut, s.gain, s.pole
    keep, pull, stay, come = 1.0 - 2.0 * cut, 2.0 * cut, 1.0 - 2.0 * pole, 2.0 * pole
    high, low, x1 = s.high, s.low, s.x1
    for n in range(count):
        x = volts * np.float64(y[n])
        push = gain * (x - high - cut * (x - high))
        high = keep * high + pull * x
        run[n] = low + pole * (push - low)
        low = stay * low + come * push
    s.high, s.low = high, low
    static_law(state, ins, k.pushed, count)
    tone1, tone2, first, second = s.tone1, s.tone2, k.tone, k.lift
    stay1, come1, stay2, come2 = 1.0 - 2.0 * first, 2.0 * first, 1.0 - 2.0 * second, 2.0 * second
    for i in range(frames):
        tone = np.float64(tones[i])
        for n in range(i * times, (i + 1) * times):
            dry = volts * np.float64(y[n])
            x = 0.5 * (dry + x1) + run[n]
            x1 = dry
            dull = tone1 + first * (x - tone1)
            tone1 = stay1 * tone1 + come1 * x
            x = dull + tone * (x - dull)
            y[n] = np.float32(per_volt * (tone2 + second * (x - tone2)))
            tone2 = stay2 * tone2 + come2 * x
    s.x1, s.tone1, s.tone2 = x1, tone1, tone2


def warped(rate: float) -> float:
    """Return g / Hz of trapezoidal one-poles that are exact at ``MATCH_HZ``, and at 0 Hz."""
    match = min(MATCH_HZ, 0.2 * rate)
    return math.tan(math.pi * match / rate) / match


def pole(hz: float, rate: float) -> float:
    """Return the coefficient, g / (1 + g), of such a one-pole."""
    g = hz * warped(rate)
    return g / (1.0 + g)
