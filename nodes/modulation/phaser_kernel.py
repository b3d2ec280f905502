"""The kernel of ``Phaser`` and its record.

A stage is a first-order all-pass with the state s: y = a x + (1 - a) s, and the next s is
x + y - s, where a = (g - 1) / (g + 1) and g = tan(pi f / rate).  All stages together are
affine in their input, y = A x + S, so that the feedback is solved without a delay: x = (in +
feedback S) / (1 - feedback A) (V. Zavalishin, "The Art of VA Filter Design", 2018).
"""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.native.pointers import element
from ..dsp.modulation.lfo_phase import LFO, TAP

__all__ = ["STATE", "phaser_kernel", "phaser_tick"]

SMOOTH = ("center_hz", "range_octaves", "depth")
STATE = np.dtype(
    [
        ("rate_hz", np.float64),
        *((name, np.float64) for name in SMOOTH),
        *((f"{name}_now", np.float64) for name in SMOOTH),  # of center_hz the logarithm
        *((f"{name}_step", np.float64) for name in SMOOTH),
        ("middle", np.float64),  # octaves above 1 Hz, smoothed twice
        ("swing", np.float64),  # octaves up and down, smoothed twice
        ("feedback", np.float64),
        ("feedback_now", np.float64),
        ("feedback_coefficient", np.float64),
        ("mix", np.float64),
        ("mix_now", np.float64),
        ("mix_coefficient", np.float64),
        ("spread", np.float64),  # smoothed by the LFO, at ticks
        ("turn", np.float64),  # pi / sample rate
        ("lamp", np.int64),
        ("rise", np.float64),  # coefficients of the lamp, per tick
        ("fall", np.float64),
        ("frame", np.int64),  # since reset
        ("channels", np.int64),
        ("stages", np.int64),
        *((name, np.int64) for name in ("lfo", "tick")),
        ("octaves", np.int64),  # per stage: how far it is above the middle
        ("lights", np.int64),  # per channel: the lamp
        ("spans", np.int64),  # per channel and stage: a at this tick, its slope, a at the next
        ("states", np.int64),  # per channel and stage
        ("work", np.int64),  # per channel and stage: A and S of the stages up to it
        ("curves", np.int64),  # feedback, mix
    ]
)
HIGHEST = 0.49 * math.pi
"""Of pi f / rate."""


@ng.kernel
def phaser_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Set where the frequencies of all stages go in the next 32 frames."""
    s = ng.record(state, STATE)
    lfo, stages = ng.record(s.lfo, LFO), s.stages
    lfo.rate_hz, lfo.spread = s.rate_hz, s.spread
    ng.call_node(lfo.tick, s.lfo, 0, 0, np.int32(0))
    begun = s.depth_now == s.depth_now
    s.center_hz_now = ng.glide_step(s.center_hz_now, math.log2(s.center_hz), s.center_hz_step)
    s.range_octaves_now = ng.glide_step(s.range_octaves_now, s.range_octaves, s.range_octaves_step)
    s.depth_now = ng.glide_step(s.depth_now, s.depth, s.depth_step)
    # Smoothed twice: phases set off without a jump of speed, which would click.
    swing, one = 0.5 * s.range_octaves_now * s.depth_now, 1.0
    s.middle = ng.glide_step(s.middle, s.center_hz_now, s.center_hz_step if begun else one)
    s.swing = ng.glide_step(s.swing, swing, s.depth_step if begun else one)
    spans = ng.numbers(s.spans, 3 * stages * s.channels, np.float64)
    lights = ng.numbers(s.lights, s.channels, np.float64)
    octaves = ng.numbers(s.octaves, stages, np.float64)
    for c in range(s.channels):
        tap = element(lfo.taps, c, TAP)
        if not begun:
            lights[c] = tap.start
        for ahead in range(2):
            value = tap.end if ahead else tap.start
            if s.lamp:
                way = value - lights[c]
                value = lights[c]
                if ahead:
                    value += (s.rise if way > 0.0 else s.fall) * way
                    lights[c] = value
            for k in range(stages):
                at = 3 * (stages * c + k)
                if not ahead and begun:
                    spans[at] = spans[at + 2]
                else:
                    angle = s.turn * math.pow(2.0, s.middle + s.swing * value + octaves[k])
                    g = math.tan(angle if angle < HIGHEST else HIGHEST)
                    a = (g - 1.0) / (g + 1.0)
                    if ahead:
                        spans[at + 1], spans[at + 2] = (a - spans[at]) * (1.0 / 32.0), a
                    else:
                        spans[at] = a


@ng.kernel
def phaser_kernel(state: int, ins: int, outs: int, frames: int) -> None:
    """Play the stages of each channel, with feedback around them, and mix."""
    s = ng.record(state, STATE)
    again, mixed, stages = s.curves, s.curves + 4 * frames, s.stages
    s.feedback_now = ng.glide(again, s.feedback_now, s.feedback, s.feedback_coefficient, frames)
    s.mix_now = ng.glide(mixed, s.mix_now, s.mix, s.mix_coefficient, frames)
    channels, done, one = s.channels, 0, np.float32(1.0)
    while done < frames:
        place = s.frame & 31
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        back, share = ng.floats(again + 4 * done, n), ng.floats(mixed + 4 * done, n)
        for i in range(n):
            at, loop, wet = float(place + i), np.float64(back[i]), share[i]
            for c in range(channels):  # inside: channels do not wait for each other
                spans = ng.numbers(s.spans + 24 * stages * c, 3 * stages, np.float64)
                states = ng.numbers(s.states + 8 * stages * c, stages, np.float64)
                work = ng.numbers(s.work + 16 * stages * c, 2 * stages, np.float64)
                x = ng.floats(ng.channel_address(ins, c) + 4 * done, n)
                y = ng.floats(ng.channel_address(outs, c) + 4 * done, n)
                gain, rest = 1.0, 0.0
                for k in range(stages):
                    a = spans[3 * k] + at * spans[3 * k + 1]
                    rest = a * rest + (1.0 - a) * states[k]
                    gain *= a
                    work[2 * k], work[2 * k + 1] = gain, rest
                into = (np.float64(x[i]) + loop * rest) * (1.0 / (1.0 - loop * gain))
                before = into
                for k in range(stages):
                    after = work[2 * k] * into + work[2 * k + 1]
                    states[k] = (before + after) - states[k]
                    before = after
                y[i] = (one - wet) * x[i] + wet * np.float32(before)
        s.frame += n
        done += n
