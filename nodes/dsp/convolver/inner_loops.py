"""Inner loops of the convolver, emitted: copy, spectrum products, add; ``direct.py`` has others."""

from collections.abc import Sequence

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
) -> None:
    """Add the products of ``count`` older partitions, for a part of a leaf, to four blocks.

    Partition p is multiplied with the input p blocks ago.  For p of 3 and more, the inputs of this
    block and of the next three are known already, so each loaded spectrum is used for four blocks:
    a quarter of the memory traffic, which limits long responses.  The four parts of a leaf take
    turns, so that every block costs the same.  ``fresh`` 1 starts the sums at zero, 0 at their
    current values.

    ``sums`` are those of this block and the next three, three of each, all ``apart`` float32 from
    each other.  Of factors ``a + i b`` and ``c + i d`` they are of ``c (a + b)``, ``a (d - c)`` and
    ``b (c + d)``: three multiplications instead of four (Gauss; Knuth, "The Art of Computer
    Programming", vol. 2, 4.6.4), and additions, which other units of a processor do meanwhile.
    They are subtracted only once, before the inverse transform.
    """
    ring, spectra, sums = map(lanes.pointer, (ring, spectra, sums))
    begins = lanes.builder.icmp_signed("!=", fresh, lanes.index(0))
    zero = lanes.constant(0.0)
    # All four blocks at once with 32 vector registers; else two of them, twice.
    together = PARTS if lanes.registers == 32 else PARTS // 2
    for first in range(0, PARTS, together):
        begin = slot
        for _ in range(first):
            begin = _after(lanes, begin, slots)
        for at in range(0, PART, lanes.width):
            places = [
                lanes.at(sums, lanes.plus(lanes.times(apart, 3 * first + n), at))
                for n in range(3 * together)
            ]
            totals = [lanes.cell(lanes.where(begins, zero, lanes.load(p))) for p in places]
            newest = begin
            held: list[list[Cell]] = []
            for _ in range(together - 1):
                x = lanes.at(ring, lanes.times(newest, ROW))
                held.append([lanes.cell(value) for value in _factors(lanes, x, at)])
                newest = _after(lanes, newest, slots)
            here = lanes.cell(newest)
            with lanes.loop(count) as step:
                h = lanes.at(spectra, lanes.times(step, ROW))
                x = lanes.at(ring, lanes.times(here.value, ROW))
                here.value = _after(lanes, here.value, slots)
                by = _coefficients(lanes, h, at)
                inputs = [[cell.value for cell in cells] for cells in held]
                inputs.append(_factors(lanes, x, at))
                for n, factors in enumerate(inputs):
                    _accumulate(lanes, totals[3 * n : 3 * n + 3], factors, by)
                for cells, factors in zip(held, inputs[1:], strict=True):
                    for cell, value in zip(cells, factors, strict=True):
                        cell.value = value
            for place, cell in zip(places, totals, strict=True):
                lanes.store(cell.value, place)


def newest(lanes: Lanes, product: Value, apart: Value, *args: Value) -> None:
    """Store in ``product`` what ``_sums_of_block`` returns of its other arguments."""
    place = lanes.pointer(product)
    for number, sums in enumerate(_sums_of_block(lanes, product, apart, *args)):
        for n, value in enumerate(sums):
            lanes.store(value, place, lanes.plus(lanes.times(apart, n), number * lanes.width))


def finish(lanes: Lanes, product: Value, apart: Value, *args: Value) -> None:
    """Transform the sums of a block back; ``product`` gets real parts, then imaginary parts."""
    bins = [_bins(lanes, *sums) for sums in _sums_of_block(lanes, product, apart, *args)]
    leaf64.inverse(lanes, bins, product, lanes.plus(product, lanes.times(apart, 4)))


def finish_real(lanes: Lanes, out: Value, product: Value, apart: Value, *args: Value) -> None:
    """Transform the sums of a block of the level of 64 back to 64 samples, stored in ``out``."""
    bins = [_bins(lanes, *sums) for sums in _sums_of_block(lanes, product, apart, *args)]
    leaf64.inverse_real(lanes, bins, out)


def _bins(lanes: Lanes, s: Value, t: Value, u: Value) -> tuple[Value, Value]:
    """Return the product whose three sums are given: see ``multiply``."""
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
) -> list[list[Value]]:
    """Return the sums of this block plus the products of the ``count`` newest inputs.

    Three for each vector of a leaf.  ``sums`` are those of ``multiply`` as each part left them in
    its turn; ``first`` 0 begins with the values of ``product`` instead.
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
            for n in range(3):
                before = lanes.at(sums, lanes.times(apart, lanes.plus(lanes.times(age, 3), n)))
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
                mine = totals[3 * number : 3 * number + 3]
                _accumulate(lanes, mine, _factors(lanes, x, at), _coefficients(lanes, h, at))
        values = [cell.value for cell in totals]
        found += [values[n : n + 3] for n in range(0, len(values), 3)]
    return found


def _after(lanes: Lanes, slot: Value, slots: Value) -> Value:
    """Return the next index of a ring."""
    after = lanes.plus(slot, 1)
    around = lanes.builder.icmp_signed(">=", after, slots)
    return lanes.builder.select(around, lanes.index(0), after)


def _factors(lanes: Lanes, row: Value, at: int) -> list[Value]:
    """Return ``a + b``, ``a`` and ``b`` of the bins ``a + i b`` of an input."""
    a, b = lanes.load(row, at), lanes.load(row, PART + at)
    return [lanes.add(a, b), a, b]


def _coefficients(lanes: Lanes, row: Value, at: int) -> list[Value]:
    """Return ``c``, ``d - c`` and ``c + d`` of the bins ``c + i d`` of a response."""
    c, d = lanes.load(row, at), lanes.load(row, PART + at)
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
