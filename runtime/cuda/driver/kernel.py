"""A device kernel as text, and what it is launched with."""

from dataclasses import dataclass

__all__ = ["CudaKernel"]


@dataclass(frozen=True)
class CudaKernel:
    """A whole translation unit, and the one entry in it that is launched."""

    source: str
    entry: str
    """Its ``extern "C"`` name."""
    threads: int
    """Threads in a block."""
    shared_bytes: int
    """Dynamic shared memory of a block."""
