"""The operations of a plan that are no node, as kernels for a device; delays are the host's."""

from functools import cache
from pathlib import Path

from .driver.kernel import CudaKernel

__all__ = ["KINDS", "common_text", "operation"]

KINDS = ("copy", "add", "clear")
THREADS = 128


@cache
def common_text() -> str:
    """Return the text that every translation unit begins with, after what is generated."""
    return Path(__file__).with_name("common.cuh").read_text(encoding="utf-8")


@cache
def operation(kind: str) -> CudaKernel:
    """Return the kernel of one of ``KINDS``; launched with ``OpArgs``, a block for each channel.

    All kinds have one source: a module of it has the entries of all.
    """
    if kind not in KINDS:
        raise ValueError(f"no operation {kind!r}: must be one of {', '.join(KINDS)}")
    text = Path(__file__).with_name("ops.cu").read_text(encoding="utf-8")
    return CudaKernel(common_text() + text, f"device_{kind}", THREADS, 0)
