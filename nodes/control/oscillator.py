"""The kernels of Lfo and of the smooth modes of Random: an oscillator that is read at ticks.

Its phase is that of an LFO (``dsp/modulation/lfo_phase.py``): an integer, advanced by a whole
number of units per tick, so that it never drifts.  A new rate counts from the next tick on and
never moves the phase.  Values are computed for all ticks of a block, sines four at a time; each
depends on its own phase alone, so that the bits are the same for any cut.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir

from ...runtime import authoring as ng
from ...runtime.simd.doubles import Doubles
from ...runtime.simd.emitter import i64
from ..dsp.modulation.lfo_phase import edge_steepness, phase_step
from ..dsp.modulation.lfo_shapes import (
    C1,
    C3,
    C5,
    C7,
    C9,
    C11,
    MASK,
    RANDOM,
    SHAPES,
    SINE,
    TURN,
    UNIT,
    noise_value,
    periodic_value,
    within_one,
)
from ..dsp.modulation.tempo import parse_beats, synced_rate
from .source import TICK, hold_ticks, tick_count

__all__ = ["PHASE", "oscillator", "phase_fields", "tick_step"]

WIDTH = 4
"""Sines computed at once: the ticks of 128 frames."""

PHASE = [
    ("rate_hz", np.float64),
    ("tempo_bpm", np.float64),
    ("beats", np.float64),  # of a cycle; 0: rate_hz counts
    ("step_hz", np.float64),  # the rate that step is for, in Hz
    ("per_hz", np.float64),  # units of phase per frame and Hz
    ("step", np.int64),  # units of phase per tick
    ("turn", np.int64),  # the phase at the next tick
    ("cycle", np.int64),  # whole turns from reset to the next tick
]
"""Fields of a record whose kernel has a phase, which ``tick_step`` reads."""

STATE = np.dtype(
    [
        *PHASE,
        ("depth", np.float64),
        ("offset", np.float64),
        ("phase", np.float64),
        ("span", np.float64),  # the value is offset + depth * (centre + span * shape)
        ("centre", np.float64),
        ("shape", np.int64),  # index into SHAPES
        ("seed", np.int64),
        ("shift_turns", np.float64),  # the phase parameter that shift is for
        ("shift", np.int64),  # in units of phase
        ("frame", np.int64),
        ("held", np.float64),  # the value of this tick
        ("ticks", np.int64),  # scratch: the values of a block
    ]
)


def _emit_sines(
    lanes: ng.Lanes,
    target: ng.Value,
    turn: ng.Value,
    step: ng.Value,
    count: ng.Value,
    depth: ng.Value,
    offset: ng.Value,
) -> None:
    builder, doubles = lanes.builder, Doubles(lanes.builder, WIDTH, lanes.fused)
    place, one = lanes.pointer(target), doubles.constant(1.0)
    # From here on a turn is all 64 bits, and the phase is that of a cosine.
    first = builder.shl(builder.sub(turn, lanes.index(TURN >> 2)), lanes.index(2))
    apart = builder.shl(step, lanes.index(2))
    numbers = ir.Constant(ir.VectorType(i64, WIDTH), list(range(WIDTH)))
    steps = builder.mul(doubles.splat_whole(apart), numbers)
    with lanes.loop(count, step=WIDTH) as at:
        here = builder.add(first, builder.mul(apart, at))
        phase = builder.add(doubles.splat_whole(here), steps)
        away = doubles.abs(builder.sitofp(phase, doubles.vector))
        y = doubles.fma(away, doubles.constant(-UNIT), one)  # 1 at phase 0, -1 half a turn away
        square, sine = doubles.mul(y, y), doubles.constant(C11)
        for term in (C9, C7, C5, C3, C1):
            sine = doubles.fma(sine, square, doubles.constant(term))
        made = doubles.fma(doubles.mul(sine, y), doubles.splat(depth), doubles.splat(offset))
        doubles.store(doubles.max(doubles.constant(-1.0), doubles.min(one, made)), place, at)


sine_ticks = ng.embed("sine_ticks", "iiiidd", _emit_sines, inline=True)
"""``sine_ticks(target, turn, step, count, depth, offset)``: write ``offset`` plus ``depth`` times
the sine, limited to -1 to 1, of ``count`` phases from ``turn`` on, ``step`` apart, as float64.

``target`` needs room for a multiple of ``WIDTH``.
"""


@ng.helper
def tick_step(s: Any) -> int:
    """Return the units of phase per tick of a record with the fields ``PHASE``."""
    rate_hz = synced_rate(s.rate_hz, s.tempo_bpm, s.beats)
    if rate_hz != s.step_hz:
        s.step_hz = rate_hz
        s.step = TICK * phase_step(rate_hz, s.per_hz)
    step: int = s.step
    return step


@ng.helper
def _shift(s: Any) -> int:
    """Return the parameter ``phase`` in units of phase."""
    if s.phase != s.shift_turns:
        s.shift_turns = s.phase
        s.shift = int((s.phase - math.floor(s.phase)) * TURN) & MASK
    shift: int = s.shift
    return shift


@ng.kernel
def _sine(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    frame = s.frame
    count = tick_count(frame, frames)
    if count > 0:
        step, turn, depth = tick_step(s), s.turn, s.depth
        offset = s.offset + depth * s.centre
        sine_ticks(s.ticks, turn + _shift(s), step, count, depth * s.span, offset)
        s.turn = (turn + count * step) & MASK
    s.held = hold_ticks(ng.channel_address(outs, 0), frames, frame, s.held, s.ticks)
    s.frame = frame + frames


@ng.kernel
def _shape(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    frame = s.frame
    count = tick_count(frame, frames)
    if count > 0:
        ticks = ng.numbers(s.ticks, count, np.float64)
        step, turn, cycle, shift = tick_step(s), s.turn, s.cycle, _shift(s)
        shape, steepness = s.shape, edge_steepness(s.step_hz)
        for k in range(count):
            at = turn + shift
            if shape < RANDOM:
                value = periodic_value(shape, at & MASK, steepness)
            else:
                value = noise_value(shape, at & MASK, cycle + (at >> 62), s.seed)
            ticks[k] = within_one(s.offset + s.depth * (s.centre + s.span * value))
            turn += step
            cycle += turn >> 62
            turn &= MASK
        s.turn, s.cycle = turn, cycle
    s.held = hold_ticks(ng.channel_address(outs, 0), frames, frame, s.held, s.ticks)
    s.frame = frame + frames


def phase_fields(rate: float, sync: str) -> dict[str, float]:
    """Return the first values of the fields ``PHASE``, for ``memory.record``."""
    return {"beats": parse_beats(sync), "step_hz": -1.0, "per_hz": TURN / rate}


def oscillator(io: ng.Io, shape: str, *, sync: str, unipolar: bool, seed: int) -> ng.Processor:
    """Allocate an oscillator with the parameters of a node; see ``Lfo`` for the arguments."""
    half = 0.5 if unipolar else 0.0
    made = io.memory.record(
        STATE,
        **io.params,
        **phase_fields(io.spec.rate, sync),
        span=1.0 - half,
        centre=half,
        shape=SHAPES.index(shape),
        seed=seed,
        ticks=io.memory.scratch(io.spec.max_frames // TICK + 1 + WIDTH, np.float64),
    )
    return ng.Processor(_sine if shape == SHAPES[SINE] else _shape, made)
