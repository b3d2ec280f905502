"""Emitters of activation functions on vectors.

The formulas are those of NeuralAmpModelerCore (exact tanh, ``x > 0`` comparisons).  NaN in gives
NaN out, so that the engine detects it; a network that lost a NaN would output loud finite values.
Parameters (slopes, bounds) are data, so that one kernel serves every model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial, log

from llvmlite import ir

from .lanes import Lanes, Value, i32

__all__ = [
    "ACTIVATIONS",
    "TANH22",
    "TANH34",
    "TANH44",
    "Activation",
    "Rational",
    "bound",
    "exponential",
    "tanh",
]


@dataclass(frozen=True)
class Rational:
    """``x P(x^2) / Q(x^2)`` on ``[-limit, limit]``; coefficients from the lowest power up."""

    above: tuple[float, ...]
    below: tuple[float, ...]
    limit: float


# Fitted by tests/runtime/simd/rational.py for the smallest greatest relative error.
TANH44 = Rational(
    (
        0.9999999935726567,
        0.13444504108942595,
        0.0035716053114866557,
        2.1894782545982594e-05,
        1.5230586932576667e-08,
    ),
    (1.0, 0.4677783143068925, 0.026164470635386124, 0.00034113039589702033, 8.522515384660887e-07),
    8.0,
)
"""tanh with an error of 3e-7, the rounding of float32."""

TANH34 = Rational(
    (3979495.0, 514934.59375, 11803.91796875, 46.140892028808594),
    (3979495.25, 1841429.375, 95019.7265625, 958.3637084960938, 1.0),
    7.84,
)
"""tanh with an error of 4e-7, and one degree less above.

The highest power below has the factor 1: an addition in place of a multiply-add.  Many processors
have units for additions alone, and the multiply-adds bound a WaveNet's time.  The coefficients are
float32 numbers next to those of the fit, of many the ones with the smallest error.
"""

TANH22 = Rational(
    (75.19598388671875, 7.825366497039795, 0.053860314190387726),
    (75.19598388671875, 32.8858757019043, 1.0),
    4.84,
)
"""The form of ``TANH34`` with fewer degrees, 2 above and 2 below, for ``precision="fast"``.

Its greatest relative error of all float32 numbers is 6.4e-5 (-84 dB), where it is greatest 1 -
tanh(4.84) too.  It is fitted for the smallest greatest error over ``tanh(x)^3``: a wrong slope at 0
is a gain in every layer, and with the smallest greatest relative error (5.0e-5) networks were 2 to
10 times as far off.
"""

TO_BASE_2 = 1 / log(2)
EXP_TERMS = 8  # of e^r, |r| <= ln(2)/2: the next one is 5e-9
EXP_LIMIT = 87.0  # e^87 is the last whole power that float32 holds with room to spare


def bound(lanes: Lanes, x: Value, low: float, high: float) -> Value:
    """Return ``x`` clamped between two numbers; NaN stays NaN."""
    return lanes.min(lanes.constant(high), lanes.max(lanes.constant(low), x))


def _polynomial(lanes: Lanes, x: Value, terms: Sequence[float]) -> Value:
    total, rest = lanes.constant(terms[-1]), list(terms[:-1])
    if terms[-1] == 1.0 and rest:
        total = lanes.add(x, lanes.constant(rest.pop()))
    while rest:
        total = lanes.fma(total, x, lanes.constant(rest.pop()))
    return total


def tanh(lanes: Lanes, x: Value, ratio: Rational = TANH34) -> Value:
    """Return tanh as a rational function of the clamped argument."""
    x = bound(lanes, x, -ratio.limit, ratio.limit)
    square = lanes.mul(x, x)
    above = lanes.mul(x, _polynomial(lanes, square, ratio.above))
    return lanes.div(above, _polynomial(lanes, square, ratio.below))


def exponential(lanes: Lanes, x: Value) -> Value:
    """Return e^x: two to the nearest integer power, times a series for the remainder."""
    builder = lanes.builder
    power = lanes.mul(bound(lanes, x, -EXP_LIMIT, EXP_LIMIT), lanes.constant(TO_BASE_2))
    whole = lanes.nearest(power)
    remainder = lanes.mul(lanes.sub(power, whole), lanes.constant(log(2)))
    series = _polynomial(lanes, remainder, [1 / factorial(n) for n in range(EXP_TERMS)])
    # An integer power of two is added to the exponent, from bit 23 on.
    kind = ir.VectorType(i32, lanes.width)
    steps = builder.shl(builder.fptosi(whole, kind), ir.Constant(kind, [23] * lanes.width))
    return builder.bitcast(builder.add(builder.bitcast(series, kind), steps), lanes.vector)


def _sigmoid(lanes: Lanes, x: Value, _: Sequence[Value]) -> Value:
    one = lanes.constant(1.0)
    return lanes.div(one, lanes.add(one, exponential(lanes, lanes.neg(x))))


def _sigmoid22(lanes: Lanes, x: Value, _: Sequence[Value]) -> Value:
    """Return ``(1 + tanh(x / 2)) / 2`` by ``TANH22``; its error is at most 3.2e-5."""
    half = lanes.constant(0.5)
    return lanes.fma(half, tanh(lanes, lanes.mul(half, x), TANH22), half)


def _silu(lanes: Lanes, x: Value, _: Sequence[Value]) -> Value:
    below = lanes.add(lanes.constant(1.0), exponential(lanes, lanes.neg(x)))
    # x is clamped as well: far below zero the clamped exponential would not exceed it.
    return lanes.div(lanes.max(lanes.constant(-EXP_LIMIT), x), below)


def _relu(lanes: Lanes, x: Value, _: Sequence[Value]) -> Value:
    return lanes.max(lanes.constant(0.0), x)


def _leaky(lanes: Lanes, x: Value, parameters: Sequence[Value]) -> Value:
    """Return LeakyReLU or PReLU; the slope is a parameter of the channel."""
    (slope,) = parameters
    return lanes.where(lanes.above(x, lanes.constant(0.0)), x, lanes.mul(x, slope))


def _leaky_max(lanes: Lanes, x: Value, parameters: Sequence[Value]) -> Value:
    """Return the same for slopes above 0, up to 1: the larger of ``x`` and ``x * slope``."""
    (slope,) = parameters
    return lanes.max(x, lanes.mul(x, slope))


def _elu(lanes: Lanes, x: Value, _: Sequence[Value]) -> Value:
    """Return ELU with alpha 1, as in Keras: ``e^x - 1`` below zero."""
    below = lanes.sub(exponential(lanes, x), lanes.constant(1.0))
    return lanes.where(lanes.above(x, lanes.constant(0.0)), x, below)


def _hardtanh(lanes: Lanes, x: Value, _: Sequence[Value]) -> Value:
    return bound(lanes, x, -1.0, 1.0)


def _leaky_hardtanh(lanes: Lanes, x: Value, parameters: Sequence[Value]) -> Value:
    low, high, slope_below, slope_above = parameters
    below = lanes.fma(lanes.sub(x, low), slope_below, low)
    above = lanes.fma(lanes.sub(x, high), slope_above, high)
    kept = lanes.where(lanes.above(x, high), above, x)
    return lanes.where(lanes.above(low, x), below, kept)


def _hardswish(lanes: Lanes, x: Value, _: Sequence[Value]) -> Value:
    gate = bound(lanes, lanes.add(x, lanes.constant(3.0)), 0.0, 6.0)
    return lanes.mul(lanes.mul(x, gate), lanes.constant(1 / 6))


def _softsign(lanes: Lanes, x: Value, _: Sequence[Value]) -> Value:
    return lanes.div(x, lanes.add(lanes.constant(1.0), lanes.abs(x)))


def _fast_tanh(lanes: Lanes, x: Value, _: Sequence[Value]) -> Value:
    """Return "Fasttanh" of NeuralAmpModelerCore: its error is 4e-4, but models require it."""
    p, q0, q1 = 2.45550750702956, 0.893229853513558, 0.821226666969744
    r, s = 2.44506634652299, 0.814642734961073
    size, square = lanes.abs(x), lanes.mul(x, x)
    inner = lanes.fma(lanes.constant(q1), size, lanes.constant(q0))
    above = lanes.fma(inner, square, lanes.fma(lanes.constant(p), size, lanes.constant(p)))
    bent = lanes.abs(lanes.fma(lanes.mul(lanes.constant(s), x), size, x))
    below = lanes.fma(lanes.add(square, lanes.constant(r)), bent, lanes.constant(r))
    return lanes.div(lanes.mul(x, above), below)


@dataclass(frozen=True)
class Activation:
    """An activation: its emitter, and the number of parameters per channel."""

    emit: Callable[[Lanes, Value, Sequence[Value]], Value]
    parameters: int = 0


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(lambda lanes, x, _: tanh(lanes, x)),
    "tanh22": Activation(lambda lanes, x, _: tanh(lanes, x, TANH22)),
    "fasttanh": Activation(_fast_tanh),
    "hardtanh": Activation(_hardtanh),
    "leaky_hardtanh": Activation(_leaky_hardtanh, 4),
    "relu": Activation(_relu),
    "elu": Activation(_elu),
    "leaky": Activation(_leaky, 1),
    "leaky_max": Activation(_leaky_max, 1),
    "sigmoid": Activation(_sigmoid),
    "sigmoid22": Activation(_sigmoid22),
    "silu": Activation(_silu),
    "hardswish": Activation(_hardswish),
    "softsign": Activation(_softsign),
}
"""By the name used in kernels' names."""
