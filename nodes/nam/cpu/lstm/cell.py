"""The LSTM cell on vectors, with a short dependency chain from frame to frame.

The hidden state of a frame is needed by the next, so the latency of the cell bounds the speed.  The
file's gate rows i, f and o are halved beforehand, so that ``sigmoid(x) = tanh(x/2)/2 + 1/2`` needs
the same tanh as g, and (exact rewrites)

    c' = i g + f c = (ti + 1) (tanh g)/2 + (tf + 1) c/2        two fused multiply-adds and an add
    h  = o tanh c' = (o c') P(c'^2) / Q(c'^2)                  o applies while P, Q are computed

A NaN is clamped to the bounds of tanh, so that the state recovers from it.
"""

from collections.abc import Sequence

from .....runtime.simd.activations import TANH44
from .....runtime.simd.lanes import Lanes, Value

__all__ = ["cell_tanh", "full_cell", "half_cell", "quarter_cell"]


def full_cell(lanes: Lanes, gates: Sequence[Value], cell: Value) -> tuple[Value, Value]:
    """Emit one frame of a vector of units; return cell and hidden state.  Gates: i, f, g, o."""
    half = lanes.constant(0.5)
    i, f, o = (cell_tanh(lanes, gates[n]) for n in (0, 1, 3))
    g = cell_tanh(lanes, gates[2], half)
    kept = lanes.mul(half, cell)
    cell = lanes.add(lanes.fma(i, g, g), lanes.fma(f, kept, kept))
    return cell, cell_tanh(lanes, cell, lanes.fma(o, half, half))


def half_cell(lanes: Lanes, gates: Sequence[Value], cell: Value) -> tuple[Value, Value]:
    """Emit one frame of half a vector of units, two gates per vector: ``[i | f]``, ``[g | o]``.

    Cell and hidden state are in the upper half; the lower half is unused.
    """
    width = lanes.width
    low, high = range(width // 2), range(width // 2, width)
    half = lanes.constant(0.5)
    factor = lanes.constant([0.5] * len(low) + [1.0] * len(high))
    i_f, g_o = cell_tanh(lanes, gates[0]), cell_tanh(lanes, gates[1], factor)
    kept = lanes.mul(half, cell)
    g_kept = lanes.shuffle(g_o, kept, [*low, *(width + n for n in high)])
    products = lanes.fma(i_f, g_kept, g_kept)
    cell = lanes.add(products, lanes.shuffle(products, products, [*high, *low]))
    return cell, cell_tanh(lanes, cell, lanes.fma(g_o, half, half))


def quarter_cell(lanes: Lanes, gates: Sequence[Value], cell: Value) -> tuple[Value, Value]:
    """Emit one frame of a quarter of a vector of units, all gates in one: ``[i | f | g | o]``.

    Cell and hidden state are in the last quarter; the others are unused.
    """
    quarters = [range(n * lanes.width // 4, (n + 1) * lanes.width // 4) for n in range(4)]
    first, second, third, last = quarters
    half = lanes.constant(0.5)
    factor = lanes.constant([0.5 if n in third else 1.0 for n in range(lanes.width)])
    i_f_g_o = cell_tanh(lanes, gates[0], factor)
    kept = lanes.mul(half, cell)
    g_kept = lanes.shuffle(i_f_g_o, kept, 2 * [*third, *(lanes.width + n for n in last)])
    products = lanes.fma(i_f_g_o, g_kept, g_kept)
    parts = [lanes.shuffle(products, products, 4 * [*quarter]) for quarter in (first, second)]
    cell = lanes.add(*parts)
    return cell, cell_tanh(lanes, cell, lanes.fma(i_f_g_o, half, half))


def cell_tanh(lanes: Lanes, x: Value, factor: Value | None = None) -> Value:
    """Return ``factor * tanh(x)``; the square does not depend on the clamped ``x``."""
    limit = TANH44.limit
    square = lanes.min(lanes.mul(x, x), lanes.constant(limit * limit))
    x = lanes.min(lanes.max(x, lanes.constant(-limit)), lanes.constant(limit))
    if factor is not None:
        x = lanes.mul(x, factor)
    fourth = lanes.mul(square, square)
    above = lanes.mul(x, _estrin(lanes, square, fourth, TANH44.above))
    return lanes.div(above, _estrin(lanes, square, fourth, TANH44.below))


def _estrin(lanes: Lanes, x: Value, square: Value, terms: Sequence[float]) -> Value:
    """Evaluate five terms by Estrin's scheme: a chain of three multiply-adds instead of four."""
    a, b, c, d, e = map(lanes.constant, terms)
    upper = lanes.fma(e, square, lanes.fma(d, x, c))
    return lanes.fma(upper, square, lanes.fma(b, x, a))
