"""Records of a convolver, all int64: filled by Python, read by emitted code.

Sizes are in float32.  One step of the absolute grid is ``LEAF`` frames.
"""

from typing import Any

import numpy as np

from ....runtime.simd.fft.radix8 import SEGMENT, SEGMENT_STRIDE
from ....runtime.simd.fft.twiddles import LEAF

__all__ = [
    "CONVOLVER",
    "LEVEL",
    "LINE",
    "OUT_SLOTS",
    "PLANES",
    "PLANES_LONGER",
    "RECENT",
    "ROUTE_WORDS",
    "ROW_WORDS",
    "plane",
]

PAD = 16
"""Padding after a buffer, for full vectors of up to 16 lanes."""

LINE = LEAF + PAD
"""One step of output: ``tail`` of each output, and ``line``, in which routes are summed."""

RECENT = 2 * LEAF + 2 * PAD
"""The current step of each input, after zeros (the step before, for responses of one step)."""

OUT_SLOTS = 2
"""Results of a longer level: one written, one read; a power of two, for masking."""

PLANES, PLANES_LONGER = 3, 2
"""Sums of the products of a bin (see ``multiply``), of the level of 64 and of longer ones.

Three take less arithmetic, two less memory, which is what limits the longer levels.
"""

ROUTE_WORDS = 2
ROW_WORDS = 4


def _words(names: str) -> Any:
    return np.dtype([(name, np.int64) for name in names.split()])


CONVOLVER = _words(
    "phase step inputs outputs "  # frames in the current step; steps since reset
    "recent tail line head "
    "routes starts "  # (input, response) pairs; index of the first pair of each output
    "partitions position ring spectra product sums "  # the level of 64
    "samples samples_mask level512 level4096"
)
LEVEL = _words("partitions position work ring spectra product sums out outer inner rows slots")


def plane(size: int) -> int:
    """Return the float32 in one real plane of ``size`` points, with the padding of the FFT."""
    return size if size <= SEGMENT else size // SEGMENT * SEGMENT_STRIDE
