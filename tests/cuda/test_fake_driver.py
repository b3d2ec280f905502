"""The fake driver: asynchronous work, strict checks of arguments, sticky errors."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from .device import SIZE, Device
from .emulator import KEPT
from .fake_driver import FakeDriver


@pytest.fixture
def device() -> Iterator[Device]:
    fake = FakeDriver()
    fake.reset()
    yield Device(fake)
    fake.reset()


def test_work_is_done_when_it_is_waited_for(device: Device) -> None:
    assert device.launch() == 0
    assert np.isnan(device.made).all(), "read too early"
    device("cuStreamSynchronize", device.stream)
    np.testing.assert_array_equal(device.made, 2 * np.arange(SIZE))


def test_work_may_be_asked_for_often(device: Device) -> None:
    device.fake.set_queries(2)
    for value in (1, 2):
        device.heard[:] = value
        assert device.launch() == 0
        answers = [device.result("cuStreamQuery", device.stream)[0] for _ in range(4)]
        assert answers == [600, 600, 0, 0]
        assert (device.made == 2 * value).all()


def test_arguments_are_those_of_the_launch(device: Device) -> None:
    assert device.launch() == 0
    device.args.out = 0
    device("cuStreamSynchronize", device.stream)
    assert device.made[1] == 2


def test_a_graph_launches_what_was_captured(device: Device) -> None:
    device("cuStreamBeginCapture_v2", device.stream, 2)
    assert device.launch() == 0
    graph = device("cuStreamEndCapture", device.stream)
    executable = device("cuGraphInstantiateWithFlags", graph, ctypes.c_ulonglong(0))
    device("cuGraphDestroy", graph)
    device("cuStreamSynchronize", device.stream)
    assert np.isnan(device.made).all(), "captured, not launched"
    for value in (3, 4):
        device.heard[:] = value
        device("cuGraphUpload", executable, device.stream)
        device("cuGraphLaunch", executable, device.stream)
        device("cuStreamSynchronize", device.stream)
        assert (device.made == 2 * value).all()
    assert (device.fake.held("graph"), device.fake.held("executable")) == (0, 1)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_a_capture_suffers_no_allocation_unless_it_says_so(device: Device, mode: int) -> None:
    device("cuStreamBeginCapture_v2", device.stream, mode)
    code = device.result("cuMemAlloc_v2", ctypes.c_size_t(64))[0]
    assert code == (0 if mode == 2 else 900)
    assert device.launch() == (0 if mode == 2 else 901)
    assert device.result("cuStreamEndCapture", device.stream)[0] == (0 if mode == 2 else 901)


def test_waiting_for_a_capture_ends_it(device: Device) -> None:
    assert device.result("cuStreamEndCapture", device.stream)[0] == 401
    device("cuStreamBeginCapture_v2", device.stream, 2)
    assert device.result("cuStreamQuery", device.stream)[0] == 900
    assert device.result("cuStreamEndCapture", device.stream) == (901, 0)


def test_device_memory_is_copied_and_fresh_memory_is_no_numbers(device: Device) -> None:
    at = device("cuMemAlloc_v2", ctypes.c_size_t(4 * SIZE))
    assert at % 256 == 0
    back = np.zeros(SIZE, np.float32)
    data, size = ctypes.c_void_p(back.ctypes.data), ctypes.c_size_t(4 * SIZE)
    device("cuMemcpyDtoH_v2", data, at, size)
    assert np.isnan(back).all()
    device("cuMemsetD8_v2", at, 0, size)
    device("cuMemcpyDtoH_v2", data, at, size)
    assert not back.any()
    back[:] = 5
    device("cuMemcpyHtoD_v2", at, data, size)
    back[:] = 0
    device("cuMemcpyDtoH_v2", data, at, size)
    assert (back == 5).all()
    assert device.result("cuMemcpyHtoD_v2", at + 4, data, size)[0] == 1


def test_a_copy_may_come_later(device: Device) -> None:
    at = device("cuMemAlloc_v2", ctypes.c_size_t(4 * SIZE))
    back, size = np.full(SIZE, 5, np.float32), ctypes.c_size_t(4 * SIZE)
    data = ctypes.c_void_p(back.ctypes.data)
    device("cuMemcpyHtoDAsync_v2", at, data, size, device.stream)
    device("cuMemcpyDtoH_v2", data, at, size)
    assert np.isnan(back).all(), "nobody has waited for it"
    device("cuStreamSynchronize", device.stream)
    device("cuMemcpyDtoH_v2", data, at, size)
    assert (back == 5).all()
    device("cuMemsetD8Async", at, 0, size, device.stream)
    device("cuStreamSynchronize", device.stream)
    device("cuMemcpyDtoH_v2", data, at, size)
    assert not back.any()
    assert device.result("cuMemsetD8Async", at + 4, 0, size, device.stream)[0] == 1


TOUCH = """
import ctypes, sys
sys.path.insert(0, {folder!r})
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.device import Device
device = Device(FakeDriver())
pinned = device.pinned_out, device.out
owned = device("cuMemAlloc_v2", ctypes.c_size_t(64))
ctypes.memset(pinned[0], 0, 4)
print("alive", flush=True)
ctypes.memset({what}, 0, 4)
print("still alive")
"""


@pytest.mark.parametrize("what", ["owned", "pinned[1]"])
def test_a_host_that_touches_device_memory_crashes(device: Device, what: str) -> None:
    folder = str(Path(__file__).parents[2])
    code = TOUCH.format(folder=folder, what=what)
    run = [sys.executable, "-c", code]
    kept = os.environ | {KEPT: str(device.so.parent)}
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, env=kept, check=False)
    assert done.stdout == "alive\n", done.stderr
    assert done.returncode == -signal.SIGSEGV


def test_each_thread_needs_a_context(device: Device) -> None:
    found: list[int] = []
    size = ctypes.c_size_t(64)

    def elsewhere() -> None:
        found.append(device.launch())
        found.append(device.result("cuMemAlloc_v2", size)[0])
        device("cuCtxSetCurrent", device.context)
        found.append(device.launch())

    other = threading.Thread(target=elsewhere)
    other.start()
    other.join()
    assert found == [201, 201, 0]
    device("cuDevicePrimaryCtxRelease_v2", 0)
    assert device.launch() == 201


def refused(device: Device) -> dict[str, tuple[int, Callable[[], int]]]:
    def host_address() -> int:
        device.args.out = device.pinned_out
        return device.launch()

    def numpy_address() -> int:
        device.args.out = np.zeros(SIZE, np.float32).ctypes.data
        return device.launch()

    astray = device("cuModuleGetFunction", device.module, b"astray")

    def behind() -> int:
        device.args.channels = SIZE
        return device.launch(astray) or device.result("cuStreamSynchronize", device.stream)[0]

    def far_behind() -> int:
        device.args.channels = 1 << 20
        return device.launch(astray) or device.result("cuStreamSynchronize", device.stream)[0]

    def allow(size: int) -> int:
        code = device.result("cuFuncSetAttribute", device.twice, 8, size)[0]
        return code or device.launch(shared=size)

    return {
        "no grid": (1, lambda: device.launch(grid=0)),
        "much shared memory": (1, lambda: device.launch(shared=49_153)),
        "much shared memory, asked for": (0, lambda: allow(100_000)),
        "too much": (1, lambda: allow(1 << 20)),
        "no such function": (
            500,
            lambda: device.result("cuModuleGetFunction", device.module, b"other")[0],
        ),
        "no such module": (200, lambda: device.result("cuModuleLoadData", b"\x7fELF\0")[0]),
        "no such stream": (400, lambda: device.result("cuStreamQuery", device.module)[0]),
        "no such device": (101, lambda: device.result("cuDevicePrimaryCtxRetain", 1)[0]),
        "a pinned host address": (719, host_address),
        "another host address": (719, numpy_address),
        "a write past its memory": (719, behind),
        "a write far from it": (719, far_behind),
    }


@pytest.mark.parametrize("number", range(12))
def test_bad_arguments_are_refused(device: Device, number: int) -> None:
    name, (wanted, call) = list(refused(device).items())[number]
    assert call() == wanted, name
    assert bool(device.fake.message) == (wanted == 719)
    assert device.launch() == (719 if wanted == 719 else 0), "what the device meets, stays"


def test_an_error_of_the_device_stays(device: Device) -> None:
    device.fake.fail("cuStreamQuery", 700, after_calls=1)
    assert [device.result("cuStreamQuery", device.stream)[0] for _ in range(3)] == [0, 700, 700]
    assert device.launch() == 700
    before = device.fake.leaks
    assert device.result("cuMemFreeHost", device.pinned_out)[0] == 700
    assert device.fake.leaks == before - 1, "what is given back is given back"
    device.fake.reset()
    assert Device(device.fake).launch() == 0


def test_another_error_passes(device: Device) -> None:
    device.fake.fail("cuMemAlloc_v2", 2)
    size = ctypes.c_size_t(64)
    assert [device.result("cuMemAlloc_v2", size)[0] for _ in range(2)] == [2, 0]
    assert device.fake.count("cuMemAlloc_v2") == 2


def test_what_is_held_is_counted(device: Device) -> None:
    before = device.fake.leaks
    at = device("cuMemAlloc_v2", ctypes.c_size_t(64))
    assert device.fake.leaks == before + 1
    assert (device.fake.held("device"), device.fake.held("pinned")) == (1, 3)
    device("cuMemFree_v2", at)
    assert device.result("cuMemFree_v2", at)[0] == 1
    assert device.fake.leaks == before
    assert (device.fake.held("stream"), device.fake.held("module")) == (1, 1)
    device("cuStreamDestroy_v2", device.stream)
    device("cuModuleUnload", device.module)
    device("cuDevicePrimaryCtxRelease_v2", 0)
    assert not any(map(device.fake.held, ("stream", "module", "context")))


def test_there_may_be_no_device_or_two() -> None:
    fake = FakeDriver()
    fake.reset()
    count = ctypes.c_int()
    assert fake.library.cuDeviceGetCount(ctypes.byref(count)) == 3
    fake.devices(0)
    assert fake.library.cuInit(0) == 100
    fake.devices(2)
    assert fake.library.cuInit(0) == 0
    assert (fake.library.cuDeviceGetCount(ctypes.byref(count)), count.value) == (0, 2)
    fake.reset()


def test_device_attributes(device: Device) -> None:
    name, value = ctypes.create_string_buffer(40), ctypes.c_int()
    device("cuDeviceGetName", name, 40, 0)
    assert name.value == b"Emulated device"
    device("cuDeviceGetAttribute", ctypes.byref(value), 75, 0)
    assert value.value == 9
    text = ctypes.c_char_p()
    device("cuGetErrorName", 719, ctypes.byref(text))
    assert text.value == b"CUDA_ERROR_LAUNCH_FAILED"
    assert device.result("cuGetErrorName", 12345, ctypes.byref(text))[0] == 1
