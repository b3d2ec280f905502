"""The base class of control sources, and how a kernel holds a value until the next tick."""

from typing import Any

import numpy as np

from ...runtime import authoring as ng

__all__ = ["ControlSource", "hold"]


@ng.helper
def hold(y: Any, frames: int, i: int, frame: int, held: float) -> int:
    """Write ``held`` to the block ``y`` from index ``i`` to the next tick or the end; return that.

    ``frame`` is the number of the block's first frame since reset; ticks are at multiples of 32.
    """
    end = min(frames, i + 32 - ((frame + i) & 31))
    value = np.float32(held)
    for k in range(i, end):
        y[k] = value
    return end


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
