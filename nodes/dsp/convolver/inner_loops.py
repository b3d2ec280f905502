"""Inner loops of the convolver, emitted: copy, spectrum products, add; ``direct.py`` has others."""

from collections.abc import Sequence
from typing import Any

from ....runtime.simd.fft import leaf64
from ....runtime.simd.fft.twiddles import LEAF, PART, PARTS
from ....runtime.simd.lanes import Cell, Lanes, Value

__all__ = ["ROW", "add", "copy_in", "finish", "finish_real", "multiply", "newest"]

ROW = 2 * PART
"""Float32 in a row: a part of a leaf of a spectrum, 16 real and 16 imaginary."""


def copy_in(lanes: Lanes, source: Value, target: Value, count: Value) -> None:
    """Copy ``count`` samples; writes ``target`` to the end of its last vector."""
    source, target = lanes.pointer(source), lanes.pointer(target)
    with lanes.loop(count, step=lanes.width) as at:
        left = lanes.minus(count, at)
        # A full store: later loads can be forwarded from it, unlike from a masked one.
        lanes.store(lanes.load_first(source, left, at), target, at)


def multiply(
    lanes: Lanes,
    ring: Value,
    spectra: Value,
    sums: Value,
    apart: Value,
    slot: Value,
    slots: Value,
    count: Value,
    fresh: Value,
    planes: int,
) -> None:
    """Add the products of ``count`` older partitions, for a part of a leaf, to four blocks.

    Partition p is multiplied with the input p blocks ago.  For p of 3 and more, the inputs of this
    block and of the next three are known already, so each loaded spectrum is used for four blocks:
    a quarter of the memory traffic, which limits long responses.  The four parts of a leaf take
    turns, so that every block costs the same.  ``fresh`` 1 starts the sums at zero, 0 at their
    current values.

    ``sums`` are those of this block and the next three, two or three ``planes`` of each, all
    ``apart`` float32 from each other.  Two are real and imaginary parts.  Three, of factors
    ``a + i b`` and ``c + i d``, are of ``c (a + b)``, ``a (d - c)`` and ``b (c + d)``: three
    multiplications instead of four (Gauss; Knuth, "The Art of Computer Programming", vol. 2,
    4.6.4), and additions, which other units of a processor do meanwhile.  They are subtracted only
    once, before the inverse transform.
    """
    ring, spectra, sums = map(lanes.pointer, (ring, spectra, sums))
    begins = lanes.builder.icmp_signed("!=", fresh, lanes.index(0))
    zero = lanes.constant(0.0)
    # All four blocks at once with 32 vector registers; else two of them, twice.
    together = PARTS if lanes.registers == 32 else PARTS // 2
    # With two sums, 16 registers do for two vectors: sums that do not wait for each other.
    wide = 2 if planes == 2 and together < PARTS and lanes.width < PART else 1
    for first in range(0, PARTS, together):
        begin = slot
        for _ in range(first):
            begin = _after(lanes, begin, slots)
        for low in range(0, PART, wide * lanes.width):
            ats = [low + n * lanes.width for n in range(wide)]
            places = [
                lanes.at(sums, lanes.plus(lanes.times(apart, planes * first + n), at))
                for at in ats
                for n in range(planes * together)
            ]
            totals = [lanes.cell(lanes.where(begins, zero, lanes.load(p))) for p in places]
            newest = begin
            held: list[list[Cell]] = []
            for _ in range(together - 1):
                x = lanes.at(ring, lanes.times(newest, ROW))
                loaded = [v for at in ats for v in _factors(lanes, x, at, planes)]
                held.append([lanes.cell(value) for value in loaded])
                newest = _after(lanes, newest, slots)
            here = lanes.cell(newest)
            with lanes.loop(count) as step:
                h = lanes.at(spectra, lanes.times(step, ROW))
                x = lanes.at(ring, lanes.times(here.value, ROW))
                here.value = _after(lanes, here.value, slots)
                inputs = [[cell.value for cell in cells] for cells in held]
                inputs.append([v for at in ats for v in _factors(lanes, x, at, planes)])
                for number, at in enumerate(ats):
                    by = _coefficients(lanes, h, at, planes)
                    mine = slice(planes * number, planes * (number + 1))
                    for n, factors in enumerate(inputs):
                        first_sum = planes * (together * number + n)
                        sums_of_input = totals[first_sum : first_sum + planes]
                        _accumulate(lanes, sums_of_input, factors[mine], by)
                for cells, factors in zip(held, inputs[1:], strict=True):
                    for cell, value in zip(cells, factors, strict=True):
                        cell.value = value
            for place, cell in zip(places, totals, strict=True):
                lanes.store(cell.value, place)


def newest(lanes: Lanes, product: Value, apart: Value, *args: Any) -> None:
    """Store in ``product`` what ``_sums_of_block`` returns of its other arguments."""
    place = lanes.pointer(product)
    for number, sums in enumerate(_sums_of_block(lanes, product, apart, *args)):
        for n, value in enumerate(sums):
            lanes.store(value, place, lanes.plus(lanes.times(apart, n), number * lanes.width))


def finish(lanes: Lanes, product: Value, apart: Value, *args: Any) -> None:
    """Transform the sums of a block back; ``product`` gets real parts, then imaginary parts."""
    bins = [_bins(lanes, sums) for sums in _sums_of_block(lanes, product, apart, *args)]
    leaf64.inverse(lanes, bins, product, lanes.plus(product, lanes.times(apart, 4)))


def finish_real(lanes: Lanes, out: Value, product: Value, apart: Value, *args: Any) -> None:
    """Transform the sums of a block of the level of 64 back to 64 samples, stored in ``out``."""
    bins = [_bins(lanes, sums) for sums in _sums_of_block(lanes, product, apart, *args)]
    leaf64.inverse_real(lanes, bins, out)


def _bins(lanes: Lanes, sums: Sequence[Value]) -> tuple[Value, Value]:
    """Return the product whose two or three sums are given: see ``multiply``."""
    if len(sums) == 2:
        return sums[0], sums[1]
    s, t, u = sums
    return lanes.sub(s, u), lanes.add(s, t)


def _sums_of_block(
    lanes: Lanes,
    product: Value,
    apart: Value,
    ring: Value,
    spectra: Value,
    sums: Value,
    slot: Value,
    slots: Value,
    count: Value,
    block: Value,
    first: Value,
    planes: int,
) -> list[list[Value]]:
    """Return the sums of this block plus the products of the ``count`` newest inputs.

    ``planes`` for each vector of a leaf.  ``sums`` are those of ``multiply`` as each part left them
    in its turn; ``first`` 0 begins with the values of ``product`` instead.
    """
    ring, spectra, sums, product = map(lanes.pointer, (ring, spectra, sums, product))
    begins = lanes.builder.icmp_signed("!=", first, lanes.index(0))
    row = lanes.times(slots, ROW)
    ats = [(part, at) for part in range(PARTS) for at in range(0, PART, lanes.width)]
    together = 4 if lanes.registers == 32 else 2
    found: list[list[Value]] = []
    for group in [ats[n : n + together] for n in range(0, len(ats), together)]:
        totals = []
        for part, at in group:
            age = lanes.builder.and_(lanes.minus(block, part), lanes.index(PARTS - 1))
            for n in range(planes):
                before = lanes.at(sums, lanes.times(apart, lanes.plus(lanes.times(age, planes), n)))
                place = lanes.at(product, lanes.times(apart, n))
                source = lanes.builder.select(begins, before, place)
                totals.append(lanes.cell(lanes.load(source, PART * part + at)))
        here = lanes.cell(slot)
        with lanes.loop(count) as step:
            place, by = lanes.times(here.value, ROW), lanes.times(step, ROW)
            here.value = _after(lanes, here.value, slots)
            for number, (part, at) in enumerate(group):
                skip = lanes.times(row, part)
                x = lanes.at(ring, lanes.plus(place, skip))
                h = lanes.at(spectra, lanes.plus(by, skip))
                mine = totals[planes * number : planes * (number + 1)]
                by_bins = _coefficients(lanes, h, at, planes)
                _accumulate(lanes, mine, _factors(lanes, x, at, planes), by_bins)
        values = [cell.value for cell in totals]
        found += [values[n : n + planes] for n in range(0, len(values), planes)]
    return found


def _after(lanes: Lanes, slot: Value, slots: Value) -> Value:
    """Return the next index of a ring."""
    after = lanes.plus(slot, 1)
    around = lanes.builder.icmp_signed(">=", after, slots)
    return lanes.builder.select(around, lanes.index(0), after)


def _factors(lanes: Lanes, row: Value, at: int, planes: int) -> list[Value]:
    """Return ``a`` and ``b`` of the bins ``a + i b``; for three sums, ``a + b`` before them."""
    a, b = lanes.load(row, at), lanes.load(row, PART + at)
    return [a, b] if planes == 2 else [lanes.add(a, b), a, b]


def _coefficients(lanes: Lanes, row: Value, at: int, planes: int) -> list[Value]:
    """Return ``c`` and ``d`` of bins ``c + i d``; for three sums ``c``, ``d - c`` and ``c + d``."""
    c, d = lanes.load(row, at), lanes.load(row, PART + at)
    return [c, d] if planes == 2 else [c, lanes.sub(d, c), lanes.add(c, d)]


def _accumulate(
    lanes: Lanes, sums: Sequence[Cell], factors: Sequence[Value], coefficients: Sequence[Value]
) -> None:
    if len(sums) == 2:
        (re, im), (a, b), (c, d) = sums, factors, coefficients
        re.value = lanes.fma(a, c, re.value)
        im.value = lanes.fma(a, d, im.value)
        re.value = lanes.fma(lanes.neg(b), d, re.value)
        im.value = lanes.fma(b, c, im.value)
        return
    for total, x, h in zip(sums, factors, coefficients, strict=True):
        total.value = lanes.fma(x, h, total.value)


def add(lanes: Lanes, target: Value, addend: Value) -> None:
    """Add ``addend`` to ``target``, 64 samples each."""
    target, addend = map(lanes.pointer, (target, addend))
    for at in range(0, LEAF, lanes.width):
        lanes.store(lanes.add(lanes.load(target, at), lanes.load(addend, at)), target, at)
