"""Inner loops of the convolver, emitted: copy, direct form, spectrum products, add."""

from collections.abc import Sequence

from ....runtime.simd.fft.twiddles import HALF, LEAF
from ....runtime.simd.lanes import Cell, Lanes, Value

__all__ = ["ROW", "add", "copy_in", "direct", "direct_step", "multiply", "multiply_newest"]

ROW = 2 * HALF
"""Float32 in a row: half a leaf of a spectrum, 32 real and 32 imaginary."""

RUN = 16
"""Taps of a partial sum of the direct form."""

SUMS = LEAF // RUN


def copy_in(lanes: Lanes, source: Value, target: Value, count: Value) -> None:
    """Copy ``count`` samples; writes ``target`` to the end of its last vector."""
    source, target = lanes.pointer(source), lanes.pointer(target)
    with lanes.loop(count, step=lanes.width) as at:
        left = lanes.minus(count, at)
        # A full store: later loads can be forwarded from it, unlike from a masked one.
        lanes.store(lanes.load_first(source, left, at), target, at)


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


def direct_step(lanes: Lanes, samples: Value, taps: Value, addend: Value, out: Value) -> None:
    """Direct form of a whole step of 64 frames with zeros before it: the same bits as ``direct``.

    Sixteen taps and sixteen frames make a block; those that would multiply only zeros are left out.
    """
    samples, taps, addend, out = map(lanes.pointer, (samples, taps, addend, out))
    across, blocks = RUN // lanes.width, range(LEAF // RUN)
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
                    x = lanes.load(here, RUN * (b - j) + lanes.width * v)
                    total.value = lanes.fma(weight, x, total.value)
        for b in group:
            for v in range(across):
                s = [sums[b, j, v].value if j <= b else None for j in range(SUMS)]
                pairs = [
                    low if high is None else lanes.add(low, high)
                    for low, high in zip(s[::2], s[1::2], strict=True)
                    if low is not None
                ]
                at = RUN * b + lanes.width * v
                lanes.store(_total(lanes, pairs, lanes.load(addend, at)), out, at)


def _total(lanes: Lanes, halves: Sequence[Value], addend: Value) -> Value:
    """Return the sum of one or two halves, then of ``addend``.

    0.0 is added first: it makes -0 to 0, which sums over zeros may or may not give.
    """
    both = lanes.add(*halves) if len(halves) == 2 else halves[0]
    return lanes.add(lanes.add(both, lanes.constant(0.0)), addend)


def multiply(
    lanes: Lanes,
    ring: Value,
    spectra: Value,
    sums: Value,
    later: Value,
    apart: Value,
    slot: Value,
    slots: Value,
    count: Value,
    fresh: Value,
) -> None:
    """Add the products of ``count`` partitions, for half a leaf, to this block and the next.

    Partition p is multiplied with the input p blocks ago.  All inputs of the *next* block but its
    newest are known already, so each loaded spectrum is used for two blocks: half the memory
    traffic, which limits long responses.  The two halves of a leaf alternate, so that every block
    costs the same.  ``fresh`` 1 starts the sums at zero, 0 at their current values.

    ``sums`` and ``later`` are the sums of this block and the next, three of each, ``apart`` float32
    from each other.  Of factors ``a + i b`` and ``c + i d`` they are of ``c (a + b)``,
    ``a (d - c)`` and ``b (c + d)``: three multiplications instead of four (Gauss; Knuth, "The Art
    of Computer Programming", vol. 2, 4.6.4), and additions, which other units of a processor do
    meanwhile.  They are subtracted only once, before the inverse transform.
    """
    ring, spectra = lanes.pointer(ring), lanes.pointer(spectra)
    places = [
        lanes.at(lanes.pointer(p), lanes.times(apart, n)) for p in (sums, later) for n in range(3)
    ]
    begins = lanes.builder.icmp_signed("!=", fresh, lanes.index(0))
    zero = lanes.constant(0.0)
    together = 2 if lanes.registers == 32 else 1
    for first in range(0, HALF, together * lanes.width):
        ats = [first + n * lanes.width for n in range(together)]
        totals = [
            [lanes.cell(lanes.where(begins, zero, lanes.load(p, at))) for p in places] for at in ats
        ]
        x = lanes.at(ring, lanes.times(slot, ROW))
        held = [[lanes.cell(value) for value in _factors(lanes, x, at)] for at in ats]
        here = lanes.cell(slot)
        with lanes.loop(count) as step:
            h = lanes.at(spectra, lanes.times(step, ROW))
            after = lanes.plus(here.value, 1)
            around = lanes.builder.icmp_signed(">=", after, slots)
            here.value = lanes.builder.select(around, lanes.index(0), after)
            x = lanes.at(ring, lanes.times(here.value, ROW))
            for at, total, cells in zip(ats, totals, held, strict=True):
                by = _coefficients(lanes, h, at)
                _accumulate(lanes, total[:3], [cell.value for cell in cells], by)
                fresher = _factors(lanes, x, at)
                _accumulate(lanes, total[3:], fresher, by)
                for cell, value in zip(cells, fresher, strict=True):
                    cell.value = value
        for at, total in zip(ats, totals, strict=True):
            for place, cell in zip(places, total, strict=True):
                lanes.store(cell.value, place, at)


def multiply_newest(
    lanes: Lanes, samples: Value, spectrum: Value, source: Value, target: Value, apart: Value
) -> None:
    """Store the sums at ``source`` plus the newest input's products, for half a leaf."""
    x, h = lanes.pointer(samples), lanes.pointer(spectrum)
    before, after = (
        [lanes.at(lanes.pointer(p), lanes.times(apart, n)) for n in range(3)]
        for p in (source, target)
    )
    for at in range(0, HALF, lanes.width):
        sums = [lanes.cell(lanes.load(place, at)) for place in before]
        _accumulate(lanes, sums, _factors(lanes, x, at), _coefficients(lanes, h, at))
        for cell, place in zip(sums, after, strict=True):
            lanes.store(cell.value, place, at)


def _factors(lanes: Lanes, row: Value, at: int) -> list[Value]:
    """Return ``a + b``, ``a`` and ``b`` of the bins ``a + i b`` of an input."""
    a, b = lanes.load(row, at), lanes.load(row, HALF + at)
    return [lanes.add(a, b), a, b]


def _coefficients(lanes: Lanes, row: Value, at: int) -> list[Value]:
    """Return ``c``, ``d - c`` and ``c + d`` of the bins ``c + i d`` of a response."""
    c, d = lanes.load(row, at), lanes.load(row, HALF + at)
    return [c, lanes.sub(d, c), lanes.add(c, d)]


def _accumulate(
    lanes: Lanes, sums: Sequence[Cell], factors: Sequence[Value], coefficients: Sequence[Value]
) -> None:
    for total, x, h in zip(sums, factors, coefficients, strict=True):
        total.value = lanes.fma(x, h, total.value)


def add(lanes: Lanes, target: Value, addend: Value) -> None:
    """Add ``addend`` to ``target``, 64 samples each."""
    target, addend = map(lanes.pointer, (target, addend))
    for at in range(0, LEAF, lanes.width):
        lanes.store(lanes.add(lanes.load(target, at), lanes.load(addend, at)), target, at)
