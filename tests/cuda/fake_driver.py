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
    """The hooks of the fake driver, for the whole process: it is the one that ctypes loads."""

    def __init__(self) -> None:
        self.path = build_driver()
        self.library = ctypes.CDLL(str(self.path))
        for name in ("count", "leaks", "held"):
            self.library[f"fake_{name}"].restype = ctypes.c_long
        self._message = self.library["fake_message"]
        self._message.restype = ctypes.c_char_p

    def reset(self) -> None:
        """Begin anew, as in a new process: one device, nothing held, no errors."""
        self.library.fake_reset()

    def set_queries(self, count: int) -> None:
        """Let cuStreamQuery answer "not ready" so often before work is done."""
        self.library.fake_set_queries(count)

    def fail(self, function: str, code: int, after_calls: int = 0, times: int = 1) -> None:
        """Let a function fail, after so many calls; codes of the device (700-719) stay."""
        self.library.fake_fail(function.encode(), after_calls, code, times)

    def count(self, function: str) -> int:
        """Return how often a function was called since the last reset."""
        return int(self.library.fake_count(function.encode()))

    @property
    def leaks(self) -> int:
        """Allocations, on the device and pinned, that were not freed."""
        return int(self.library.fake_leaks())

    def held(self, kind: str) -> int:
        """Count what is not given back.

        A device, pinned, context, module, stream, graph or executable.
        """
        count = int(self.library.fake_held(kind.encode()))
        assert count >= 0, kind
        return count

    def devices(self, count: int) -> None:
        """Let there be so many devices; to be said before cuInit."""
        self.library.fake_devices(count)

    def order(self, defer: bool, seed: int) -> None:
        """Say how kernels are emulated, as ``emulate`` is told."""
        self.library.fake_order(int(defer), seed)

    @property
    def message(self) -> str:
        """What the emulator, or the driver about a launch, caught first."""
        return str(self._message().decode())
