"""The base class of control sources, and how a kernel holds values until the next tick."""

import numpy as np

from ...runtime import authoring as ng
from ...runtime.simd.scale import fill

__all__ = ["TICK", "ControlSource", "hold", "hold_ticks", "tick_count"]

TICK = 32
"""Frames between two values of a control signal."""


@ng.helper
def hold(target: int, frames: int, i: int, frame: int, held: float) -> int:
    """Write ``held`` to a block from index ``i`` to the next tick or the end; return that.

    ``target`` is the address of the block, ``frame`` the number of its first frame since reset;
    ticks are at multiples of 32.
    """
    count = 32 - ((frame + i) & 31)
    if count > frames - i:
        count = frames - i
    if count == TICK:
        fill(target + 4 * i, held, TICK)  # a constant number of stores
    else:
        fill(target + 4 * i, held, count)
    return i + count


@ng.helper
def tick_count(frame: int, frames: int) -> int:
    """Return the number of ticks in a block that begins ``frame`` frames after reset."""
    return ((frame + frames + 31) >> 5) - ((frame + 31) >> 5)


@ng.helper
def hold_ticks(target: int, frames: int, frame: int, held: float, ticks: int) -> float:
    """Write a block of which the values of all ticks are known; return the last value.

    ``held`` is the value before the first tick, ``ticks`` the address of the others, float64; the
    rest is as for ``hold``.
    """
    done = -frame & 31
    if done > 0:
        if done > frames:
            done = frames
        fill(target, held, done)
    while done + 32 <= frames:
        held = ng.numbers(ticks, 1, np.float64)[0]
        fill(target + 4 * done, held, 32)
        ticks += 8
        done += 32
    if done < frames:
        held = ng.numbers(ticks, 1, np.float64)[0]
        fill(target + 4 * done, held, frames - done)
    return held


class ControlSource(ng.Node):
    """A node without inputs, with one control output "out"."""

    category = "control"

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """None."""
        return ()

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One control port."""
        return (ng.Port("out", kind=ng.Kind.CONTROL),)
