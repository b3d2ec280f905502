"""What outlives a plan: kernels, and memory that the next plan is likely to want.

A plan is made, and its predecessor given up, while the audio thread launches.  To load a kernel, to
allocate and to free make the driver wait for the device and hold its locks, and whoever launches
meanwhile waits for them.  A rack that changes between the same amps does none of this twice.
"""

import threading
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint, c_void_p
from dataclasses import dataclass

from ....graph import CudaError
from . import compiler
from .driver import Driver
from .kernel import CudaKernel

__all__ = ["DEVICE", "KEPT_BYTES", "PINNED", "Loaded", "MemoryPool"]

DEVICE, PINNED = "cuMemFree_v2", "cuMemFreeHost"
"""Kinds of memory, by the function that gives them back."""
KEPT_BYTES = 256 << 20
"""Of each kind: what would be more is given back to the driver."""

DYNAMIC_SHARED = 8  # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
PORTABLE, MAPPED = 1, 2  # CU_MEMHOSTALLOC_PORTABLE, CU_MEMHOSTALLOC_DEVICEMAP
ALLOCATES: dict[str, tuple[str, tuple[int, ...]]] = {
    DEVICE: ("cuMemAlloc_v2", ()),
    PINNED: ("cuMemHostAlloc", (MAPPED | PORTABLE,)),
}
"""Who makes each kind of memory, and with which flags."""
OUT_OF_MEMORY = 2  # CUDA_ERROR_OUT_OF_MEMORY


@dataclass(frozen=True, eq=False)
class Loaded:
    """A kernel that can be launched."""

    function: int
    threads: int
    shared_bytes: int


class MemoryPool:
    """Kernels and unused memory of one device's context; from any control thread.

    Kernels stay loaded as long as the process lives: there is one for each shape of a network.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._kernels: dict[CudaKernel, Loaded] = {}
        self._free: dict[tuple[str, int], list[int]] = {}
        self._kept = {DEVICE: 0, PINNED: 0}
        # Whatever is collected as garbage meanwhile may give its memory back in this very thread.
        self._lock = threading.RLock()
        self._loading = threading.RLock()  # to compile takes long, and memory does not wait for it

    def kernel(self, kernel: CudaKernel) -> Loaded:
        """Return a kernel, compiled and loaded once; ``CudaError`` if the device cannot have it."""
        with self._loading:
            if kernel not in self._kernels:
                self._kernels[kernel] = self._load(kernel)
            return self._kernels[kernel]

    def take(self, kind: str, nbytes: int) -> int:
        """Return memory of this kind and exactly this size, whatever there is in it."""
        with self._lock:
            free = self._free.get((kind, nbytes))
            if free:
                self._kept[kind] -= nbytes
                return free.pop()
        return self._allocate(kind, nbytes)

    def give(self, kind: str, nbytes: int, place: int) -> None:
        """Take memory back that nobody uses any more, the device neither; raises nothing.

        Where there is too much, what nobody has wanted for longest goes.
        """
        over = [(kind, place)]
        with self._lock:
            if nbytes <= KEPT_BYTES:
                self._free.setdefault((kind, nbytes), []).append(place)
                self._free[kind, nbytes] = self._free.pop((kind, nbytes))  # the youngest
                self._kept[kind] += nbytes
                over = self._too_much(kind)
        for function, unwanted in over:
            self._driver.attempt(function, c_void_p(unwanted))

    def drain(self) -> None:
        """Give all unused memory back to the driver; raises nothing."""
        with self._lock:
            nothing = dict.fromkeys(self._kept, 0)
            free, self._free, self._kept = self._free, {}, nothing
        for (kind, _), places in free.items():
            for place in places:
                self._driver.attempt(kind, c_void_p(place))

    def _too_much(self, kind: str) -> list[tuple[str, int]]:
        """Forget what is more than may be kept; return it."""
        over = []
        for (of, nbytes), places in list(self._free.items()):
            while of == kind and places and self._kept[kind] > KEPT_BYTES:
                over.append((kind, places.pop(0)))
                self._kept[kind] -= nbytes
            if not places:
                del self._free[of, nbytes]
        return over

    def _allocate(self, kind: str, nbytes: int) -> int:
        place, (function, flags) = c_void_p(), ALLOCATES[kind]
        size = c_size_t(nbytes)
        code = self._driver.attempt(function, byref(place), size, *map(c_uint, flags))
        if code == OUT_OF_MEMORY:  # perhaps what is kept is what is missing
            self.drain()
            code = self._driver.attempt(function, byref(place), size, *map(c_uint, flags))
        self._driver.check(function, code)
        return int(place.value or 0)

    def _load(self, kernel: CudaKernel) -> Loaded:
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
        return Loaded(int(function.value or 0), kernel.threads, kernel.shared_bytes)
