"""Compiles CUDA C++ to cubins with NVRTC, found through CuPy; cached on disk (``disk_cache``).

Needs neither a device nor a driver.  Any control thread.
"""

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from typing import Any

from ....graph.errors import CudaError
from ....graph.extras import how_to_install
from .disk_cache import read_cached, write_cached
from .kernel import CudaKernel

__all__ = ["MIN_ARCH", "Cubin", "compile_cubin", "known_archs", "unavailable_reason"]

MIN_ARCH = 80
"""Compute capability 8.0: the first with asynchronous copies to shared memory (cp.async)."""
OPTIONS = (
    "--std=c++17",
    "--fmad=false",  # kernels call fmaf where they fuse, so results do not depend on the compiler
    "--ptxas-options=-v",
)
USED = re.compile(r"Used (\d+) registers")
SPILLED = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")
ARCH = re.compile(r"sm_(\d+)[af]?")


@dataclass(frozen=True)
class Cubin:
    """Machine code of one kernel for one architecture, and its register use."""

    image: bytes
    registers: int
    spills: int
    """Bytes spilled from registers to local memory, stores plus loads."""
    log: str


def compile_cubin(kernel: CudaKernel, arch: str) -> Cubin:
    """Return a kernel compiled for an architecture, such as "sm_90", or read from the disk cache.

    Raises ``CudaError`` if NVRTC is missing, does not support the architecture, or reports an
    error in the source.
    """
    _check_arch(arch)
    nvrtc = _nvrtc()
    key = _key(kernel, arch, nvrtc.getVersion())
    found = read_cached(key)
    if found is None:
        found = _compiled(nvrtc, kernel, arch)
        write_cached(key, *found)
    image, log = found
    used, spilled = USED.search(log), SPILLED.search(log)
    return Cubin(
        image=image,
        registers=int(used[1]) if used else 0,
        spills=int(spilled[1]) + int(spilled[2]) if spilled else 0,
        log=log,
    )


@cache
def unavailable_reason() -> str:
    """Return why NVRTC cannot be used, or "" if it can."""
    try:
        _nvrtc()
    except CudaError as error:
        return str(error)
    return ""


def known_archs() -> tuple[int, ...]:
    """Return the architectures that NVRTC supports (90 is "sm_90"), oldest first.

    Raises ``CudaError`` if NVRTC is missing.
    """
    return tuple(sorted(n for n in _nvrtc().getSupportedArchs() if n >= MIN_ARCH))


def _check_arch(arch: str) -> None:
    found = ARCH.fullmatch(arch)
    if found is None:
        raise CudaError(f"the architecture is {arch!r}: must be as sm_90")
    if int(found[1]) < MIN_ARCH:
        raise CudaError(f"the device's architecture is {arch}: must be sm_{MIN_ARCH} or later")


def _nvrtc() -> Any:
    """Return CuPy's NVRTC bindings, without ``import cupy``, which looks for a device."""
    try:
        nvrtc = import_module("cupy_backends.cuda.libs.nvrtc")
        nvrtc.getVersion()
    except Exception as error:  # a missing library raises many types
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise CudaError(f"no CUDA compiler ({reason}): {how_to_install('cuda')}") from error
    return nvrtc


def _key(kernel: CudaKernel, arch: str, version: tuple[int, int]) -> str:
    parts = (kernel.source, kernel.entry, arch, *OPTIONS, *map(str, version))
    return sha256("\0".join(parts).encode()).hexdigest()


def _compiled(nvrtc: Any, kernel: CudaKernel, arch: str) -> tuple[bytes, str]:
    program = nvrtc.createProgram(kernel.source, f"{kernel.entry}.cu", [], [])
    try:
        try:
            nvrtc.compileProgram(program, [f"--gpu-architecture={arch}", *OPTIONS])
        except nvrtc.NVRTCError as error:
            lines = _log_text(nvrtc.getProgramLog(program)).splitlines()
            reason = next((line for line in lines if "error" in line), str(error))
            raise CudaError(
                f"the kernel {kernel.entry} does not compile for {arch}: {reason}"
            ) from error
        # CuPy strips the image's last zero byte, as if it ended a string.
        return bytes(nvrtc.getCUBIN(program)) + b"\0", _log_text(nvrtc.getProgramLog(program))
    finally:
        nvrtc.destroyProgram(program)


def _log_text(log: str) -> str:
    """Return a log without empty lines and without compile times, which differ in every run."""
    lines = [line.strip() for line in log.rstrip("\0").splitlines()]
    return "\n".join(line for line in lines if line and "Compile time" not in line)
