"""``MemoryPool``: swaps to graphs loaded before allocate, free and load nothing."""

import ctypes
import gc
import threading
from typing import Any

import pytest

import namgraph as ng
from namgraph.graph import CudaError
from namgraph.runtime.cuda.driver import compiler, memory_pool as pool_module
from namgraph.runtime.cuda.driver.device import driver, memory_pool
from namgraph.runtime.cuda.driver.memory_pool import DEVICE, PINNED

from .fake_driver import FakeDriver
from .gpu import X, amp, engine, in_blocks, near, on_cpu

COSTLY = ("cuMemAlloc_v2", "cuMemFree_v2", "cuMemHostAlloc", "cuMemFreeHost", "cuModuleLoadData")


def with_gain(model: str) -> ng.Graph:
    graph = amp(model, backend="cuda")
    graph.replace("amp", ng.Nam(model, backend="cuda", input_db=-6.0))
    return graph


def test_swaps_between_known_graphs_allocate_nothing(fake: FakeDriver, model: str) -> None:
    made, racks = engine(amp(model, backend="cuda")), [with_gain(model), amp(model, backend="cuda")]
    counts = list[list[int]]()
    for _ in range(4):
        for rack in racks:
            made.swap(rack)
            in_blocks(made, X, 64)
            made.stats()  # the control thread's: old plans go
        gc.collect()
        counts.append([fake.count(name) for name in COSTLY])
    assert counts[1:] == [counts[1]] * 3
    assert counts[0][0] > 0
    stats = made.stats().device
    assert stats is not None
    assert not stats.fallback_reason


def test_pooled_memory_is_cleared(fake: FakeDriver, model: str) -> None:
    for _ in range(2):
        made = in_blocks(engine(amp(model, backend="cuda")), X, 64)
        assert near(made, on_cpu(model))
        gc.collect()
    assert fake.count("cuModuleLoadData") == 1


@pytest.mark.parametrize("kind", [DEVICE, PINNED])
def test_memory_is_reused_by_size(fake: FakeDriver, kind: str) -> None:
    pool = memory_pool()
    first = pool.take(kind, 1024)
    assert pool.take(kind, 1024) != first
    pool.give(kind, 1024, first)
    assert pool.take(kind, 512) != first
    assert pool.take(kind, 1024) == first


def test_unused_memory_is_limited(fake: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "MAX_UNUSED_BYTES", 3000)
    pool = memory_pool()
    places = [pool.take(DEVICE, 1024) for _ in range(4)]
    for place in places:
        pool.give(DEVICE, 1024, place)
    assert fake.held("device") == 2
    pool.drain()
    assert fake.held("device") == 0


def test_the_oldest_unused_memory_is_freed(
    fake: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "MAX_UNUSED_BYTES", 3000)
    pool = memory_pool()
    old, new = pool.take(DEVICE, 2048), pool.take(DEVICE, 1024)
    pool.give(DEVICE, 2048, old)
    pool.give(DEVICE, 1024, new)
    wanted = pool.take(DEVICE, 1024)
    assert wanted == new, "the younger stayed"
    pool.give(DEVICE, 1024, wanted)
    pool.give(DEVICE, 4096, pool.take(DEVICE, 4096))  # more than may ever be kept
    assert fake.held("device") == 1
    pool.drain()
    assert fake.held("device") == 0


def test_memory_in_use_by_the_device_is_not_pooled(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"), pipelined=True)
    made.process(X[:64])
    before = fake.count("cuMemFreeHost")
    fake.fail("cuStreamSynchronize", 900)
    del made
    gc.collect()
    assert fake.count("cuMemFreeHost") > before
    taken = fake.leaks
    memory_pool().drain()
    assert fake.leaks == taken, "nothing was there"


def test_memory_does_not_wait_for_the_compiler(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, begun, end = memory_pool(), threading.Event(), threading.Event()
    real = compiler.compile_cubin

    def slow(*args: Any) -> Any:
        begun.set()
        assert end.wait(60)
        return real(*args)

    monkeypatch.setattr(compiler, "compile_cubin", slow)
    other = threading.Thread(target=lambda: engine(amp(model, backend="cuda")))
    other.start()
    assert begun.wait(60)
    pool.give(DEVICE, 64, pool.take(DEVICE, 64))  # or this would never come back
    end.set()
    other.join()


def test_unused_memory_is_freed_when_memory_is_short(fake: FakeDriver) -> None:
    pool = memory_pool()
    pool.give(DEVICE, 1024, pool.take(DEVICE, 1024))
    fake.fail("cuMemAlloc_v2", 2)
    pool.take(DEVICE, 2048)
    assert fake.held("device") == 1
    fake.fail("cuMemAlloc_v2", 2, times=2)
    with pytest.raises(CudaError, match="cuMemAlloc_v2 failed: CUDA_ERROR_OUT_OF_MEMORY"):
        pool.take(DEVICE, 2048)


def current(fake: FakeDriver) -> int:
    found = ctypes.c_void_p()
    assert fake.library.cuCtxGetCurrent(ctypes.byref(found)) == 0
    return found.value or 0


def test_a_thread_keeps_the_context_it_had(fake: FakeDriver, model: str) -> None:
    fake.devices(2)
    fake.library.cuInit(0)
    other = ctypes.c_void_p()
    fake.library.cuDevicePrimaryCtxRetain(ctypes.byref(other), 1)
    fake.library.cuCtxSetCurrent(other)
    for pipelined in (False, True):
        made = engine(amp(model, backend="cuda"), pipelined=pipelined)
        in_blocks(made, X, 64)
        made.swap(with_gain(model))
        in_blocks(made, X, 64)
        assert made.stats().device is not None
        assert current(fake) == other.value
    assert other.value != driver().context
    fake.library.cuCtxSetCurrent(ctypes.c_void_p(driver().context))
    assert current(fake) != other.value, "the check can fail"
    fake.library.cuCtxSetCurrent(ctypes.c_void_p(None))
