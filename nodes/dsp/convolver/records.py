"""What a convolver remembers, as records of int64: how Python fills them and emitted code reads.

Sizes are in float32.  ``LEAF`` frames make one step of the absolute grid.
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
    "RECENT",
    "ROUTE_WORDS",
    "ROW_WORDS",
    "plane",
]

PAD = 16
"""Room behind a buffer for whole vectors: the widest has 16 lanes."""

LINE = LEAF + PAD
"""One step of output: ``tail`` of each output, and the line that inputs add up in."""

RECENT = 2 * LEAF + 2 * PAD
"""The step before and the step that is filling, of each input."""

OUT_SLOTS = 4
"""Results of a longer level: one being written, two being read; a power of two for the mask."""

ROUTE_WORDS = 2
ROW_WORDS = 4


def _words(names: str) -> Any:
    return np.dtype([(name, np.int64) for name in names.split()])


CONVOLVER = _words(
    "phase step inputs outputs "  # frames into the step; steps since reset
    "recent tail overlap line head "
    "routes starts "  # (input, response) pairs; where each output's begin
    "partitions position ring spectra product next "  # the level of 64
    "samples samples_mask level512 level4096"
)
LEVEL = _words("partitions position work ring spectra product next out outer inner rows slots")


def plane(size: int) -> int:
    """Return the floats of one real plane of ``size`` points, as the passes lay them out."""
    return size if size <= SEGMENT else size // SEGMENT * SEGMENT_STRIDE
