"""What a node with ports on the device hands to the plan."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.prepare import NativeFunction
from ..plan.arena import Block, Memory
from .driver.kernel import CudaKernel
from .records import NODE, PART

__all__ = ["Asked", "DeviceProcessor", "ask_work"]

NOTHING = -1
"""The serial of a device that holds no state."""


@dataclass(frozen=True, eq=False)
class DeviceProcessor:
    """A kernel of the device, its weights, and what the host keeps to be able to take over.

    Instances run side by side: the same kernel, weights of their own (or one row for all), each
    with a channel of its own out, and one in (or one for all).
    """

    kernel: CudaKernel
    weights: NDArray[np.float32]
    """``(instances, floats)``, or one row that all share."""
    instances: int
    state_floats: int
    """Of an instance, on the device."""
    past_floats: int
    """What a kernel is given to begin again: frames heard, or the whole state (recurrent)."""
    recurrent: bool
    first: NDArray[np.float32]
    """Of a recurrent node, ``(instances, past_floats)``: its state before it has heard anything."""
    prewarm: int
    """Frames of silence that a recurrent node is to have heard at first."""
    arm: NativeFunction
    """Called with the node's record before each launch: see ``lane.call``."""
    memory: "Asked"
    """Of the host, in the node's own memory."""

    @property
    def part(self) -> Block:
        """The node's ``PART``."""
        return self.memory.part


@dataclass(frozen=True, eq=False)
class Asked:
    """Memory of the host for a node on the device."""

    node: Block
    """The ``NODE`` record: the node's own record keeps its address, for its kernels."""
    part: Block
    kept: Block | None
    fresh: Block | None


def ask_work(
    memory: Memory, *, instances: int, heard: int, past_floats: int, ring: int, recurrent: bool
) -> Asked:
    """Ask for what the host keeps of a node on the device.

    ``heard`` is how many different inputs its instances have, ``ring`` the frames kept of each.
    """
    kept = memory.state((instances, past_floats)) if recurrent else None
    fresh = memory.constant(np.zeros((instances, past_floats), np.float32)) if recurrent else None
    fields = {
        "ring": memory.state((heard, ring)),
        "ring_frames": ring,
        "ring_rows": heard,
        "kept": kept or 0,
        "fresh": fresh or 0,
        "past_floats": past_floats,
        "past_rows": instances if recurrent else heard,
        "heard_at": past_floats if recurrent else 0,
        "instances": instances,
        "slots": 1,
        "serial": NOTHING,
    }
    part = memory.table(PART, [fields])
    return Asked(memory.record(NODE, part=part), part, kept, fresh)
