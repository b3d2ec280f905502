"""The kernel of ``CabMics`` and its record.

A run of at most 32 frames is filtered, convolved with the responses of both microphones, delayed on
the way to the second, weighted and summed.  At ticks, every 32 frames, all parameters are stepped;
weights, delay and coefficients go in a straight line from tick to tick.
"""

import math

import numpy as np

from ...runtime import authoring as ng
from ...runtime.native.pointers import store, zero_bytes
from ...runtime.plan.arena import offset
from ...runtime.simd.loops.svf import COEFFICIENTS, LANES, STATES, svf_tick
from ..dsp.filters.svf import HIGH_PASS, LOW_PASS, direct, svf_section
from ..dsp.modulation.delay_line import READER, write_line

__all__ = ["NAMES", "STATE", "mics_kernel", "mics_tick"]

GRID = 32
NAMES = ("a_db", "b_db", "a_pan", "b_pan", "position", "b_distance_cm", "low_cut_hz", "high_cut_hz")
"""Parameters in the order of the record; the first six are stepped by ``glide_step``."""
DECIBELS, LINEAR = 2, 6
FIELDS = len(NAMES)
OPEN_HZ, SHUT_HZ = 20.0, 20_000.0
"""``low_cut_hz`` and ``high_cut_hz`` at which there is no filter."""
BUTTERWORTH_Q = 0.5**0.5
SOUND_M_S = 343.0
NEAR_CM = 10.0
"""Distance from the speaker at which the file was recorded: the level falls as 1 / distance."""

STATE = np.dtype(
    [
        *((name, np.float64) for name in NAMES),
        *((f"{name}_now", np.float64) for name in NAMES),  # dB: amplitude factors
        *((f"{name}_step", np.float64) for name in NAMES),
        ("sign", np.float64),  # of b
        ("distance", np.float64),  # smoothed twice, in cm
        ("delay", np.float64),  # of b, in frames, at the last tick and at the next
        ("next_delay", np.float64),
        ("low_share", np.float64),  # of the filter in what is heard: 0 is no filter
        ("high_share", np.float64),
        ("rate", np.float64),
        ("frame", np.int64),  # since reset
        ("filters", np.int64),  # whether there are any between this tick and the next
        ("designs", np.int64),  # ticks until all coefficients, or weights and delay, are at rest
        ("moves", np.int64),
        ("aims", np.int64),  # of the first six parameters: targets of ``now``, then those seen
        ("inputs", np.int64),
        ("outputs", np.int64),
        ("rows", np.int64),  # of each microphone
        ("panned", np.int64),
        ("mask", np.int64),
        ("weights", np.int64),  # of a left, a right, b left, b right, at the tick, then at the next
        ("coefficients", np.int64),
        ("states", np.int64),  # of the filters, per input
        ("work", np.int64),  # 32 float64
        ("filtered", np.int64),  # per input, 32 float32
        ("sources", np.int64),  # per input, an address
        ("heard", np.int64),  # addresses of the convolver's outputs, those of a, then those of b
        ("late", np.int64),  # 32 float32
        ("ring", np.int64),  # per row of b
        *((name, np.int64) for name in ("convolve", "convolver", "tick", "reader", "read")),
        *((name, np.int64) for name in ("set_filters", "filter", "late_run")),
    ]
)
NOW_AT, STEP_AT = offset(STATE, "a_db_now"), offset(STATE, "a_db_step")


@ng.helper
def _side(pan: float, right: float) -> float:
    """Return the gain of a side by the sine-cosine law, with 1 in the middle."""
    if pan == 0.0:
        return 1.0
    return math.sqrt(2.0) * math.sin(0.25 * math.pi * (1.0 + right * pan))


@ng.kernel
def mics_filters(state: int, ins: int, outs: int, frames: int) -> None:
    """Step the frequencies of both filters and set their coefficients at the next tick."""
    s = ng.record(state, STATE)
    wanted_low = 1.0 if s.low_cut_hz > OPEN_HZ else 0.0
    wanted_high = 1.0 if s.high_cut_hz < SHUT_HZ else 0.0
    if s.low_cut_hz_now != s.low_cut_hz_now:
        s.low_cut_hz_now, s.high_cut_hz_now = s.low_cut_hz, s.high_cut_hz
        s.low_share, s.high_share = wanted_low, wanted_high
        s.designs = 2
    if s.low_cut_hz_now != s.low_cut_hz:
        s.low_cut_hz_now = ng.ratio_step(s.low_cut_hz_now, s.low_cut_hz, s.low_cut_hz_step)
        s.designs = 2
    if s.high_cut_hz_now != s.high_cut_hz:
        s.high_cut_hz_now = ng.ratio_step(s.high_cut_hz_now, s.high_cut_hz, s.high_cut_hz_step)
        s.designs = 2
    if s.low_share != wanted_low or s.high_share != wanted_high:
        s.low_share = ng.glide_step(s.low_share, wanted_low, s.low_cut_hz_step)
        s.high_share = ng.glide_step(s.high_share, wanted_high, s.high_cut_hz_step)
        s.designs = 2
    if s.designs == 0:
        return
    s.designs -= 1
    heard = s.low_share != 0.0 or s.high_share != 0.0 or s.designs != 0
    if heard and s.filters == 0:
        zero_bytes(s.states, 8 * STATES * s.inputs)
    s.filters = 1 if heard else 0
    numbers = ng.numbers(s.coefficients, COEFFICIENTS, np.float64)
    for lane in range(2):
        hertz = s.high_cut_hz_now if lane else s.low_cut_hz_now
        share = s.high_share if lane else s.low_share
        kind = LOW_PASS if lane else HIGH_PASS
        g, k, m0, m1, m2 = direct(kind, hertz / s.rate, BUTTERWORTH_Q, 0.0)
        numbers[lane], numbers[LANES + lane] = g, k
        numbers[2 * LANES + lane] = 1.0 + share * (m0 - 1.0)
        numbers[3 * LANES + lane] = share * m1
        numbers[4 * LANES + lane] = share * m2
    svf_tick(s.coefficients)


@ng.kernel
def mics_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Step all other parameters; set weights and delay at the next tick."""
    s = ng.record(state, STATE)
    begun = s.position_now == s.position_now
    targets = ng.numbers(state, FIELDS, np.float64)
    now = ng.numbers(state + NOW_AT, FIELDS, np.float64)
    steps = ng.numbers(state + STEP_AT, FIELDS, np.float64)
    aims = ng.numbers(s.aims, 2 * LINEAR, np.float64)
    for k in range(LINEAR):
        if targets[k] != aims[LINEAR + k] or not begun:
            aims[LINEAR + k] = targets[k]
            aims[k] = targets[k] if k >= DECIBELS else ng.decibels(targets[k])
        if now[k] != aims[k]:
            now[k] = ng.glide_step(now[k], aims[k], steps[k])
            s.moves = 2
    if s.distance != s.b_distance_cm or not begun:
        # Smoothed twice: the delay sets off without a jump of speed, which would click.
        way = s.b_distance_cm_step if begun else 1.0
        s.distance = ng.glide_step(s.distance, s.b_distance_cm_now, way)
        s.moves = 2
    if s.moves == 0:
        return
    s.moves -= 1
    weights = ng.numbers(s.weights, 8, np.float64)
    near = NEAR_CM / (NEAR_CM + s.b_distance_cm_now)
    for m in range(2):
        level = now[m] * (s.position_now * near * s.sign if m else 1.0 - s.position_now)
        for side in range(2):
            k = 2 * m + side
            made = level
            if s.panned:
                made = level * _side(now[2 + m], 2.0 * side - 1.0)
            weights[k] = weights[4 + k] if begun else made
            weights[4 + k] = made
    delay = s.distance * (0.01 / SOUND_M_S) * s.rate
    if s.distance == s.b_distance_cm:  # at rest: whole frames, which change no bit
        delay = math.floor(delay + 0.5)
    s.delay = s.next_delay if begun else delay
    s.next_delay = delay


@ng.kernel
def mics_late(state: int, ins: int, outs: int, frames: int) -> None:
    """Write a run of a row of b, at ``ins``, into the ring at ``outs``; read it delayed: ``late``.

    Between frames by a cubic, less than one frame back in a straight line.
    """
    s = ng.record(state, STATE)
    reader = ng.record(s.reader, READER)
    write_line(outs, s.mask, s.frame, ins, frames)
    place = s.frame & (GRID - 1)
    slope = (s.next_delay - s.delay) * (1.0 / GRID)
    # The run is in the ring already, so one frame more than the reader expects may be read.
    reader.delay, reader.slope, reader.place, reader.at = s.delay + 1.0, slope, place, s.frame + 1
    ng.call_node(s.read, s.reader, outs, s.late, np.int32(frames))
    if s.delay < 1.0 or s.next_delay < 1.0:
        x, y = ng.floats(ins, frames), ng.floats(s.late, frames)
        for i in range(frames):
            delay = s.delay + (place + i) * slope
            if delay < 1.0:  # what was read is the frame before
                y[i] = x[i] + np.float32(delay) * (y[i] - x[i])


@ng.kernel
def mics_filter(state: int, ins: int, outs: int, frames: int) -> None:
    """Filter a run of one input, at ``ins``, in place; ``outs`` has the states of its filters."""
    s = ng.record(state, STATE)
    x, work = ng.floats(ins, frames), ng.numbers(s.work, frames, np.float64)
    coefficients = ng.numbers(s.coefficients, COEFFICIENTS, np.float64)
    states = ng.numbers(outs, STATES, np.float64)
    for i in range(frames):
        work[i] = np.float64(x[i])
    for lane in range(2):
        svf_section(work, frames, coefficients, states, lane, s.frame & (GRID - 1))
    for i in range(frames):
        x[i] = np.float32(work[i])


@ng.kernel
def mics_kernel(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a block in runs."""
    s = ng.record(state, STATE)
    weights = ng.numbers(s.weights, 8, np.float64)
    done = 0
    while done < frames:
        place = s.frame & (GRID - 1)
        if place == 0:
            ng.call_node(s.tick, state, 0, 0, np.int32(0))
            ng.call_node(s.set_filters, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < GRID - place else GRID - place
        for c in range(s.inputs):
            source = ng.channel_address(ins, c) + 4 * done
            if s.filters:
                row = s.filtered + 4 * GRID * c
                ng.copy_bytes(row, source, 4 * n)
                ng.call_node(s.filter, state, row, s.states + 8 * STATES * c, np.int32(n))
                source = row
            store(s.sources, c, source)
        ng.call_node(s.convolve, s.convolver, s.sources, s.heard, np.int32(n))
        still = s.delay == 0.0 and s.next_delay == 0.0
        for c in range(s.outputs):
            row = c if c < s.rows else s.rows - 1
            far = ng.channel_address(s.heard, s.rows + row)
            if row == c:
                ring = s.ring + 4 * (s.mask + 1) * row
                if still:
                    write_line(ring, s.mask, s.frame, far, n)
                else:
                    ng.call_node(s.late_run, state, far, ring, np.int32(n))
            a = ng.floats(ng.channel_address(s.heard, row), n)
            b = ng.floats(far if still else s.late, n)
            y = ng.floats(ng.channel_address(outs, c) + 4 * done, n)
            side = c & 1
            p, q = weights[side], weights[2 + side]
            up_p = (weights[4 + side] - p) * (1.0 / GRID)
            up_q = (weights[6 + side] - q) * (1.0 / GRID)
            if up_p == 0.0 and up_q == 0.0:
                level_a, level_b = np.float32(p), np.float32(q)
                for i in range(n):
                    y[i] = level_a * a[i] + level_b * b[i]
            else:
                for i in range(n):
                    at = np.float64(place + i)
                    y[i] = np.float32(p + up_p * at) * a[i] + np.float32(q + up_q * at) * b[i]
        s.frame += n
        done += n
