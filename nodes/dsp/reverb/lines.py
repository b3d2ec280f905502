"""Delay lines read and written in runs of up to 32 frames, and what reads them: taps, all-passes.

Ticks are every 32 frames, counted from reset; a run never crosses one.  A ring has a power of two
of frames, and its first 64 again after its end, so that a run is one piece of memory wherever it
begins.  A line's length is ``base`` times the size of the room, in whole frames, which it
approaches in two smoothing stages; ``swing`` frames of an LFO are added to it.  Lengths and gains
go along straight lines from tick to tick, and do not depend on where runs are cut.  All functions
take the address of a ``LINE``, the number of the run's first frame since reset, and the address of
a row of 32 float32.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime import authoring as ng
from ....runtime.native.pointers import element
from ....runtime.simd.loops.delays import AGAIN
from ..modulation.lfo_phase import TAP

__all__ = [
    "LINE",
    "MOVE",
    "SHORTEST",
    "add_tap",
    "line_rows",
    "lines_tick",
    "pass_all",
    "read_decayed",
    "read_line",
    "ring",
    "write_ring",
]

SHORTEST = 40.0
"""Frames: the shortest line that may be read before the run is written to it."""
LINE = np.dtype(
    [
        ("ring", np.int64),  # the five words of runtime/simd/loops/delays.py
        ("mask", np.int64),  # frames of the ring minus 1
        ("back", np.int64),
        ("gain", np.float64),  # at this tick
        ("slow", np.int64),
        ("read", np.int64),  # address of read_line
        ("spare", np.int64),  # address of 32 float32
        ("base", np.float64),  # frames at size 1
        ("less", np.float64),  # frames that something else delays
        ("shortest", np.float64),
        ("swing", np.float64),  # frames that the LFO adds at most, at depth 1
        ("tap", np.int64),  # of the LFO
        ("first", np.float64),  # length after the first smoothing stage; NaN: not begun
        ("length", np.float64),  # after the second
        ("delay", np.float64),  # at this tick, with the LFO
        ("slope", np.float64),  # change per frame
        ("rests", np.int64),  # 1: nothing of it moves
        ("next", np.float64),  # delay at the next tick
        ("goal", np.float64),  # the gain at the next tick, written by the model
        ("gain_slope", np.float64),
        ("gain_next", np.float64),  # NaN: not begun
    ]
)
LINE_BYTES = LINE.itemsize
MOVE = np.dtype(
    [
        ("size", np.float64),
        ("size_step", np.float64),  # share of the way covered in a tick by a smoothing stage
        ("depth", np.float64),  # of the LFO, at the next tick
        ("taps", np.int64),  # of the LFO
        ("moving", np.int64),  # written by lines_tick: whether any is on its way, but for the LFO
    ]
)


def ring(memory: Memory, longest: float) -> dict[str, Any]:
    """Allocate a ring for delays up to ``longest`` frames; return the fields of its lines."""
    size = 1 << math.ceil(math.log2(longest + AGAIN + 4.0))
    return {"ring": memory.state(size + AGAIN), "mask": size - 1, "read": read_line.address}


def line_rows(memory: Memory, rows: Sequence[dict[str, Any]], slow: ng.Native) -> Any:
    """Allocate ``LINE`` records with these fields, used by ``slow`` or its emitted twin."""
    fresh: dict[str, Any] = {
        "first": math.nan,
        "next": math.nan,
        "gain_next": math.nan,
        "shortest": SHORTEST,
    }
    fresh |= {"spare": memory.scratch(32), "slow": slow.address}
    return memory.records(LINE, [fresh | row for row in rows])


@ng.kernel
def lines_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Set where lengths and gains of ``frames`` lines go until the next tick; ``ins`` is a MOVE."""
    move, moving = ng.record(ins, MOVE), 0
    for k in range(frames):
        line = element(state, k, LINE)
        target = math.floor(line.base * move.size - line.less + 0.5)
        target = target if target > line.shortest else line.shortest
        swings = line.swing != 0.0 and (move.depth != 0.0 or line.next != line.length)
        if line.rests == 1 and line.first == target and line.gain == line.goal and not swings:
            continue
        line.first = ng.glide_step(line.first, target, move.size_step)
        if line.next != line.next:
            line.length = target
        line.length = ng.glide_step(line.length, line.first, move.size_step)
        after = line.length
        if swings:
            tap = element(move.taps, line.tap, TAP)
            after += move.depth * line.swing * tap.end
            after = after if after > line.shortest else line.shortest
        line.delay = line.next if line.next == line.next else after
        line.slope = (after - line.delay) * (1.0 / 32.0)
        line.next = after
        line.gain = line.gain_next if line.gain_next == line.gain_next else line.goal
        line.gain_slope = (line.goal - line.gain) * (1.0 / 32.0)
        line.gain_next = line.goal
        line.back = int(line.delay)
        moves = line.slope != 0.0 or line.gain_slope != 0.0
        if moves or line.delay != np.float64(line.back):
            line.back = -1
        away = line.length != target or line.gain_slope != 0.0
        line.rests = 0 if moves or away else 1
        if away or (moves and not swings):
            moving = 1
    move.moving = moving


@ng.helper
def write_ring(ring: int, mask: int, frame: int, row: int, frames: int) -> None:
    """Write a run to a ring."""
    begin = frame & mask
    ng.copy_bytes(ring + 4 * begin, row, 4 * frames)
    if begin < AGAIN:
        ng.copy_bytes(ring + 4 * (begin + mask + 1), row, 4 * frames)


@ng.kernel
def read_line(state: int, ins: int, outs: int, frames: int) -> None:
    """Read a run, exactly where the delay is whole, else by Lagrange's cubic."""
    line = ng.record(state, LINE)
    frame, mask, begin, slope = ins, line.mask, line.delay, line.slope
    place = frame & 31
    y = ng.floats(outs, frames)
    early = begin + slope * place
    back = int(early)
    if slope == 0.0 and early == np.float64(back):
        ng.copy_bytes(outs, line.ring + 4 * ((frame - back) & mask), 4 * frames)
    else:
        late = begin + slope * (place + frames - 1)
        one = back == int(late)
        part = frames if one else 1
        done = 0
        while done < frames:  # in one run, unless the whole part of the delay changes
            if not one:
                back = int(begin + slope * (place + done))
            x = ng.floats(line.ring + 4 * ((frame + done - back - 2) & mask), part + 3)
            for i in range(part):
                t = np.float32(begin + slope * (place + done + i) - back)
                u, v, w = np.float32(1.0) - t, np.float32(2.0) - t, np.float32(1.0) + t
                sixth, half = t * u * np.float32(1.0 / 6.0), w * v * np.float32(0.5)
                y[done + i] = (u * half * x[i + 2] + t * half * x[i + 1]) - (
                    v * sixth * x[i + 3] + w * sixth * x[i]
                )
            done += part


@ng.kernel
def read_decayed(state: int, ins: int, outs: int, frames: int) -> None:
    """Read a run and multiply it by the line's gain."""
    line = ng.record(state, LINE)
    ng.call_node(line.read, state, ins, outs, np.int32(frames))
    y, gain, slope, place = ng.floats(outs, frames), line.gain, line.gain_slope, ins & 31
    for i in range(frames):
        y[i] *= np.float32(gain + slope * (place + i))


@ng.kernel
def add_tap(state: int, ins: int, outs: int, frames: int) -> None:
    """Read a run and add it, multiplied by the line's gain."""
    line = ng.record(state, LINE)
    ng.call_node(line.read, state, ins, line.spare, np.int32(frames))
    y, x, place = ng.floats(outs, frames), ng.floats(line.spare, frames), ins & 31
    gain, slope = line.gain, line.gain_slope
    for i in range(frames):
        y[i] += np.float32(gain + slope * (place + i)) * x[i]


@ng.kernel
def pass_all(state: int, ins: int, outs: int, frames: int) -> None:
    """Filter a row in place by an all-pass around the line, with the line's gain."""
    line = ng.record(state, LINE)
    ng.call_node(line.read, state, ins, line.spare, np.int32(frames))
    y, d, place = ng.floats(outs, frames), ng.floats(line.spare, frames), ins & 31
    begin = ins & line.mask
    w = ng.floats(line.ring + 4 * begin, frames)
    gain, slope = line.gain, line.gain_slope
    for i in range(frames):
        g = np.float32(gain + slope * (place + i))
        inner = y[i] - g * d[i]
        w[i] = inner
        y[i] = d[i] + g * inner
    if begin < AGAIN:
        ng.copy_bytes(line.ring + 4 * (begin + line.mask + 1), line.ring + 4 * begin, 4 * frames)
