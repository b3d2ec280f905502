"""ctypes binding of the CUDA driver API: one device, its context, function addresses.

The audio thread calls the driver by address from native code, without Python; control threads call
it through the same library here.  NVIDIA's «CUDA Driver API» documents all functions by name.
"""

import ctypes
from ctypes import byref, c_char_p, c_int, c_uint, c_void_p
from typing import Any

from ....graph import CudaError

__all__ = ["MINIMUM_CAPABILITY", "NOT_READY", "Driver", "DriverLibrary", "capability_refusal"]

NOT_READY = 600  # CUDA_ERROR_NOT_READY: the stream has unfinished work
MINIMUM_CAPABILITY = (8, 0)
"""cp.async came with compute capability 8.0 (Ampere)."""

_MAJOR, _MINOR, _MULTIPROCESSORS, _MAX_SHARED = 75, 76, 16, 97  # CUdevice_attribute


class DriverLibrary:
    """libcuda, initialised: what it says of the devices, without opening one.  Control threads.

    Every method raises ``CudaError`` with the driver's message.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self._call("cuInit", c_uint(0))

    def count(self) -> int:
        """Return the number of devices."""
        count = c_int()
        self._call("cuDeviceGetCount", byref(count))
        return count.value

    def device(self, ordinal: int) -> c_int:
        """Return the handle of a device by its number, counted from 0."""
        device = c_int()
        self._call("cuDeviceGet", byref(device), c_int(ordinal))
        return device

    def device_name(self, device: c_int) -> str:
        """Return the name of a device."""
        name = ctypes.create_string_buffer(256)
        self._call("cuDeviceGetName", name, c_int(len(name)), device)
        return name.value.decode(errors="replace")

    def device_memory(self, device: c_int) -> int:
        """Return the memory of a device in bytes."""
        count = ctypes.c_size_t()
        self._call("cuDeviceTotalMem_v2", byref(count), device)
        return count.value

    def device_capability(self, device: c_int) -> tuple[int, int]:
        """Return the compute capability of a device."""
        return self.device_attribute(_MAJOR, device), self.device_attribute(_MINOR, device)

    def device_attribute(self, number: int, device: c_int) -> int:
        """Return an attribute of a device by its number in ``CUdevice_attribute``."""
        value = c_int()
        self._call("cuDeviceGetAttribute", byref(value), c_int(number), device)
        return value.value

    def format_error(self, code: int) -> str:
        """Return the driver's name and description of an error code."""
        name, text = c_char_p(), c_char_p()
        for function, target in (("cuGetErrorName", name), ("cuGetErrorString", text)):
            getattr(self._library, function)(c_int(code), byref(target))
        words = [w.value.decode(errors="replace") for w in (name, text) if w.value]
        return ": ".join(words) or f"error {code}"

    def check(self, function: str, code: int) -> None:
        """Raise ``CudaError`` if ``code`` is not 0."""
        if code:
            raise CudaError(f"CUDA: {function} failed: {self.format_error(code)}")

    def _call(self, function: str, *args: Any) -> None:
        """Call a function that needs no context."""
        self.check(function, int(getattr(self._library, function)(*args)))


class Driver(DriverLibrary):
    """One device's primary context, which CuPy and PyTorch use too.

    Control threads only, and any thread that runs the garbage collector.  Every method but
    ``attempt`` raises ``CudaError`` with the driver's message.
    """

    def __init__(self, library: Any, ordinal: int = 0) -> None:
        super().__init__(library)
        count = self.count()
        if not 0 <= ordinal < count:
            raise CudaError(f"CUDA device {ordinal}: this machine has {count}")
        device = self._device = self.device(ordinal)
        self.name = self.device_name(device)
        self.capability = self.device_capability(device)
        self.multiprocessors = self.attribute(_MULTIPROCESSORS)
        self.shared_bytes = self.attribute(_MAX_SHARED)
        if refusal := capability_refusal(self.capability):
            raise CudaError(f"{self.name} has {refusal}")
        context = c_void_p()
        self._call("cuDevicePrimaryCtxRetain", byref(context), device)
        self.context = int(context.value or 0)

    @property
    def arch(self) -> str:
        """The architecture kernels are compiled for, such as "sm_90"."""
        return f"sm_{self.capability[0]}{self.capability[1]}"

    def address(self, function: str) -> int:
        """Return the address of a driver function, for native code."""
        found = ctypes.cast(getattr(self._library, function), c_void_p).value
        assert found is not None
        return found

    def call(self, function: str, *args: Any) -> None:
        """Call a driver function; raise ``CudaError`` if it fails."""
        self.check(function, self.attempt(function, *args))

    def attempt(self, function: str, *args: Any) -> int:
        """Call a driver function with this context current; return its code, 0 for success.

        The thread's previous context is current again afterwards.
        """
        code = int(self._library.cuCtxPushCurrent_v2(c_void_p(self.context)))
        if code:
            return code
        try:
            return int(getattr(self._library, function)(*args))
        finally:
            self._library.cuCtxPopCurrent_v2(byref(c_void_p()))

    def attribute(self, number: int) -> int:
        """Return an attribute of the device by its number in ``CUdevice_attribute``."""
        return self.device_attribute(number, self._device)


def capability_refusal(capability: tuple[int, int]) -> str:
    """Return why a compute capability is too low, or ""."""
    if capability >= MINIMUM_CAPABILITY:
        return ""
    least = _dotted(MINIMUM_CAPABILITY)
    return f"compute capability {_dotted(capability)}: must be {least} or higher"


def _dotted(pair: tuple[int, int]) -> str:
    return f"{pair[0]}.{pair[1]}"
