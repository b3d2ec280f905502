"""Pool of loaded kernels and unused memory of a device, shared by successive plans.

Plans are built and freed while the audio thread launches.  Loading a kernel, allocating and freeing
take the driver's locks and may wait for the device, which would delay those launches.  With the
pool, swaps between the same graphs do none of these twice.
"""

import threading
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint, c_void_p
from dataclasses import dataclass

from ....graph import CudaError
from . import compiler
from .driver import Driver
from .kernel import CudaKernel

__all__ = ["DEVICE", "MAX_UNUSED_BYTES", "PINNED", "LoadedKernel", "MemoryPool"]

DEVICE, PINNED = "cuMemFree_v2", "cuMemFreeHost"
"""Kinds of memory, named after the driver function that frees them."""
MAX_UNUSED_BYTES = 256 << 20
"""Limit of unused memory of each kind; more is freed."""

DYNAMIC_SHARED = 8  # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
PORTABLE, MAPPED = 1, 2  # CU_MEMHOSTALLOC_PORTABLE, CU_MEMHOSTALLOC_DEVICEMAP
ALLOCATES: dict[str, tuple[str, tuple[int, ...]]] = {
    DEVICE: ("cuMemAlloc_v2", ()),
    PINNED: ("cuMemHostAlloc", (MAPPED | PORTABLE,)),
}
"""Driver function and flags that allocate each kind."""
OUT_OF_MEMORY = 2  # CUDA_ERROR_OUT_OF_MEMORY


@dataclass(frozen=True, eq=False)
class LoadedKernel:
    """A kernel loaded into the context, ready to launch."""

    function: int
    threads: int
    shared_bytes: int


class MemoryPool:
    """Loaded kernels and unused memory of one device's context.  Any control thread.

    Kernels stay loaded until the process ends: there is one for each shape of a network.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._kernels: dict[CudaKernel, LoadedKernel] = {}
        self._free: dict[tuple[str, int], list[int]] = {}
        self._unused_bytes = {DEVICE: 0, PINNED: 0}
        # Reentrant: the garbage collector may call give() in this thread while the lock is held.
        self._lock = threading.RLock()
        self._loading = threading.RLock()  # separate: allocation does not wait for a compilation

    def kernel(self, kernel: CudaKernel) -> LoadedKernel:
        """Return a kernel, compiled and loaded on first use; raises ``CudaError`` if that fails."""
        with self._loading:
            if kernel not in self._kernels:
                self._kernels[kernel] = self._load(kernel)
            return self._kernels[kernel]

    def take(self, kind: str, nbytes: int) -> int:
        """Return uninitialized memory of this kind and size, by address; raises ``CudaError``."""
        with self._lock:
            free = self._free.get((kind, nbytes))
            if free:
                self._unused_bytes[kind] -= nbytes
                return free.pop()
        return self._allocate(kind, nbytes)

    def give(self, kind: str, nbytes: int, place: int) -> None:
        """Return memory that neither host nor device uses any more; raises nothing.

        Beyond ``MAX_UNUSED_BYTES`` the sizes unused for longest are freed.
        """
        over = [(kind, place)]
        with self._lock:
            if nbytes <= MAX_UNUSED_BYTES:
                self._free.setdefault((kind, nbytes), []).append(place)
                self._free[kind, nbytes] = self._free.pop((kind, nbytes))  # most recently used
                self._unused_bytes[kind] += nbytes
                over = self._evict(kind)
        for function, evicted in over:
            self._driver.attempt(function, c_void_p(evicted))

    def drain(self) -> None:
        """Free all unused memory; raises nothing."""
        with self._lock:
            nothing = dict.fromkeys(self._unused_bytes, 0)
            free, self._free, self._unused_bytes = self._free, {}, nothing
        for (kind, _), places in free.items():
            for place in places:
                self._driver.attempt(kind, c_void_p(place))

    def _evict(self, kind: str) -> list[tuple[str, int]]:
        """Remove what exceeds the limit from the pool; return it, to be freed."""
        over = []
        for (of, nbytes), places in list(self._free.items()):
            while of == kind and places and self._unused_bytes[kind] > MAX_UNUSED_BYTES:
                over.append((kind, places.pop(0)))
                self._unused_bytes[kind] -= nbytes
            if not places:
                del self._free[of, nbytes]
        return over

    def _allocate(self, kind: str, nbytes: int) -> int:
        place, (function, flags) = c_void_p(), ALLOCATES[kind]
        size = c_size_t(nbytes)
        code = self._driver.attempt(function, byref(place), size, *map(c_uint, flags))
        if code == OUT_OF_MEMORY:  # unused memory may be enough
            self.drain()
            code = self._driver.attempt(function, byref(place), size, *map(c_uint, flags))
        self._driver.check(function, code)
        return int(place.value or 0)

    def _load(self, kernel: CudaKernel) -> LoadedKernel:
        driver = self._driver
        if kernel.shared_bytes > driver.shared_bytes:
            raise CudaError(
                f"{kernel.entry} needs {kernel.shared_bytes} bytes of shared memory: "
                f"{driver.name} has {driver.shared_bytes} for a block"
            )
        image = compiler.compile_cubin(kernel, driver.arch).image
        module, function = c_void_p(), c_void_p()
        driver.call("cuModuleLoadData", byref(module), c_char_p(image))
        try:
            entry, shared = c_char_p(kernel.entry.encode()), c_int(kernel.shared_bytes)
            driver.call("cuModuleGetFunction", byref(function), module, entry)
            driver.call("cuFuncSetAttribute", function, c_int(DYNAMIC_SHARED), shared)
        except CudaError:
            driver.attempt("cuModuleUnload", module)
            raise
        return LoadedKernel(int(function.value or 0), kernel.threads, kernel.shared_bytes)
