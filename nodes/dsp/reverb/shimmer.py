"""The model "shimmer": a hall in which part of what two lines put out is an octave higher.

One of the lines is fed by the left input, one by the right.  In each round part of their sound
above 200 Hz is replaced by its octave: the more rounds, the higher.  Where the sum of both has more
energy than what it replaces, it is turned down, so that the network decays with any settings.
"""

import math
from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime import authoring as ng
from ....runtime.native.pointers import element
from ..pitch.splice_shifter import SHIFTER, shifter, shifter_play, shifter_tick

__all__ = ["FIRST", "held_frames", "shimmer", "shimmer_play", "shimmer_tick"]

FIRST = 8
"""The first of the two lines."""
BUFFER_S = 0.03
SHARE = 0.6
"""Of the energy that is shifted."""
LOSS = 0.95
"""Gain of what is shifted: its level varies by some tenths of a dB with the signal."""
BASS_HZ = 200.0
"""Of two high-passes before the shifter; what the first takes away is kept in its place."""
DULL_HZ = 7000.0
"""Of two low-passes before the shifter: above 12 kHz an octave up would fold back."""
FOLLOW_S = 0.06
"""Time constant of the energies that are compared."""
RAISED = np.dtype(
    [
        *((name, np.float64) for name in ("low1", "low2", "dull1", "dull2")),
        ("energy_in", np.float64),  # since the last tick
        ("energy_out", np.float64),
        ("mean_in", np.float64),
        ("mean_out", np.float64),
        ("gain", np.float64),  # at this tick
        ("next", np.float64),
        ("slope", np.float64),
    ]
)
SHIMMER = np.dtype(
    [
        ("shifter", np.int64),
        ("tick", np.int64),  # addresses of functions
        ("play", np.int64),
        ("pole", np.float64),  # coefficients of one-poles
        ("bass", np.float64),
        ("follow", np.float64),
        ("place", np.int64),  # frames since the last tick
        ("lines", np.int64),  # two RAISED
        ("high", np.int64),  # two rows
        ("rows", np.int64),  # two rows in, two out
    ]
)


def held_frames(rate: float) -> int:
    """Return the mean delay of the shifter."""
    return round(0.5 * (0.002 + BUFFER_S) * rate)


def shimmer(memory: Memory, rate: float) -> Any:
    """Allocate the record."""
    return memory.record(
        SHIMMER,
        shifter=shifter(memory, rate, BUFFER_S, held_frames(rate), 2, False),
        tick=shifter_tick.address,
        play=shifter_play.address,
        pole=1.0 - math.exp(-2.0 * math.pi * min(DULL_HZ / rate, 0.4)),
        bass=1.0 - math.exp(-2.0 * math.pi * BASS_HZ / rate),
        follow=1.0 - math.exp(-32.0 / (FOLLOW_S * rate)),
        lines=memory.records(RAISED, [{"gain": 1.0, "next": 1.0} for _ in range(2)]),
        high=memory.scratch((2, 32)),
        rows=memory.scratch((4, 32)),
    )


@ng.kernel
def shimmer_tick(state: int, ins: int, outs: int, frames: int) -> None:
    """Plan the next 32 frames; set the gains that keep energy from growing."""
    s = ng.record(state, SHIMMER)
    ng.record(s.shifter, SHIFTER).ratio = 2.0
    ng.call_node(s.tick, s.shifter, 0, 0, np.int32(0))
    for c in range(2):
        line = element(s.lines, c, RAISED)
        line.mean_in += s.follow * (line.energy_in - line.mean_in)
        line.mean_out += s.follow * (line.energy_out - line.mean_out)
        line.energy_in, line.energy_out = 0.0, 0.0
        gain = 1.0
        if line.mean_out > line.mean_in:
            gain = math.sqrt(line.mean_in / line.mean_out)
        line.gain, line.next = line.next, gain
        line.slope = (gain - line.gain) * (1.0 / 32.0)
    s.place = 0


@ng.kernel
def shimmer_play(state: int, ins: int, outs: int, frames: int) -> None:
    """Replace part of two rows at the address ``outs`` by its octave."""
    s = ng.record(state, SHIMMER)
    pole, bass, place = s.pole, s.bass, s.place
    less, raised = np.float32(math.sqrt(1.0 - SHARE) - 1.0), np.float32(LOSS * math.sqrt(SHARE))
    for c in range(2):
        line, x = element(s.lines, c, RAISED), ng.floats(outs + 128 * c, frames)
        high, dull = ng.floats(s.high + 128 * c, frames), ng.floats(s.rows + 128 * c, frames)
        low1, low2, dull1, dull2 = line.low1, line.low2, line.dull1, line.dull2
        for i in range(frames):
            low1 += bass * (np.float64(x[i]) - low1)
            above = np.float64(x[i]) - low1
            low2 += bass * (above - low2)
            dull1 += pole * (above - low2 - dull1)
            dull2 += pole * (dull1 - dull2)
            high[i], dull[i] = np.float32(above), np.float32(dull2)
        line.low1, line.low2, line.dull1, line.dull2 = low1, low2, dull1, dull2
    ng.call_node(s.play, s.shifter, s.rows, s.rows + 256, np.int32(frames))
    for c in range(2):
        line, x = element(s.lines, c, RAISED), ng.floats(outs + 128 * c, frames)
        high, octave = (
            ng.floats(s.high + 128 * c, frames),
            ng.floats(s.rows + 256 + 128 * c, frames),
        )
        energy_in, energy_out, gain, slope = line.energy_in, line.energy_out, line.gain, line.slope
        for i in range(frames):
            made = x[i] + less * high[i] + raised * octave[i]
            energy_in += np.float64(x[i]) * np.float64(x[i])
            energy_out += np.float64(made) * np.float64(made)
            x[i] = np.float32(gain + slope * (place + i)) * made
        line.energy_in, line.energy_out = energy_in, energy_out
    s.place = place + frames
