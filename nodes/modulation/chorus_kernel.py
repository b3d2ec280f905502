"""The kernel of ``Chorus`` and its record."""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.native.pointers import element
from ..dsp.modulation.bbd import BBD, bbd_cutoff
from ..dsp.modulation.delay_line import READER, first_read, nearest_delay, write_line
from ..dsp.modulation.lfo_phase import LFO, TAP

__all__ = ["OPEN_HZ", "STATE", "chorus_kernel", "chorus_tick"]

STATE = np.dtype(
    [
        ("rate_hz", np.float64),
        ("depth_ms", np.float64),
        ("depth_ms_now", np.float64),
        ("depth_step", np.float64),
        ("depth", np.float64),  # smoothed twice, in ms
        ("delay_ms", np.float64),
        ("delay_ms_now", np.float64),
        ("delay_step", np.float64),
        ("delay", np.float64),  # smoothed twice, in ms
        ("feedback", np.float64),
        ("feedback_now", np.float64),
        ("feedback_coefficient", np.float64),
        ("mix", np.float64),
        ("mix_now", np.float64),
        ("mix_coefficient", np.float64),
        ("tone_hz", np.float64),
        ("tone_hz_now", np.float64),  # the low-pass coefficient: 1 is no filter
        ("tone_coefficient", np.float64),
        ("spread", np.float64),  # smoothed by the LFO, at ticks
        ("rate", np.float64),
        ("frame", np.int64),  # since reset
        ("voices", np.int64),
        ("inputs", np.int64),
        ("channels", np.int64),
        ("mask", np.int64),
        *((name, np.int64) for name in ("lfo", "tick", "reader", "read")),
        *((name, np.int64) for name in ("bbd", "bbd_in", "bbd_out")),  # 0: clean
        ("spans", np.int64),  # per channel and voice: delay at this tick and at the next
        ("low", np.int64),  # per channel: state of the low-pass
        ("ring", np.int64),
        ("wet", np.int64),  # 32 frames of all voices
        ("line", np.int64),  # 32 frames of a voice, or to be written to the line
        ("curves", np.int64),  # feedback, mix, low-pass coefficient
    ]
)
OPEN_HZ = 20_000.0
"""``tone_hz`` from which there is no low-pass."""
BBD_BYTES = BBD.itemsize


@ng.kernel
def chorus_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Set where the delays of all voices go in the next 32 frames."""
    s = ng.record(state, STATE)
    lfo, spans = ng.record(s.lfo, LFO), ng.numbers(s.spans, 2 * s.channels * s.voices, np.float64)
    lfo.rate_hz, lfo.spread = s.rate_hz, s.spread
    ng.call_node(lfo.tick, s.lfo, 0, 0, np.int32(0))
    begun = s.delay_ms_now == s.delay_ms_now
    s.delay_ms_now = ng.glide_step(s.delay_ms_now, s.delay_ms, s.delay_step)
    s.depth_ms_now = ng.glide_step(s.depth_ms_now, s.depth_ms, s.depth_step)
    # Smoothed twice: the delay sets off without a jump of speed, which would click.
    if begun:
        s.delay = ng.glide_step(s.delay, s.delay_ms_now, s.delay_step)
        s.depth = ng.glide_step(s.depth, s.depth_ms_now, s.depth_step)
    else:
        s.delay, s.depth = s.delay_ms_now, s.depth_ms_now
    per_ms = 1e-3 * s.rate
    for k in range(s.channels * s.voices):
        tap = element(lfo.taps, k, TAP)
        value = spans[2 * k + 1]
        for ahead in range(2):
            if ahead or not begun:
                swing = tap.end if ahead else tap.start
                value = nearest_delay(per_ms * (s.delay + s.depth * swing))
            spans[2 * k + ahead] = value
    if s.bbd:
        for c in range(s.channels):
            element(s.bbd, c, BBD).cutoff_hz = bbd_cutoff(1e-3 * s.delay)


@ng.kernel
def chorus_kernel(state: int, ins: int, outs: int, frames: int) -> None:
    """Play the voices of each channel and write their line."""
    s = ng.record(state, STATE)
    reader, spans = ng.record(s.reader, READER), ng.numbers(s.spans, 0, np.float64)
    opening = 1.0
    if s.tone_hz < OPEN_HZ:
        opening -= math.exp(-2.0 * math.pi * s.tone_hz / s.rate)
    again, mixed, bright = s.curves, s.curves + 4 * frames, s.curves + 8 * frames
    s.feedback_now = ng.glide(again, s.feedback_now, s.feedback, s.feedback_coefficient, frames)
    s.mix_now = ng.glide(mixed, s.mix_now, s.mix, s.mix_coefficient, frames)
    s.tone_hz_now = ng.glide(bright, s.tone_hz_now, opening, s.tone_coefficient, frames)
    lows, wet, line = ng.numbers(s.low, 0, np.float64), ng.floats(s.wet, 32), ng.floats(s.line, 32)
    voices, one, done = s.voices, np.float32(1.0), 0
    while done < frames:
        place = s.frame & 31
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        c = 0
        while c < s.channels:
            ring, first = s.ring + 4 * (s.mask + 1) * c, 2 * c * voices
            nearest = spans[first]
            for k in range(2 * voices):
                nearest = nearest if nearest < spans[first + k] else spans[first + k]
            newest, part, low = first_read(nearest), 0, lows[c]
            while part < n:  # frames that are not written yet are not read
                m = n - part if n - part < newest else newest
                reader.place, reader.at = place + part, s.frame + part
                for k in range(voices):
                    begin = spans[first + 2 * k]
                    reader.delay = begin
                    reader.slope = (spans[first + 2 * k + 1] - begin) * (1.0 / 32.0)
                    ng.call_node(s.read, s.reader, ring, s.line if k else s.wet, np.int32(m))
                    if k:
                        ng.add_to(s.wet, s.line, m)
                if voices > 1:
                    ng.amplify(s.wet, s.wet, 1.0 / voices, m)
                if s.bbd:
                    ng.call_node(s.bbd_out, s.bbd + BBD_BYTES * c, s.wet, 0, np.int32(m))
                at = done + part
                x = ng.floats(ng.channel_address(ins, c if c < s.inputs else 0) + 4 * at, m)
                y = ng.floats(ng.channel_address(outs, c) + 4 * at, m)
                back = ng.floats(again + 4 * at, m)
                share, p = ng.floats(mixed + 4 * at, m), ng.floats(bright + 4 * at, m)
                for i in range(m):
                    open_ = np.float64(p[i])
                    low = open_ * np.float64(wet[i]) + (1.0 - open_) * low
                    echo = np.float32(low)
                    line[i] = x[i] + back[i] * echo
                    y[i] = (one - share[i]) * x[i] + share[i] * echo
                if s.bbd:
                    ng.call_node(s.bbd_in, s.bbd + BBD_BYTES * c, s.line, reader.place, np.int32(m))
                write_line(ring, s.mask, s.frame + part, s.line, m)
                part += m
            lows[c] = low
            c += 1
        s.frame += n
        done += n
