"""Interface between a node and the runtime: Spec and Io into ``prepare``, Processor out of it."""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .arguments import check_flag, check_number, check_whole

__all__ = [
    "CUT_GRID",
    "LONGEST_BLOCK",
    "Glide",
    "Io",
    "JointProcessor",
    "Memory",
    "NativeFunction",
    "Processor",
    "SideBySide",
    "Spec",
    "VoicesProcessor",
    "as_spec",
    "glide_coefficient",
]

LONGEST_BLOCK = 1 << 22
"""Frames, about 90 s at 48 kHz: GPUs render files fastest in long blocks."""
CUT_GRID = 4096
"""Frames: renders by several threads begin at multiples of these.  So the grids of 32 frames, of
ticks, and those of FFTs up to 4096 lie where they lie in a run from the start."""
RATES = (1_000.0, 1_000_000.0)
"""Sample rates allowed, in Hz."""


@dataclass(frozen=True)
class Spec:
    """A stream's sample rate in Hz and longest block in frames.

    ``pipelined`` lets a GPU process a block while the next one is recorded: signals that return
    from the device then have ``max_frames`` of latency.
    """

    rate: float
    max_frames: int
    pipelined: bool = False

    def __post_init__(self) -> None:
        """Check the ranges."""
        object.__setattr__(self, "rate", check_number("sample_rate", self.rate, *RATES, "Hz"))
        frames = check_whole("max_frames", self.max_frames, 1, LONGEST_BLOCK)
        object.__setattr__(self, "max_frames", frames)
        object.__setattr__(self, "pipelined", check_flag("pipelined", self.pipelined))


def as_spec(sample_rate: float | Spec) -> Spec:
    """Return a ``Spec`` of a rate in Hz, in blocks of 64 frames; a ``Spec`` as it is."""
    return sample_rate if isinstance(sample_rate, Spec) else Spec(sample_rate, 64)


class NativeFunction(Protocol):
    """A compiled C function (``runtime/native/abi.py``)."""

    @property
    def address(self) -> int:
        """Entry point in memory; the first access compiles the function."""
        ...


class Memory(Protocol):
    """Allocator that ``prepare`` uses (``runtime/plan/arena.py``).  Control thread only.

    Each call returns an opaque block.  A block given as the value of a record's int64 field
    becomes its address there once the plan has laid out all blocks.  State is memory that reset,
    ``save_state`` and swaps handle; everything else is constant or scratch.
    """

    def record(self, dtype: Any, /, **fields: Any) -> Any:
        """Allocate one record with the given fields, as state."""
        ...

    def records(self, dtype: Any, rows: Sequence[Mapping[str, Any]], /) -> Any:
        """Allocate an array of records, as state."""
        ...

    def table(self, dtype: Any, rows: Sequence[Mapping[str, Any]], /) -> Any:
        """Allocate an array of records that kernels only read."""
        ...

    def pointers(self, targets: Iterable[Any]) -> Any:
        """Allocate an array of addresses of blocks (or ``block[offset_bytes]``), only read."""
        ...

    def state(self, shape: int | tuple[int, ...], dtype: Any = "f4") -> Any:
        """Allocate zeros, as state: filter histories, delay lines."""
        ...

    def constant(self, array: Any) -> Any:
        """Allocate a copy of ``array`` that kernels only read: weights, tables."""
        ...

    def store(self, shape: int | tuple[int, ...], dtype: Any = "f4") -> Any:
        """Allocate zeros that no reset, saved state or swap copies: a loop of two minutes."""
        ...

    def scratch(self, shape: int | tuple[int, ...], dtype: Any = "f4") -> Any:
        """Allocate memory whose content is undefined between calls."""
        ...


@dataclass(frozen=True)
class Io:
    """Arguments of ``Node.prepare``: the stream, an allocator, channel counts, parameters."""

    spec: Spec
    memory: Memory
    inputs: Mapping[str, int]
    """Channel count of each input port."""
    outputs: Mapping[str, int]
    """Channel count of each output port."""
    params: Mapping[str, float]
    """The node's parameters by name, for the fields of the record."""
    smoothing_s: Mapping[str, float] = field(default_factory=dict)
    """The time constant of each parameter, in seconds; shorter for one that is modulated."""
    transport: Any = field(default=None, repr=False)
    """The plan's transport, for an int64 field of the record: tempo and beats of each frame
    (``runtime/plan/kernels/transport.py``)."""

    def glide(self, name: str, frames: int = 1) -> "Glide":
        """Return the coefficient of a smoothing filter that is stepped once in ``frames``.

        See ``glide_coefficient``; 1 where the parameter is not smoothed.  Give it to a field of a
        record as it is.
        """
        return Glide(glide_coefficient(self.smoothing_s[name], self.spec.rate, frames))


class Glide(float):
    """The coefficient of a smoothing filter, which depends on whether the parameter is modulated.

    A field of a record that was given one is not handed over where a swap changes which parameters
    of a node are modulated.
    """


def glide_coefficient(smoothing_s: float, rate: float, frames: int = 1) -> float:
    """Return the coefficient of a one-pole filter stepped once in ``frames`` frames.

    Of a time constant in seconds (63 %) and a rate in Hz: 1 - exp(-frames / (smoothing_s * rate)),
    the share of the remaining distance that a step covers; 1 if the time is 0.
    """
    return 1.0 - math.exp(-frames / (smoothing_s * rate)) if smoothing_s > 0 else 1.0


@dataclass(frozen=True, eq=False)
class VoicesProcessor:
    """A kernel that plays many independent signals ("voices") of one node at once.

    A *tile* is ``lanes`` voices.  Its state is ``[number][lane]`` float64, for each of ``doubles``,
    then the same of float32, for each of ``floats``.  ``kernel(record, ins, outs, frames)`` plays
    one block of the tile whose address is in the first field of the record, an int64, from
    ``[frame][lane]`` float32 at the address ``ins``, which it may overwrite, to the same at
    ``outs``.  Parameters are read from the node's own record.  A lane's output has the bits that
    the node gives for that signal alone.
    """

    kernel: NativeFunction
    record: int
    """Its address."""
    lanes: int
    doubles: Sequence[int]
    """Of each float64 of a voice's state its address in the node's own state."""
    floats: Sequence[int]
    """Of each float32 of a voice's state its address in the node's own state."""
    memory: Any
    """Kept alive: it has the record and what that refers to."""


@dataclass(frozen=True, eq=False)
class JointProcessor:
    """A kernel that plays several nodes: ``ins`` and ``outs`` list the channels of all, in order.

    It leaves output and state of each node as its own kernel would, to the bit.
    """

    kernel: NativeFunction
    record: int
    """Its address."""
    memory: Any
    """Kept alive: it has the record and what that refers to."""


@dataclass(frozen=True, eq=False)
class SideBySide:
    """How a node is played together with others that do not wait for it.

    For nodes whose kernel waits for its own results much of the time, as a small recurrent
    network does: several in one kernel then take less time than one after another.
    """

    key: Hashable
    """Equal for nodes that may be played together."""
    most: int
    """Nodes that are played together, at most."""
    blocks: tuple[Any, ...]
    """Blocks of the node's memory that ``join`` needs."""
    join: Callable[[Sequence[Sequence[int]]], JointProcessor]
    """Returns the kernel of several nodes, from the addresses of the blocks of each; called once
    the plan's memory is laid out."""


@dataclass(frozen=True)
class Processor:
    """A prepared node: its kernel, the kernel's record, the length of the prewarm.

    ``prewarm`` frames of silence are processed before the first block; ``reset`` returns to the
    state after them.
    """

    kernel: NativeFunction
    record: Any
    prewarm: int = 0
    after: Callable[[], None] | None = None
    """Called at the end of each ``Engine.play``; may raise.  Only for nodes with Python inside,
    which live streams refuse."""
    device: Any = None
    """The ``DeviceProcessor`` (``runtime/cuda/device_processor.py``) of a node with device ports;
    ``kernel`` is then the fallback on the host after a device error."""
    voices: Callable[[], VoicesProcessor] | None = None
    """Of a node that can play many signals at once: called once the plan's memory is laid out."""
    analysis: Callable[[], Mapping[str, float]] | None = None
    """Returns the readings in the class's ``reports``, if they are no fields of the record: called
    by control threads, while the audio thread plays, once the plan's memory is laid out."""
    side_by_side: SideBySide | None = None
    """Of a node that may be played together with others of its kind."""
    inner: "Processor | None" = None
    """Of a node that runs another, its field ``node``: what that one has prepared."""

    def __post_init__(self) -> None:
        """Check that ``kernel`` is a native function, without compiling it."""
        if not hasattr(type(self.kernel), "address"):
            name = getattr(self.kernel, "__name__", repr(self.kernel))
            raise TypeError(f"{name} is no kernel: write @ng.kernel above the function")
