"""Check whether a preset can run, without running it (``namgraph info``)."""

import os
from typing import Any

from ..graph import Graph, NamgraphError, Spec, schedule, tail
from .rig import check_devices, rig_of

__all__ = ["running"]

DEFAULT_RATE = 48_000.0
BLOCK = 512


def running(path: str | os.PathLike[str], graph: Graph) -> dict[str, Any]:
    """Return ``cannot_run``, the reason, if the graph cannot run, and ``silent``, its silent parts.

    Finds cycles, channel mismatches, models of different rates, unusable files and missing devices.
    Nothing is compiled or played.
    """
    found: dict[str, Any] = {"silent": list(graph.check())}
    try:
        rig = rig_of(path, graph, bare=False, backend=None)
        spec = Spec(rig.rate or DEFAULT_RATE, BLOCK)
        schedule(graph, spec)
        tail(graph, spec)  # reads impulse responses
        check_devices(graph)
    except NamgraphError as error:
        text = str(error)
        found["cannot_run"] = text.removeprefix(f"{os.fspath(path)}: ")
    return found
