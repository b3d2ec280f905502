"""The model "plate": four all-passes in series, then two loops of delays that feed each other.

J. Dattorro, "Effect Design, Part 1: Reverberator and Other Filters", JAES 45(9), 1997.  Lengths are
in frames at 29,761 Hz.  Left and right are added at the input.
"""

from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime import authoring as ng
from ....runtime.native.pointers import element
from .lines import LINE, SHORTEST, add_tap, line_rows, pass_all, read_decayed, ring, write_ring
from .tank import STATE, absorption, loop_gain

__all__ = ["LOOP_S", "plate", "plate_play", "plate_tick"]

LOOP_S = 0.793
"""The time of a turn through both loops with what their all-passes hold back, as measured; the sum
of the delays is 0.725 s."""
BANDWIDTH = 0.9995
RATE = 29_761.0
LENGTHS = (142, 107, 379, 277, 672, 4453, 1800, 3720, 908, 4217, 2656, 3163)
SWING = 16.0
OUTPUTS = (
    ((9, 266, 1), (9, 2974, 1), (10, 1913, -1), (11, 1996, 1), (5, 1990, -1), (6, 187, -1),
     (7, 1066, -1)),
    ((5, 353, 1), (5, 3627, 1), (6, 1228, -1), (7, 2673, 1), (9, 2111, -1), (10, 335, -1),
     (11, 121, -1)),
)  # fmt: skip
"""Of each side: line, frames, sign."""
LEVEL = 0.6
LINES, TAPS = len(LENGTHS), 7
PLATE = np.dtype(
    [
        ("lines", np.int64),  # 12 LINE
        ("taps", np.int64),  # 7 LINE a side
        ("bandwidth", np.float64),
        ("input", np.float64),  # state of the low-pass at the input
        ("left", np.float64),  # of those in the loops
        ("right", np.float64),
        ("pole", np.float64),
        ("scale", np.float64),  # seconds of a half loop at size 1
        ("wet", np.int64),  # 32 float32: the input of both loops
        ("loop", np.int64),  # two rows
        ("read_decayed", np.int64),  # addresses of functions
        ("pass_all", np.int64),
        ("add_tap", np.int64),
    ]
)
PLATE_BYTES = LINE.itemsize


def plate(memory: Memory, rate: float, largest: float) -> Any:
    """Allocate the record of a plate and its lines, for sizes up to ``largest``."""
    scale = rate / RATE
    rings = [ring(memory, largest * frames * scale + 32.0 * scale + SHORTEST) for frames in LENGTHS]
    lines = [
        {"base": frames * scale, **shared} for frames, shared in zip(LENGTHS, rings, strict=True)
    ]
    for tap, number in enumerate((4, 8)):
        lines[number] |= {"swing": SWING * scale, "tap": tap}
    taps = [
        {"base": frames * scale, "shortest": 2.0, "goal": sign * LEVEL, **rings[number]}
        for side in OUTPUTS
        for number, frames, sign in side
    ]
    return memory.record(
        PLATE,
        lines=line_rows(memory, lines),
        taps=line_rows(memory, taps),
        bandwidth=BANDWIDTH,
        scale=0.5 * LOOP_S,
        wet=memory.scratch(32),
        loop=memory.scratch((2, 32)),
        read_decayed=read_decayed.address,
        pass_all=pass_all.address,
        add_tap=add_tap.address,
    )


@ng.kernel
def plate_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Set where all gains go, and the pole of the loops."""
    s = ng.record(state, STATE)
    t = ng.record(s.model, PLATE)
    longest = element(t.lines, 5, LINE)
    seconds = t.scale * (longest.length / longest.base if longest.length > 0.0 else s.size)
    decay = loop_gain(0.5 * seconds, s.time_s_now)
    t.pole = absorption(seconds, s.time_s_now, s.high_s_now, s.rate)
    soft = decay + 0.15
    soft = 0.25 if soft < 0.25 else 0.5 if soft > 0.5 else soft
    for k in range(LINES):
        goal = decay
        if k < 2:
            goal = s.diffusion_now * (0.75 / 0.7)
        elif k < 4:
            goal = s.diffusion_now * (0.625 / 0.7)
        elif k in (4, 8):
            goal = -0.7
        elif k in (6, 10):
            goal = soft
        element(t.lines, k, LINE).goal = goal
    ng.call_node(s.lines_tick, t.lines, s.move, 0, np.int32(LINES))
    ng.call_node(s.lines_tick, t.taps, s.move, 0, np.int32(2 * TAPS))


@ng.kernel
def plate_play(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a run."""
    s = ng.record(state, STATE)
    t = ng.record(s.model, PLATE)
    n, frame, half = np.int32(frames), s.frame, np.float32(0.5)
    left, right, wet = ng.floats(ins, 32), ng.floats(ins + 128, 32), ng.floats(t.wet, 32)
    low, bandwidth = t.input, t.bandwidth
    for i in range(frames):
        low = bandwidth * np.float64(half * left[i] + half * right[i]) + (1.0 - bandwidth) * low
        wet[i] = np.float32(low)
    t.input = low
    for k in range(4):
        ng.call_node(t.pass_all, t.lines + PLATE_BYTES * k, frame, t.wet, n)
    # What comes back from the other loop is read before anything is written.
    ng.call_node(t.read_decayed, t.lines + PLATE_BYTES * 11, frame, t.loop, n)
    ng.call_node(t.read_decayed, t.lines + PLATE_BYTES * 7, frame, t.loop + 128, n)
    for c in range(2):
        row, line = t.loop + 128 * c, t.lines + PLATE_BYTES * (4 + 4 * c)
        ng.add_to(row, t.wet, frames)
        ng.call_node(t.pass_all, line, frame, row, n)
        long = ng.record(line + PLATE_BYTES, LINE)
        write_ring(long.ring, long.mask, frame, row, frames)
        ng.call_node(t.read_decayed, line + PLATE_BYTES, frame, row, n)
    first, second, pole = ng.floats(t.loop, 32), ng.floats(t.loop + 128, 32), t.pole
    one, other = t.left, t.right
    for i in range(frames):
        one = (1.0 - pole) * np.float64(first[i]) + pole * one
        other = (1.0 - pole) * np.float64(second[i]) + pole * other
        first[i] = np.float32(one)
        second[i] = np.float32(other)
    t.left, t.right = one, other
    for c in range(2):
        row, line = t.loop + 128 * c, t.lines + PLATE_BYTES * (6 + 4 * c)
        ng.call_node(t.pass_all, line, frame, row, n)
        last = ng.record(line + PLATE_BYTES, LINE)
        write_ring(last.ring, last.mask, frame, row, frames)
    for c in range(2):
        heard = ng.floats(outs + 128 * c, 32)
        for i in range(frames):
            heard[i] = np.float32(0.0)
        for k in range(TAPS):
            tap = t.taps + PLATE_BYTES * (TAPS * c + k)
            ng.call_node(t.add_tap, tap, frame, outs + 128 * c, n)
