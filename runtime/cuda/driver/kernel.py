"""``CudaKernel``: source and launch parameters of a device kernel."""

from dataclasses import dataclass

__all__ = ["CudaKernel"]


@dataclass(frozen=True)
class CudaKernel:
    """A translation unit, and the one entry in it that is launched."""

    source: str
    entry: str
    """Its ``extern "C"`` name."""
    threads: int
    """Threads of a thread block."""
    shared_bytes: int
    """Dynamic shared memory of a thread block."""
