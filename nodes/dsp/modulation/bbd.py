"""The sound of a bucket brigade delay: a compander around the line, a soft clip, a low-pass.

``bbd_in`` is called on what is written to a line, ``bbd_out`` on what is read from it.  The first
halves levels in dB (2:1, after a rectifier of 10 ms, as in the NE570) and rounds off the peaks that
come before the rectifier follows; the second expands again, and filters with five poles
(Butterworth) at the cutoff that a clock for the delay allows, 7 to 10 kHz.  The parts are described
by C. Raffel and J. Smith, "Practical Modeling of Bucket-Brigade Device Circuits", DAFx 2010.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ....graph.prepare import Memory
from ....runtime.native.abi import helper, kernel
from ....runtime.native.pointers import floats, record
from ....runtime.simd.doubles import Doubles
from ....runtime.simd.embed import embed
from ....runtime.simd.lanes import Lanes, Value
from ....runtime.simd.scale import each

__all__ = ["BBD", "bbd_cutoff", "bbd_in", "bbd_out", "bbd_records"]

BBD = np.dtype(
    [
        ("cutoff_hz", np.float64),  # written by the node at ticks
        ("turn", np.float64),  # pi / sample rate
        ("share", np.float64),  # coefficient of the rectifiers
        ("level_in", np.float64),  # of the compressed signal
        ("gain_in", np.float64),
        ("level_out", np.float64),
        *((n, np.float64) for n in ("tuned_hz", "first", "g", "h1", "h2")),  # for ``cutoff_hz``
        *((n, np.float64) for n in ("low", "u1", "v1", "u2", "v2")),
    ]
)
RECTIFIER_S = 0.01
STAGES = 1024.0
QUIET = 1e-3
"""Level of the compressed signal below which gains do not change further (-60 dB)."""
HEADROOM = 1.6
"""The soft clip of the compressed signal begins at once and ends here."""
DAMPING = (1.0 / 0.6180339887498949, 1.0 / 1.618033988749895)
"""1 / Q of the two second-order sections of a Butterworth low-pass of order 5."""


def bbd_records(memory: Memory, rate: float, channels: Iterable[int]) -> Any:
    """Allocate a ``BBD`` for each channel."""
    share = 1.0 - math.exp(-1.0 / (RECTIFIER_S * rate))
    row = {"cutoff_hz": 1e4, "turn": math.pi / rate, "share": share}
    return memory.records(BBD, [row for _ in channels])


@helper
def bbd_cutoff(delay_s: float) -> float:
    """Return the cutoff in Hz that fits the clock of a line of 1024 stages, 7 to 10 kHz."""
    hz = 0.18 * STAGES / (2.0 * delay_s + 1e-9)
    hz = hz if hz < 10_000.0 else 10_000.0
    return hz if hz > 7_000.0 else 7_000.0


def _emit_clip(lanes: Lanes, target: Value, gain: Value, frames: Value) -> None:
    d, singles = Doubles.beside(lanes), Lanes(lanes.builder, lanes.width // 2, lanes.fused)
    factor, one = d.splat(gain), d.constant(1.0)

    def made(x: Value) -> Value:
        y = d.max(d.constant(-1.0), d.min(one, d.mul(d.widen(x), factor)))
        cube = d.mul(d.mul(d.mul(y, y), y), d.constant(1.0 / 3.0))
        return d.narrow(d.mul(d.constant(1.5 * HEADROOM), d.sub(y, cube)))

    each(singles, target, [target], frames, made)


_clip = embed("bbd.clip", "idi", _emit_clip)
"""``_clip(target, gain, frames)``: amplify and clip float32 softly, in place."""


@kernel
def bbd_in(state: int, ins: int, outs: int, frames: int) -> None:
    """Compress ``frames`` float32 at the address ``ins`` in place, and clip them softly.

    The gain changes every eighth frame; ``outs`` is the number of the first frame.
    """
    s = record(state, BBD)
    x, level, share, gain = floats(ins, frames), s.level_in, s.share, s.gain_in
    keep, begin = 1.0 - share, 0
    while begin < frames:
        place = (outs + begin) & 7
        if place == 0:
            gain = 1.0 / (1.5 * HEADROOM * (level if level > QUIET else QUIET))
        end = begin + 8 - place if begin + 8 - place < frames else frames + 0
        _clip(ins + 4 * begin, gain, end - begin)
        for i in range(begin, end):
            level = keep * level + share * abs(np.float64(x[i]))
        begin = end
    s.level_in, s.gain_in = level, gain


@kernel
def bbd_out(state: int, ins: int, outs: int, frames: int) -> None:
    """Filter and expand ``frames`` float32 at the address ``ins`` in place."""
    s = record(state, BBD)
    x, level, share = floats(ins, frames), s.level_out, s.share
    if s.cutoff_hz != s.tuned_hz:
        s.tuned_hz = s.cutoff_hz
        hz = s.cutoff_hz * s.turn
        g = math.tan(hz if hz < 1.5 else 1.5)
        s.first, s.g = g / (1.0 + g), g
        s.h1, s.h2 = 1.0 / (1.0 + g * (g + DAMPING[0])), 1.0 / (1.0 + g * (g + DAMPING[1]))
    first, g, h1, h2 = s.first, s.g, s.h1, s.h2
    p1, q1, r1 = 2.0 * h1 - 1.0, 2.0 * g * h1, 2.0 * g * g * h1
    p2, q2, r2 = 2.0 * h2 - 1.0, 2.0 * g * h2, 2.0 * g * g * h2
    # Of the way of a state v half is the output's; sums are in the order that is waited for least.
    stay, come, a1, a2, keep = 1.0 - 2.0 * first, 2.0 * first, 1.0 - r1, 1.0 - r2, 1.0 - share
    low, u1, v1, u2, v2 = s.low, s.u1, s.v1, s.u2, s.v2
    for i in range(frames):
        new = np.float64(x[i])
        y = low + first * (new - low)
        low = stay * low + come * new
        v, force = (a1 * v1 + q1 * u1) + r1 * y, q1 * y
        u1 = (p1 * u1 - q1 * v1) + force
        y = 0.5 * (v1 + v)
        v1 = v
        v, force = (a2 * v2 + q2 * u2) + r2 * y, q2 * y
        u2 = (p2 * u2 - q2 * v2) + force
        y = 0.5 * (v2 + v)
        v2 = v
        level = keep * level + share * abs(y)
        x[i] = np.float32(y * (level if level > QUIET else QUIET))
    s.low, s.u1, s.v1, s.u2, s.v2, s.level_out = low, u1, v1, u2, v2, level
