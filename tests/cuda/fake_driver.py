"""A libcuda that needs no GPU: built from shim/driver.cpp, with hooks for tests."""

import ctypes
import sys
from pathlib import Path

import pytest

from .emulator import SHIM, compiled

__all__ = ["FakeDriver", "build_driver", "image"]


def build_driver() -> Path:
    """Compile the fake driver; return the library to be loaded in place of libcuda."""
    if sys.platform != "linux":
        pytest.skip("the fake driver maps pinned memory twice as only Linux can")
    return compiled((SHIM / "driver.cpp").read_text(encoding="utf-8"), ("-O0", "-pthread", "-ldl"))


def image(so: Path) -> bytes:
    """Return the module image that stands for an emulated library."""
    return b"emulated:" + str(so).encode() + b"\0"


class FakeDriver:
    """Test hooks of the fake driver; one for the whole process."""

    def __init__(self) -> None:
        self.path = build_driver()
        self.library = ctypes.CDLL(str(self.path))
        for name in ("count", "leaks", "held"):
            self.library[f"fake_{name}"].restype = ctypes.c_long
        self._message = self.library["fake_message"]
        self._message.restype = ctypes.c_char_p

    def reset(self) -> None:
        """Reset to the state of a new process: one device, nothing allocated, no errors."""
        self.library.fake_reset()

    def set_queries(self, count: int) -> None:
        """Let cuStreamQuery return "not ready" ``count`` times before work is done."""
        self.library.fake_set_queries(count)

    def fail(self, function: str, code: int, after_calls: int = 0, times: int = 1) -> None:
        """Let a function fail after ``after_calls`` calls; device errors (700-719) are sticky."""
        self.library.fake_fail(function.encode(), after_calls, code, times)

    def count(self, function: str) -> int:
        """Return the number of calls of a function since the last reset."""
        return int(self.library.fake_count(function.encode()))

    @property
    def leaks(self) -> int:
        """Allocations, on the device and pinned, that were not freed."""
        return int(self.library.fake_leaks())

    def held(self, kind: str) -> int:
        """Return how many objects of a kind are not freed.

        Kinds: device, pinned, context, module, stream, graph, executable.
        """
        count = int(self.library.fake_held(kind.encode()))
        assert count >= 0, kind
        return count

    def devices(self, count: int) -> None:
        """Set the number of devices; before cuInit."""
        self.library.fake_devices(count)

    def order(self, defer: bool, seed: int) -> None:
        """Set ``defer`` and ``seed`` of the emulation, see ``emulator.emulate``."""
        self.library.fake_order(int(defer), seed)

    @property
    def message(self) -> str:
        """First error that the emulator or the launch check detected."""
        return str(self._message().decode())
