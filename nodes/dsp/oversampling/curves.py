"""Curves that distort, and their antiderivatives, on vectors of float64.

Each is odd, and has a slope of 1 at 0 (``cubic``: 1.5).  All but ``asinh`` stay within -1 and 1.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ....runtime.simd.doubles import Doubles
from ....runtime.simd.lanes import Value
from ....runtime.simd.loops.log_exp import exp2_of, log2_of

__all__ = ["CURVES", "RECTIFIER", "Curve", "asinh_of", "log_of", "sine_of", "tanh_of"]

LN_2 = math.log(2.0)
SMALL = 0.02
"""Below it tanh and asinh are series: their relative error is small there, too."""
TANH_SERIES = (1.0, -1 / 3, 2 / 15, -17 / 315)
ASINH_SERIES = (1.0, -1 / 6, 3 / 40, -15 / 336)
SINE_SERIES = tuple((-1.0) ** n / math.factorial(2 * n + 1) for n in range(11))


class Curve(NamedTuple):
    """The emitters of a curve and of its antiderivative."""

    value: Callable[[Doubles, Value], Value]
    integral: Callable[[Doubles, Value], Value]


def _polynomial(d: Doubles, x: Value, terms: Sequence[float]) -> Value:
    total = d.constant(terms[-1])
    for term in terms[-2::-1]:
        total = d.fma(total, x, d.constant(term))
    return total


def _odd_series(d: Doubles, x: Value, terms: Sequence[float]) -> Value:
    return d.mul(x, _polynomial(d, d.mul(x, x), terms))


def _within(d: Doubles, x: Value, limit: float) -> Value:
    return d.min(d.constant(limit), d.max(d.constant(-limit), x))


def _signed(d: Doubles, size: Value, sign: Value) -> Value:
    """Return ``size`` with the sign of ``sign``."""
    return d.where(d.above(d.constant(0.0), sign), d.neg(size), size)


def _root(d: Doubles, x: Value) -> Value:
    """Return sqrt(1 + x^2)."""
    return d.sqrt(d.fma(x, x, d.constant(1.0)))


def log_of(d: Doubles, x: Value) -> Value:
    """Return the natural logarithm of positive numbers."""
    return d.mul(d.constant(LN_2), log2_of(d, x))


def _fall(d: Doubles, size: Value) -> Value:
    """Return e^(-2 size)."""
    return exp2_of(d, d.mul(d.constant(-2.0 / LN_2), size))


def tanh_of(d: Doubles, x: Value) -> Value:
    """Return tanh(x)."""
    size, one = d.abs(x), d.constant(1.0)
    fall = _fall(d, size)
    far = _signed(d, d.div(d.sub(one, fall), d.add(one, fall)), x)
    return d.where(d.above(d.constant(SMALL), size), _odd_series(d, x, TANH_SERIES), far)


def _tanh_integral(d: Doubles, x: Value) -> Value:
    """Return ln cosh x = |x| + ln(1 + e^(-2 |x|)) - ln 2."""
    size = d.abs(x)
    above = d.sub(log2_of(d, d.add(d.constant(1.0), _fall(d, size))), d.constant(1.0))
    return d.fma(above, d.constant(LN_2), size)


def asinh_of(d: Doubles, x: Value) -> Value:
    """Return the inverse of sinh at x."""
    size = d.abs(x)
    far = _signed(d, log_of(d, d.add(size, _root(d, x))), x)
    return d.where(d.above(d.constant(SMALL), size), _odd_series(d, x, ASINH_SERIES), far)


def _asinh_integral(d: Doubles, x: Value) -> Value:
    size, root = d.abs(x), _root(d, x)
    return d.sub(d.mul(size, log_of(d, d.add(size, root))), root)


def _hard(d: Doubles, x: Value) -> Value:
    return _within(d, x, 1.0)


def _hard_integral(d: Doubles, x: Value) -> Value:
    size, half = d.abs(x), d.constant(0.5)
    inside = d.mul(half, d.mul(x, x))
    return d.where(d.above(size, d.constant(1.0)), d.sub(size, half), inside)


def _cubic(d: Doubles, x: Value) -> Value:
    return _odd_series(d, _within(d, x, 1.0), (1.5, -0.5))


def _cubic_integral(d: Doubles, x: Value) -> Value:
    size, square = d.abs(x), d.mul(x, x)
    inside = d.mul(square, d.sub(d.constant(0.75), d.mul(d.constant(0.125), square)))
    far = d.sub(size, d.constant(0.375))
    return d.where(d.above(size, d.constant(1.0)), far, inside)


def _algebraic(d: Doubles, x: Value) -> Value:
    return d.div(x, _root(d, x))


def _period(d: Doubles, x: Value) -> Value:
    """Return x less a multiple of 4, between -2 and 2."""
    whole = d.nearest(d.mul(d.constant(0.25), x))
    return d.sub(x, d.mul(d.constant(4.0), whole))


def _fold(d: Doubles, x: Value) -> Value:
    """Return a triangle wave: every overshoot comes back from the limit."""
    u = _period(d, x)
    size = d.abs(u)
    back = _signed(d, d.sub(d.constant(2.0), size), u)
    return d.where(d.above(size, d.constant(1.0)), back, u)


def _fold_integral(d: Doubles, x: Value) -> Value:
    size = d.abs(_period(d, x))
    inside = d.mul(d.constant(0.5), d.mul(size, size))
    far = d.sub(d.sub(d.mul(d.constant(2.0), size), inside), d.constant(1.0))
    return d.where(d.above(size, d.constant(1.0)), far, inside)


def sine_of(d: Doubles, x: Value) -> Value:
    """Return sin(x)."""
    turns = d.nearest(d.mul(d.constant(1.0 / math.pi), x))
    rest = d.fma(turns, d.constant(-math.pi), x)
    rest = _within(d, d.fma(turns, d.constant(-1.2246467991473532e-16), rest), 2.0)
    made = _odd_series(d, rest, SINE_SERIES)
    pairs = d.mul(d.constant(2.0), d.nearest(d.mul(d.constant(0.5), turns)))
    odd = d.sub(turns, pairs)  # -1, 0 or 1
    return d.mul(made, d.fma(d.mul(odd, odd), d.constant(-2.0), d.constant(1.0)))


def _sine_integral(d: Doubles, x: Value) -> Value:
    return d.neg(sine_of(d, d.add(x, d.constant(math.pi / 2))))


CURVES: dict[str, Curve] = {
    "hard": Curve(_hard, _hard_integral),
    "tanh": Curve(tanh_of, _tanh_integral),
    "cubic": Curve(_cubic, _cubic_integral),
    "asinh": Curve(asinh_of, _asinh_integral),
    "algebraic": Curve(_algebraic, _root),
    "fold": Curve(_fold, _fold_integral),
    "sine": Curve(sine_of, _sine_integral),
}
"""Hard: clip(x, -1, 1).  Cubic: 1.5 x - 0.5 x^3, clipped.  Algebraic: x / sqrt(1 + x^2)."""

RECTIFIER = Curve(lambda d, x: d.abs(x), lambda d, x: d.mul(d.constant(0.5), d.mul(x, d.abs(x))))
"""abs(x): not odd, and not bounded."""
