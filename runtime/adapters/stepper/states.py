"""Choose how the states of a stepper's streams are kept, and so by which native call it steps."""

from ...engine.control import ControlQueue
from ...native.host import host_lanes
from ...plan.voices import voices_of
from .images import ImageStreams
from .streams import OneStream
from .tiles import TileStreams

__all__ = ["States", "open_states"]

FULL_TILES = 2
"""From as many streams on as fill two tiles: fewer cost less one by one."""

States = OneStream | ImageStreams | TileStreams


def open_states(queue: ControlQueue, streams: int) -> States:
    """Return the states of so many streams, each as at the beginning.

    One stream has the plan's own; many have tiles, if the plan is one node that plays a whole tile
    at once, and enough streams; else each has an image of the plan's state.
    """
    if streams == 1:
        return OneStream(queue)
    voices = voices_of(queue.plan) if streams >= FULL_TILES * host_lanes() else None
    return ImageStreams(queue, streams) if voices is None else TileStreams(queue, streams, voices)
