"""What a control thread tells the audio thread: a lock-free ring with one writer and one reader."""

import enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..plan.arena import ALIGN

__all__ = ["MESSAGE", "NOW", "Message", "Ring", "aligned"]


class Message(enum.IntEnum):
    """Kinds of message; ``index`` and ``value`` mean something else in each."""

    PARAM = 0
    """Set parameter ``index`` of the plan to ``value``."""
    SWAP = 1
    """Fade to the plan at address ``index``."""
    RESET = 2
    """Forget everything heard, and start counting frames from zero."""
    SNAPSHOT = 3
    """Copy all state to address ``index``."""
    RESTORE = 4
    """Copy all state from address ``index``."""


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
"""The time of a message that is to be applied as soon as it is read."""


def aligned(count: int, dtype: Any) -> NDArray[Any]:
    """Return zeros that start on a cache line."""
    kind = np.dtype(dtype)
    raw = np.zeros(count * kind.itemsize + ALIGN, np.uint8)
    skip = -raw.ctypes.data % ALIGN
    return raw[skip : skip + count * kind.itemsize].view(kind)


class Ring:
    """The control thread's end of the ring: writes messages, then publishes their number.

    The counters only grow; ``written`` is ours, ``read`` is the audio thread's.  An aligned
    8-byte store is one store on every 64-bit machine; publishing after writing is enough on x86,
    and the engine's native ``publish`` adds the release that other machines need.
    """

    def __init__(self, size: int) -> None:
        if size & (size - 1):
            raise ValueError(f"ring size is {size}: must be a power of two")
        self.slots = aligned(size, MESSAGE)
        self.counters = aligned(16, np.int64)  # two cache lines: ours, and theirs

    @property
    def written(self) -> int:
        """Messages written so far."""
        return int(self.counters[0])

    @property
    def read(self) -> int:
        """Messages the audio thread has taken so far."""
        return int(self.counters[8])

    @property
    def full(self) -> bool:
        """Whether the next message would overwrite one not yet read."""
        return self.written - self.read >= len(self.slots)

    def write(
        self, kind: Message, index: int, value: float, at: int, plan: int, ahead: int = 0
    ) -> None:
        """Put a message into a slot ``ahead``, not yet visible to the audio thread."""
        place = (self.written + ahead) % len(self.slots)
        self.slots[place] = (int(kind), at, index, value, plan)
