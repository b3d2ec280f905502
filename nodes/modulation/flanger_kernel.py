"""The kernel of ``Flanger`` and its record."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.native.pointers import element
from ..dsp.modulation.delay_line import READER, first_read, nearest_delay, write_line
from ..dsp.modulation.lfo_phase import LFO, TAP

__all__ = ["STATE", "flanger_kernel", "flanger_tick"]

SMOOTH = ("delay_ms", "width_ms", "depth")
STATE = np.dtype(
    [
        ("rate_hz", np.float64),
        *((name, np.float64) for name in SMOOTH),
        *((f"{name}_now", np.float64) for name in SMOOTH),
        *((f"{name}_step", np.float64) for name in SMOOTH),
        *((f"{name}_smooth", np.float64) for name in SMOOTH),  # smoothed twice
        ("feedback", np.float64),
        ("feedback_now", np.float64),
        ("feedback_coefficient", np.float64),
        ("mix", np.float64),
        ("mix_now", np.float64),
        ("mix_coefficient", np.float64),
        ("spread", np.float64),  # smoothed by the LFO, at ticks
        ("sign", np.float64),  # of the wet signal
        ("rate", np.float64),
        ("bright", np.float64),  # coefficient of the low-pass in the loop
        ("block", np.float64),  # coefficient of the high-pass in the loop
        ("frame", np.int64),  # since reset
        ("lag", np.int64),  # frames by which the dry signal is late
        ("channels", np.int64),
        ("mask", np.int64),
        *((name, np.int64) for name in ("lfo", "tick", "reader", "read")),
        ("spans", np.int64),  # per channel: delay at this tick and at the next
        ("last", np.int64),  # per channel: state of the low-pass and of the high-pass
        ("ring", np.int64),
        ("dry_ring", np.int64),  # 0: the dry signal is not delayed
        ("wet", np.int64),  # 32 frames
        ("line", np.int64),
        ("dry", np.int64),
        ("curves", np.int64),  # feedback, mix
    ]
)


@ng.helper
def _swept(s, value):  # type: ignore[no-untyped-def]
    """Return the delay in frames at a value of the LFO, -1 at the shortest to 1."""
    up = 0.5 * s.depth_smooth * (1.0 + value)
    ratio = 1.0 + s.width_ms_smooth / s.delay_ms_smooth
    return nearest_delay(1e-3 * s.rate * s.delay_ms_smooth * math.pow(ratio, up))


@ng.kernel
def flanger_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Set where the delay of each channel goes in the next 32 frames."""
    s = ng.record(state, STATE)
    lfo, spans = ng.record(s.lfo, LFO), ng.numbers(s.spans, 2 * s.channels, np.float64)
    lfo.rate_hz, lfo.spread = s.rate_hz, s.spread
    ng.call_node(lfo.tick, s.lfo, 0, 0, np.int32(0))
    begun = s.delay_ms_now == s.delay_ms_now
    s.delay_ms_now = ng.glide_step(s.delay_ms_now, s.delay_ms, s.delay_ms_step)
    s.width_ms_now = ng.glide_step(s.width_ms_now, s.width_ms, s.width_ms_step)
    s.depth_now = ng.glide_step(s.depth_now, s.depth, s.depth_step)
    # Smoothed twice: the delay sets off without a jump of speed, which would click.
    one = 1.0
    s.delay_ms_smooth = ng.glide_step(
        s.delay_ms_smooth, s.delay_ms_now, s.delay_ms_step if begun else one
    )
    s.width_ms_smooth = ng.glide_step(
        s.width_ms_smooth, s.width_ms_now, s.width_ms_step if begun else one
    )
    s.depth_smooth = ng.glide_step(s.depth_smooth, s.depth_now, s.depth_step if begun else one)
    for c in range(s.channels):
        tap = element(lfo.taps, c, TAP)
        value = spans[2 * c + 1]
        for ahead in range(2):
            if ahead or not begun:
                value = _swept(s, tap.end if ahead else tap.start)
            spans[2 * c + ahead] = value


@ng.kernel
def flanger_kernel(state: int, ins: int, outs: int, frames: int) -> None:
    """Read the delayed signal of each channel, feed it back, mix it."""
    s = ng.record(state, STATE)
    reader, spans = ng.record(s.reader, READER), ng.numbers(s.spans, 0, np.float64)
    again, mixed = s.curves, s.curves + 4 * frames
    s.feedback_now = ng.glide(again, s.feedback_now, s.feedback, s.feedback_coefficient, frames)
    s.mix_now = ng.glide(mixed, s.mix_now, s.mix, s.mix_coefficient, frames)
    last, wet, line = ng.numbers(s.last, 0, np.float64), ng.floats(s.wet, 32), ng.floats(s.line, 32)
    bright, block, sign = s.bright, s.block, np.float32(s.sign)
    one, done, size = np.float32(1.0), 0, 4 * (s.mask + 1)
    while done < frames:
        place = s.frame & 31
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        c = 0
        while c < s.channels:
            source = ng.channel_address(ins, c) + 4 * done
            if s.dry_ring:
                write_line(s.dry_ring + size * c, s.mask, s.frame, source, n)
                reader.delay, reader.slope, reader.at = float(s.lag), 0.0, s.frame
                ng.call_node(s.read, s.reader, s.dry_ring + size * c, s.dry, np.int32(n))
            begin = spans[2 * c]
            reader.delay, reader.slope = begin, (spans[2 * c + 1] - begin) * (1.0 / 32.0)
            newest = first_read(begin if begin < spans[2 * c + 1] else spans[2 * c + 1])
            part, low, flat = 0, last[2 * c], last[2 * c + 1]
            while part < n:  # frames that are not written yet are not read
                m = n - part if n - part < newest else newest
                reader.place, reader.at = place + part, s.frame + part
                ng.call_node(s.read, s.reader, s.ring + size * c, s.wet, np.int32(m))
                at = 4 * (done + part)
                x = ng.floats(source + 4 * part, m)
                dry = ng.floats(s.dry + 4 * part if s.dry_ring else source + 4 * part, m)
                y = ng.floats(ng.channel_address(outs, c) + at, m)
                back, share = ng.floats(again + at, m), ng.floats(mixed + at, m)
                for i in range(m):
                    low += bright * (np.float64(wet[i]) - low)
                    flat += block * (low - flat)
                    line[i] = x[i] + back[i] * np.float32(low - flat)
                    y[i] = (one - share[i]) * dry[i] + share[i] * (sign * wet[i])
                write_line(s.ring + size * c, s.mask, s.frame + part, s.line, m)
                part += m
            last[2 * c], last[2 * c + 1] = low, flat
            c += 1
        s.frame += n
        done += n
