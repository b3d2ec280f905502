"""Delay: echoes with feedback, at fractional delay times."""

import math

import numpy as np

from ...runtime import authoring as ng

__all__ = ["Delay"]

STATE = np.dtype(
    [
        ("feedback_now", np.float64),
        ("mix_now", np.float64),
        ("damping_hz_now", np.float64),  # the low-pass coefficient: 1 is no filter
        ("feedback", np.float64),
        ("mix", np.float64),
        ("damping_hz", np.float64),
        ("time_ms", np.float64),
        ("time_ms_now", np.float64),  # in frames
        ("speed", np.float64),  # smoothing coefficient of the time
        ("coefficient", np.float64),  # smoothing coefficient of the other parameters
        ("rate", np.float64),
        ("channels", np.int64),
        ("at", np.int64),  # write index into the ring
        ("size", np.int64),  # frames of each channel's ring: a power of two
        ("ring", np.int64),
        ("damped", np.int64),  # per channel: output of the low-pass
        ("curves", np.int64),
    ]
)
NEAR = 1e-5
"""Distance to the target, in frames, below which the time jumps to it."""
LONGEST_MS = 5000.0
OPEN_HZ = 20_000.0
"""``damping_hz`` from which there is no low-pass."""
SILENCE_DB = 100.0
"""Attenuation at which the tail ends."""
LONGEST_TAIL_S = 30.0


@ng.kernel
def _delay(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    target, speed = s.time_ms * s.rate * 1e-3, s.speed
    whole = np.float64(math.floor(target + 0.5))
    if abs(target - whole) < NEAR:  # whole frames, despite the rounding of milliseconds
        target = whole
    begin = target if s.time_ms_now != s.time_ms_now else s.time_ms_now
    opening = 1.0
    if s.damping_hz < OPEN_HZ:
        opening -= math.exp(-2.0 * math.pi * s.damping_hz / s.rate)
    again, mixed, bright = s.curves, s.curves + 4 * frames, s.curves + 8 * frames
    s.feedback_now = ng.glide(again, s.feedback_now, s.feedback, s.coefficient, frames)
    s.mix_now = ng.glide(mixed, s.mix_now, s.mix, s.coefficient, frames)
    s.damping_hz_now = ng.glide(bright, s.damping_hz_now, opening, s.coefficient, frames)
    curve = ng.floats(s.curves, 3 * frames)
    damped, size, one = ng.numbers(s.damped, s.channels, np.float64), s.size, np.float32(1.0)
    mask, start, now = size - 1, s.at, begin
    for c in range(s.channels):
        ring = ng.floats(s.ring + 4 * size * c, size)
        x, y = ng.channel(ins, c, frames), ng.channel(outs, c, frames)
        low, now, first = damped[c], begin, 1
        early = a0 = a1 = a2 = a3 = one
        for i in range(frames):
            if now != target or i == 0:
                if now != target:
                    now += speed * (target - now)
                    if abs(target - now) <= NEAR:
                        now = target
                # Lagrange's cubic through four frames, the delay time between the middle two.
                first = int(now if now >= 2.0 else 2.0) - 1
                t = (now if now > 1.0 else 1.0) - first
                a0 = np.float32((1.0 - t) * (2.0 - t) * (3.0 - t) / 6.0)
                a1 = np.float32(t * (2.0 - t) * (3.0 - t) / 2.0)
                a2 = np.float32(t * (t - 1.0) * (3.0 - t) / 2.0)
                a3 = np.float32(t * (t - 1.0) * (t - 2.0) / 6.0)
                early = np.float32(1.0 - now if now < 1.0 else 0.0)
            at = start + i
            j = at - first
            echo = a0 * ring[j & mask] + a1 * ring[(j - 1) & mask]
            echo += a2 * ring[(j - 2) & mask] + a3 * ring[(j - 3) & mask]
            sample, wet, p = x[i], curve[frames + i], np.float64(curve[2 * frames + i])
            low = p * echo + (1.0 - p) * low
            written = sample + curve[i] * np.float32(low)
            ring[at & mask] = written
            if early > 0:  # less than one frame: between the current frame and the one before
                echo = (one - early) * echo + early * written
            y[i] = (one - wet) * sample + wet * echo
        damped[c] = low
    s.time_ms_now = now
    s.at = (start + frames) & (size - 1)


@ng.node("delay", category="time", example="time_ms=420.0, mix=0.3")
class Delay(ng.Node):
    """Repeat a signal after ``time_ms``, again and again with ``feedback``; mix it with itself.

    ``mix`` 0 is the signal alone, 1 the echoes alone.  ``damping_hz`` is a low-pass in the loop:
    every echo after the first is duller than the one before (20 kHz: none is).  A time of whole
    frames is exact to the bit; between frames it is interpolated by Lagrange's cubic (Laakso et
    al., "Splitting the unit delay", 1996).  A new time is approached as a tape machine would,
    by playing faster or slower for a moment.  The loop itself is never shorter than one frame.
    """

    time_ms: float = ng.param(
        default=350.0, low=0.0, high=LONGEST_MS, unit="ms", taper="log", smoothing_s=0.05
    )
    feedback: float = ng.param(default=0.35, low=0.0, high=0.98)
    mix: float = ng.param(default=0.35, low=0.0, high=1.0)
    damping_hz: float = ng.param(default=OPEN_HZ, low=200.0, high=OPEN_HZ, unit="Hz", taper="log")

    def tail(self, spec: ng.Spec) -> int:
        """Return the frames until the echoes are 100 dB down, 30 seconds at most."""
        decay_db = 20.0 * math.log10(self.feedback) if self.feedback > 0 else -math.inf
        echoes = 1 + math.floor(-SILENCE_DB / decay_db)
        smear = spec.rate / (2 * math.pi * self.damping_hz)  # added by the low-pass at each echo
        frames = echoes * (self.time_ms * 1e-3 * spec.rate + smear) + 12 * smear
        return min(math.ceil(frames) + 2, round(LONGEST_TAIL_S * spec.rate))

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate rings for the longest time, because the time is a parameter."""
        channels, rows = io.outputs["out"], self.params()
        size = 1 << math.ceil(math.log2(LONGEST_MS * 1e-3 * io.spec.rate + 4))
        made = io.memory.record(
            STATE,
            **io.params,
            speed=ng.glide_coefficient(rows["time_ms"].smoothing_s, io.spec.rate),
            coefficient=ng.glide_coefficient(rows["mix"].smoothing_s, io.spec.rate),
            rate=io.spec.rate,
            channels=channels,
            size=size,
            ring=io.memory.state((channels, size)),
            damped=io.memory.state(channels, np.float64),
            curves=io.memory.scratch(3 * io.spec.max_frames),
        )
        return ng.Processor(_delay, made)
