"""Tables of the transforms, computed in float64: weights, twiddles, order of bins, spectra.

A block of B real samples is convolved through one complex transform of length B: the *right-angle*
convolution (Nussbaumer, "Fast Fourier Transform and Convolution Algorithms", 1982, ch.  4.2; also
"right-angle circular convolution", Martens and Vanwormhoudt 1983).  With ``w = exp(i pi / 2B)``,
the product of the transforms of ``x[n] w^n`` and ``h[n] w^n`` transforms back to ``w^n (c[n] + i
c[n + B])``, ``c`` being the linear convolution: the real part is its first half, the imaginary part
the second.  ``spectra`` makes real parts of both.  Every bin is an ordinary complex bin: no split
of a real transform, no Nyquist bin, half the storage of a zero-padded one.

The transforms are in place and leave their bins permuted (Cooley and Tukey 1965, decimation in
frequency).  Products of spectra do not depend on the order, so bins are never reordered.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "COLUMNS",
    "LEAF",
    "PART",
    "PARTS",
    "first_twiddles",
    "inner_twiddles",
    "leaf_twiddles",
    "permutation",
    "spectra",
    "weights",
]

LEAF = 64
"""Points of the transform in registers; larger transforms have LEAF * 8^k points."""

PARTS = 4
"""Parts of a leaf that are multiplied in turn, for four blocks each."""

PART = LEAF // PARTS
"""Bins stored together: real parts, then imaginary parts."""

COLUMNS = 16
"""Columns of a table's row, for any number of lanes: tables do not depend on the processor."""

Complexes = NDArray[np.complex128]


def weights(size: int) -> Complexes:
    """Return the right-angle weights ``exp(i pi n / 2 size)``."""
    return np.asarray(np.exp(0.5j * np.pi * np.arange(size) / size))


@cache
def permutation(size: int) -> NDArray[np.int64]:
    """Return the bin at each position of a spectrum as the forward transform leaves it."""
    if size == LEAF:
        place = np.arange(LEAF)
        row, lane = place // 16, place % 16
        return 16 * row + 4 * (lane % 4) + lane // 4
    inner = permutation(size // 8)
    return np.concatenate([8 * inner + m for m in range(8)])


def leaf_twiddles(stage: int) -> Complexes:
    """Return the twiddles of rows 1 to 3 after the first (0) or second (1) radix-4 stage."""
    row, lane = np.arange(1, 4)[:, None], np.arange(16)
    part = lane / 64 if stage == 0 else (lane % 4) / 16
    return np.asarray(np.exp(-2j * np.pi * row * part))


def first_twiddles(size: int) -> NDArray[np.float32]:
    """Return the packed twiddles of the outermost radix-8 pass, times the right-angle weights."""
    column = np.arange(size // 8)
    turn = np.exp(-2j * np.pi * np.arange(8)[:, None] * column / size)
    return _pack(turn * np.exp(0.5j * np.pi * column / size))


def inner_twiddles(size: int) -> NDArray[np.float32]:
    """Return the packed twiddles of a radix-8 pass over segments of ``size`` points."""
    return _pack(np.exp(-2j * np.pi * np.arange(8)[:, None] * np.arange(size // 8) / size))


def _pack(turn: Complexes) -> NDArray[np.float32]:
    """Return twiddles in the order a pass reads them: [16 columns][row][real 16 | imaginary 16]."""
    split = turn.reshape(8, -1, COLUMNS).transpose(1, 0, 2)
    return np.stack([split.real, split.imag], axis=2).astype(np.float32).reshape(-1)


def spectra(taps: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """Return the spectra of partitions: (leaf, part, partition, re 16 | im 16).

    Partition p is ``H[p + 1] - i H[p]``, where ``H[p]`` is the transform of ``size`` taps from
    ``p size`` on.  So the real part of the product with a block, transformed back, is all that the
    block adds to one block of output: the first half of its convolution with one run of taps, plus
    the second half of that with the run before.  Bins are permuted, and the scale of the inverse
    transform is included.
    """
    count = -(-len(taps) // size)
    padded = np.zeros((count + 1, size))
    padded.reshape(-1)[: len(taps)] = taps
    runs = np.fft.fft(padded * weights(size), axis=1)[:, permutation(size)] / size
    bins = runs[1:] - 1j * runs[:-1]
    split = bins.reshape(count, size // LEAF, PARTS, PART).transpose(1, 2, 0, 3)
    return np.concatenate([split.real, split.imag], axis=3).astype(np.float32)
