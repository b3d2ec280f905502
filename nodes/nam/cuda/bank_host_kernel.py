"""Host kernels of a bank on a device: before each launch, and the CPU fallback.  Audio thread."""

import numpy as np

from ....runtime.cuda.commit import append_history
from ....runtime.cuda.records import NODE_BUFFERS, NODE_STATE
from ....runtime.native.abi import kernel
from ....runtime.native.pointers import call_node, copy_bytes, load, record
from ..bank_kernel import STATE
from .host_kernel import replay_history

__all__ = ["before_launch", "cpu_fallback"]


@kernel
def before_launch(state: int, ins: int, outs: int, frames: int) -> None:
    """Mark a block as started; a bank has no parameters."""
    record(record(state, STATE).device, NODE_STATE).prepared = 1


@kernel
def cpu_fallback(state: int, ins: int, outs: int, frames: int) -> None:
    """Run the models on the host, from where the device was; see ``host_kernel.cpu_fallback``."""
    s = record(state, STATE)
    n = record(s.device, NODE_STATE)
    b = record(n.buffers, NODE_BUFFERS)
    n.prepared = 0
    if n.cpu_active == 0:
        n.cpu_active = 1
        for k in range(s.count):
            network, state_of = load(s.rows, 2 * k), load(s.rows, 2 * k + 1)
            row = 0 if s.shared != 0 else k
            replay_history(s.device, row, network, state_of, s.room, s.aside)
        if b.lstm_state != 0:
            copy_bytes(b.lstm_state, b.initial_state, 4 * b.past_floats * b.past_rows)
    position = n.position
    for row in range(b.ring_rows):
        position = append_history(n.buffers, row, n.position, load(ins, row), np.int64(frames))
    n.position = position
    for k in range(s.count):
        x = load(ins, 0 if s.shared != 0 else k)
        call_node(load(s.rows, 2 * k), load(s.rows, 2 * k + 1), x, load(outs, k), frames)
