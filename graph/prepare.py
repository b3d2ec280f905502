"""What passes between a node and the runtime when a node is prepared."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .arguments import check_flag, check_number, check_whole

__all__ = ["LONGEST_BLOCK", "Io", "Memory", "NativeFunction", "Processor", "Spec"]

LONGEST_BLOCK = 1 << 22
"""Frames: a minute and a half, for devices that want much to do at once."""
RATES = (1_000.0, 1_000_000.0)


@dataclass(frozen=True)
class Spec:
    """What a stream promises: its sample rate in Hz and the longest block it will ask for.

    ``pipelined`` lets a GPU work on a block while the next one is recorded: what comes back from
    the device is then late by ``max_frames``.
    """

    rate: float
    max_frames: int
    pipelined: bool = False

    def __post_init__(self) -> None:
        """Refuse a stream that cannot be."""
        object.__setattr__(self, "rate", check_number("sample_rate", self.rate, *RATES, "Hz"))
        frames = check_whole("max_frames", self.max_frames, 1, LONGEST_BLOCK)
        object.__setattr__(self, "max_frames", frames)
        object.__setattr__(self, "pipelined", check_flag("pipelined", self.pipelined))


class NativeFunction(Protocol):
    """A compiled C function: ``runtime.abi`` makes them."""

    @property
    def address(self) -> int:
        """Where it starts in memory; asking compiles it if need be."""
        ...


class Memory(Protocol):
    """Where ``prepare`` asks for memory: ``runtime.arena`` keeps it.

    Each call returns an opaque block.  A block given as the value of a record's int64 field
    becomes its address there once the plan has laid all blocks out.
    """

    def record(self, dtype: Any, /, **fields: Any) -> Any:
        """One record with the given fields; it remembers (part of reset and snapshot)."""
        ...

    def records(self, dtype: Any, rows: Sequence[Mapping[str, Any]], /) -> Any:
        """Lay out records one after another; they remember."""
        ...

    def table(self, dtype: Any, rows: Sequence[Mapping[str, Any]], /) -> Any:
        """Lay out records one after another that kernels only read."""
        ...

    def pointers(self, targets: Iterable[Any]) -> Any:
        """List addresses of blocks (or of ``block[offset_bytes]``), only read."""
        ...

    def state(self, shape: int | tuple[int, ...], dtype: Any = "f4") -> Any:
        """Zeros that remember: histories, delay lines."""
        ...

    def constant(self, array: Any) -> Any:
        """Keep a copy of ``array`` that kernels only read: weights, tables."""
        ...

    def scratch(self, shape: int | tuple[int, ...], dtype: Any = "f4") -> Any:
        """Memory whose content means nothing between calls."""
        ...


@dataclass(frozen=True)
class Io:
    """What a node prepares with: the stream's promise, channel counts, its own parameters."""

    spec: Spec
    memory: Memory
    inputs: Mapping[str, int]
    """Channels of each input port."""
    outputs: Mapping[str, int]
    params: Mapping[str, float]
    """The node's parameters by name, to be passed on into its record."""


@dataclass(frozen=True)
class Processor:
    """A prepared node: its kernel, the record the kernel gets, and how long it must be warmed.

    ``prewarm`` frames of silence are run before the first block; what the node holds then is what
    ``reset`` returns to.
    """

    kernel: NativeFunction
    record: Any
    prewarm: int = 0
    after: Callable[[], None] | None = None
    """Called by ``Engine.play`` when it is done; may raise.  For nodes with Python inside, which
    no live graph has."""
    device: Any = None
    """What a node with ports on the device runs there (``runtime.cuda.work``); ``kernel`` then
    stands in for the device when that has failed."""

    def __post_init__(self) -> None:
        """Refuse what is no native function (without asking for its address, which compiles it)."""
        if not hasattr(type(self.kernel), "address"):
            name = getattr(self.kernel, "__name__", repr(self.kernel))
            raise TypeError(f"{name} is no kernel: write @ng.kernel above the function")
