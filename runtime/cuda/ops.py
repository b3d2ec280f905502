"""Device kernels of the plan's buffer operations: copy, add, clear (delays stay on the host)."""

from functools import cache
from pathlib import Path

from .driver.kernel import CudaKernel

__all__ = ["KINDS", "common_text", "operation"]

KINDS = ("copy", "add", "clear")
THREADS = 128


@cache
def common_text() -> str:
    """Return ``common.cuh``: it precedes every kernel's source, behind the generated preamble."""
    return Path(__file__).with_name("common.cuh").read_text(encoding="utf-8")


@cache
def operation(kind: str) -> CudaKernel:
    """Return the kernel of one of ``KINDS``; launched with ``OpArgs``, grid x = channels.

    All kinds have one source with an entry for each.
    """
    if kind not in KINDS:
        raise ValueError(f"no operation {kind!r}: must be one of {', '.join(KINDS)}")
    text = Path(__file__).with_name("ops.cu").read_text(encoding="utf-8")
    return CudaKernel(common_text() + text, f"device_{kind}", THREADS, 0)
