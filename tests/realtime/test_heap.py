"""No heap call on the audio thread, counted twice: under malloc itself, and by Numba."""

from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.abi import kernel
from namgraph.runtime.pointers import channel

from .heap_counter import heap_counts

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Heap calls of the shipped rack, counted in a process of its own under LD_PRELOAD."""
    return heap_counts(tmp_path_factory.mktemp("heap"), "heap_worker.py", "crunch")


def test_the_native_path_never_touches_the_heap(counts: dict[str, int]) -> None:
    control = counts.pop("positive control")
    assert counts.pop("messages left") == 0, "the messages were read while the counter ran"
    assert counts == dict.fromkeys(counts, 0)
    assert len(counts) >= 4
    assert control >= 2_000, "the counter sees a kernel that allocates in every block"


def test_numba_counts_no_allocation_either() -> None:
    rtsys = pytest.importorskip("numba.core.runtime.nrt").rtsys
    graph = ng.load_preset("crunch")
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=64)
    x = np.zeros((1, 6_400), np.float32)
    engine.process(x)
    before = rtsys.get_allocation_stats()
    engine.process(x)
    after = rtsys.get_allocation_stats()
    assert (after.alloc, after.mi_alloc) == (before.alloc, before.mi_alloc)


@kernel
def _allocates(state: int, ins: int, outs: int, frames: int) -> None:
    y = channel(outs, 0, frames)
    z = np.zeros(frames, np.float32)
    for i in range(frames):
        z[i] = np.float32(i)
    for i in range(frames):
        y[i] = z[frames - 1 - i]


def test_numbas_counter_sees_a_kernel_that_allocates() -> None:
    rtsys = pytest.importorskip("numba.core.runtime.nrt").rtsys
    y = np.zeros(64, np.float32)
    outs = np.array([y.ctypes.data], np.int64)
    run = _allocates.ctypes
    before = rtsys.get_allocation_stats().alloc
    run(0, 0, outs.ctypes.data, 64)
    assert rtsys.get_allocation_stats().alloc > before
