"""A context, stream, module and memory of the fake driver, for tests of the driver itself."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

import namgraph

from .arguments import Block, OpArgs
from .emulator import build
from .fake_driver import FakeDriver, image

__all__ = ["SIZE", "Device"]

COMMON = (Path(namgraph.__file__).parent / "runtime/cuda/common.cuh").read_text(encoding="utf-8")
KERNELS = """
extern "C" __global__ void twice(const OpArgs args) {
    for (int i = threadIdx.x; i < args.block->frames; i += blockDim.x)
        args.out[i] = 2 * args.in[i];
}
extern "C" __global__ void astray(const OpArgs args) { args.out[args.channels] = 1; }
"""
SIZE = 64
Handle = ctypes.c_void_p
OUTS = {
    "cuDevicePrimaryCtxRetain",
    "cuCtxGetCurrent",
    "cuMemAlloc_v2",
    "cuMemHostAlloc",
    "cuMemHostGetDevicePointer_v2",
    "cuModuleLoadData",
    "cuModuleGetFunction",
    "cuStreamCreate",
    "cuStreamEndCapture",
    "cuGraphInstantiateWithFlags",
}


class Device:
    """A fake driver with context, module, stream and buffers for launches."""

    def __init__(self, fake: FakeDriver) -> None:
        self.fake, self.library = fake, fake.library
        self("cuInit", 0)
        self.context = self("cuDevicePrimaryCtxRetain", 0)
        self("cuCtxSetCurrent", self.context)
        self.so = build(COMMON + KERNELS, ["twice", "astray"])
        self.module = self("cuModuleLoadData", image(self.so))
        self.twice = self("cuModuleGetFunction", self.module, b"twice")
        self.stream = self("cuStreamCreate", 1)
        self.block, block = self.pinned(ctypes.sizeof(Block))
        Block.from_address(self.block).__init__(SIZE)  # type: ignore[misc]
        self.pinned_in, source = self.pinned(4 * SIZE)
        self.pinned_out, self.out = self.pinned(4 * SIZE)
        self.args = OpArgs(block=block, out=self.out, channels=24_000)
        setattr(self.args, "in", source)
        self.heard, self.made = self.floats(self.pinned_in), self.floats(self.pinned_out)
        self.heard[:] = np.arange(SIZE)

    def result(self, name: str, *values: Any) -> tuple[int, int]:
        """Call a driver function; return its code, and the handle it creates, if any."""
        made = Handle(0)
        given = [Handle(v) if isinstance(v, int) and v >= 1 << 32 else v for v in values]
        first = [ctypes.byref(made)] if name in OUTS and name != "cuStreamEndCapture" else []
        last = [ctypes.byref(made)] if name == "cuStreamEndCapture" else []
        return self.library[name](*first, *given, *last), made.value or 0

    def __call__(self, name: str, *values: Any) -> int:
        code, made = self.result(name, *values)
        assert code == 0, (name, code, self.fake.message)
        return made

    def pinned(self, size: int) -> tuple[int, int]:
        host = self("cuMemHostAlloc", ctypes.c_size_t(size), 2)
        return host, self("cuMemHostGetDevicePointer_v2", host, 0)

    def floats(self, address: int) -> Any:
        return np.ctypeslib.as_array((ctypes.c_float * SIZE).from_address(address))

    def launch(self, function: int = 0, grid: int = 1, shared: int = 0) -> int:
        pointers = (Handle * 1)(ctypes.addressof(self.args))
        sizes = (grid, 1, 1, 32, 1, 1, shared)
        values = (function or self.twice, *sizes, self.stream, pointers, None)
        return self.result("cuLaunchKernel", *values)[0]
