"""Complex arithmetic on vectors, and transforms of 4 and 8 points (butterflies).

A complex vector is a pair ``(real, imaginary)`` of vectors.  Additions, multiplications and their
order do not depend on the number of lanes, so every processor with fused multiply-add computes the
same bits.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from ..lanes import Lanes, Value
from .twiddles import Complexes

__all__ = ["Pair", "dft4", "dft8", "invert", "swap", "turn", "turn_by"]

Pair = tuple[Value, Value]


def swap(z: Sequence[Pair]) -> list[Pair]:
    """Exchange real and imaginary parts: before and after a transform, this inverts it."""
    return [(im, re) for re, im in z]


def invert(transform: Callable[[Lanes, list[Pair]], list[Pair]]) -> Callable[..., list[Pair]]:
    """Return the (unscaled) inverse of a forward transform."""
    return lambda lanes, z: swap(transform(lanes, swap(z)))


def turn(lanes: Lanes, z: Pair, by: Pair) -> Pair:
    """Multiply two complex vectors."""
    (re, im), (c, s) = z, by
    return (
        lanes.fma(lanes.neg(im), s, lanes.mul(re, c)),
        lanes.fma(im, c, lanes.mul(re, s)),
    )


def turn_by(lanes: Lanes, z: Pair, by: Complexes | complex) -> Pair:
    """Multiply by complex constants: one for all lanes or one for each."""
    numbers = np.broadcast_to(np.asarray(by), (lanes.width,))
    return turn(lanes, z, (lanes.constant(list(numbers.real)), lanes.constant(list(numbers.imag))))


def dft4(lanes: Lanes, z: Sequence[Pair]) -> list[Pair]:
    """Transform four complex vectors (radix-4 butterfly: no multiplication)."""
    (a, p), (b, q), (c, r), (d, s) = z
    add, sub = lanes.add, lanes.sub
    sum_re, dif_re, sum_im, dif_im = add(a, c), sub(a, c), add(p, r), sub(p, r)
    odd_re, gap_re, odd_im, gap_im = add(b, d), sub(b, d), add(q, s), sub(q, s)
    return [
        (add(sum_re, odd_re), add(sum_im, odd_im)),
        (add(dif_re, gap_im), sub(dif_im, gap_re)),
        (sub(sum_re, odd_re), sub(sum_im, odd_im)),
        (sub(dif_re, gap_im), add(dif_im, gap_re)),
    ]


def dft8(lanes: Lanes, z: Sequence[Pair]) -> list[Pair]:
    """Transform eight complex vectors: two transforms of four, joined."""
    add, sub, fma = lanes.add, lanes.sub, lanes.fma
    even, odd = dft4(lanes, z[0::2]), dft4(lanes, z[1::2])
    half, minus = lanes.constant(math.sqrt(0.5)), lanes.constant(-math.sqrt(0.5))
    out: list[Pair] = [even[0]] * 8
    (a, b), (p, q) = even[0], odd[0]
    out[0], out[4] = (add(a, p), add(b, q)), (sub(a, p), sub(b, q))
    (a, b), (p, q) = even[1], odd[1]
    along, across = add(p, q), sub(q, p)
    out[1] = fma(half, along, a), fma(half, across, b)
    out[5] = fma(minus, along, a), fma(minus, across, b)
    (a, b), (p, q) = even[2], odd[2]
    out[2], out[6] = (add(a, q), sub(b, p)), (sub(a, q), add(b, p))
    (a, b), (p, q) = even[3], odd[3]
    along, across = sub(q, p), add(p, q)
    out[3] = fma(half, along, a), fma(minus, across, b)
    out[7] = fma(minus, along, a), fma(half, across, b)
    return out
