"""Prepares a convolver: allocates its memory, transforms the responses.  Control thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.errors import ParamError
from ....graph.prepare import Memory
from ....runtime.native.abi import Native, kernel
from ....runtime.simd.fft.radix8 import SEGMENT
from ....runtime.simd.fft.twiddles import LEAF, PARTS, first_twiddles, inner_twiddles, spectra
from .inner_loops import ROW
from .kernel import convolver
from .partition import Level, levels, rows
from .records import CONVOLVER, LEVEL, LINE, OUT_SLOTS, PLANES, PLANES_LONGER, RECENT, plane

__all__ = ["Convolution", "Route", "convolution", "convolution_kernel"]


@dataclass(frozen=True)
class Route:
    """One path of a convolver: ``input`` convolved with ``response``, added to ``output``."""

    output: int
    input: int
    response: int


@dataclass(frozen=True)
class Convolution:
    """A prepared convolver: its record, and the number of partition levels of its kernel."""

    record: Any
    depth: int


@cache
def convolution_kernel(depth: int, width: int | None = None) -> Native:
    """Return a kernel that only convolves; its record is a ``Convolution.record`` of this depth."""
    convolve = convolver(depth, width)

    @kernel
    def bare(state: int, ins: int, outs: int, frames: int) -> None:
        convolve(state, ins, outs, np.int64(frames))

    return bare


def convolution(
    memory: Memory, responses: NDArray[np.floating[Any]], routes: Sequence[Route]
) -> Convolution:
    """Allocate and fill the memory of a convolver; ``responses`` is an array (response, tap).

    Every output needs at least one of the ``routes``.  ``ParamError`` for empty or non-finite
    responses.  All memory kept between steps is state, for reset and ``save_state``.
    """
    taps = np.atleast_2d(np.asarray(responses, np.float64))
    if taps.shape[1] == 0 or not np.all(np.isfinite(taps)):
        raise ParamError(f"responses of shape {taps.shape}: must be finite, with at least one tap")
    inputs = 1 + max(r.input for r in routes)
    outputs = 1 + max(r.output for r in routes)
    ordered = sorted(routes, key=lambda r: (r.output, r.input))
    counts = [sum(r.output == o for r in routes) for o in range(outputs)]
    if 0 in counts:
        raise ParamError(f"output {counts.index(0)} of a convolver has no route")
    partition_levels = levels(taps.shape[1], max(1, len(routes) // inputs))
    head = np.zeros((len(taps), LEAF), np.float32)
    head[:, : taps.shape[1]] = taps[:, :LEAF]
    fields: dict[str, Any] = {
        "inputs": inputs,
        "outputs": outputs,
        "recent": memory.state((inputs, RECENT)),
        "tail": memory.state((outputs, LINE)),
        "line": memory.scratch(LINE),
        "head": memory.constant(head),
        "routes": memory.constant(np.array([(r.input, r.response) for r in ordered], np.int64)),
        "starts": memory.constant(np.cumsum([0, *counts]).astype(np.int64)),
    }
    if partition_levels:
        span = 2 * partition_levels[-1].size
        count = partition_levels[0].partitions
        fields |= {
            "partitions": count,
            "ring": memory.state((inputs, PARTS, count, ROW)),
            "spectra": memory.constant(_spectra(taps, partition_levels[0])),
            "product": memory.scratch(PLANES * LEAF),
            "sums": memory.state((outputs, PARTS, PLANES * LEAF)),
            "samples": memory.state((inputs, span)),
            "samples_mask": span - 1,
        }
    for level in partition_levels[1:]:
        fields[f"level{level.size}"] = _level(memory, taps, level, inputs, outputs, len(routes))
    return Convolution(memory.record(CONVOLVER, **fields), len(partition_levels))


def _level(
    memory: Memory,
    taps: NDArray[np.float64],
    level: Level,
    inputs: int,
    outputs: int,
    routes: int,
) -> Any:
    size, count, width = level.size, level.partitions, plane(level.size)
    work = rows(level, inputs, outputs, routes)
    return memory.record(
        LEVEL,
        partitions=count,
        work=memory.state((inputs, 2 * width)),
        ring=memory.state((inputs, size // LEAF, PARTS, count, ROW)),
        spectra=memory.constant(_spectra(taps, level)),
        product=memory.state((outputs, PLANES_LONGER * width)),
        sums=memory.state((outputs, PARTS, PLANES_LONGER * width)),
        out=memory.state((OUT_SLOTS, outputs, width)),
        outer=memory.constant(first_twiddles(size)),
        inner=memory.constant(inner_twiddles(SEGMENT)) if size > SEGMENT else 0,
        rows=memory.constant(work.rows),
        slots=memory.constant(work.slots),
    )


def _spectra(taps: NDArray[np.float64], level: Level) -> NDArray[np.float32]:
    """Return the spectra of all responses, (response, leaf, partition, bins), last partition first.

    So partitions and inputs are both read from the oldest input to the newest.
    """
    made = []
    for row in taps:
        before = np.zeros(level.size)  # longer levels: computed by the level below
        if level.size == LEAF:
            before[1:] = row[1:LEAF]  # what the step before adds to the direct form
        run = np.append(before, row[level.begin : level.end])
        made.append(spectra(run, level.size)[:, :, ::-1])
    return np.stack(made)
