"""The kernel of ``Rotary`` and its record.

A source on a circle of radius r and a microphone at the distance D from its centre are
sqrt(r^2 + D^2 - 2 r D cos(angle)) apart: the delay is that over the speed of sound, and changes by
at most r times the angular speed.
"""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.native.pointers import element
from ...runtime.plan.arena import offset
from ...runtime.simd.loops.svf import COEFFICIENTS, STATES
from ..dsp.filters.svf import svf_section
from ..dsp.modulation.delay_line import READER, write_line
from ..dsp.modulation.lfo_shapes import MASK, UNIT

__all__ = ["ROTOR", "STATE", "rotary_kernel", "rotary_tick"]

SOUND = 343.0
"""Metres per second."""
DARK_HZ, BRIGHT_HZ = 2_000.0, 8_000.0
"""Cutoff of the horn seen from behind and from the front."""
SMOOTH = ("mic_spread", "distance_m", "balance_db")
ROTOR = np.dtype(
    [
        ("slow_hz", np.float64),
        ("fast_hz", np.float64),
        ("up", np.float64),  # share of the way to a new rate covered in a tick
        ("down", np.float64),
        ("radius_m", np.float64),
        ("direction", np.int64),
        ("rate_hz", np.float64),  # now
        ("phase", np.int64),  # at the next tick, in units of 2**-62 turns
    ]
)
SPAN = ("delay", "late", "level", "loud", "bright", "clear")
"""Of a rotor and a microphone: delay in frames, level, low-pass, each at a tick and the next."""
STATE = np.dtype(
    [
        ("speed", np.float64),
        ("brake", np.float64),
        *((name, np.float64) for name in SMOOTH),
        *((f"{name}_now", np.float64) for name in SMOOTH),
        *((f"{name}_step", np.float64) for name in SMOOTH),
        *((f"{name}_smooth", np.float64) for name in SMOOTH),  # smoothed twice
        ("drive_db", np.float64),
        ("drive_db_now", np.float64),  # a factor
        ("drive_coefficient", np.float64),
        ("rate", np.float64),
        ("per_hz", np.float64),  # units of phase per frame and Hz
        ("frame", np.int64),  # since reset
        ("mask", np.int64),
        *((name, np.int64) for name in ("tick", "reader", "read", "coefficients")),
        ("rotors", np.int64),  # horn, drum
        ("spans", np.int64),  # per microphone and rotor: SPAN
        ("last", np.int64),  # per microphone: the horn's low-pass
        ("states", np.int64),  # of the crossover
        ("ring", np.int64),  # horn, drum
        ("band", np.int64),  # 32 float64
        ("part", np.int64),  # 32 float32
        ("curve", np.int64),
    ]
)
SMOOTH_AT = offset(STATE, SMOOTH[0])


@ng.kernel
def rotary_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Turn both rotors by 32 frames; set where delays, levels and filters go in that time."""
    s = ng.record(state, STATE)
    begun = s.distance_m_now == s.distance_m_now
    smooth = ng.numbers(state + SMOOTH_AT, 12, np.float64)  # target, now, step, smoothed twice
    for k in range(3):
        smooth[3 + k] = ng.glide_step(smooth[3 + k], smooth[k], smooth[6 + k])
        way = smooth[6 + k] if begun else 1.0
        smooth[9 + k] = ng.glide_step(smooth[9 + k], smooth[3 + k], way)
    for k in range(2):
        rotor = element(s.rotors, k, ROTOR)
        hertz = rotor.slow_hz + (rotor.fast_hz - rotor.slow_hz) * s.speed
        hertz *= 1.0 - s.brake
        way = rotor.up if hertz > rotor.rate_hz else rotor.down
        rotor.rate_hz = ng.glide_step(rotor.rate_hz, hertz, way if begun else 1.0)
        begin = rotor.phase
        step = int(rotor.rate_hz * s.per_hz + 0.5)
        rotor.phase = (begin + 32 * rotor.direction * step) & MASK
        far = s.distance_m_smooth + rotor.radius_m
        gain = math.pow(10.0, (0.025 if k == 0 else -0.025) * s.balance_db_smooth)
        for m in range(2):
            spans = ng.numbers(s.spans + 48 * (2 * m + k), 6, np.float64)
            for ahead in range(2):
                if ahead == 0 and begun:
                    spans[0], spans[2], spans[4] = spans[1], spans[3], spans[5]
                else:
                    turns = np.float64(rotor.phase if ahead else begin) * UNIT
                    side = 0.25 * s.mic_spread_smooth * (1.0 if m else -1.0)
                    toward = math.cos(2.0 * math.pi * (turns - side))
                    square = rotor.radius_m * rotor.radius_m + far * far
                    apart = math.sqrt(square - 2.0 * rotor.radius_m * far * toward)
                    hz = DARK_HZ + (BRIGHT_HZ - DARK_HZ) * 0.5 * (1.0 + toward)
                    spans[ahead] = apart * (1.0 / SOUND) * s.rate
                    spans[2 + ahead] = gain * far / apart
                    spans[4 + ahead] = 1.0 - math.exp(-2.0 * math.pi * hz / s.rate)


@ng.kernel
def rotary_kernel(state: int, ins: int, outs: int, frames: int) -> None:
    """Drive, split into two bands, and hear both rotors with both microphones."""
    s = ng.record(state, STATE)
    drive = ng.decibels(s.drive_db)
    s.drive_db_now = ng.glide(s.curve, s.drive_db_now, drive, s.drive_coefficient, frames)
    reader, last = ng.record(s.reader, READER), ng.numbers(s.last, 2, np.float64)
    coefficients = ng.numbers(s.coefficients, COEFFICIENTS, np.float64)
    states, band = ng.numbers(s.states, STATES, np.float64), ng.numbers(s.band, 32, np.float64)
    part, done, one = ng.floats(s.part, 32), 0, np.float32(1.0)
    size = 4 * (s.mask + 1)
    while done < frames:
        place = s.frame & 31
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        x = ng.floats(ng.channel_address(ins, 0) + 4 * done, n)
        driven = ng.floats(s.curve + 4 * done, n)
        for i in range(n):
            driven[i] = driven[i] * x[i] / (one + (driven[i] - one) * abs(x[i]))
        for lane in range(4):  # two sections of the high-pass, two of the low-pass
            if lane & 1 == 0:
                for i in range(n):
                    band[i] = np.float64(driven[i])
            svf_section(band, n, coefficients, states, lane, 0)
            if lane & 1:
                for i in range(n):
                    part[i] = np.float32(band[i])
                write_line(s.ring + size * (lane >> 1), s.mask, s.frame, s.part, n)
        reader.place, reader.at, share = place, s.frame, 1.0 / 32.0
        for m in range(2):
            y, low = ng.floats(ng.channel_address(outs, m) + 4 * done, n), last[m]
            for k in range(2):
                spans = ng.numbers(s.spans + 48 * (2 * m + k), 6, np.float64)
                reader.delay, reader.slope = spans[0], (spans[1] - spans[0]) * share
                ng.call_node(s.read, s.reader, s.ring + size * k, s.part, np.int32(n))
                level, louder = spans[2], (spans[3] - spans[2]) * share
                bright, clearer = spans[4], (spans[5] - spans[4]) * share
                if k == 0:
                    for i in range(n):
                        low += (bright + (place + i) * clearer) * (np.float64(part[i]) - low)
                        y[i] = np.float32((level + (place + i) * louder) * low)
                else:
                    for i in range(n):
                        y[i] += np.float32(level + (place + i) * louder) * part[i]
            last[m] = low
        s.frame += n
        done += n
