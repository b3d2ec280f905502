"""The model "spring": one spring for the left output, another for the right.

In a spring high notes travel slower than low ones, up to a frequency that nothing passes: every
echo is a chirp.  A chain of stretched all-passes has such a delay; a low-pass ends the band.  They
are in a loop with a delay, which a random walk shakes, and a negative gain.  V. Valimaki, J.
Parker, J. S. Abel, "Parametric Spring Reverberation Effect", JAES 58(7/8), 2010.  Left and right
are added at the input.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.prepare import Memory
from ....runtime import authoring as ng
from ....runtime.native.pointers import element
from ....runtime.simd.loops.delays import lines_out_run, taps_run
from ....runtime.simd.loops.recursive import biquads3_run
from ....runtime.simd.loops.stretched import (
    LANES,
    WIDE,
    stretched_pair_run,
    stretched_pair_run_wide,
)
from .lines import LINE, SHORTEST, add_tap, line_rows, read_decayed, ring, write_ring
from .tank import STATE, absorption, loop_gain

__all__ = ["spring", "spring_play", "spring_tail", "spring_tick"]

ROUND_S = (0.056, 0.0437)
"""The way of low notes forth and back, at size 1."""
GAINS = (0.62, 0.6)
"""Of the all-passes."""
SECTIONS = 100
TOP_HZ = 4300.0
"""Where the delay is longest, and the band ends."""
SWING_S = 4e-4
LEVEL = 1.0
SPRING = np.dtype(
    [
        ("lines", np.int64),  # a LINE for each spring
        ("taps", np.int64),  # half as long: what is heard
        ("chain", np.int64),  # states of the all-passes
        ("gains", np.int64),
        ("stretch", np.int64),
        ("chains", np.int64),  # address of a function
        ("low_pass", np.int64),  # coefficients of three biquads
        ("past", np.int64),  # their memory, 8 float64 a spring
        ("held", np.int64),  # a float64 a spring: frames that chain and low-pass delay low notes
        ("low", np.int64),  # a float64 a spring
        ("poles", np.int64),
        ("rows", np.int64),  # two rows
    ]
)
LINE_BYTES = LINE.itemsize


def _low_pass(turn: float) -> NDArray[np.float64]:
    """Return three biquads that make a Butterworth low-pass of order 6, twice.

    By the bilinear transform; ``turn`` is frequency over sample rate.
    """
    w, rows = 2.0 * math.pi * turn, []
    for k in range(3):
        alpha = math.sin(w) * math.cos(math.pi * (2 * k + 1) / 12.0)
        half = 0.5 * (1.0 - math.cos(w))
        whole = 1.0 + alpha
        a = (-2.0 * math.cos(w) / whole, (1.0 - alpha) / whole)
        rows += [half / whole, 2.0 * half / whole, half / whole, *a]
    return np.array([rows, rows])


def _shape(rate: float) -> tuple[int, float, list[float]]:
    """Return K, the turn of the low-pass, and the frames that each spring holds low notes back."""
    stretch, turn = max(1, round(rate / (2.0 * TOP_HZ))), min(TOP_HZ / rate, 0.45)
    slow = sum(math.cos(math.pi * (2 * k + 1) / 12.0) for k in range(3))
    slow /= math.tan(math.pi * turn)
    return stretch, turn, [SECTIONS * stretch * (1.0 - a) / (1.0 + a) + slow for a in GAINS]


def spring_tail(rate: float, time_s: float, high_s: float, size: float) -> float:
    """Return the seconds in which the slowest frequency falls by 100 dB.

    High notes need longer for a round, and lose no more in it.
    """
    stretch, turn, held = _shape(rate)
    w = np.linspace(0.0, 2.0 * np.pi * min(1.4 * turn, 0.5), 400)
    z = np.exp(-1j * w)
    b0, b1, b2, a1, a2 = _low_pass(turn)[0].reshape(3, 5).T[:, :, None]
    kept = abs(np.prod((b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z), axis=0))
    longest = 0.0
    for way, a, low in zip(ROUND_S, GAINS, held, strict=True):
        chain = SECTIONS * stretch * (1.0 - a * a) / (1.0 + a * a + 2.0 * a * np.cos(w * stretch))
        frames = max(way * size * rate - low, SHORTEST) + chain + 2.0 / turn
        seconds = max(way * size, (low + SHORTEST) / rate)
        pole = absorption.py_func(seconds, time_s, high_s, rate)
        absorbed = abs((1.0 - pole) / (1.0 - pole * z))
        loss = 60.0 * seconds / time_s - 20.0 * np.log10(np.maximum(kept * absorbed, 1e-10))
        longest = max(longest, float((frames / rate * (1.0 + 100.0 / loss)).max()))
    return longest


def spring(memory: Memory, rate: float, largest: float) -> Any:
    """Allocate the record of two springs and their lines, for sizes up to ``largest``."""
    stretch, turn, held = _shape(rate)
    lines, taps = [], []
    for number, (way, less) in enumerate(zip(ROUND_S, held, strict=True)):
        base, swing = way * rate, SWING_S * rate
        shared = {"less": less, **ring(memory, largest * base + swing)}
        lines.append({"base": base, "swing": swing, "tap": number, **shared})
        taps.append({"base": 0.5 * base, "goal": LEVEL, **shared})
    wide = stretch > LANES
    return memory.record(
        SPRING,
        lines=line_rows(memory, lines, read_decayed),
        taps=line_rows(memory, taps, add_tap),
        chain=memory.state((SECTIONS, 2, WIDE if wide else LANES)),
        gains=memory.constant(np.array(GAINS)),
        stretch=stretch,
        chains=(chains_wide if wide else chains).address,
        low_pass=memory.constant(_low_pass(turn)),
        past=memory.state((2, 8), np.float64),
        held=memory.constant(np.array(held)),
        low=memory.state(2, np.float64),
        poles=memory.state(2, np.float64),
        rows=memory.scratch((2, 32)),
    )


@ng.kernel
def chains(state: int, ins: int, outs: int, frames: int) -> None:
    """Play both chains over the rows; ``ins`` is the first frame since reset."""
    t = ng.record(state, SPRING)
    stretched_pair_run(t.rows, t.chain, t.gains, SECTIONS, t.stretch, ins, np.int64(frames))


@ng.kernel
def chains_wide(state: int, ins: int, outs: int, frames: int) -> None:
    """Do the same at high sample rates."""
    t = ng.record(state, SPRING)
    stretched_pair_run_wide(t.rows, t.chain, t.gains, SECTIONS, t.stretch, ins, np.int64(frames))


@ng.kernel
def spring_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Set where gains and lengths go, and the poles."""
    s = ng.record(state, STATE)
    t = ng.record(s.model, SPRING)
    held, poles = ng.numbers(t.held, 2, np.float64), ng.numbers(t.poles, 2, np.float64)
    for k in range(2):
        line = element(t.lines, k, LINE)
        length = line.length if line.length > 0.0 else line.base * s.size - held[k]
        seconds = (length + held[k]) / s.rate
        line.goal = -loop_gain(seconds, s.time_s_now)
        poles[k] = absorption(seconds, s.time_s_now, s.high_s_now, s.rate)
    ng.call_node(s.lines_tick, t.lines, s.move, 0, np.int32(2))
    ng.call_node(s.lines_tick, t.taps, s.move, 0, np.int32(2))


@ng.kernel
def spring_play(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a run."""
    s = ng.record(state, STATE)
    t = ng.record(s.model, SPRING)
    step, frame, n, half = np.int64(LINE_BYTES), s.frame, np.int64(frames), np.float32(0.5)
    left, right = ng.floats(ins, 32), ng.floats(ins + 128, 32)
    lines_out_run(t.rows, t.lines, 2, step, frame, n)
    first, second = ng.floats(t.rows, 32), ng.floats(t.rows + 128, 32)
    low, poles = ng.numbers(t.low, 2, np.float64), ng.numbers(t.poles, 2, np.float64)
    one, other, p, q = low[0], low[1], poles[0], poles[1]
    for i in range(frames):
        one = (1.0 - p) * np.float64(first[i]) + p * one
        other = (1.0 - q) * np.float64(second[i]) + q * other
        x = half * left[i] + half * right[i]
        first[i] = x + np.float32(one)
        second[i] = x + np.float32(other)
    low[0], low[1] = one, other
    ng.call_node(t.chains, s.model, frame, 0, np.int32(frames))
    for c in range(2):
        row, y = t.rows + 128 * c, ng.floats(outs + 128 * c, 32)
        biquads3_run(row, row, n, 0, 0, t.low_pass, t.past + 64 * c)
        line = element(t.lines, c, LINE)
        write_ring(line.ring, line.mask, frame, row, frames)
        for i in range(frames):
            y[i] = np.float32(0.0)
        taps_run(outs + 128 * c, t.taps + LINE_BYTES * c, 1, step, frame, n)
