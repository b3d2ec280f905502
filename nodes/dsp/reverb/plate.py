"""The model "plate": four all-passes in series, then two loops of delays that feed each other.

J. Dattorro, "Effect Design, Part 1: Reverberator and Other Filters", JAES 45(9), 1997.  Lengths are
in frames at 29,761 Hz.  Left and right are added at the input.
"""

from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime import authoring as ng
from ....runtime.native.pointers import element
from ....runtime.simd.loops.delays import all_passes_run, lines_out_run, taps_run
from .lines import (
    LINE,
    MOVE,
    SHORTEST,
    add_tap,
    line_rows,
    pass_all,
    read_decayed,
    ring,
    write_ring,
)
from .tank import STATE, absorption, loop_gain, pass_gain

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
PASSES = (0, 1, 2, 3, 4, 6, 8, 10)
"""The lines that are all-passes."""
PLATE = np.dtype(
    [
        ("lines", np.int64),  # 12 LINE
        ("taps", np.int64),  # 7 LINE a side
        ("bandwidth", np.float64),
        ("input", np.float64),  # state of the low-pass at the input
        ("left", np.float64),  # of those in the loops
        ("right", np.float64),
        ("pole", np.float64),
        ("time_s", np.float64),  # what the gains were computed for
        ("high_s", np.float64),
        ("diffusion", np.float64),
        ("asked", np.float64),  # size
        ("moving", np.int64),  # whether any line is on its way
        ("scale", np.float64),  # seconds of a half loop at size 1
        ("wet", np.int64),  # 32 float32: the input of both loops
        ("loop", np.int64),  # two rows
        ("pass_all", np.int64),  # its address
    ]
)
LINE_BYTES = LINE.itemsize


def plate(memory: Memory, rate: float, largest: float) -> Any:
    """Allocate the record of a plate and its lines, for sizes up to ``largest``."""
    scale = rate / RATE
    rings = [ring(memory, largest * frames * scale + 32.0 * scale + SHORTEST) for frames in LENGTHS]
    lines: list[dict[str, Any]] = [
        {"base": frames * scale, **shared} for frames, shared in zip(LENGTHS, rings, strict=True)
    ]
    for number in PASSES:
        lines[number]["slow"] = pass_all.address
    for tap, number in enumerate((4, 8)):
        lines[number] |= {"swing": SWING * scale, "tap": tap}
    taps = [
        {"base": frames * scale, "shortest": 2.0, "goal": sign * LEVEL, **rings[number]}
        for side in OUTPUTS
        for number, frames, sign in side
    ]
    return memory.record(
        PLATE,
        lines=line_rows(memory, lines, read_decayed),
        taps=line_rows(memory, taps, add_tap),
        bandwidth=BANDWIDTH,
        scale=0.5 * LOOP_S,
        wet=memory.scratch(32),
        loop=memory.scratch((2, 32)),
        pass_all=pass_all.address,
    )


@ng.kernel
def plate_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Set where all gains go, and the pole of the loops."""
    s = ng.record(state, STATE)
    t = ng.record(s.model, PLATE)
    longest, move = element(t.lines, 5, LINE), ng.record(s.move, MOVE)
    same = t.time_s == s.time_s_now and t.high_s == s.high_s_now and t.asked == s.size
    if same and t.diffusion == s.diffusion_now and t.moving == 0:
        # Only the lines that the LFO moves, numbers 4 and 8.
        ng.call_node(s.lines_tick, t.lines + 4 * LINE_BYTES, s.move, 0, np.int32(5))
        return
    t.time_s, t.high_s, t.asked = s.time_s_now, s.high_s_now, s.size
    t.diffusion = s.diffusion_now
    seconds = t.scale * (longest.length / longest.base if longest.length > 0.0 else s.size)
    decay = loop_gain(0.5 * seconds, s.time_s_now)
    t.pole = absorption(seconds, s.time_s_now, s.high_s_now, s.rate)
    soft = decay + 0.15
    soft = 0.25 if soft < 0.25 else 0.5 if soft > 0.5 else soft
    for k in range(LINES):
        line = element(t.lines, k, LINE)
        if line.slow == t.pass_all:
            goal = soft
            if k < 4:
                goal = s.diffusion_now * (0.75 / 0.7 if k < 2 else 0.625 / 0.7)
            elif k in (4, 8):
                goal = 0.7
            length = line.length if line.length > 0.0 else line.base * s.size
            goal = pass_gain(goal, length / s.rate, 0.7 * s.time_s_now)
            line.goal = -goal if k in (4, 8) else goal
        else:
            line.goal = decay
    ng.call_node(s.lines_tick, t.lines, s.move, 0, np.int32(LINES))
    t.moving = move.moving
    ng.call_node(s.lines_tick, t.taps, s.move, 0, np.int32(2 * TAPS))
    t.moving |= move.moving


@ng.kernel
def plate_play(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a run."""
    s = ng.record(state, STATE)
    t = ng.record(s.model, PLATE)
    step, frame, half = np.int64(LINE_BYTES), s.frame, np.float32(0.5)
    left, right, wet = ng.floats(ins, 32), ng.floats(ins + 128, 32), ng.floats(t.wet, 32)
    low, bandwidth = t.input, t.bandwidth
    for i in range(frames):
        low = bandwidth * np.float64(half * left[i] + half * right[i]) + (1.0 - bandwidth) * low
        wet[i] = np.float32(low)
    t.input = low
    all_passes_run(t.wet, t.lines, 4, step, frame, frames)
    # What comes back from the other loop is read before anything is written.
    lines_out_run(t.loop, t.lines + LINE_BYTES * 11, 1, step, frame, frames)
    lines_out_run(t.loop + 128, t.lines + LINE_BYTES * 7, 1, step, frame, frames)
    for c in range(2):
        row, line = t.loop + 128 * c, t.lines + LINE_BYTES * (4 + 4 * c)
        ng.add_to(row, t.wet, frames)
        all_passes_run(row, line, 1, step, frame, frames)
        long = ng.record(line + LINE_BYTES, LINE)
        write_ring(long.ring, long.mask, frame, row, frames)
        lines_out_run(row, line + LINE_BYTES, 1, step, frame, frames)
    first, second, pole = ng.floats(t.loop, 32), ng.floats(t.loop + 128, 32), t.pole
    one, other = t.left, t.right
    for i in range(frames):
        one = (1.0 - pole) * np.float64(first[i]) + pole * one
        other = (1.0 - pole) * np.float64(second[i]) + pole * other
        first[i] = np.float32(one)
        second[i] = np.float32(other)
    t.left, t.right = one, other
    for c in range(2):
        row, line = t.loop + 128 * c, t.lines + LINE_BYTES * (6 + 4 * c)
        all_passes_run(row, line, 1, step, frame, frames)
        last = ng.record(line + LINE_BYTES, LINE)
        write_ring(last.ring, last.mask, frame, row, frames)
    for c in range(2):
        heard = ng.floats(outs + 128 * c, 32)
        for i in range(frames):
            heard[i] = np.float32(0.0)
        tap = t.taps + LINE_BYTES * TAPS * c
        taps_run(outs + 128 * c, tap, TAPS, step, frame, frames)
