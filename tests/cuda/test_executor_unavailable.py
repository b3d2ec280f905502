"""No device, or too little memory: one clear error line, and no leak."""

import gc

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import CudaError
from namgraph.runtime.cuda.driver import compiler
from namgraph.runtime.cuda.driver.device import memory_pool

from .fake_driver import FakeDriver
from .gpu import X, amp, engine, in_blocks, near, on_cpu


def test_everything_allocated_is_freed(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="cuda"))
    assert fake.leaks > 0
    in_blocks(made, X[:128], 64)
    del made
    assert [fake.held(k) for k in ("stream", "graph", "executable")] == [0] * 3
    memory_pool().drain()
    assert fake.leaks == 0
    assert fake.held("module") == 1, "kernels stay"


def test_without_a_device_there_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, fake: FakeDriver, model: str
) -> None:
    fake.devices(0)
    said = r"^amp: CUDA: cuInit failed: CUDA_ERROR_NO_DEVICE: .*: must play on the host \(backend"
    with pytest.raises(CudaError, match=said):
        engine(amp(model, backend="cuda"))
    made = in_blocks(engine(amp(model, backend="auto")), X, 64)
    np.testing.assert_array_equal(made, on_cpu(model))


def test_without_a_compiler_auto_is_the_cpu(
    fake: FakeDriver, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        compiler, "unavailable_reason", lambda: "no CUDA compiler: pip install cupy"
    )
    made = in_blocks(engine(amp(model, backend="auto")), X, 64)
    np.testing.assert_array_equal(made, on_cpu(model))
    with pytest.raises(CudaError, match=r"no CUDA compiler: pip install cupy: must be"):
        engine(amp(model, backend="cuda"))


def test_auto_is_the_cpu_where_the_device_cannot(fake: FakeDriver, model: str) -> None:
    fake.fail("cuMemAlloc_v2", 2, times=2)
    with pytest.warns(RuntimeWarning, match=r"^amp: on the CPU: amp: CUDA: cuMemAlloc_v2 failed"):
        made = engine(amp(model, backend="auto"))
    np.testing.assert_array_equal(in_blocks(made, X, 64), on_cpu(model))
    fake.fail("cuMemAlloc_v2", 2, times=2)
    with pytest.raises(CudaError, match=r"^amp: CUDA: cuMemAlloc_v2 failed: .* \(backend auto or"):
        engine(amp(model, backend="cuda"))
    memory_pool().drain()
    assert fake.leaks == 0


@pytest.mark.filterwarnings("ignore:idle gets no input")  # on purpose
def test_after_a_lost_context_auto_is_the_cpu(fake: FakeDriver, model: str) -> None:
    made = engine(amp(model, backend="auto"), fade_s=0.001)
    before = in_blocks(made, X[:640], 64)
    fake.fail("cuStreamQuery", 719)
    middle = in_blocks(made, X[640:1280], 64)
    again = made.graph.copy()
    again.add("idle", ng.Gain())
    with pytest.warns(RuntimeWarning, match="amp: on the CPU"):
        made.swap(again)
    after = in_blocks(made, X[1280:], 64)
    wanted = on_cpu(model)
    assert near(np.concatenate([before, middle]), wanted[:1280])
    assert near(after[100:], wanted[1380:])


FAILING = [
    "cuMemAlloc_v2",
    "cuMemHostAlloc",
    "cuMemHostGetDevicePointer_v2",
    "cuMemsetD8Async",
    "cuMemcpyHtoDAsync_v2",
    "cuModuleLoadData",
    "cuModuleGetFunction",
    "cuFuncSetAttribute",
    "cuStreamCreate",
    "cuStreamBeginCapture_v2",
    "cuStreamEndCapture",
    "cuLaunchKernel",
    "cuGraphInstantiateWithFlags",
    "cuGraphUpload",
    "cuGraphLaunch",
    "cuStreamQuery",
    "cuStreamSynchronize",
]


@pytest.mark.parametrize("function", FAILING)
def test_a_failed_plan_leaks_nothing(fake: FakeDriver, model: str, function: str) -> None:
    made, said = engine(amp(model)), list[str]()
    for after_calls in range(3):
        memory_pool().drain()
        fake.fail(function, 2, after_calls, times=2 if "Alloc" in function else 1)
        again = amp(model, backend="cuda")
        try:
            made.swap(again)
        except CudaError as error:
            said.append(str(error))
        for _ in range(2):
            made.swap(amp(model))
            in_blocks(made, X[:1280], 64)
    made.stats()
    assert said
    assert all(line.startswith("amp: ") for line in said)
    gc.collect()
    memory_pool().drain()
    kinds = ("device", "pinned", "stream", "graph", "executable")
    assert {kind: fake.held(kind) for kind in kinds} == dict.fromkeys(kinds, 0)
