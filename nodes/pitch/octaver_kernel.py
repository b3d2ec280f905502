"""The kernel of ``Octaver``: flip-flops toggled by a tracked low-pass's sign; a rectifier."""

import math

import numpy as np

from ...runtime import authoring as ng

__all__ = ["CHANNEL", "STATE", "octaver_kernel", "octaver_tick", "octaves_down"]

LOWEST_HZ, HIGHEST_HZ = 20.0, 1500.0
HELD_S = 0.04
"""Time constant of the peaks."""
ARMED = 0.5
"""Share of the peak that the signal must have reached between two crossings."""
FLOOR = 1e-5
"""Peaks below it (-100 dB) turn nothing."""
PASSED = 4.0 / math.sqrt(17.0)
"""The gain of the low-pass at half its frequency."""
DOWN_1, DOWN_2, UP = 3.0 * math.pi / 8.0 / PASSED, 1.21996 / PASSED, 3.0 * math.pi / 4.0
"""With these a sine's octaves are as loud as the sine: 1 over their Fourier coefficients."""
BLOCK_HZ = 20.0
"""Of the high-pass behind the rectifier."""
LEVELS = ("down1", "down2", "up1", "dry")
STATE = np.dtype(
    [
        *((name, np.float64) for name in LEVELS),
        *((f"{name}_now", np.float64) for name in LEVELS),
        *((f"{name}_coefficient", np.float64) for name in LEVELS),
        ("curves", np.int64),  # float32 for each level and frame
        ("most_frames", np.int64),
        ("tone_hz", np.float64),
        ("tone_hz_now", np.float64),
        ("tone_hz_step", np.float64),
        ("tone", np.float64),  # tan(pi f / rate)
        ("rate", np.float64),
        ("block", np.float64),  # coefficient of the high-pass
        ("frame", np.int64),  # since reset
        ("channels", np.int64),
        ("channel", np.int64),  # a CHANNEL each
        ("tick", np.int64),  # addresses of functions
        ("down", np.int64),
        ("rectify", np.int64),
        ("rows", np.int64),  # 2 of 32 float32
    ]
)
CHANNEL = np.dtype(
    [
        ("rate", np.float64),
        ("fall", np.float64),  # of the peaks, per frame
        ("hertz", np.float64),  # tracked
        ("bend", np.float64),  # tan(pi f / rate) of the low-pass at twice that
        ("low1", np.float64),  # states of the low-pass
        ("low2", np.float64),
        ("last", np.float64),  # its last output
        ("highest", np.float64),  # peaks, both positive
        ("lowest", np.float64),
        ("up_armed", np.int64),
        ("down_armed", np.int64),
        ("since", np.int64),  # frames since the last crossing upwards
        ("sign1", np.float64),
        ("sign2", np.float64),
        ("tone1", np.float64),
        ("tone2", np.float64),
        ("x1", np.float64),  # the last sample of the rectifier
        ("constant", np.float64),
    ]
)
CHANNEL_BYTES = CHANNEL.itemsize


@ng.kernel
def octaver_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Move the low-passes to where they should be."""
    s = ng.record(state, STATE)
    if s.tone_hz_now != s.tone_hz:
        hertz = s.tone_hz
        if s.tone_hz_now == s.tone_hz_now:
            hertz = ng.ratio_step(s.tone_hz_now, hertz, s.tone_hz_step)
        s.tone_hz_now = hertz
        turn = hertz / s.rate
        s.tone = math.tan(math.pi * (turn if turn < 0.45 else 0.45))
    for c in range(s.channels):
        k = ng.record(s.channel + CHANNEL_BYTES * c, CHANNEL)
        slow = 1.5 * s.rate / (k.since + 1)  # nothing crossed for so long: it must be lower
        slow = slow if slow > LOWEST_HZ else LOWEST_HZ
        k.hertz = k.hertz if k.hertz < slow else slow
        turn = 2.0 * k.hertz / s.rate
        k.bend = math.tan(math.pi * (turn if turn < 0.45 else 0.45))


@ng.kernel
def octaves_down(state: int, ins: int, outs: int, frames: int) -> None:
    """Make the lower octaves of one channel; ``state`` is a CHANNEL, ``outs`` two rows.

    ``ins`` is the address of the samples.  The signs turn at zeros of the low-passed signal: one
    where it rises, the other where the octave below rises, which is at a fall of the signal.
    """
    k = ng.record(state, CHANNEL)
    x, first, second = ng.floats(ins, frames), ng.floats(outs, 32), ng.floats(outs + 128, 32)
    rate, fall = k.rate, k.fall
    g, low1, low2, last = k.bend, k.low1, k.low2, k.last
    highest, lowest, since = k.highest, k.lowest, k.since
    up_armed, down_armed, sign1, sign2 = k.up_armed, k.down_armed, k.sign1, k.sign2
    # The trapezoidal state-variable filter, Butterworth (A. Simper, 2013).
    share = 2.0 / (1.0 + g * (g + math.sqrt(2.0)))
    keep, cross, direct = share - 1.0, share * g, share * g * g
    for i in range(frames):
        away = np.float64(x[i]) - low2
        change = cross * low1 + direct * away
        low1 = keep * low1 + cross * away
        now = low2 + 0.5 * change
        low2 += change
        since += 1
        highest *= fall
        lowest *= fall
        if now > 0.0:
            highest = now if now > highest else highest
            if now > FLOOR and now > ARMED * highest:
                down_armed = 1
            if last <= 0.0 and up_armed:
                up_armed, sign1 = 0, -sign1
                hertz = rate / since
                since = 0
                if LOWEST_HZ < hertz < HIGHEST_HZ:
                    k.hertz += 0.5 * (hertz - k.hertz)
        else:
            lowest = -now if -now > lowest else lowest
            if -now > FLOOR and -now > ARMED * lowest:
                up_armed = 1
            if last > 0.0 and down_armed:
                down_armed = 0
                if sign1 < 0.0:
                    sign2 = -sign2
        last = now
        first[i] = np.float32(sign1 * now)
        second[i] = np.float32(sign2 * sign1 * now)
    k.low1, k.low2, k.last, k.highest, k.lowest = low1, low2, last, highest, lowest
    k.since, k.up_armed, k.down_armed, k.sign1, k.sign2 = since, up_armed, down_armed, sign1, sign2


@ng.kernel
def octaver_kernel(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a block in runs that end at ticks."""
    s = ng.record(state, STATE)
    apart, count = 4 * s.most_frames, 4
    levels = ng.numbers(state, 3 * count, np.float64)  # target, now, coefficient
    for k in range(count):
        levels[count + k] = ng.glide(
            s.curves + apart * k, levels[count + k], levels[k], levels[2 * count + k], frames
        )
    done, rows = 0, s.rows
    first, second = ng.floats(rows, 32), ng.floats(rows + 128, 32)
    while done < frames:
        place = s.frame & 31
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        curve = s.curves + 4 * done
        down1, down2 = ng.floats(curve, n), ng.floats(curve + apart, n)
        up1, dry = ng.floats(curve + 2 * apart, n), ng.floats(curve + 3 * apart, n)
        g, block = s.tone, s.block
        share = 2.0 / (1.0 + g * (g + math.sqrt(2.0)))
        keep, cross, direct = share - 1.0, share * g, share * g * g
        for c in range(s.channels):
            at = s.channel + CHANNEL_BYTES * c
            channel, source = ng.record(at, CHANNEL), ng.channel_address(ins, c) + 4 * done
            x, y = ng.floats(source, n), ng.floats(ng.channel_address(outs, c) + 4 * done, n)
            ng.call_node(s.down, at, source, rows, np.int32(n))
            tone1, tone2 = channel.tone1, channel.tone2
            for i in range(n):
                low = DOWN_1 * np.float64(down1[i]) * np.float64(first[i])
                low += DOWN_2 * np.float64(down2[i]) * np.float64(second[i])
                away = low - tone2
                change = cross * tone1 + direct * away
                tone1 = keep * tone1 + cross * away
                y[i] = dry[i] * x[i] + np.float32(tone2 + 0.5 * change)
                tone2 += change
            channel.tone1, channel.tone2 = tone1, tone2
            rectified = at + CHANNEL_BYTES - 16
            ng.call_node(s.rectify, rectified, source, rows, np.int32(n))
            constant = channel.constant
            for i in range(n):
                constant += block * (np.float64(first[i]) - constant)
                y[i] += np.float32(UP * np.float64(up1[i]) * (np.float64(first[i]) - constant))
            channel.constant = constant
        s.frame += n
        done += n
