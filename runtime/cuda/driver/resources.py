"""What one plan holds of the driver: memory, kernels, graphs; given back together."""

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_int, c_size_t, c_uint, c_ulonglong, c_void_p
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....graph import CudaError
from .driver import Driver
from .kernel import CudaKernel
from .memory_pool import DEVICE, PINNED, Loaded, MemoryPool

__all__ = ["Launch", "Pinned", "Resources"]

NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING
RELAXED = 2  # CU_STREAM_CAPTURE_MODE_RELAXED


@dataclass(frozen=True, eq=False)
class Pinned:
    """Memory of the host that the device reads and writes."""

    device: int
    """Its address as the device knows it."""
    host: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Launch:
    """One run of a kernel, with its one argument."""

    kernel: Loaded
    grid: tuple[int, int]
    args: ctypes.Structure


class Resources:
    """Asks the driver for things and gives them all back in ``close``.

    Every method raises ``CudaError``.  ``close`` raises nothing: after an error of the device
    nothing can be given back.
    """

    def __init__(self, driver: Driver, pool: MemoryPool) -> None:
        self.driver, self._pool = driver, pool
        self._held: list[tuple[str, int]] = []
        self._memory: list[tuple[str, int, int]] = []
        made = c_void_p()
        driver.call("cuStreamCreate", byref(made), c_uint(NON_BLOCKING))
        self.stream = self._keep("cuStreamDestroy_v2", made)
        """All that is asked for here is done in its order, and waits for nobody else's work."""

    def allocate(self, nbytes: int) -> int:
        """Get zeros on the device; return their address there."""
        size = max(16, nbytes)
        at = self._take(DEVICE, size)
        clear, zero = "cuMemsetD8Async", ctypes.c_ubyte(0)
        self.driver.call(clear, c_void_p(at), zero, c_size_t(size), c_void_p(self.stream))
        return at

    def upload(self, array: NDArray[np.float32]) -> int:
        """Put a copy of an array on the device; return its address there."""
        place = self.allocate(array.nbytes)
        source = np.ascontiguousarray(array)
        size, stream = c_size_t(source.nbytes), c_void_p(self.stream)
        from_host = c_void_p(source.ctypes.data)
        self.driver.call("cuMemcpyHtoDAsync_v2", c_void_p(place), from_host, size, stream)
        self.synchronize()  # the array may go
        return place

    def pinned(self, nbytes: int) -> Pinned:
        """Get zeros of the host that the device sees."""
        size, seen = max(64, nbytes), c_void_p()
        at = self._take(PINNED, size)
        get = "cuMemHostGetDevicePointer_v2"
        self.driver.call(get, byref(seen), c_void_p(at), c_uint(0))
        view = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(at))
        view[:] = 0
        return Pinned(int(seen.value or 0), view)

    def load(self, kernel: CudaKernel) -> Loaded:
        """Return a kernel that can be launched; others may have loaded it before."""
        return self._pool.kernel(kernel)

    def capture(self, launches: Sequence[Launch]) -> int:
        """Make one graph of launches that follow one another; return what is to be launched."""
        stream = c_void_p(self.stream)
        graph, made = c_void_p(), c_void_p()
        self.driver.call("cuStreamBeginCapture_v2", stream, c_int(RELAXED))
        try:
            for launch in launches:
                self.launch(launch)
            self.driver.call("cuStreamEndCapture", stream, byref(graph))
            self.driver.call("cuGraphInstantiateWithFlags", byref(made), graph, c_ulonglong(0))
            at = self._keep("cuGraphExecDestroy", made)
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
        """Launch a kernel; its argument is copied before this returns."""
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

    def start(self, graph: int) -> None:
        """Launch what ``capture`` made."""
        self.driver.call("cuGraphLaunch", c_void_p(graph), c_void_p(self.stream))

    def synchronize(self) -> None:
        """Wait for all that was asked for; the GIL is free meanwhile."""
        self.driver.call("cuStreamSynchronize", c_void_p(self.stream))

    def close(self) -> None:
        """Give everything back, the youngest first, once the device is done with it."""
        done = self.driver.attempt("cuStreamSynchronize", c_void_p(self.stream)) == 0
        while self._held:
            function, handle = self._held.pop()
            self.driver.attempt(function, c_void_p(handle))
        while self._memory:
            kind, size, at = self._memory.pop()
            if done:
                self._pool.give(kind, size, at)
            else:  # the device may still write there: nobody else may have it
                self.driver.attempt(kind, c_void_p(at))

    def _take(self, kind: str, size: int) -> int:
        at = self._pool.take(kind, size)
        self._memory.append((kind, size, at))
        return at

    def _keep(self, giver: str, made: c_void_p) -> int:
        handle = int(made.value or 0)
        self._held.append((giver, handle))
        return handle
