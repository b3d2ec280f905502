"""Whether a rack can run, without running it: what ``info`` says of a preset."""

import os
from typing import Any

from ..graph import Graph, NamgraphError, Spec, schedule, tail
from .rig import check_devices, rig_of

__all__ = ["running"]

ANY_RATE = 48_000.0
FRAMES = 512


def running(path: str | os.PathLike[str], graph: Graph) -> dict[str, Any]:
    """Return why a rack cannot run (no such key if it can), and which parts of it are silent.

    Loops, ports that do not fit, models of different rates, files that cannot be used and devices
    that are missing are found.  Nothing is compiled or played.
    """
    found: dict[str, Any] = {"silent": list(graph.check())}
    try:
        rig = rig_of(path, graph, bare=False, backend=None)
        spec = Spec(rig.rate or ANY_RATE, FRAMES)
        schedule(graph, spec)
        tail(graph, spec)  # reads what rings on
        check_devices(graph)
    except NamgraphError as error:
        text = str(error)
        found["cannot_run"] = text.removeprefix(f"{os.fspath(path)}: ")
    return found
