"""Many models on a device, and the host in their place."""

import numpy as np

from ....runtime.cuda.commit import append_history
from ....runtime.cuda.records import NODE, PART
from ....runtime.native.abi import kernel
from ....runtime.native.pointers import call_node, copy_bytes, load, record
from ..bank_kernel import STATE
from .host_kernel import catch_up

__all__ = ["before_launch", "cpu_fallback"]


@kernel
def before_launch(state: int, ins: int, outs: int, frames: int) -> None:
    """Begin a block: there is nothing to be told."""
    record(record(state, STATE).device, NODE).armed = 1


@kernel
def cpu_fallback(state: int, ins: int, outs: int, frames: int) -> None:
    """Play the models on the host, from where the device was; see ``play.stand_in``."""
    s = record(state, STATE)
    n = record(s.device, NODE)
    p = record(n.part, PART)
    n.armed = 0
    if n.stood_in == 0:
        n.stood_in = 1
        for k in range(s.count):
            made, state_of = load(s.rows, 2 * k), load(s.rows, 2 * k + 1)
            catch_up(s.device, 0 if s.shared != 0 else k, made, state_of, s.room, s.aside)
        if p.kept != 0:
            copy_bytes(p.kept, p.fresh, 4 * p.past_floats * p.past_rows)
    at = n.at
    for row in range(p.ring_rows):
        at = append_history(n.part, row, n.at, load(ins, row), np.int64(frames))
    n.at = at
    for k in range(s.count):
        x = load(ins, 0 if s.shared != 0 else k)
        call_node(load(s.rows, 2 * k), load(s.rows, 2 * k + 1), x, load(outs, k), frames)
