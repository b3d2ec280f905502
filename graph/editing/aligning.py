"""``Graph.align``: the function that measures branches, and where its nodes are put.

This package cannot play: ``nodes`` registers the function here when it is imported.
"""

import importlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..connection import Connectable, Connection, Handle, PortRef
from ..errors import GraphWarning
from ..node import Node
from .tables import Tables

__all__ = ["Alignable", "Measured", "register_align", "warn_if_aligned"]


ALIGN = f"{__name__.partition('.')[0]}.nodes.analysis.align"
"""The module that registers the function; imported if the program has not done so."""


class Measured(Protocol):
    """What was measured (``nodes/analysis/align.py``)."""

    @property
    def nodes(self) -> Mapping[PortRef, tuple[str, Node]]:
        """The node to put behind each branch, and the name wanted; none if nothing is applied."""


Measure = Callable[[Connectable, Sequence[Handle | str], float | None], Measured]
_align: list[Measure] = []


def register_align(measure: Measure) -> None:
    """Set the function that measures the branches of a graph that end at some nodes."""
    _align[:] = [measure]


class Alignable:
    """The part of ``Graph`` that aligns its branches."""

    _tables: Tables

    def align(self, *ends: Handle | str, sample_rate: float | None = None) -> Any:
        """Measure delay and polarity of parallel branches; balance them; return what was found.

        ``ends`` are the last nodes of two branches or more: ``graph.align("amp1", "amp2")``.  A
        sweep is played through each branch: through all that feeds its end and none of the others.
        Behind each end a node ``Align`` is put, named "amp1_align", or replaced if there is one: it
        declares as latency how much later than the earliest its branch is, so that the graph delays
        the others, and turns the polarity where that differs from the first one's.

        A ``GraphWarning`` tells where a response is ambiguous: without a clear peak nothing is
        changed (``applied`` of the result is false); without a clear polarity only onsets are
        aligned.  ``sample_rate`` in Hz is that of the models unless given, or 48 kHz.  Control
        thread: it compiles and plays.
        """
        graph: Any = self
        if not _align:
            importlib.import_module(ALIGN)
        found = _align[0](graph, ends, sample_rate)
        for source, (wanted, node) in found.nodes.items():
            behind = _behind(graph, source, node.type_name)
            if behind is not None:
                graph.replace(behind, node)
                continue
            name, number = wanted, 2
            while name in self._tables.ports or name in self._tables.racks:
                name, number = f"{wanted}{number}", number + 1
            made = _rerouted(graph, source, name)
            graph.add(name, node)
            self._tables.connections = made
        return found


def warn_if_aligned(graph: Connectable, name: str, node: Node) -> None:
    """Warn if a node is replaced by one with other files, and its delay was measured."""
    old = graph.nodes[name]
    if (type(old), old.contents()) == (type(node), node.contents()):
        return
    for port in graph.ports(name, "output"):
        behind = _behind(graph, PortRef(name, port.name), "align")
        found: Any = graph.nodes.get(behind or "")
        if getattr(found, "measured", ""):
            warnings.warn(
                f"{behind} keeps the delay and polarity that were measured with another {name}: "
                "graph.align measures again",
                GraphWarning,
                stacklevel=4,
            )


def _behind(graph: Connectable, source: PortRef, type_name: str) -> str | None:
    """Return the node of a type that an output port feeds."""
    for connection in graph.connections:
        node = graph.nodes.get(connection.target.node)
        if connection.source == source and node is not None and node.type_name == type_name:
            return connection.target.node
    return None


def _rerouted(graph: Connectable, source: PortRef, name: str) -> dict[Connection, None]:
    """Return the connections of a graph with all that leave ``source`` leaving a node ``name``.

    That node, which has one "in" and one "out", is fed by ``source``; sums keep their order.
    """
    made: dict[Connection, None] = {}
    for connection in graph.connections:
        if connection.source == source:
            made[Connection(source, PortRef(name, "in"))] = None
            made[Connection(PortRef(name, "out"), connection.target)] = None
        else:
            made[connection] = None
    return made
