"""The transform of 64 points, in registers from the first load to the last store.

The points form sixteen columns of four rows; a radix-4 butterfly down the columns and a
transposition alternate three times (Cooley and Tukey 1965).  Transpositions move 128-bit quarters,
then single numbers within quarters, and so work with vectors of 4, 8 or 16 lanes; with 4 lanes the
first one needs no instruction.
"""

from collections.abc import Callable, Sequence

from ..lanes import Lanes, Value
from .butterflies import Pair, dft4, invert, turn_by
from .twiddles import LEAF, PART, leaf_twiddles, weights

__all__ = ["Rows", "forward", "forward_real", "inverse", "inverse_real", "load"]

Rows = list[Pair]
"""Four rows of sixteen columns: 64 / width complex vectors, row after row."""

Move = Callable[[Lanes, Sequence[Value]], list[Value]]


def forward_real(lanes: Lanes, block: Value, bins: Value, apart: Value, copy: Value) -> None:
    """Transform 64 real samples with right-angle weights, and copy them to one more place.

    The copy is the ring of the longer partitions.  ``bins`` gets four rows ``apart`` float32 from
    each other, of 16 bins each: 16 real parts, then 16 imaginary parts.
    """
    block, copy = map(lanes.pointer, (block, copy))
    by, z = weights(LEAF), []
    for at in range(0, LEAF, lanes.width):
        x = lanes.load(block, at)
        lanes.store(x, copy, at)
        w = by[at : at + lanes.width]
        re, im = lanes.constant(list(w.real)), lanes.constant(list(w.imag))
        z.append((lanes.mul(x, re), lanes.mul(x, im)))
    _store_parts(lanes, _transform(lanes, z), bins, apart)


def forward(lanes: Lanes, re: Value, im: Value, bins: Value, apart: Value) -> None:
    """Transform 64 complex points into four rows of 16 bins, as ``forward_real``."""
    re, im = lanes.pointer(re), lanes.pointer(im)
    _store_parts(lanes, _transform(lanes, load(lanes, re, im)), bins, apart)


def inverse(lanes: Lanes, bins: Rows, re: Value, im: Value) -> None:
    """Transform 64 bins back into real and imaginary parts."""
    _store(lanes, invert(_backward)(lanes, bins), lanes.pointer(re), lanes.pointer(im))


def inverse_real(lanes: Lanes, bins: Rows, out: Value) -> None:
    """Transform 64 bins back; ``out`` is the real part of the result without its weights."""
    out, by = lanes.pointer(out), weights(LEAF).conj()
    for number, value in enumerate(invert(_backward)(lanes, bins)):
        at = number * lanes.width
        lanes.store(turn_by(lanes, value, by[at : at + lanes.width])[0], out, at)


def load(lanes: Lanes, re: Value, im: Value) -> Rows:
    """Load 64 complex numbers from pointers."""
    return [(lanes.load(re, at), lanes.load(im, at)) for at in range(0, LEAF, lanes.width)]


def _store(lanes: Lanes, z: Rows, re: Value, im: Value) -> None:
    for number, (real, imaginary) in enumerate(z):
        lanes.store(real, re, number * lanes.width)
        lanes.store(imaginary, im, number * lanes.width)


def _store_parts(lanes: Lanes, z: Rows, bins: Value, apart: Value) -> None:
    bins = lanes.pointer(bins)
    for number, (re, im) in enumerate(z):
        part, at = divmod(number * lanes.width, PART)
        row = lanes.at(bins, lanes.times(apart, part))
        lanes.store(re, row, at)
        lanes.store(im, row, PART + at)


def _transform(lanes: Lanes, z: Rows) -> Rows:
    """Transform, decimating in frequency: position 16 r + 4 j + i holds bin 16 r + 4 i + j."""
    z = _turned(lanes, _butterflies(lanes, z), 0)
    z = _turned(lanes, _butterflies(lanes, _both(lanes, z, _quarters)), 1)
    return _butterflies(lanes, _both(lanes, z, _numbers))


def _backward(lanes: Lanes, z: Rows) -> Rows:
    """Run the same stages in the opposite order, from permuted bins to points in order."""
    z = _turned(lanes, _both(lanes, _butterflies(lanes, z), _numbers), 1)
    z = _turned(lanes, _both(lanes, _butterflies(lanes, z), _quarters), 0)
    return _butterflies(lanes, z)


def _butterflies(lanes: Lanes, z: Rows) -> Rows:
    across = 16 // lanes.width
    done = [dft4(lanes, z[v::across]) for v in range(across)]
    return [done[v][row] for row in range(4) for v in range(across)]


def _turned(lanes: Lanes, z: Rows, stage: int) -> Rows:
    across, by = 16 // lanes.width, leaf_twiddles(stage)
    out = z[:across]
    for number, value in enumerate(z[across:]):
        row, at = number // across, number % across * lanes.width
        out.append(turn_by(lanes, value, by[row, at : at + lanes.width]))
    return out


def _both(lanes: Lanes, z: Rows, move: Move) -> Rows:
    return list(zip(move(lanes, [a for a, _ in z]), move(lanes, [b for _, b in z]), strict=True))


def _quarters(lanes: Lanes, v: Sequence[Value]) -> list[Value]:
    """Transpose the 4 by 4 matrix of 128-bit quarters: four rows, four quarters in each."""
    if lanes.width == 4:
        return [v[4 * column + row] for row in range(4) for column in range(4)]

    def pick(a: Value, b: Value, quarters: Sequence[int]) -> Value:
        return lanes.shuffle(a, b, [4 * q + n for q in quarters for n in range(4)])

    if lanes.width == 8:  # quarter q of row r lies in vector 2 r + q // 2
        return [
            pick(v[2 * r + q // 2], v[2 * r + 2 + q // 2], (q % 2, 2 + q % 2))
            for q in range(4)
            for r in (0, 2)
        ]
    low = [pick(v[r], v[r + 1], (0, 1, 4, 5)) for r in (0, 2)]
    high = [pick(v[r], v[r + 1], (2, 3, 6, 7)) for r in (0, 2)]
    return [pick(a, b, q) for a, b in (low, high) for q in ((0, 2, 4, 6), (1, 3, 5, 7))]


def _numbers(lanes: Lanes, v: Sequence[Value]) -> list[Value]:
    """Transpose, in each quarter, the 4 by 4 matrix of numbers of four rows."""
    across, out = 16 // lanes.width, list(v)

    def pick(a: Value, b: Value, numbers: Sequence[int]) -> Value:
        quarters = range(0, lanes.width, 4)
        return lanes.shuffle(
            a, b, [q + n % 4 + (lanes.width if n > 3 else 0) for q in quarters for n in numbers]
        )

    for column in range(across):
        a, b, c, d = v[column::across]
        low = pick(a, b, (0, 4, 1, 5)), pick(c, d, (0, 4, 1, 5))
        high = pick(a, b, (2, 6, 3, 7)), pick(c, d, (2, 6, 3, 7))
        out[column::across] = [
            pick(x, y, n) for x, y in (low, high) for n in ((0, 1, 4, 5), (2, 3, 6, 7))
        ]
    return out
