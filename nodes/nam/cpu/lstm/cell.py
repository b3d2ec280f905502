"""The LSTM cell on vectors, with a short dependency chain from frame to frame and three divisions.

The hidden state of a frame is needed by the next, so the latency of the cell bounds the speed of a
small network, and its operations bound that of several.  The file's rows of gate g are doubled
beforehand, so that with ``i = e^-gate`` (and so on), which all four gates compute alike,

    sigmoid(x) = 1 / (1 + e^-x)          tanh(x) = (1 - e^-2x) / (1 + e^-2x)
    c' = f c + i g = c / (1 + f) + (1 - g) / ((1 + i)(1 + g))
    h  = o tanh c' = c' P(c'^2) / ((1 + o) Q(c'^2))

Exponentials are clamped to ``2^-24 .. 2^24``, below which ``1 + i`` is 1 in float32; so no product
of them overflows.  A NaN becomes one of these bounds, so that the state recovers from it.  Five
rational functions, each with a division of its own, take half as many operations again.
"""

import math
from collections.abc import Sequence

import numpy as np
from llvmlite import ir

from .....runtime.simd.activations import TANH44
from .....runtime.simd.lanes import Lanes, Value, i32

__all__ = [
    "GATE_SCALES",
    "exp_minus",
    "full_cell",
    "half_cell",
    "quarter_cell",
    "tanh_parts",
]

GATE_SCALES = np.array([1.0, 1.0, 2.0, 1.0], np.float32)
"""Factors of the weights and biases of gates i, f, g and o (powers of two)."""
TO_POWER_OF_2 = -1 / math.log(2)
"""``e^-x`` is two to the power of x times this."""
LIMIT = 24 * math.log(2)
"""Bound of the arguments of ``exp_minus``: float32 has 24 bits."""
POWER_TERMS = (
    1.0,
    0.6931469775865389,
    0.2402224208372236,
    0.05550733773195056,
    0.00967151277509713,
    0.001326471511878487,
)
"""2^r for ``|r| <= 1/2``, from the lowest power up, with a relative error of 9.1e-8.

The smallest greatest error of all polynomials with ``2^0 = 1`` (by Lawson's algorithm).
"""
ROUNDER = 1.5 * 2.0**23
"""Added to a number below 2^22, it leaves the nearest integer in the lowest bits."""
MANTISSA = 23


def full_cell(
    lanes: Lanes, gates: Sequence[Value], cell: Value, late: bool = False
) -> tuple[Value, Value]:
    """Emit one frame of a vector of units; return cell and hidden state.  Gates: i, f, g, o.

    With ``late`` the code of gate o comes after the cell, which does not wait for it.
    """
    one = lanes.constant(1.0)
    if late:
        g, i, f = (exp_minus(lanes, gates[n]) for n in (2, 0, 1))
        cell = _next_cell(lanes, lanes.add(one, i), lanes.add(one, f), g, cell)
        o = exp_minus(lanes, gates[3])
        return cell, _hidden(lanes, lanes.add(one, o), cell)
    i, f, g, o = (exp_minus(lanes, gate) for gate in gates)
    i, f, o = (lanes.add(one, x) for x in (i, f, o))
    cell = _next_cell(lanes, i, f, g, cell)
    return cell, _hidden(lanes, o, cell)


def half_cell(lanes: Lanes, gates: Sequence[Value], cell: Value) -> tuple[Value, Value]:
    """Emit one frame of half a vector of units, two gates per vector: ``[i | f]``, ``[g | o]``.

    Cell and hidden state are in the upper half; the lower half is unused.
    """
    width, one = lanes.width, lanes.constant(1.0)
    turned = [*range(width // 2, width), *range(width // 2)]
    i_f, g_o = (exp_minus(lanes, gate) for gate in gates)
    i_f, o = lanes.add(one, i_f), lanes.add(one, g_o)
    i, g = (lanes.shuffle(x, x, turned) for x in (i_f, g_o))
    cell = _next_cell(lanes, i, i_f, g, cell)
    return cell, _hidden(lanes, o, cell)


def quarter_cell(lanes: Lanes, gates: Sequence[Value], cell: Value) -> tuple[Value, Value]:
    """Emit one frame of a quarter of a vector of units, all gates in one: ``[i | f | g | o]``.

    Cell and hidden state are in the last quarter; the others are unused.
    """
    width = lanes.width
    powers = exp_minus(lanes, gates[0])
    o = lanes.add(lanes.constant(1.0), powers)
    quarters = [range(n * width // 4, (n + 1) * width // 4) for n in range(3)]
    sources = (o, o, powers)
    i, f, g = (lanes.shuffle(x, x, 4 * [*q]) for x, q in zip(sources, quarters, strict=True))
    cell = _next_cell(lanes, i, f, g, cell)
    return cell, _hidden(lanes, o, cell)


def _next_cell(lanes: Lanes, i: Value, f: Value, g: Value, cell: Value) -> Value:
    """Return the new cell for ``1 + e^-x`` of gates i and f, and ``e^-x`` of g."""
    one = lanes.constant(1.0)
    new = lanes.div(lanes.sub(one, g), lanes.mul(i, lanes.add(one, g)))
    return lanes.add(new, lanes.div(cell, f))


def _hidden(lanes: Lanes, o: Value, cell: Value) -> Value:
    """Return the hidden state for ``1 + e^-x`` of gate o."""
    above, below = tanh_parts(lanes, cell)
    return lanes.div(above, lanes.mul(o, below))


def exp_minus(lanes: Lanes, x: Value) -> Value:
    """Return ``e^-x`` of the clamped ``x``: a power of two, times a polynomial of the rest."""
    builder = lanes.builder
    x = lanes.min(lanes.max(x, lanes.constant(-LIMIT)), lanes.constant(LIMIT))
    rate, rounder = lanes.constant(TO_POWER_OF_2), lanes.constant(ROUNDER)
    whole = lanes.fma(x, rate, rounder)
    rest = lanes.fma(x, rate, lanes.sub(rounder, whole))
    a, b, c, d, e, f = map(lanes.constant, POWER_TERMS)
    square = lanes.mul(rest, rest)
    upper = lanes.fma(lanes.fma(f, rest, e), square, lanes.fma(d, rest, c))
    made = lanes.fma(upper, square, lanes.fma(b, rest, a))
    kind = ir.VectorType(i32, lanes.width)
    shift = ir.Constant(kind, [MANTISSA] * lanes.width)
    exponent = builder.shl(builder.bitcast(whole, kind), shift)
    return builder.bitcast(builder.add(builder.bitcast(made, kind), exponent), lanes.vector)


def tanh_parts(lanes: Lanes, x: Value) -> tuple[Value, Value]:
    """Return numerator and denominator of ``tanh(x)``; the square does not wait for the clamp."""
    limit = TANH44.limit
    square = lanes.min(lanes.mul(x, x), lanes.constant(limit * limit))
    x = lanes.min(lanes.max(x, lanes.constant(-limit)), lanes.constant(limit))
    fourth = lanes.mul(square, square)
    above = lanes.mul(x, _estrin(lanes, square, fourth, TANH44.above))
    return above, _estrin(lanes, square, fourth, TANH44.below)


def _estrin(lanes: Lanes, x: Value, square: Value, terms: Sequence[float]) -> Value:
    """Evaluate five terms by Estrin's scheme: a chain of three multiply-adds instead of four."""
    a, b, c, d, e = map(lanes.constant, terms)
    upper = lanes.fma(e, square, lanes.fma(d, x, c))
    return lanes.fma(upper, square, lanes.fma(b, x, a))
