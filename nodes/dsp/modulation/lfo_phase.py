"""Low-frequency oscillators: an integer phase, advanced once in 32 frames, and shapes of it.

The phase is an int64 in units of 2**-62 turns.  At each tick (every 32 frames, counted from reset)
it advances by 32 times a whole number of units, so that it never drifts: after n frames at one
rate it is n * step modulo 2**62, exactly.  A change of rate takes effect at the next tick and never
moves the phase.  Rates above 1/128 of the sample rate are limited to it.

A kernel has one ``LFO`` record and one ``TAP`` for each copy of the oscillator at another phase.
It either calls ``lfo_tick`` at its ticks and ramps from ``start`` to ``end`` of each tap over 32
frames, or calls ``lfo_run`` for any number of frames and gets the exact value of every frame.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime.native.abi import helper, kernel
from ....runtime.native.pointers import call_node, element, numbers, record
from ....runtime.simd.smoothing import glide_step
from .lfo_shapes import (
    MASK,
    RANDOM,
    SHAPES,
    SINE,
    SQUARE,
    TRIANGLE,
    TURN,
    UNIT,
    noise_value,
    periodic_value,
    quarter_sine,
    within_one,
)

__all__ = [
    "LFO",
    "SHAPES",
    "TAP",
    "TURN",
    "edge_steepness",
    "lfo_record",
    "lfo_run",
    "lfo_tick",
    "phase_step",
]

EDGE_S = 0.002
"""Time in seconds that a square takes from one side to the other."""
FASTEST = TURN >> 7
"""Units of phase per frame, at most."""

LFO = np.dtype(
    [
        ("rate_hz", np.float64),  # written by the node before each call; read at ticks
        ("rate_now", np.float64),  # smoothed, at ticks
        ("rate_step", np.float64),  # share of the way to a new rate covered in a tick
        ("spread", np.float64),  # written by the node, too: how far the taps are moved
        ("spread_step", np.float64),  # share of the way to a new spread covered in a tick
        ("spread_was", np.float64),  # at the last tick
        ("per_hz", np.float64),  # units of phase per frame and Hz
        ("phase", np.int64),  # at the last tick
        ("cycle", np.int64),  # whole turns from reset to the last tick
        ("step", np.int64),  # units of phase per frame since the last tick
        ("shape", np.int64),  # index into SHAPES
        ("seed", np.int64),
        ("begun", np.int64),  # 0 until the first tick
        ("place", np.int64),  # of lfo_run: frames since the last tick, 0 to 31
        ("steepness", np.float64),  # of the edges of a square
        ("count", np.int64),
        ("taps", np.int64),
        ("value", np.float64),  # given by lfo_at
        ("at", np.int64),  # address of lfo_at or lfo_noise_at
        ("tick", np.int64),  # address of lfo_tick
        ("run", np.int64),  # address of lfo_run, if it is used
    ]
)
TAP = np.dtype(
    [
        ("start", np.float64),  # value at the last tick
        ("end", np.float64),  # value at the next one
        ("base", np.float64),  # phase offset in turns
        ("per_spread", np.float64),  # turns added per unit of spread
        ("offset", np.int64),  # base + per_spread * spread, in units, at the last tick
        ("slide", np.int64),  # change of the offset per frame, in units
    ]
)


@helper
def phase_step(rate_hz: float, per_hz: float) -> int:
    """Return the units of phase per frame at ``rate_hz``, ``per_hz`` of them at 1 Hz."""
    step = int(rate_hz * per_hz + 0.5)
    return step if step < FASTEST else FASTEST


@helper
def edge_steepness(rate_hz: float) -> float:
    """Return the ``steepness`` of ``periodic_value`` for the edges of a square at ``rate_hz``."""
    edge = EDGE_S * rate_hz if rate_hz < 0.25 / EDGE_S else 0.25
    return 0.5 / edge if edge > 1e-12 else 0.5e12


@kernel
def lfo_at(state: int, ins: int, outs: int, frames: int) -> None:
    """Write the value at phase ``ins`` of cycle ``outs`` into the LFO's field ``value``."""
    s = record(state, LFO)
    s.value = periodic_value(s.shape, ins, s.steepness)


@kernel
def lfo_noise_at(state: int, ins: int, outs: int, frames: int) -> None:
    """Do as ``lfo_at`` for the shapes RANDOM and WALK."""
    s = record(state, LFO)
    s.value = noise_value(s.shape, ins, outs, s.seed)


@kernel
def lfo_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Advance the LFO at address ``state`` to the next tick; the first call is the tick of frame 0.

    Writes ``start`` and ``end`` of its taps.  The other arguments are unused.
    """
    s = record(state, LFO)
    begun, was = s.begun != 0, s.rate_now
    if begun:
        phase = s.phase + 32 * s.step
        s.cycle += phase >> 62
        s.phase = phase & MASK
        s.rate_now = glide_step(s.rate_now, s.rate_hz, s.rate_step)
    else:
        s.rate_now = s.rate_hz
    if not begun or was != s.rate_now:
        s.step = phase_step(s.rate_now, s.per_hz)
        s.steepness = edge_steepness(s.rate_now)
    step, still = s.step, begun and s.spread == s.spread_was
    s.begun = 1
    s.spread_was = s.spread
    for k in range(s.count):
        tap = element(s.taps, k, TAP)
        if still and tap.slide == 0:  # it stays where it is
            at = s.phase + tap.offset
            turns = s.cycle + (at >> 62)
            at = (at & MASK) + 32 * step
            tap.start = tap.end
            call_node(s.at, state, at & MASK, turns + (at >> 62), np.int32(0))
            tap.end = s.value
            continue
        place = tap.base + tap.per_spread * s.spread
        target = int((place - math.floor(place)) * TURN) & MASK
        if begun:
            tap.offset = (tap.offset + 32 * tap.slide) & MASK
            away = ((target - tap.offset + (TURN >> 1)) & MASK) - (TURN >> 1)
            tap.slide = int(np.float64(away) * s.spread_step) >> 5
            tap.start = tap.end
        else:
            tap.offset = target
            tap.slide = 0
        at = s.phase + tap.offset
        turns = s.cycle + (at >> 62)
        at &= MASK
        if not begun:
            call_node(s.at, state, at, turns, np.int32(0))
            tap.start = s.value
        at += 32 * (step + tap.slide)
        call_node(s.at, state, at & MASK, turns + (at >> 62), np.int32(0))
        tap.end = s.value


@kernel
def lfo_run(state: int, ins: int, outs: int, frames: int) -> None:
    """Write the next ``frames`` values of every tap as float64, advancing the LFO at its ticks.

    ``state`` is the address of the LFO, ``ins`` that of the values of tap 0; those of tap k begin
    ``k * outs`` numbers later.
    """
    s = record(state, LFO)
    done = 0
    while done < frames:
        place = s.place
        if place == 0:
            call_node(s.tick, state, 0, 0, np.int32(0))
        n = frames - done if frames - done < 32 - place else 32 - place
        shape, cycle, steep = s.shape, s.cycle, s.steepness
        for k in range(s.count):
            tap, y = element(s.taps, k, TAP), numbers(ins + 8 * (k * outs + done), n, np.float64)
            step = s.step + tap.slide
            at = s.phase + tap.offset
            first, turns = (at & MASK) + place * step, cycle + (at >> 62)
            if shape in (SINE, TRIANGLE, SQUARE):
                # A turn is all 64 bits here.  A triangle through 0 at phase 0; the shape triangle
                # begins at -1.
                begin = (first - (TURN >> 1 if shape == TRIANGLE else TURN >> 2)) << 2
                apart = step << 2
                if shape == SINE:
                    for i in range(n):
                        y[i] = quarter_sine(1.0 - abs(np.float64(begin + i * apart)) * UNIT)
                else:
                    for i in range(n):
                        y[i] = 1.0 - abs(np.float64(begin + i * apart)) * UNIT
                if shape == SQUARE:
                    for i in range(n):
                        y[i] = quarter_sine(within_one(y[i] * steep))
            else:
                for i in range(n):
                    here = first + i * step
                    call_node(s.at, state, here & MASK, turns + (here >> 62), np.int32(0))
                    y[i] = s.value
        s.place = (place + n) & 31
        done += n


def lfo_record(
    memory: Memory,
    rate: float,
    shape: str,
    taps: Sequence[tuple[float, float]] = ((0.0, 0.0),),
    *,
    seed: int = 0,
    spread_step: float = 1.0,
    rate_step: float = 1.0,
    rate_hz: float = 0.0,
    runs: bool = False,
) -> Any:
    """Allocate an LFO and its taps at the sample rate ``rate``; return the block of the record.

    ``taps`` has (base, per_spread) in turns: tap k is ahead by ``base + per_spread * spread``.
    ``spread_step`` is ``io.glide("spread", 32)`` where ``spread`` is a parameter, and
    ``rate_step`` may be that of a rate that shall not jump (the edges of a square are 2 ms at any
    rate, so that a jump of the rate within an edge moves its value).  ``rate_hz`` is for an LFO
    whose rate the kernel does not write.  The caller keeps the block's address in its own record,
    and calls the function at ``tick``, or with ``runs`` the one at ``run``.
    """
    number = SHAPES.index(shape)
    return memory.record(
        LFO,
        rate_hz=rate_hz,
        per_hz=TURN / rate,
        spread_step=spread_step,
        rate_step=rate_step,
        shape=number,
        seed=seed,
        count=len(taps),
        taps=memory.records(TAP, [{"base": b, "per_spread": s} for b, s in taps]),
        at=(lfo_noise_at if number >= RANDOM else lfo_at).address,
        tick=lfo_tick.address,
        run=lfo_run.address if runs else 0,  # compiling takes time
    )
