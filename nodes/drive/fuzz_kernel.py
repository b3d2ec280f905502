"""The filters of a fuzz, around its curves."""

import math

import numpy as np

from ...runtime import authoring as ng

__all__ = ["CHANNEL", "KNOBS", "after", "between", "entry", "leave", "one_pole", "push"]

ATTACK_S, RELEASE_S = 0.03, 0.2
SAG = 0.5
"""The bias at full signal is 1 + SAG times that of silence."""

KNOBS = np.dtype(
    [
        ("gains", np.int64),  # addresses of float32, one per frame of the lower rate
        ("offsets", np.int64),
        ("sagged", np.int64),  # the offsets of this channel
        ("rests", np.int64),  # what the curve makes of them
        ("tones", np.int64),
        ("levels", np.int64),
        ("times", np.int64),
        ("sags", np.int64),  # 1 where the bias follows the level
        ("diodes", np.int64),  # 1: the curve is asinh, 0: tanh
        ("rectifies", np.int64),  # 1: abs() of the first curve
        ("rate", np.float64),
        ("cut_hz", np.float64),  # as it is in this run
        ("attack", np.float64),
        ("release", np.float64),
        ("first_gain", np.float64),  # of the two stages, in front of the curve
        ("second_gain", np.float64),
        ("second_power", np.float64),  # 1: the second stage's gain is that of the knob, too
        ("dark", np.float64),  # coefficients of one-poles at the higher rate
        ("middle_cut", np.float64),
        ("bass", np.float64),  # at the lower rate
        ("treble", np.float64),
        ("block", np.float64),
        ("out", np.float64),
    ]
)
CHANNEL = np.dtype(
    [
        *((f"x{n}", np.float64) for n in range(3)),  # the last samples of the curves
        *((n, np.float64) for n in ("input", "level", "dark1", "middle", "dark2")),
        *((n, np.float64) for n in ("bass", "treble", "dc")),
    ]
)


def one_pole(hz: float, rate: float) -> float:
    """Return the coefficient of a trapezoidal one-pole low-pass."""
    g = math.tan(math.pi * min(hz, 0.45 * rate) / rate)
    return g / (1.0 + g)


@ng.kernel
def entry(state: int, ins: int, outs: int, frames: int) -> None:
    """High-pass in place, at the lower rate; ``cut_hz`` is that of all of these frames."""
    s, k = ng.record(state, CHANNEL), ng.record(ins, KNOBS)
    y, kept = ng.floats(outs, frames), s.input
    turn = math.pi * k.cut_hz / k.rate
    cut = turn / (1.0 + turn)
    keep, pull = 1.0 - 2.0 * cut, 2.0 * cut
    for i in range(frames):
        x = np.float64(y[i])
        y[i] = np.float32(x - kept - cut * (x - kept))
        kept = keep * kept + pull * x
    s.input = kept


@ng.kernel
def push(state: int, ins: int, outs: int, frames: int) -> None:
    """Amplify for the first curve, add the bias; ``frames`` are of the lower rate."""
    s, k = ng.record(state, CHANNEL), ng.record(ins, KNOBS)
    times, first, level, sags = k.times, k.first_gain, s.level, k.sags
    gains, offsets = ng.floats(k.gains, frames), ng.floats(k.offsets, frames)
    y = ng.floats(outs, np.int64(frames) * times)
    sagged, rests = ng.floats(k.sagged, frames), ng.floats(k.rests, frames)
    attack, release, last, rest = k.attack, k.release, 0.0, 0.0
    for i in range(frames):
        gain, offset = first * np.float64(gains[i]), np.float64(offsets[i])
        if sags == 1:
            size = abs(gain * np.float64(y[i * times]))
            size = size if size < 1.0 else 1.0
            level += (attack if size > level else release) * (size - level)
            offset = offset * (1.0 + SAG * level)
        if offset != last:
            rest = math.asinh(offset) if k.diodes == 1 else math.tanh(offset)
            last = offset
        sagged[i] = np.float32(offset)
        rests[i] = np.float32(rest)
        for n in range(i * times, (i + 1) * times):
            y[n] = np.float32(gain * np.float64(y[n]) + offset)
    s.level = level


@ng.kernel
def between(state: int, ins: int, outs: int, frames: int) -> None:
    """Low-pass and high-pass, amplify for the second curve, add the bias."""
    s, k = ng.record(state, CHANNEL), ng.record(ins, KNOBS)
    times, second, power = k.times, k.second_gain, k.second_power
    gains, sagged = ng.floats(k.gains, frames), ng.floats(k.sagged, frames)
    rests, fold = ng.floats(k.rests, frames), k.rectifies
    y = ng.floats(outs, np.int64(frames) * times)
    dark, cut, low, high = k.dark, k.middle_cut, s.dark1, s.middle
    stay, come, keep, pull = 1.0 - 2.0 * dark, 2.0 * dark, 1.0 - 2.0 * cut, 2.0 * cut
    for i in range(frames):
        gain = second * (np.float64(gains[i]) if power == 1.0 else 1.0)
        offset, rest = np.float64(sagged[i]), np.float64(rests[i])
        rest = abs(rest) if fold == 1 else rest
        for n in range(i * times, (i + 1) * times):
            new = np.float64(y[n]) - rest
            x = low + dark * (new - low)
            low = stay * low + come * new  # one product from frame to frame: short to wait for
            y[n] = np.float32(gain * (x - high - cut * (x - high)) + offset)
            high = keep * high + pull * x
    s.dark1, s.middle = low, high


@ng.kernel
def after(state: int, ins: int, outs: int, frames: int) -> None:
    """Low-pass behind the second curve."""
    s, k = ng.record(state, CHANNEL), ng.record(ins, KNOBS)
    times, dark, low = k.times, k.dark, s.dark2
    stay, come = 1.0 - 2.0 * dark, 2.0 * dark
    stay2, came = stay * stay, stay * come
    rests, y = ng.floats(k.rests, frames), ng.floats(outs, np.int64(frames) * times)
    for i in range(frames):
        rest = np.float64(rests[i])
        for n in range(i * times, (i + 1) * times, 2):  # two at once: half as long to wait
            new, next_new = np.float64(y[n]) - rest, np.float64(y[n + 1]) - rest
            middle = stay * low + come * new
            y[n] = np.float32(low + dark * (new - low))
            y[n + 1] = np.float32(middle + dark * (next_new - middle))
            low = stay2 * low + (came * new + come * next_new)
    s.dark2 = low


@ng.kernel
def leave(state: int, ins: int, outs: int, frames: int) -> None:
    """At the lower rate, in place: block DC, tone, level."""
    s, k = ng.record(state, CHANNEL), ng.record(ins, KNOBS)
    y = ng.floats(outs, frames)
    tones, levels = ng.floats(k.tones, frames), ng.floats(k.levels, frames)
    block, bass, treble, out = k.block, k.bass, k.treble, k.out
    dc, first, second = s.dc, s.bass, s.treble
    stay, come = 1.0 - 2.0 * block, 2.0 * block
    stay1, come1, stay2, come2 = 1.0 - 2.0 * bass, 2.0 * bass, 1.0 - 2.0 * treble, 2.0 * treble
    for i in range(frames):
        new, tone = np.float64(y[i]), np.float64(tones[i])
        x = new - dc - block * (new - dc)
        dc = stay * dc + come * new
        dull = first + bass * (x - first)
        first = stay1 * first + come1 * x
        bright = x - second - treble * (x - second)
        second = stay2 * second + come2 * x
        y[i] = np.float32(out * np.float64(levels[i]) * (dull + tone * (bright - dull)))
    s.dc, s.bass, s.treble = dc, first, second
