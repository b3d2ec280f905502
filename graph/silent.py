"""Which parts of a graph are silent: nodes without input, nodes heard nowhere, ends unconnected."""

import sys
import warnings

from .arguments import check_flag
from .connection import Connectable
from .errors import GraphError, GraphWarning

__all__ = ["findings", "tell_silent"]

PACKAGE = __name__.partition(".")[0]


def findings(graph: Connectable) -> tuple[str, ...]:
    """Return a sentence for each place where a signal is missing or gets lost; none if all is well.

    Only the place itself is named: what is silent because of it follows from it.  A node without
    input ports makes its own sound, and one with readings (a meter) need not be heard.
    """
    leaving = {connection.source.node for connection in graph.connections}
    entered = {connection.target.node for connection in graph.connections}
    found = [
        f"input {name} is connected to nothing" for name in graph.inputs if name not in leaving
    ]
    for name, node in graph.nodes.items():
        if graph.ports(name, "input") and name not in entered:
            found.append(f"{name} gets no input")
        if graph.ports(name, "output") and name not in leaving and not node.reports:
            found.append(f"{name} is heard nowhere")
    found += [f"output {name} gets no input" for name in graph.outputs if name not in entered]
    return tuple(found)


def tell_silent(graph: Connectable, strict: bool | None) -> None:
    """Warn of what ``findings`` finds, or with ``strict`` raise it; ``None`` says nothing."""
    if strict is None:
        return
    strict = check_flag("strict", strict)
    found = findings(graph)
    if not found:
        return
    said = f"{', '.join(found)}: connect what is missing, or remove it"
    if strict:
        raise GraphError(said)
    warnings.warn(said, GraphWarning, stacklevel=_outside())


def _outside() -> int:
    """Return the ``stacklevel`` at which a warning names the caller of this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith(
        f"{PACKAGE}."
    ):
        level, frame = level + 1, frame.f_back
    return level
