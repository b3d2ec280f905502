"""The models "hall", "room" and "shimmer": sixteen delay lines behind a Hadamard matrix.

Each side has four all-passes before the lines, and twelve early reflections beside them: those of
a box, by mirror images of its walls.  The lines' lengths are prime numbers in a geometric row.
Method: J.-M. Jot, A. Chaigne, "Digital Delay Networks for Designing Artificial Reverberators", AES
1991; D. Rocchesso, J. O. Smith, "Circulant and Elliptic Feedback Delay Networks for Artificial
Reverberation", IEEE 1997.
"""

import itertools
import math
from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime import authoring as ng
from ....runtime.native.pointers import element
from ....runtime.simd.loops.delays import all_passes_run, lines_in_run, lines_out_run, taps_run
from ....runtime.simd.loops.hadamard import LINES, hadamard16_run
from ....runtime.simd.loops.one_poles import one_poles16_run
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
from .shimmer import FIRST, held_frames, shimmer, shimmer_play, shimmer_tick
from .tank import STATE, absorption, loop_gain, pass_gain

__all__ = ["network", "network_play", "network_tick"]

TAPS, PASSES = 12, 4
NETWORK = np.dtype(
    [
        ("lines", np.int64),  # 16 LINE
        ("passes", np.int64),  # 4 LINE a side
        ("taps", np.int64),  # 12 LINE a side
        ("weights", np.int64),  # their gains at 0 dB
        ("poles", np.int64),  # of the lines: 16 float32
        ("low", np.int64),  # 16 float32
        ("rows", np.int64),  # 16 of 32 float32
        ("shimmer", np.int64),  # a SHIMMER, or 0
        ("shimmer_tick", np.int64),
        ("shimmer_play", np.int64),
        ("bright", np.int64),  # 1: no line has a low-pass
        ("time_s", np.float64),  # that gains and poles were computed for
        ("high_s", np.float64),
        ("size", np.float64),
        ("early_db", np.float64),  # that the gains of taps and passes were computed for
        ("diffusion", np.float64),
        ("asked", np.float64),
        ("moving", np.int64),  # of taps and passes, whether any is
    ]
)
LINE_BYTES = LINE.itemsize
LINES_MS = {"hall": (31.0, 97.0), "room": (11.0, 37.0)}
"""The shortest and the longest line."""
BOXES_M = {"hall": (11.0, 8.0, 4.5), "room": (5.1, 3.9, 2.6)}
PASSES_MS = {
    "hall": ((5.13, 8.67, 13.91, 22.57), (5.61, 9.43, 12.83, 20.99)),
    "room": ((2.31, 3.79, 5.57, 8.93), (2.57, 3.43, 6.11, 8.21)),
}
SWING_MS = 0.8
SWINGING = {0: 1.0, 5: 1.0, 10: -1.0, 15: -1.0}
"""Which lines the LFO moves, and which way."""
SILENT_DB = -60.0
"""``early_db`` from which there are no early reflections."""
WALL = 0.8
"""Share of the amplitude that a wall reflects."""


def _prime(number: float) -> int:
    """Return the first prime number from ``number`` on."""
    found = max(2, round(number))
    while any(found % k == 0 for k in range(2, math.isqrt(found) + 1)):
        found += 1
    return found


def _reflections(box: tuple[float, float, float], side: int) -> list[tuple[float, float]]:
    """Return (seconds after the direct sound, amplitude) of the first reflections on one side."""
    at = [0.31 * box[0], 0.47 * box[1], 0.38 * box[2]]
    ear = [0.72 * box[0], (0.58 if side else 0.36) * box[1], 0.41 * box[2]]
    direct = math.dist(at, ear)
    found = []
    for walls in itertools.product(range(-2, 3), repeat=3):
        bounces = sum(map(abs, walls))
        image = [
            2.0 * size * math.ceil(n / 2) + (-p if n & 1 else p)
            for n, size, p in zip(walls, box, at, strict=True)
        ]
        if bounces:
            way = math.dist(image, ear)
            found.append(((way - direct) / 343.0, WALL**bounces * direct / way))
    first = sorted(found)[:TAPS]
    whole = math.sqrt(sum(level**2 for _, level in first))
    return [(late, level / whole) for late, level in first]


def network(memory: Memory, rate: float, space: str, largest: float) -> Any:
    """Allocate the record of a network and its lines, for sizes up to ``largest``."""
    shimmers = space == "shimmer"
    space = "hall" if shimmers else space
    short, long = (1e-3 * ms for ms in LINES_MS[space])
    places = [(7 * k % LINES) / (LINES - 1) for k in range(LINES)]
    bases = [_prime(rate * short * (long / short) ** place) for place in places]
    swing = 1e-3 * SWING_MS * rate
    lines = [
        {
            "base": base,
            "shortest": SHORTEST,
            "less": float(held_frames(rate)) if shimmers and k in (FIRST, FIRST + 1) else 0.0,
            "swing": SWINGING.get(k, 0.0) * swing,
            "tap": k // 5 % 2,
            **ring(memory, largest * base + swing + SHORTEST),
        }
        for k, base in enumerate(bases)
    ]
    passes, taps, weights = [], [], []
    for side in range(2):
        for ms in PASSES_MS[space][side]:
            base = _prime(1e-3 * ms * rate)
            passes.append({"base": base, **ring(memory, largest * base + SHORTEST)})
        reflections = _reflections(BOXES_M[space], side)
        shared = ring(memory, largest * rate * reflections[-1][0] + SHORTEST)
        taps += [{"base": rate * late, "shortest": 2.0, **shared} for late, _ in reflections]
        weights += [level for _, level in reflections]
    return memory.record(
        NETWORK,
        lines=line_rows(memory, lines, read_decayed),
        passes=line_rows(memory, passes, pass_all),
        taps=line_rows(memory, taps, add_tap),
        weights=memory.constant(np.array(weights)),
        poles=memory.state(LINES),
        low=memory.state(LINES),
        shimmer=shimmer(memory, rate) if shimmers else 0,
        shimmer_tick=shimmer_tick.address if shimmers else 0,
        shimmer_play=shimmer_play.address if shimmers else 0,
        rows=memory.scratch((LINES, 32)),
    )


@ng.kernel
def network_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Set where all gains go, and the poles."""
    s = ng.record(state, STATE)
    t = ng.record(s.model, NETWORK)
    first = element(t.lines, 0, LINE)
    timed = t.time_s == s.time_s_now
    if t.time_s != s.time_s_now or t.high_s != s.high_s_now or t.size != first.length:
        t.bright, poles = 1, ng.floats(t.poles, LINES)
        for k in range(LINES):
            line = element(t.lines, k, LINE)
            seconds = (line.length + line.less) / s.rate
            if line.length == 0.0:  # the first tick
                seconds = math.floor(line.base * s.size + 0.5) / s.rate
            line.goal = loop_gain(seconds, s.time_s_now)
            poles[k] = np.float32(absorption(seconds, s.time_s_now, s.high_s_now, s.rate))
            if poles[k] != 0.0:
                t.bright = 0
        t.time_s, t.high_s, t.size = s.time_s_now, s.high_s_now, first.length
    ng.call_node(s.lines_tick, t.lines, s.move, 0, np.int32(LINES))
    if t.shimmer != 0:
        ng.call_node(t.shimmer_tick, t.shimmer, 0, 0, np.int32(0))
    same = t.early_db == s.early_db_now and t.diffusion == s.diffusion_now and t.asked == s.size
    if not (same and timed) or t.moving:
        early, weights = ng.decibels(s.early_db_now), ng.numbers(t.weights, 2 * TAPS, np.float64)
        if s.early_db_now <= SILENT_DB:
            early = 0.0
        for k in range(2 * TAPS):
            element(t.taps, k, LINE).goal = early * weights[k]
        for k in range(2 * PASSES):
            line = element(t.passes, k, LINE)
            length = line.length if line.length > 0.0 else line.base * s.size
            line.goal = pass_gain(s.diffusion_now, length / s.rate, 0.4 * s.time_s_now)
        move = ng.record(s.move, MOVE)
        ng.call_node(s.lines_tick, t.passes, s.move, 0, np.int32(2 * PASSES))
        t.moving = move.moving
        ng.call_node(s.lines_tick, t.taps, s.move, 0, np.int32(2 * TAPS))
        t.moving |= move.moving
        t.early_db, t.diffusion, t.asked = s.early_db_now, s.diffusion_now, s.size


@ng.kernel
def network_play(state: int, ins: int, outs: int, frames: int) -> None:
    """Play a run."""
    s = ng.record(state, STATE)
    t = ng.record(s.model, NETWORK)
    frame, step = s.frame, np.int64(LINE_BYTES)
    for c in range(2):
        x, y = ins + 128 * c, outs + 128 * c
        heard = ng.floats(y, frames)
        for i in range(frames):
            heard[i] = np.float32(0.0)
        tap = t.taps + LINE_BYTES * TAPS * c
        source = ng.record(tap, LINE)
        write_ring(source.ring, source.mask, frame, x, frames)
        taps_run(y, tap, TAPS, step, frame, frames)
        all_passes_run(x, t.passes + LINE_BYTES * PASSES * c, PASSES, step, frame, frames)
    lines_out_run(t.rows, t.lines, LINES, step, frame, frames)
    if t.bright:
        low, rows = ng.floats(t.low, LINES), ng.floats(t.rows, 32 * LINES)
        for k in range(LINES):
            low[k] = rows[32 * k + frames - 1]
    else:
        one_poles16_run(t.rows, t.low, t.poles, frames)
    if t.shimmer != 0:
        ng.call_node(t.shimmer_play, t.shimmer, 0, t.rows + 128 * FIRST, np.int32(frames))
    for c in range(2):
        heard = ng.floats(outs + 128 * c, 32)
        for k in range(2):
            line = t.rows + 128 * c + 1024 * k
            plus, minus = ng.floats(line, 32), ng.floats(line + 256, 32)
            more, less = ng.floats(line + 512, 32), ng.floats(line + 768, 32)
            for i in range(frames):
                heard[i] += (plus[i] - minus[i]) + (more[i] - less[i])
    hadamard16_run(t.rows, t.rows, frames)
    for c in range(2):
        ng.amplify(ins + 128 * c, ins + 128 * c, 0.25, frames)
    lines_in_run(t.rows, ins, t.lines, LINES, step, frame, frames)
