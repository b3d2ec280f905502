"""Logarithms and powers to base 2 of a run of float64, vectorised.

Every element is computed alone, by the same operations in whole vectors and in the last, partial
one: the bits do not depend on where a run is cut, nor on the number of lanes (``NAMGRAPH_LANES``).
They do depend on whether the processor has fused multiply-add.  A level in dB is
``20 log10(2) log2(x)``, with ``DB_PER_OCTAVE`` = 6.0206; an amplitude factor is
``exp2(dB / DB_PER_OCTAVE)``.
"""

import math
from collections.abc import Sequence

from ..doubles import Doubles
from ..embed import embed
from ..lanes import Lanes, Value
from ..scale import each

__all__ = ["DB_PER_OCTAVE", "exp2_of", "exp2_run", "exp2_run32", "log2_of", "log2_run"]

DB_PER_OCTAVE = 20.0 * math.log10(2.0)
"""Decibels of an amplitude factor of 2: ``dB = DB_PER_OCTAVE * log2(factor)``."""

SMALLEST = 2.0**-1022
ONE = 1023 << 52  # the bits of 1.0
ABOVE_ROOT = ONE - 0x3FE6A09E667F3BCD  # 1.0 minus sqrt(1/2), as bits
TWO_52 = 0x433 << 52  # 2^52: a float64 from here on has an integer in its low bits
ROUNDING = 1.5 * 2.0**52  # adding it rounds to the nearest integer

# log2(m) = 2 artanh(s) / ln 2 with s = (m - 1) / (m + 1): the terms after s; |s| <= 0.1716.
LOG_TERMS = tuple(2.0 / (math.log(2.0) * (2 * k + 1)) for k in range(10))
# 2^r = e^(r ln 2), |r| <= 1/2: the next term is 1e-18.
EXP_TERMS = tuple(math.log(2.0) ** k / math.factorial(k) for k in range(14))


def _polynomial(lanes: Doubles, x: Value, terms: Sequence[float]) -> Value:
    total = lanes.constant(terms[-1])
    for term in terms[-2::-1]:
        total = lanes.fma(total, x, lanes.constant(term))
    return total


def log2_of(lanes: Doubles, x: Value, terms: int = len(LOG_TERMS)) -> Value:
    """Emit the logarithm to base 2 of every lane; ``log2_run`` says which values are special.

    With fewer ``terms`` of its series it is as much faster and less exact: 5 are within 1e-9.
    """
    builder = lanes.builder
    bits = lanes.bits(lanes.max(lanes.constant(SMALLEST), x))
    # x = 2^n m with m in [sqrt(1/2), sqrt(2)): n + 1023 is the exponent after x is raised by
    # the distance, in bits, from sqrt(1/2) to 1.
    power = builder.lshr(builder.add(bits, lanes.whole(ABOVE_ROOT)), lanes.whole(52))
    steps = builder.sub(builder.shl(power, lanes.whole(52)), lanes.whole(ONE))
    m = lanes.from_bits(builder.sub(bits, steps))
    lifted = lanes.from_bits(builder.or_(power, lanes.whole(TWO_52)))
    n = lanes.sub(lifted, lanes.constant(2.0**52 + 1023.0))
    one = lanes.constant(1.0)
    s = lanes.div(lanes.sub(m, one), lanes.add(m, one))
    made = lanes.fma(s, _polynomial(lanes, lanes.mul(s, s), LOG_TERMS[:terms]), n)
    return lanes.where(lanes.above(lanes.constant(math.inf), x), made, x)


def exp2_of(lanes: Doubles, x: Value) -> Value:
    """Emit 2 to the power of every lane; ``exp2_run`` says which values are special."""
    builder, rounding = lanes.builder, lanes.constant(ROUNDING)
    low, high = lanes.constant(-1022.0), lanes.constant(math.nextafter(1024.0, 0.0))
    lifted = lanes.add(lanes.min(high, lanes.max(low, x)), rounding)
    r = lanes.sub(lanes.min(high, lanes.max(low, x)), lanes.sub(lifted, rounding))
    series = lanes.bits(_polynomial(lanes, r, EXP_TERMS))
    # The integer is in the low bits: shifted, it adds itself to the exponent.
    steps = builder.shl(lanes.bits(lifted), lanes.whole(52))
    made = lanes.from_bits(builder.add(series, steps))
    made = lanes.where(lanes.above(low, x), lanes.constant(0.0), made)
    kept = builder.fcmp_unordered("<", x, lanes.constant(1024.0))
    made = lanes.where(kept, made, lanes.constant(math.inf))
    return lanes.where(builder.fcmp_ordered("ord", x, x), made, x)


def _emit_log2(lanes: Lanes, target: Value, source: Value, frames: Value) -> None:
    doubles = Doubles.beside(lanes)
    each(doubles, target, [source], frames, lambda x: log2_of(doubles, x))


def _emit_exp2(lanes: Lanes, target: Value, source: Value, frames: Value) -> None:
    doubles = Doubles.beside(lanes)
    each(doubles, target, [source], frames, lambda x: exp2_of(doubles, x))


def _emit_exp2_32(lanes: Lanes, target: Value, source: Value, frames: Value) -> None:
    doubles = Doubles.beside(lanes)
    singles, builder = Lanes(lanes.builder, doubles.width, lanes.fused), lanes.builder
    into, place = lanes.pointer(target), lanes.pointer(source)
    whole = builder.and_(frames, lanes.index(-doubles.width))
    with lanes.loop(whole, step=doubles.width) as at:
        made = doubles.narrow(exp2_of(doubles, doubles.load(place, at)))
        singles.store(made, into, at)
    rest = builder.sub(frames, whole)
    with lanes.when(builder.icmp_signed(">", rest, lanes.index(0))):
        made = doubles.narrow(exp2_of(doubles, doubles.load_first(place, rest, whole)))
        singles.store_first(made, into, rest, whole)


log2_run = embed("log2_run", 3, _emit_log2)
"""``log2_run(target, source, frames)``: write log2 of ``frames`` float64 at the address ``source``
as float64 at ``target``, which may be the same address.

The error is below 5e-16 of the result, and log2 of a power of two is exact.  Zero, denormal and
negative numbers give -1022, the logarithm of the smallest normal number (so that the level of
silence is finite); infinity gives infinity, and NaN NaN.
"""

exp2_run = embed("exp2_run", 3, _emit_exp2)
"""``exp2_run(target, source, frames)``: write 2^x of ``frames`` float64 at the address ``source``
as float64 at ``target``, which may be the same address.

The error is below 5e-16 of the result, and 2^x of an integer is exact: 0 gives 1.  Below -1022 the
result is 0 (no denormals), from 1024 on infinity; NaN gives NaN.
"""

exp2_run32 = embed("exp2_run32", 3, _emit_exp2_32)
"""``exp2_run32(target, source, frames)``: as ``exp2_run``, rounded to float32 at ``target``: a
curve of gains for ``scale``.  ``target`` must not overlap ``source``."""
