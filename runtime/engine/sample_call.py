"""Play one frame of a mono graph as a native call that takes and returns a number."""

from ..native.abi import native
from ..native.pointers import call_node, floats, record, store
from .array_call import VIEW
from .records import ENGINE

__all__ = ["process_sample"]

SAMPLES = 2 * VIEW.itemsize
"""Offset of two float32 behind the ``VIEW`` records of an engine."""
SAMPLE_BYTES = 4


@native("float64(int64, float64)")
def process_sample(engine: int, x: float) -> float:
    """Play one frame of one channel; return the output, a float32.

    ``engine`` is the address of the ``ENGINE`` record of a graph with one channel in and out.  The
    thread that processes.
    """
    e = record(engine, ENGINE)
    place = e.views + SAMPLES
    pair = floats(place, 2)
    pair[0] = x
    store(e.channels, 0, place)
    store(e.channels, 1, place + SAMPLE_BYTES)
    call_node(e.process, engine, e.channels, e.channels + 8, 1)
    return float(pair[1])
