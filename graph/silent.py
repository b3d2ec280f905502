"""Finds silent parts of a graph: nodes without input or output, unconnected ends."""

import sys
import warnings

from .arguments import check_flag
from .connection import Connectable
from .errors import GraphError, GraphWarning

__all__ = ["find_silent", "stack_level", "warn_silent"]

KEY = "key"
"""The port of a side-chain: without a signal the node hears silence there."""
PACKAGE = __name__.partition(".")[0]


def find_silent(graph: Connectable) -> tuple[str, ...]:
    """Return one sentence per missing connection; empty if there is none.

    Only the place of the missing connection is named, not the nodes that are silent because of it.
    A node without input ports is a source; a node with readings (a meter) needs no output.
    """
    leaving = {connection.source.node for connection in graph.connections}
    leaving |= {modulation.source.node for modulation in graph.modulations}
    entered = {connection.target.node for connection in graph.connections}
    keyed = {c.target.node for c in graph.connections if c.target.port == KEY}
    found = [
        f"input {name} is connected to nothing" for name in graph.inputs if name not in leaving
    ]
    for name, node in graph.nodes.items():
        if graph.ports(name, "input") and name not in entered:
            found.append(f"{name} gets no input")
        elif name not in keyed and any(p.name == KEY for p in graph.ports(name, "input")):
            found.append(f"{name}.{KEY} gets no input")
        if graph.ports(name, "output") and name not in leaving and not node.reports:
            found.append(f"{name} is heard nowhere")
    found += [f"output {name} gets no input" for name in graph.outputs if name not in entered]
    return tuple(found)


def warn_silent(graph: Connectable, strict: bool | None) -> None:
    """Warn of silent parts, or raise ``GraphError`` if ``strict``; ``None`` does neither."""
    if strict is None:
        return
    strict = check_flag("strict", strict)
    found = find_silent(graph)
    if not found:
        return
    message = f"{', '.join(found)}: connect what is missing, or remove it"
    if strict:
        raise GraphError(message)
    warnings.warn(message, GraphWarning, stacklevel=stack_level())


def stack_level() -> int:
    """Return the ``stacklevel`` of the first frame outside this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith(
        f"{PACKAGE}."
    ):
        level, frame = level + 1, frame.f_back
    return level
