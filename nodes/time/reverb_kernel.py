"""The kernel of ``Reverb``: pre-delay and filters before a model, the mix after it."""

import math

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.lfo_phase import LFO
from ..dsp.reverb.lines import LINE, MOVE, write_ring
from ..dsp.reverb.tank import GLIDES, STATE

__all__ = ["OPEN_HZ", "reverb_kernel", "reverb_tick"]

OPEN_HZ = 20_000.0
"""``high_cut_hz`` from which there is no low-pass."""
COUNT = len(GLIDES)
LINE_BYTES = LINE.itemsize


@ng.kernel
def reverb_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Step all parameters but ``width`` and ``mix``, then the pre-delay and the model."""
    s = ng.record(state, STATE)
    glides = ng.numbers(state, 3 * COUNT, np.float64)  # target, now, step
    for k in range(COUNT):
        target, now, step = glides[k], glides[COUNT + k], glides[2 * COUNT + k]
        if now != target:
            if k in (0, 1, 4, 5):  # seconds and hertz
                now = ng.ratio_step(now, target, step)
            else:
                now = ng.glide_step(now, target, step)
        glides[COUNT + k] = now
    move, lfo = ng.record(s.move, MOVE), ng.record(s.lfo, LFO)
    lfo.rate_hz = s.mod_rate_hz
    move.size, move.depth, move.taps = s.size, s.mod_depth_now, lfo.taps
    if s.mod_depth != 0.0 or s.mod_depth_now != 0.0:
        ng.call_node(lfo.tick, s.lfo, 0, 0, np.int32(0))
    ng.record(s.predelay_move, MOVE).size = 1e-3 * s.predelay_ms * s.rate
    ng.call_node(s.lines_tick, s.predelay, s.predelay_move, 0, np.int32(2))
    ng.call_node(s.model_tick, state, 0, 0, np.int32(0))


@ng.kernel
def reverb_kernel(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a block in runs that end at ticks."""
    s = ng.record(state, STATE)
    mixed, wide = s.curves, s.curves + 4 * frames
    s.mix_now = ng.glide(mixed, s.mix_now, s.mix, s.mix_coefficient, frames)
    narrow = s.width_now != 1.0 or s.width != 1.0
    s.width_now = ng.glide(wide, s.width_now, s.width, s.width_coefficient, frames)
    one, half, inputs, done = np.float32(1.0), np.float32(0.5), s.inputs, 0
    filters = ng.numbers(s.filters, 4, np.float64)
    while done < frames:
        place = s.frame & 31
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        p, per_hz = 1.0, -2.0 * math.pi / s.rate
        if s.high_cut_hz_now < OPEN_HZ:
            p = 1.0 - math.exp(per_hz * s.high_cut_hz_now)
        q = 1.0 - math.exp(per_hz * s.low_cut_hz_now)
        second = 1 if inputs == 2 else 0
        x0 = ng.floats(ng.channel_address(ins, 0) + 4 * done, n)
        x1 = ng.floats(ng.channel_address(ins, second) + 4 * done, n)
        y0, y1 = ng.floats(s.rows, n), ng.floats(s.rows + 128, n)
        low0, flat0, low1, flat1 = filters[0], filters[1], filters[2], filters[3]
        for i in range(n):  # side by side: each waits for its last value
            low0 = p * np.float64(x0[i]) + (1.0 - p) * low0
            low1 = p * np.float64(x1[i]) + (1.0 - p) * low1
            flat0 = q * low0 + (1.0 - q) * flat0
            flat1 = q * low1 + (1.0 - q) * flat1
            y0[i] = np.float32(low0 - flat0)
            y1[i] = np.float32(low1 - flat1)
        filters[0], filters[1], filters[2], filters[3] = low0, flat0, low1, flat1
        for c in range(2):
            here = s.predelay + LINE_BYTES * c
            line = ng.record(here, LINE)
            write_ring(line.ring, line.mask, s.frame, s.rows + 128 * c, n)
            ng.call_node(s.read_line, here, s.frame, s.rows + 128 * c, np.int32(n))
        wet = s.rows + 256
        ng.call_node(s.model_play, state, s.rows, wet, np.int32(n))
        share, width = ng.floats(mixed + 4 * done, n), ng.floats(wide + 4 * done, n)
        for c in range(2):
            x = ng.floats(ng.channel_address(ins, c if c < inputs else 0) + 4 * done, n)
            y = ng.floats(ng.channel_address(outs, c) + 4 * done, n)
            mine, other = ng.floats(wet + 128 * c, n), ng.floats(wet + 128 * (c ^ 1), n)
            if narrow:
                for i in range(n):
                    heard = mine[i] + half * (one - width[i]) * (other[i] - mine[i])
                    y[i] = (one - share[i]) * x[i] + share[i] * heard
            else:
                for i in range(n):
                    y[i] = (one - share[i]) * x[i] + share[i] * mine[i]
        s.frame += n
        done += n
