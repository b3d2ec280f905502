"""From a kernel's text to what a device runs, by NVIDIA's compiler as a library (NVRTC).

This needs no device and no driver: only CuPy, which finds the library.  What was compiled is kept
on disk (kept.py).
"""

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from typing import Any

from ....graph.errors import CudaError
from ....graph.extras import how_to_install
from .disk_cache import keep, kept
from .kernel import CudaKernel

__all__ = ["OLDEST", "Cubin", "compile_cubin", "known_archs", "missing"]

OLDEST = 80
"""The first architecture (compute capability 8.0) that copies to shared memory on its own."""
OPTIONS = (
    "--std=c++17",
    "--fmad=false",  # kernels say where they fuse: results are no matter of a compiler's mood
    "--ptxas-options=-v",
)
USED = re.compile(r"Used (\d+) registers")
SPILLED = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")
ARCH = re.compile(r"sm_(\d+)[af]?")


@dataclass(frozen=True)
class Cubin:
    """Machine code for one architecture, and what a thread of it takes."""

    image: bytes
    registers: int
    spills: int
    """Bytes that did not fit into registers; 0 is as it should be."""
    log: str


def compile_cubin(kernel: CudaKernel, arch: str) -> Cubin:
    """Return a kernel compiled for an architecture, such as "sm_90"; a second time from disk.

    Raises ``CudaError`` if the compiler is missing, does not know the architecture, or refuses
    the text.
    """
    _check_arch(arch)
    nvrtc = _nvrtc()
    key = _key(kernel, arch, nvrtc.getVersion())
    found = kept(key)
    if found is None:
        found = _compiled(nvrtc, kernel, arch)
        keep(key, *found)
    image, log = found
    used, spilled = USED.search(log), SPILLED.search(log)
    return Cubin(
        image=image,
        registers=int(used[1]) if used else 0,
        spills=int(spilled[1]) + int(spilled[2]) if spilled else 0,
        log=log,
    )


@cache
def missing() -> str:
    """Return why nothing can be compiled here, or nothing if it can."""
    try:
        _nvrtc()
    except CudaError as error:
        return str(error)
    return ""


def known_archs() -> tuple[int, ...]:
    """Return the architectures that the compiler at hand knows (90 is "sm_90"), oldest first.

    Raises ``CudaError`` if there is none.
    """
    return tuple(sorted(n for n in _nvrtc().getSupportedArchs() if n >= OLDEST))


def _check_arch(arch: str) -> None:
    found = ARCH.fullmatch(arch)
    if found is None:
        raise CudaError(f"the architecture is {arch!r}: must be as sm_90")
    if int(found[1]) < OLDEST:
        raise CudaError(f"the device's architecture is {arch}: must be sm_{OLDEST} or later")


def _nvrtc() -> Any:
    """Return CuPy's way to NVRTC: without its front door, which looks for a device."""
    try:
        nvrtc = import_module("cupy_backends.cuda.libs.nvrtc")
        nvrtc.getVersion()
    except Exception as error:  # a missing library comes in many kinds
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise CudaError(f"no CUDA compiler ({reason}): {how_to_install('cuda')}") from error
    return nvrtc


def _key(kernel: CudaKernel, arch: str, version: tuple[int, int]) -> str:
    said = (kernel.source, kernel.entry, arch, *OPTIONS, *map(str, version))
    return sha256("\0".join(said).encode()).hexdigest()


def _compiled(nvrtc: Any, kernel: CudaKernel, arch: str) -> tuple[bytes, str]:
    program = nvrtc.createProgram(kernel.source, f"{kernel.entry}.cu", [], [])
    try:
        try:
            nvrtc.compileProgram(program, [f"--gpu-architecture={arch}", *OPTIONS])
        except nvrtc.NVRTCError as error:
            lines = _lines(nvrtc.getProgramLog(program)).splitlines()
            reason = next((line for line in lines if "error" in line), str(error))
            raise CudaError(
                f"the kernel {kernel.entry} does not compile for {arch}: {reason}"
            ) from error
        # CuPy takes the last zero of the image for the end of a text: the file would be one short.
        return bytes(nvrtc.getCUBIN(program)) + b"\0", _lines(nvrtc.getProgramLog(program))
    finally:
        nvrtc.destroyProgram(program)


def _lines(log: str) -> str:
    """Return a log's lines, but for those that are never twice the same."""
    lines = [line.strip() for line in log.rstrip("\0").splitlines()]
    return "\n".join(line for line in lines if line and "Compile time" not in line)
