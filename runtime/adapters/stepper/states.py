"""Choose how the states of a stepper's streams are kept, and so by which native call it steps."""

from ....graph import EngineError
from ....graph.prepare import VoicesProcessor
from ...engine.control import ControlQueue
from ...native.host import host_lanes
from ...plan.plan import Plan
from ...plan.rows import NodeRow
from .images import ImageStreams
from .streams import OneStream
from .tiles import TileStreams

__all__ = ["States", "open_states"]

States = OneStream | ImageStreams | TileStreams


def open_states(queue: ControlQueue, streams: int) -> States:
    """Return the states of so many streams, each as at the beginning.

    One stream has the plan's own; many have tiles, if the plan is one node that plays a whole tile
    at once, and there are enough streams to fill one; else each has an image of the plan's state.
    ``EngineError`` if a node keeps memory that is no state, which cannot be taken back.
    """
    kept = [row.op.node for row in queue.plan._prepared if row.memory.stores]
    if kept:
        raise EngineError(
            f"{kept[0]} keeps a recording that is no part of its state: a Stepper cannot take "
            "steps of it back; ng.Engine plays it"
        )
    if streams == 1:
        return OneStream(queue)
    voices = _voices_of(queue.plan) if streams >= host_lanes() else None
    return ImageStreams(queue, streams) if voices is None else TileStreams(queue, streams, voices)


def _voices_of(plan: Plan) -> VoicesProcessor | None:
    """Return what plays many voices through a plan that is one mono node; ``None`` of any other."""
    rows, ends = plan._prepared, (int(plan.header["in_count"]), int(plan.header["out_count"]))
    only = rows[0] if len(rows) == 1 and ends == (1, 1) else None
    if not isinstance(only, NodeRow) or only.voices is None or only.bases or plan.graph.mixes:
        return None  # control signals move its parameters, or a mix is played after it
    return only.voices()
