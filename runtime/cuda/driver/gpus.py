"""List the GPUs of this machine, also those that cannot be used.  Control threads."""

from dataclasses import dataclass

from ....graph import CudaError
from ....graph.arguments import clip
from . import compiler, device
from .driver import DriverLibrary, capability_refusal

__all__ = ["Gpu", "gpus"]


@dataclass(frozen=True)
class Gpu:
    """A GPU as the CUDA driver lists it."""

    index: int
    """Its number for ``NAMGRAPH_CUDA_DEVICE``."""
    name: str
    memory_bytes: int
    capability: tuple[int, int]
    """Compute capability."""
    selected: bool
    """Whether models with ``backend="cuda"`` run on this one."""
    refusal: str
    """Why models cannot run on it, or ``""``."""

    def __str__(self) -> str:
        """Return name, memory, compute capability, and why it cannot be used, on one line."""
        version = ".".join(map(str, self.capability))
        refusal = f": not usable: {self.refusal}" if self.refusal else ""
        return (
            f"{self.name}, {self.memory_bytes / (1 << 30):.1f} GiB, compute capability "
            f"{version}{refusal}"
        )

    def __repr__(self) -> str:
        return clip(f"<Gpu {self.index} {self}>")


def gpus() -> list[Gpu]:
    """Return every GPU, in the order of their numbers, without opening one.

    Raises ``CudaError`` that says why if there is none, or no CUDA driver.
    """
    library = DriverLibrary(device.open_library())
    try:
        selected = device.selected_device()
    except CudaError:
        selected = -1
    found = []
    for index in range(library.count()):
        handle = library.device(index)
        capability = library.device_capability(handle)
        refusal = capability_refusal(capability) or compiler.unavailable_reason()
        found.append(
            Gpu(
                index=index,
                name=library.device_name(handle),
                memory_bytes=library.device_memory(handle),
                capability=capability,
                selected=index == selected,
                refusal=refusal,
            )
        )
    if not found:
        raise CudaError("the CUDA driver lists no GPU")
    return found
