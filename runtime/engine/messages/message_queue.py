"""Messages from control threads to the audio thread: a lock-free ring, one writer, one reader."""

import enum

import numpy as np

from ...plan.arena import aligned

__all__ = ["MESSAGE", "NOW", "Message", "Ring", "aligned"]


class Message(enum.IntEnum):
    """Kinds of message; the meaning of ``index`` and ``value`` depends on the kind."""

    PARAM = 0
    """Set parameter ``index`` of the plan to ``value``."""
    SWAP = 1
    """Crossfade to the plan at address ``index``."""
    RESET = 2
    """Clear all state, and count frames from zero."""
    SNAPSHOT = 3
    """Copy all state to address ``index``."""
    RESTORE = 4
    """Copy all state from address ``index``; parameters stay as set."""
    RESTORE_ALL = 5
    """Copy all state and the parameters from address ``index``."""
    RESET_STATS = 6
    """Set the counters of the engine, and of the plan that plays, to zero."""


MESSAGE = np.dtype(
    [
        ("kind", np.int64),
        ("at", np.int64),
        ("index", np.int64),
        ("value", np.float64),
        ("plan", np.int64),  # the plan that ``index`` counts in
    ]
)
NOW = -1
"""The frame of a message that is applied as soon as it is read."""


class Ring:
    """The writer's side of the ring: one control thread at a time.

    Two counters that only grow: the control thread stores ``written``, the audio thread ``read``.
    Messages are written first, then ``publish`` stores their number with release order.
    """

    def __init__(self, size: int) -> None:
        if size & (size - 1):
            raise ValueError(f"ring size is {size}: must be a power of two")
        self.slots = aligned(size, MESSAGE)
        self.counters = aligned(16, np.int64)  # a cache line for each: written, read

    @property
    def written(self) -> int:
        """Messages written so far."""
        return int(self.counters[0])

    @property
    def read(self) -> int:
        """Messages read by the audio thread so far."""
        return int(self.counters[8])

    @property
    def full(self) -> bool:
        """Whether the next message would overwrite one not yet read."""
        return self.written - self.read >= len(self.slots)

    def write(
        self, kind: Message, index: int, value: float, at: int, plan: int, ahead: int = 0
    ) -> None:
        """Write a message ``ahead`` slots on; the audio thread reads it only once published."""
        place = (self.written + ahead) % len(self.slots)
        self.slots[place] = (int(kind), at, index, value, plan)
