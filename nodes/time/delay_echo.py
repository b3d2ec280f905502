"""Parts of ``Delay`` that its kernel calls by address: reading an echo, the sound of a tape."""

import math

import numpy as np

from ...runtime import authoring as ng
from ..dsp.modulation.lfo_shapes import within_one

__all__ = ["ECHO", "TAPE", "read_echo", "tape_in", "tape_out", "tape_rows"]

ECHO = np.dtype(
    [
        ("at", np.int64),  # place of the run's first frame in the ring
        ("mask", np.int64),
        ("delays", np.int64),  # address of a float64 for each frame
        ("still", np.int64),  # whether they are all the same
    ]
)
TAPE = np.dtype(
    [
        ("bright", np.float64),  # coefficient of the low-pass
        ("block", np.float64),  # of the high-pass
        *((name, np.float64) for name in ("low", "lower", "flat")),
    ]
)
TAPE_HIGH_HZ, TAPE_LOW_HZ = 6_000.0, 60.0


@ng.kernel
def read_echo(state: int, ins: int, outs: int, frames: int) -> None:
    """Read ``frames`` from the ring at address ``ins`` to ``outs``, by Lagrange's cubic.

    The delay is between the middle two of four frames; between 1 and 2 it is between the first two.
    """
    s = ng.record(state, ECHO)
    at, mask = s.at, s.mask
    ring, y = ng.floats(ins, mask + 1), ng.floats(outs, frames)
    delays = ng.numbers(s.delays, frames, np.float64)
    still = s.still
    first, begin = 1, 0
    a0 = a1 = a2 = a3 = np.float32(0.0)
    while begin < frames:
        now = delays[begin]
        first = int(now if now >= 2.0 else 2.0) - 1
        t = (now if now > 1.0 else 1.0) - first
        a0 = np.float32((1.0 - t) * (2.0 - t) * (3.0 - t) / 6.0)
        a1 = np.float32(t * (2.0 - t) * (3.0 - t) / 2.0)
        a2 = np.float32(t * (t - 1.0) * (3.0 - t) / 2.0)
        a3 = np.float32(t * (t - 1.0) * (t - 2.0) / 6.0)
        end = frames if still else begin + 1
        for i in range(begin, end):
            j = at + i - first
            echo = a0 * ring[j & mask] + a1 * ring[(j - 1) & mask]
            y[i] = echo + (a2 * ring[(j - 2) & mask] + a3 * ring[(j - 3) & mask])
        begin = end


@ng.kernel
def tape_in(state: int, ins: int, outs: int, frames: int) -> None:
    """Clip ``frames`` float32 at the address ``ins`` softly, in place: a cubic that ends at 1."""
    x = ng.floats(ins, frames)
    for i in range(frames):
        u = within_one(np.float64(x[i]) * (2.0 / 3.0))
        x[i] = np.float32(1.5 * (u - u * u * u * (1.0 / 3.0)))


@ng.kernel
def tape_out(state: int, ins: int, outs: int, frames: int) -> None:
    """Filter ``frames`` float32 at the address ``ins`` in place: 60 Hz to 6 kHz, 12 dB above."""
    s = ng.record(state, TAPE)
    x, bright, block = ng.floats(ins, frames), s.bright, s.block
    low, lower, flat = s.low, s.lower, s.flat
    for i in range(frames):
        low += bright * (np.float64(x[i]) - low)
        lower += bright * (low - lower)
        flat += block * (lower - flat)
        x[i] = np.float32(lower - flat)
    s.low, s.lower, s.flat = low, lower, flat


def tape_rows(rate: float, channels: int) -> list[dict[str, float]]:
    """Return the rows of a ``TAPE`` record for each channel."""
    high, low = (1.0 - math.exp(-2.0 * math.pi * hz / rate) for hz in (TAPE_HIGH_HZ, TAPE_LOW_HZ))
    return [{"bright": high, "block": low} for _ in range(channels)]
