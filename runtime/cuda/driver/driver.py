"""The CUDA driver as this package needs it: one device, its context, and functions by address.

The driver API is called by address from the native plan, where Python is not; so it is called here
too, through ctypes, and nothing else stands between (CuPy compiles: see ``compiler``).  All
functions are documented in NVIDIA's «CUDA Driver API» under their names.
"""

import ctypes
from ctypes import byref, c_char_p, c_int, c_uint, c_void_p
from typing import Any

from ....graph import CudaError

__all__ = ["MINIMUM_CAPABILITY", "NOT_READY", "Driver"]

NOT_READY = 600  # CUDA_ERROR_NOT_READY: no error, the work is not done yet
MINIMUM_CAPABILITY = (8, 0)
"""cp.async came with compute capability 8.0 (Ampere)."""

_MAJOR, _MINOR, _MULTIPROCESSORS, _SHARED_MOST = 75, 76, 16, 97  # CUdevice_attribute


class Driver:
    """One device's context; every method raises ``CudaError`` with what the driver said.

    Control threads only, and whichever thread collects garbage.  The context is the device's
    primary one, which CuPy and others share.
    """

    def __init__(self, library: Any, ordinal: int = 0) -> None:
        self._library = library
        self._ask("cuInit", c_uint(0))
        count = c_int()
        self._ask("cuDeviceGetCount", byref(count))
        if not 0 <= ordinal < count.value:
            raise CudaError(f"CUDA device {ordinal}: this machine has {count.value}")
        device = c_int()
        self._ask("cuDeviceGet", byref(device), c_int(ordinal))
        self._device = device
        name = ctypes.create_string_buffer(256)
        self._ask("cuDeviceGetName", name, c_int(len(name)), device)
        self.name = name.value.decode(errors="replace")
        self.capability = self.attribute(_MAJOR), self.attribute(_MINOR)
        self.multiprocessors = self.attribute(_MULTIPROCESSORS)
        self.shared_bytes = self.attribute(_SHARED_MOST)
        if self.capability < MINIMUM_CAPABILITY:
            raise CudaError(
                f"{self.name} has compute capability {_dotted(self.capability)}: must be "
                f"{_dotted(MINIMUM_CAPABILITY)} or higher"
            )
        context = c_void_p()
        self._ask("cuDevicePrimaryCtxRetain", byref(context), device)
        self.context = int(context.value or 0)

    @property
    def arch(self) -> str:
        """The architecture kernels are compiled for, as NVRTC names it."""
        return f"sm_{self.capability[0]}{self.capability[1]}"

    def address(self, function: str) -> int:
        """Return where a function of the driver starts, for native code to call."""
        found = ctypes.cast(getattr(self._library, function), c_void_p).value
        assert found is not None
        return found

    def said(self, code: int) -> str:
        """Return an error code in the driver's words."""
        name, text = c_char_p(), c_char_p()
        for function, target in (("cuGetErrorName", name), ("cuGetErrorString", text)):
            getattr(self._library, function)(c_int(code), byref(target))
        words = [w.value.decode(errors="replace") for w in (name, text) if w.value]
        return ": ".join(words) or f"error {code}"

    def call(self, function: str, *args: Any) -> None:
        """Call a function of the driver; ``CudaError`` says what it says."""
        self.check(function, self.attempt(function, *args))

    def check(self, function: str, code: int) -> None:
        """Raise ``CudaError`` if this is not what success looks like."""
        if code:
            raise CudaError(f"CUDA: {function} failed: {self.said(code)}")

    def attempt(self, function: str, *args: Any) -> int:
        """Call a function of the driver and return its code; 0 is success.

        The calling thread has the context for as long, and then again the one it had: others of
        the process may use another device.
        """
        code = int(self._library.cuCtxPushCurrent_v2(c_void_p(self.context)))
        if code:
            return code
        try:
            return int(getattr(self._library, function)(*args))
        finally:
            self._library.cuCtxPopCurrent_v2(byref(c_void_p()))

    def _ask(self, function: str, *args: Any) -> None:
        """Call a function that needs no context."""
        self.check(function, int(getattr(self._library, function)(*args)))

    def attribute(self, number: int) -> int:
        """Return an attribute of the device by its number in ``CUdevice_attribute``."""
        value = c_int()
        self._ask("cuDeviceGetAttribute", byref(value), c_int(number), self._device)
        return value.value


def _dotted(pair: tuple[int, int]) -> str:
    return f"{pair[0]}.{pair[1]}"
