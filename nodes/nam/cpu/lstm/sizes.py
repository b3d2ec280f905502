"""Which kernel plays an LSTM: unrolled (whole, or a few layers at a time) or looped."""

from .....runtime.native.host import WIDTHS
from .blockwise import layers_at_a_time
from .unrolled import MOST_TOGETHER, Grid

__all__ = ["MAX_FLOATS", "MAX_UNROLLED", "fewest_lanes", "is_whole", "lstm_grid"]

MAX_UNROLLED = 850
"""Most vector multiply-adds of an unrolled network (some tenths of a second to compile)."""
MAX_GATES = {4: 18, 8: 14, 16: 18}
"""Most vectors of gates of one, by their lanes: the sums of more do not stay in registers."""
MAX_FLOATS = 8100
"""Most weights of one: more exceed a first cache of 32 KiB, which the looped kernel is made for."""


def lstm_grid(hidden: int, depth: int, width: int) -> Grid | None:
    """Return the layout of units in vectors if the network is unrolled, else ``None``."""
    whole = min([w for w in WIDTHS if hidden <= w <= width], default=width)
    # 9 to 12 units: a vector of 8 lanes and half of one cost less than one of 16.
    grid = Grid(hidden, 8 if whole == 16 and hidden <= 12 else whole)
    if grid.gates > MAX_GATES[grid.width]:
        return None
    whole = is_whole(grid, depth)
    return grid if whole or layers_at_a_time(grid, depth) is not None else None


def is_whole(grid: Grid, depth: int) -> bool:
    """Return whether all layers of an unrolled network play a frame before the next frame."""
    columns = depth * (grid.hidden + 1) + (depth - 1) * grid.hidden
    multiplies = columns * grid.gates
    small = multiplies <= MAX_UNROLLED and multiplies * grid.width <= MAX_FLOATS
    # More than two layers, too many to fill each other's gaps, are as fast a few at a time.
    many = depth > 2 and depth * grid.hidden > MOST_TOGETHER[grid.width]
    return small and not (many and layers_at_a_time(grid, depth))


def fewest_lanes(hidden: int, width: int) -> int:
    """Return the lanes of vectors of whole units: 8 instead of 16 where fewer are unused."""
    return 8 if width == 16 and 0 < hidden % 16 <= 8 else width
