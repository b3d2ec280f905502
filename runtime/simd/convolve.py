"""The four inner loops of a convolver: copy in, direct form, multiply-accumulate, add."""

from collections.abc import Sequence

from .fft_tables import LEAF
from .lanes import Cell, Lanes, Value

__all__ = ["add_pair", "copy_in", "direct", "multiply_accumulate"]

ROW = 2 * LEAF
"""Floats of one leaf of a spectrum: 64 real, 64 imaginary."""

SUMS = 4
"""Partial sums of the direct form, sixteen taps each."""


def copy_in(lanes: Lanes, source: Value, target: Value, count: Value) -> None:
    """Copy ``count`` samples; ``target`` may be written up to the end of its last vector."""
    source, target = lanes.pointer(source), lanes.pointer(target)
    with lanes.loop(count, step=lanes.width) as at:
        left = lanes.minus(count, at)
        # A whole store: a later load forwards from it, which it does not from a masked one.
        lanes.store(lanes.load_first(source, left, at), target, at)


def direct(
    lanes: Lanes, samples: Value, taps: Value, addend: Value, out: Value, count: Value
) -> None:
    """Put ``addend[n] + sum of taps[k] samples[n - k], k < 64`` for ``count`` frames in ``out``.

    Every frame is summed in the same order, wherever in a tile it falls: four sums over sixteen
    taps each, then their sum.  That is what makes the cut of a signal inaudible.
    """
    samples, taps, addend, out = map(lanes.pointer, (samples, taps, addend, out))
    done = lanes.cell(lanes.index(0))
    for tile in (4, 2, 1) if lanes.registers == 32 else (2, 1):
        # As many tiles as are needed to leave less than the next smaller one begins with.
        spare = (tile - 1) * lanes.width if tile > 1 else 0
        stop = lanes.minus(count, spare)
        with lanes.loop(stop, done.value, tile * lanes.width) as at:
            places = [lanes.at(p, at) for p in (samples, addend, out)]
            _tile(lanes, tile, places, taps, lanes.minus(count, at))
            done.value = lanes.plus(at, tile * lanes.width)


def _tile(lanes: Lanes, tile: int, places: Sequence[Value], taps: Value, left: Value) -> None:
    samples, addend, out = places
    sums = [[lanes.cell(lanes.constant(0.0)) for _ in range(tile)] for _ in range(SUMS)]
    with lanes.loop(LEAF // SUMS) as k:
        here, tap = lanes.at(samples, lanes.minus(0, k)), lanes.at(taps, k)
        loaded: dict[int, Value] = {}
        for j in range(SUMS):
            weight = lanes.broadcast(tap, LEAF // SUMS * j)
            for v in range(tile):
                offset = lanes.width * v - LEAF // SUMS * j
                if offset not in loaded:
                    loaded[offset] = lanes.load(here, offset)
                total = sums[j][v]
                total.value = lanes.fma(weight, loaded[offset], total.value)
    for v in range(tile):
        a, b, c, d = (sums[j][v].value for j in range(SUMS))
        y = lanes.add(lanes.add(a, b), lanes.add(c, d))
        y = lanes.add(y, lanes.load(addend, lanes.width * v))
        if v < tile - 1:
            lanes.store(y, out, lanes.width * v)
        else:
            lanes.store_first(y, out, lanes.minus(left, lanes.width * v), lanes.width * v)


def multiply_accumulate(
    lanes: Lanes,
    ring: Value,
    spectra: Value,
    re: Value,
    im: Value,
    slot: Value,
    slots: Value,
    count: Value,
    fresh: Value,
) -> None:
    """Add ``count`` products of spectra, the ring being read from ``slot`` on and around.

    ``fresh`` (0 or 1) says whether to begin at zero or at what ``re`` and ``im`` hold.
    """
    ring, spectra, re, im = map(lanes.pointer, (ring, spectra, re, im))
    group = lanes.registers // 8  # four sums for each vector: half of the registers
    begins = lanes.builder.icmp_signed("!=", fresh, lanes.index(0))
    zero = lanes.constant(0.0)
    for first in range(0, LEAF // lanes.width, group):
        ats = [lanes.width * v for v in range(first, min(first + group, LEAF // lanes.width))]
        sums: list[list[Cell]] = []
        for at in ats:
            a = lanes.where(begins, zero, lanes.load(re, at))
            b = lanes.where(begins, zero, lanes.load(im, at))
            sums.append([lanes.cell(value) for value in (a, zero, b, zero)])
        here = lanes.cell(slot)
        with lanes.loop(count) as step:
            x = lanes.at(ring, lanes.times(here.value, ROW))
            h = lanes.at(spectra, lanes.times(step, ROW))
            after = lanes.plus(here.value, 1)
            around = lanes.builder.icmp_signed(">=", after, slots)
            here.value = lanes.builder.select(around, lanes.index(0), after)
            for at, (rr, ii, ri, ir) in zip(ats, sums, strict=True):
                a, b = lanes.load(x, at), lanes.load(x, LEAF + at)
                c, d = lanes.load(h, at), lanes.load(h, LEAF + at)
                rr.value = lanes.fma(a, c, rr.value)
                ii.value = lanes.fma(b, d, ii.value)
                ri.value = lanes.fma(a, d, ri.value)
                ir.value = lanes.fma(b, c, ir.value)
        for at, (rr, ii, ri, ir) in zip(ats, sums, strict=True):
            lanes.store(lanes.sub(rr.value, ii.value), re, at)
            lanes.store(lanes.add(ri.value, ir.value), im, at)


def add_pair(lanes: Lanes, target: Value, a: Value, b: Value) -> None:
    """Add two steps of 64 samples to a third."""
    target, a, b = map(lanes.pointer, (target, a, b))
    for at in range(0, LEAF, lanes.width):
        both = lanes.add(lanes.load(a, at), lanes.load(b, at))
        lanes.store(lanes.add(lanes.load(target, at), both), target, at)
