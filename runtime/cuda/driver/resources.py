"""``Resources``: stream, memory and graphs of one plan, freed together.  Control threads only."""

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_int, c_size_t, c_uint, c_ulonglong, c_void_p
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....graph import CudaError
from .driver import Driver
from .kernel import CudaKernel
from .memory_pool import DEVICE, PINNED, LoadedKernel, MemoryPool

__all__ = ["Launch", "Pinned", "Resources"]

NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING
RELAXED = 2  # CU_STREAM_CAPTURE_MODE_RELAXED


@dataclass(frozen=True, eq=False)
class Pinned:
    """Pinned host memory that the device can access."""

    device: int
    """Its device address."""
    host: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Launch:
    """A kernel launch: grid, and the struct that is its only argument."""

    kernel: LoadedKernel
    grid: tuple[int, int]
    args: ctypes.Structure


class Resources:
    """Allocates device resources of one plan; ``close`` frees them all.

    Every method raises ``CudaError``, but for ``close``: after a device error frees fail too.
    """

    def __init__(self, driver: Driver, pool: MemoryPool) -> None:
        self.driver, self._pool = driver, pool
        self._held: list[tuple[str, int]] = []
        self._memory: list[tuple[str, int, int]] = []
        made = c_void_p()
        driver.call("cuStreamCreate", byref(made), c_uint(NON_BLOCKING))
        self.stream = self._own("cuStreamDestroy_v2", made)
        """All work of the plan runs in this stream; it does not synchronize with other streams."""

    def allocate(self, nbytes: int) -> int:
        """Allocate zeroed device memory; return its address."""
        size = max(16, nbytes)
        at = self._take(DEVICE, size)
        clear, zero = "cuMemsetD8Async", ctypes.c_ubyte(0)
        self.driver.call(clear, c_void_p(at), zero, c_size_t(size), c_void_p(self.stream))
        return at

    def upload(self, array: NDArray[np.float32]) -> int:
        """Copy an array to the device; return its address there."""
        place = self.allocate(array.nbytes)
        source = np.ascontiguousarray(array)
        size, stream = c_size_t(source.nbytes), c_void_p(self.stream)
        from_host = c_void_p(source.ctypes.data)
        self.driver.call("cuMemcpyHtoDAsync_v2", c_void_p(place), from_host, size, stream)
        self.synchronize()  # the copy may still read the array
        return place

    def pinned(self, nbytes: int) -> Pinned:
        """Allocate zeroed pinned memory."""
        size, seen = max(64, nbytes), c_void_p()
        at = self._take(PINNED, size)
        get = "cuMemHostGetDevicePointer_v2"
        self.driver.call(get, byref(seen), c_void_p(at), c_uint(0))
        view = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(at))
        view[:] = 0
        return Pinned(int(seen.value or 0), view)

    def load(self, kernel: CudaKernel) -> LoadedKernel:
        """Return a kernel, compiled and loaded on first use."""
        return self._pool.kernel(kernel)

    def capture(self, launches: Sequence[Launch]) -> int:
        """Capture launches, in order, as a CUDA graph; return its executable handle."""
        stream = c_void_p(self.stream)
        graph, made = c_void_p(), c_void_p()
        self.driver.call("cuStreamBeginCapture_v2", stream, c_int(RELAXED))
        try:
            for launch in launches:
                self.launch(launch)
            self.driver.call("cuStreamEndCapture", stream, byref(graph))
            self.driver.call("cuGraphInstantiateWithFlags", byref(made), graph, c_ulonglong(0))
            at = self._own("cuGraphExecDestroy", made)
        except CudaError:
            if not graph:  # the stream may still be capturing
                self.driver.attempt("cuStreamEndCapture", stream, byref(graph))
            raise
        finally:
            if graph:
                self.driver.attempt("cuGraphDestroy", graph)
        self.driver.call("cuGraphUpload", made, stream)
        self.synchronize()
        return at

    def launch(self, launch: Launch) -> None:
        """Launch a kernel; its argument is copied at once."""
        args = (c_void_p * 1)(ctypes.addressof(launch.args))
        numbers = (*launch.grid, 1, launch.kernel.threads, 1, 1, launch.kernel.shared_bytes)
        self.driver.call(
            "cuLaunchKernel",
            c_void_p(launch.kernel.function),
            *map(c_uint, numbers),
            c_void_p(self.stream),
            args,
            c_void_p(None),
        )

    def launch_graph(self, graph: int) -> None:
        """Launch a graph that ``capture`` returned."""
        self.driver.call("cuGraphLaunch", c_void_p(graph), c_void_p(self.stream))

    def synchronize(self) -> None:
        """Wait for the stream, without the GIL."""
        self.driver.call("cuStreamSynchronize", c_void_p(self.stream))

    def close(self) -> None:
        """Wait for the device, then free everything, last allocated first."""
        done = self.driver.attempt("cuStreamSynchronize", c_void_p(self.stream)) == 0
        while self._held:
            function, handle = self._held.pop()
            self.driver.attempt(function, c_void_p(handle))
        while self._memory:
            kind, size, at = self._memory.pop()
            if done:
                self._pool.give(kind, size, at)
            else:  # the device may still write there: not back to the pool
                self.driver.attempt(kind, c_void_p(at))

    def _take(self, kind: str, size: int) -> int:
        at = self._pool.take(kind, size)
        self._memory.append((kind, size, at))
        return at

    def _own(self, destroy: str, made: c_void_p) -> int:
        handle = int(made.value or 0)
        self._held.append((destroy, handle))
        return handle
