"""The base class of control sources, and how a kernel holds a value until the next tick."""

from ...runtime import authoring as ng
from ...runtime.simd.scale import fill

__all__ = ["ControlSource", "hold"]


@ng.helper
def hold(target: int, frames: int, i: int, frame: int, held: float) -> int:
    """Write ``held`` to a block from index ``i`` to the next tick or the end; return that.

    ``target`` is the address of the block, ``frame`` the number of its first frame since reset;
    ticks are at multiples of 32.
    """
    count = 32 - ((frame + i) & 31)
    if count > frames - i:
        count = frames - i
    fill(target + 4 * i, held, count)
    return i + count


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
