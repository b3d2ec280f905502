"""Direct form of the first 64 taps of a convolver, emitted."""

from collections.abc import Sequence

from ....runtime.simd.fft.twiddles import LEAF
from ....runtime.simd.lanes import Lanes, Value

__all__ = ["FIRST_HALF", "SECOND_HALF", "WHOLE", "direct", "direct_step"]

RUN = 16
"""Taps of a partial sum of the direct form."""

SUMS = LEAF // RUN

WHOLE, FIRST_HALF, SECOND_HALF = range(3)
"""Shares of a step for ``direct_step``."""


def direct(
    lanes: Lanes, samples: Value, taps: Value, addend: Value, out: Value, count: Value
) -> None:
    """Direct form: ``out[n] = addend[n] + sum over k < 64 of taps[k] samples[n - k]``.

    Every frame is summed in the same order, at any position in a tile: four sums of 16 taps each,
    then their sum.  So the output does not depend on block sizes.
    """
    samples, taps, addend, out = map(lanes.pointer, (samples, taps, addend, out))
    done = lanes.cell(lanes.index(0))
    for tile in (4, 2, 1):  # a wide tile only while its last vector is needed
        stop = lanes.minus(count, (tile - 1) * lanes.width)
        with lanes.loop(stop, done.value, tile * lanes.width) as at:
            places = [lanes.at(p, at) for p in (samples, addend, out)]
            _tile(lanes, tile, places, taps, lanes.minus(count, at))
            done.value = lanes.plus(at, tile * lanes.width)


def _tile(lanes: Lanes, tile: int, places: Sequence[Value], taps: Value, left: Value) -> None:
    samples, addend, out = places
    # All sums at once with 32 vector registers; else two of the four, twice.
    together = SUMS if lanes.registers == 32 else SUMS // 2
    halves = []
    for first in range(0, SUMS, together):
        sums = [[lanes.cell(lanes.constant(0.0)) for _ in range(tile)] for _ in range(together)]
        with lanes.loop(LEAF // SUMS) as k:
            here, tap = lanes.at(samples, lanes.minus(0, k)), lanes.at(taps, k)
            loaded: dict[int, Value] = {}
            for j in range(together):
                shift = LEAF // SUMS * (first + j)
                weight = lanes.broadcast(tap, shift)
                for v in range(tile):
                    offset = lanes.width * v - shift
                    if offset not in loaded:
                        loaded[offset] = lanes.load(here, offset)
                    sums[j][v].value = lanes.fma(weight, loaded[offset], sums[j][v].value)
        for a, b in zip(sums[::2], sums[1::2], strict=True):
            halves.append([lanes.add(a[v].value, b[v].value) for v in range(tile)])
    for v, (low, high) in enumerate(zip(*halves, strict=True)):
        y = _total(lanes, [low, high], lanes.load(addend, lanes.width * v))
        if v < tile - 1:
            lanes.store(y, out, lanes.width * v)
        else:
            lanes.store_first(y, out, lanes.minus(left, lanes.width * v), lanes.width * v)


def direct_step(
    lanes: Lanes, samples: Value, taps: Value, addend: Value, out: Value, share: int
) -> None:
    """Direct form of a step of 64 frames, or half of one, with zeros before the step.

    The same bits as ``direct``.  Sixteen taps and sixteen frames make a block; those that would
    multiply only zeros are left out.
    """
    samples, taps, addend, out = map(lanes.pointer, (samples, taps, addend, out))
    across = RUN // lanes.width
    blocks = {WHOLE: range(4), FIRST_HALF: range(2), SECOND_HALF: range(2, 4)}[share]
    # All frames at once with vectors of 16 lanes; else 16 frames after 16.
    for group in [blocks] if across == 1 else [[b] for b in blocks]:
        sums = {
            (b, j, v): lanes.cell(lanes.constant(0.0))
            for b in group
            for j in range(b + 1)
            for v in range(across)
        }
        with lanes.loop(RUN) as k:
            here, tap = lanes.at(samples, lanes.minus(0, k)), lanes.at(taps, k)
            for j in range(max(group) + 1):
                weight = lanes.broadcast(tap, RUN * j)
                for (b, _, v), total in [(key, s) for key, s in sums.items() if key[1] == j]:
                    x = lanes.load(here, RUN * (b - blocks[0] - j) + lanes.width * v)
                    total.value = lanes.fma(weight, x, total.value)
        for b in group:
            for v in range(across):
                s = [sums[b, j, v].value if j <= b else None for j in range(SUMS)]
                pairs = [
                    low if high is None else lanes.add(low, high)
                    for low, high in zip(s[::2], s[1::2], strict=True)
                    if low is not None
                ]
                at = RUN * (b - blocks[0]) + lanes.width * v
                lanes.store(_total(lanes, pairs, lanes.load(addend, at)), out, at)


def _total(lanes: Lanes, halves: Sequence[Value], addend: Value) -> Value:
    """Return the sum of one or two halves, then of ``addend``.

    0.0 is added first: it makes -0 to 0, which sums over zeros may or may not give.
    """
    both = lanes.add(*halves) if len(halves) == 2 else halves[0]
    return lanes.add(lanes.add(both, lanes.constant(0.0)), addend)
