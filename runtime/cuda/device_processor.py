"""``DeviceProcessor``: what a node with ports on a device puts in ``Processor.device``."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.prepare import NativeFunction
from ..plan.arena import Block, Memory
from .driver.kernel import CudaKernel
from .records import NODE_BUFFERS, NODE_STATE

__all__ = ["DeviceProcessor", "HostMemory", "allocate_host_memory"]

NO_SERIAL = -1
"""Serial of a device that holds no state."""


@dataclass(frozen=True, eq=False)
class DeviceProcessor:
    """A device kernel, its weights, and the host memory that a fallback to the CPU needs.

    Instances run side by side: one kernel, weights of their own (or one row for all), one output
    channel each, and one input channel each (or one for all).
    """

    kernel: CudaKernel
    weights: NDArray[np.float32]
    """``(instances, floats)``, or one row that all share."""
    instances: int
    state_floats: int
    """Device memory of an instance and slot."""
    past_floats: int
    """Floats a kernel starts anew from: past input frames, or the whole state if recurrent."""
    recurrent: bool
    initial_state: NDArray[np.float32]
    """Of a recurrent node, ``(instances, past_floats)``: its state before any input."""
    prewarm: int
    """Frames of silence that a recurrent node processes before the first block."""
    before_launch: NativeFunction
    """Called with the node's record before each launch: see ``executor_kernels.call``."""
    memory: "HostMemory"
    """In the node's own memory."""

    @property
    def buffers(self) -> Block:
        """The node's ``NODE_BUFFERS``."""
        return self.memory.buffers


@dataclass(frozen=True, eq=False)
class HostMemory:
    """Host memory of a node on the device."""

    node: Block
    """The ``NODE_STATE``: the node's own record keeps its address, for its kernels."""
    buffers: Block
    lstm_state: Block | None
    initial_state: Block | None


def allocate_host_memory(
    memory: Memory, *, instances: int, inputs: int, past_floats: int, ring: int, recurrent: bool
) -> HostMemory:
    """Allocate the host memory of a node on the device.

    ``inputs`` is the number of different input channels of its instances, ``ring`` the frames
    kept of each.
    """
    state = memory.state((instances, past_floats)) if recurrent else None
    initial = memory.constant(np.zeros((instances, past_floats), np.float32)) if recurrent else None
    fields = {
        "ring": memory.state((inputs, ring)),
        "ring_frames": ring,
        "ring_rows": inputs,
        "lstm_state": state or 0,
        "initial_state": initial or 0,
        "past_floats": past_floats,
        "past_rows": instances if recurrent else inputs,
        "heard_at": past_floats if recurrent else 0,
        "instances": instances,
        "slots": 1,
        "serial": NO_SERIAL,
    }
    buffers = memory.table(NODE_BUFFERS, [fields])
    return HostMemory(memory.record(NODE_STATE, buffers=buffers), buffers, state, initial)
