"""``VoicesProcessor``: what a node makes to play many independent signals ("voices") at once.

Control threads make it; its kernel runs on the thread that processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..native.abi import Native
from .arena import Arena, Block
from .plan import Plan
from .rows import NodeRow

__all__ = ["TILE", "VoicesProcessor", "voices_of"]

TILE = "tile"
"""Field of a ``VoicesProcessor``'s record, the first."""


@dataclass(frozen=True, eq=False)
class VoicesProcessor:
    """A kernel that plays as many voices as a vector has lanes: a *tile*.

    The state of a tile is ``[number][lane]`` float64, for each of ``doubles``, then the same of
    float32 for each of ``floats``.  ``kernel(record, ins, outs, frames)`` plays one block of the
    tile whose address is in the int64 field ``tile`` of ``record``, from ``[frame][lane]`` float32
    at ``ins``, which it may overwrite, to the same at ``outs``.  Parameters are those of the node
    in its plan.  The output of a lane must have the bits that the node gives for that signal alone.
    """

    kernel: Native
    record: Block
    arena: Arena
    """Has the record and all that it refers to, apart from the node's plan."""
    lanes: int
    """Voices in a tile."""
    doubles: Sequence[int]
    """Of each float64 of a voice's state its address in the plan."""
    floats: Sequence[int]
    """Of each float32 of a voice's state its address in the plan."""


def voices_of(plan: Plan) -> VoicesProcessor | None:
    """Return what plays many voices through a plan that is one mono node; ``None`` of any other."""
    rows, ends = plan._prepared, (int(plan.header["in_count"]), int(plan.header["out_count"]))
    only = rows[0] if len(rows) == 1 and ends == (1, 1) else None
    if not isinstance(only, NodeRow) or only.voices is None:
        return None
    made: VoicesProcessor = only.voices()
    return made
