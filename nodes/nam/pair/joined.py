"""Several ``Nam`` nodes of one mono model each, played by one kernel of their networks.

``join_models`` belongs to control threads; the kernel runs on the audio thread.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ....graph.prepare import JointProcessor, SideBySide
from ....runtime.native.abi import kernel
from ....runtime.native.pointers import call_node, load, record, store
from ....runtime.plan.arena import aligned
from ..cpu.side_by_side.group import group_kernel, group_size, shape_of
from ..kernel import apply_input_gain, apply_output_gain
from ..model.wavenet import Network

__all__ = ["JOINED", "join_models", "play_joined"]

JOINED = np.dtype([(name, np.int64) for name in ("count", "states", "scaled", "both", "records")])
"""``states`` lists the ``STATE`` of each model, ``records`` what its network is called with;
``both`` is the kernel of all networks; ``scaled`` is a list of as many channels."""


@kernel
def play_joined(state: int, ins: int, outs: int, frames: int) -> None:
    """Play all networks at once, between the gains of each."""
    s = record(state, JOINED)
    for number in range(s.count):
        source = apply_input_gain(load(s.states, number), ins + 8 * number, frames)
        store(s.scaled, number, load(source, 0))
    call_node(s.both, s.records, s.scaled, outs, frames)
    for number in range(s.count):
        apply_output_gain(load(s.states, number), outs + 8 * number, frames)


def join_models(network: Network | None, state: Any, made: Any) -> SideBySide | None:
    """Return how a node of one mono network is played together with others; ``None`` if not.

    ``state`` is the node's ``STATE``, ``made`` the record of its network.
    """
    most = group_size(network)
    if network is None or most == 1:
        return None
    return SideBySide(("nam", shape_of(network)), most, (state, made), partial(_join, network))


def _join(network: Network, places: Sequence[Sequence[int]]) -> JointProcessor:
    """Return the kernel of nodes whose networks have one shape, from where both records lie."""
    both = group_kernel(network, len(places))
    assert both is not None
    states, records = (np.array(own, np.int64) for own in zip(*places, strict=True))
    scaled, joined = np.zeros(len(places), np.int64), aligned(1, JOINED)
    fields = {
        "count": len(places),
        "states": states.ctypes.data,
        "scaled": scaled.ctypes.data,
        "both": both.address,
        "records": records.ctypes.data,
    }
    for name, value in fields.items():
        joined[name] = value
    return JointProcessor(play_joined, int(joined.ctypes.data), (joined, states, records, scaled))
