"""PitchShift: another pitch at the same speed, a few milliseconds late."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.loops.delays import AGAIN
from ..dsp.pitch.splice_shifter import (
    SHIFTER,
    shifter,
    shifter_play,
    shifter_tail,
    shifter_tick,
)
from ..dsp.reverb.lines import write_ring

__all__ = ["PitchShift"]

OPEN_HZ, NEARLY_HZ = 20_000.0, 16_000.0
"""``tonality_hz`` from which all is shifted; in between the low-pass fades in."""
UNHEARD = 0.005
"""Semitones from which a glide to no shift has arrived."""
LOW = np.dtype([("first", np.float64), ("second", np.float64)])
LOW_BYTES = LOW.itemsize
STATE = np.dtype(
    [
        ("semitones", np.float64),
        ("semitones_now", np.float64),
        ("semitones_step", np.float64),
        ("cents", np.float64),
        ("cents_now", np.float64),
        ("cents_step", np.float64),
        ("tonality_hz", np.float64),
        ("tonality_hz_now", np.float64),
        ("tonality_hz_step", np.float64),
        ("mix", np.float64),
        ("mix_now", np.float64),
        ("mix_coefficient", np.float64),
        ("pitch", np.float64),  # in semitones, that the ratio was computed for
        ("bend", np.float64),  # of the low-pass: tan(pi f / rate)
        ("above", np.float64),  # share of the treble that is not shifted
        ("split", np.int64),  # frames for which the treble of the past is still to come
        ("rate", np.float64),
        ("frame", np.int64),  # since reset
        ("channels", np.int64),
        ("latency", np.int64),
        ("curve", np.int64),
        ("shifter", np.int64),
        ("tick", np.int64),  # addresses of functions
        ("shifter_tick", np.int64),
        ("play", np.int64),
        ("ring", np.int64),  # the signal
        ("mask", np.int64),
        ("low", np.int64),  # a LOW per channel
        ("rows", np.int64),  # a row per channel in, and one out
    ]
)


@ng.kernel
def pitch_shift_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Step pitch and low-pass."""
    s = ng.record(state, STATE)
    s.semitones_now = ng.glide_step(s.semitones_now, s.semitones, s.semitones_step)
    s.cents_now = ng.glide_step(s.cents_now, s.cents, s.cents_step)
    pitch = s.semitones_now + 0.01 * s.cents_now
    if s.semitones + 0.01 * s.cents == 0.0 and -UNHEARD < pitch < UNHEARD:
        pitch = 0.0
    if pitch != s.pitch:
        s.pitch = pitch
        ng.record(s.shifter, SHIFTER).ratio = math.pow(2.0, pitch / 12.0)
    ng.call_node(s.shifter_tick, s.shifter, 0, 0, np.int32(0))
    if s.tonality_hz_now != s.tonality_hz:
        hertz = s.tonality_hz
        if s.tonality_hz_now == s.tonality_hz_now:
            hertz = ng.ratio_step(s.tonality_hz_now, hertz, s.tonality_hz_step)
        s.tonality_hz_now = hertz
        above = (OPEN_HZ - hertz) / (OPEN_HZ - NEARLY_HZ)
        s.above = 0.0 if above < 0.0 else 1.0 if above > 1.0 else above
        turn = hertz / s.rate
        s.bend = math.tan(math.pi * (turn if turn < 0.45 else 0.45))
    if s.above > 0.0:
        s.split = s.latency + 64
    elif s.split > 0:
        s.split -= 32


@ng.kernel
def pitch_shift_kernel(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a block in runs that end at ticks."""
    s = ng.record(state, STATE)
    s.mix_now = ng.glide(s.curve, s.mix_now, s.mix, s.mix_coefficient, frames)
    one, done = np.float32(1.0), 0
    while done < frames:
        place = s.frame & 31
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        wet = s.rows + 128 * s.channels
        for c in range(s.channels):
            source, row = ng.channel_address(ins, c) + 4 * done, s.rows + 128 * c
            write_ring(s.ring + 4 * (s.mask + 1 + AGAIN) * c, s.mask, s.frame, source, n)
            if s.split > 0:
                x, y = ng.floats(source, n), ng.floats(row, n)
                low = ng.record(s.low + LOW_BYTES * c, LOW)
                g, first_state, second_state, above = s.bend, low.first, low.second, s.above
                # The trapezoidal state-variable filter, Butterworth (A. Simper, 2013).
                part = 2.0 / (1.0 + g * (g + math.sqrt(2.0)))
                keep, cross, direct = part - 1.0, part * g, part * g * g
                for i in range(n):
                    away = np.float64(x[i]) - second_state
                    change = cross * first_state + direct * away
                    first_state = keep * first_state + cross * away
                    high = away - 0.5 * change
                    second_state += change
                    y[i] = np.float32(np.float64(x[i]) - above * high)
                low.first, low.second = first_state, second_state
            else:
                ng.copy_bytes(row, source, 4 * n)
                low = ng.record(s.low + LOW_BYTES * c, LOW)  # as if the last frame went on for ever
                low.first, low.second = 0.0, np.float64(ng.floats(source, n)[n - 1])
        ng.call_node(s.play, s.shifter, s.rows, wet, np.int32(n))
        shift = ng.record(s.shifter, SHIFTER)
        first = s.frame - s.latency
        still = s.pitch == 0.0 and shift.settled == 1
        share = ng.floats(s.curve + 4 * done, n)
        for c in range(s.channels):
            dry_at = s.ring + 4 * ((s.mask + 1 + AGAIN) * c + (first & s.mask))
            y_at = ng.channel_address(outs, c) + 4 * done
            if still:
                ng.copy_bytes(y_at, dry_at, 4 * n)
            else:
                dry, x, y = ng.floats(dry_at, n), ng.floats(wet + 128 * c, n), ng.floats(y_at, n)
                if s.split > 0:
                    low_at = shift.ring + 4 * ((shift.mask + 1 + AGAIN) * c + (first & shift.mask))
                    shifted = ng.floats(low_at, n)
                    for i in range(n):
                        x[i] += dry[i] - shifted[i]
                for i in range(n):
                    y[i] = (one - share[i]) * dry[i] + share[i] * x[i]
        s.frame += n
        done += n


@ng.node("pitch_shift", category="pitch", example="semitones=-2, buffer_ms=40")
class PitchShift(ng.Node):
    """Shift the pitch of notes and chords by ``semitones`` and ``cents``, at the same speed.

    A delay line is read at another speed, with jumps to where the signal resembles itself.
    ``buffer_ms`` is about the longest delay: it must hold a period of the lowest note (30 ms: the
    low E of a bass, 20 ms: that of a guitar); longer ones need fewer jumps.  The latency is half of
    2 ms plus that, 16 ms with 30; without a shift the output is the input, that much later.
    ``snap`` lets the reader jump to the newest signal where a note begins: up to an octave either
    way attacks come within 9 ms, sooner than the latency says.  What lies above ``tonality_hz`` (20
    kHz: nothing) is not shifted; when shifting up, it keeps treble from folding back at half the
    sample rate.  ``mix`` 0 is the delayed input.
    """

    semitones: float = ng.param(default=0.0, low=-24.0, high=24.0, unit="st", smoothing_s=0.05)
    cents: float = ng.param(default=0.0, low=-100.0, high=100.0, unit="cents", smoothing_s=0.05)
    tonality_hz: float = ng.param(
        default=OPEN_HZ, low=1000.0, high=OPEN_HZ, unit="Hz", taper="log", smoothing_s=0.05
    )
    mix: float = ng.param(default=1.0, low=0.0, high=1.0, smoothing_s=0.03)
    buffer_ms: int = ng.option(default=30, choices=(20, 30, 40, 60))
    snap: bool = ng.option(default=True, choices=(False, True))

    def latency(self, spec: ng.Spec) -> int:
        """Return half of 2 ms plus the buffer, in frames."""
        return round(0.5e-3 * (2.0 + self.buffer_ms) * spec.rate)

    def tail(self, spec: ng.Spec) -> int:
        """Return the longest delay beyond the latency."""
        rings = 0.004 * spec.rate  # the low-pass
        return math.ceil(
            shifter_tail(spec.rate, 1e-3 * self.buffer_ms) - self.latency(spec) + rings
        )

    def prepare(self, io: ng.Io) -> ng.Processor:
        """Allocate the shifter and a delay for the signal itself."""
        memory, spec, channels = io.memory, io.spec, io.outputs["out"]
        latency = self.latency(spec)
        size = 1 << math.ceil(math.log2(latency + AGAIN))
        made = memory.record(
            STATE,
            **io.params,
            semitones_step=io.glide("semitones", 32),
            cents_step=io.glide("cents", 32),
            tonality_hz_step=io.glide("tonality_hz", 32),
            mix_coefficient=io.glide("mix"),
            rate=spec.rate,
            channels=channels,
            latency=latency,
            curve=memory.scratch(spec.max_frames),
            shifter=shifter(memory, spec.rate, 1e-3 * self.buffer_ms, latency, channels, self.snap),
            tick=pitch_shift_tick.address,
            shifter_tick=shifter_tick.address,
            play=shifter_play.address,
            ring=memory.state((channels, size + AGAIN)),
            mask=size - 1,
            low=memory.records(LOW, [{} for _ in range(channels)]),
            rows=memory.scratch((2 * channels, 32)),
        )
        return ng.Processor(pitch_shift_kernel, made)
