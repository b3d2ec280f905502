"""Gains between models in series: report what a graph applies, and calibrate all of its models."""

from collections import deque
from dataclasses import dataclass, replace

from ...graph.graph import Graph
from ...graph.opening.openers import GraphSource, as_graph
from .bank import NamBank
from .levels import INTERFACE_DBU, check_interface
from .node import Nam
from .resolved_model import keep_models

__all__ = ["Junction", "junctions", "match_levels"]


@dataclass(frozen=True)
class Junction:
    """Two ``Nam`` nodes, the first feeding the second with no other ``Nam`` between them."""

    first: str
    second: str
    applied_db: float
    """Gain in dB between the two networks from ``levels``, without parameters and other nodes."""
    exact_db: float | None
    """Output level of the first minus input level of the second; ``None`` if a file lacks one."""

    def __str__(self) -> str:
        """Return both gains on one line."""
        known = "unknown" if self.exact_db is None else f"{self.exact_db:+.1f} dB"
        return f"{self.first} -> {self.second}: {self.applied_db:+.1f} dB, exact {known}"


def match_levels(graph: GraphSource, interface_dbu: float = INTERFACE_DBU) -> Graph:
    """Return the graph with every model, those of banks too, calibrated against one interface.

    Between two models the level of the interface cancels: the gain is the output level of the first
    minus the input level of the second.  An end whose level is missing from the file stays raw:
    ``junctions`` lists these, and building the graph raises a ``LevelsWarning``.
    """
    made = as_graph(graph, "match_levels(graph, interface_dbu)").copy()
    interface_dbu = check_interface(interface_dbu)
    for name, node in made.nodes.items():
        if isinstance(node, Nam | NamBank):
            calibrated = replace(node, levels="calibrated", interface_dbu=interface_dbu)
            made.replace(name, keep_models(node, calibrated))
    return made


def junctions(graph: GraphSource) -> list[Junction]:
    """Return every two ``Nam`` nodes in which one feeds the other, through any other nodes.

    With pairs of captures among them there is an entry for each side, left then right.
    """
    graph = as_graph(graph)
    after: dict[str, list[str]] = {}
    for connection in graph.connections:
        after.setdefault(connection.source.node, []).append(connection.target.node)
    found = []
    for name, node in graph.nodes.items():
        if not isinstance(node, Nam):
            continue
        seen, waiting = set[str](), deque(after.get(name, ()))
        while waiting:
            here = waiting.popleft()
            if here in seen:
                continue
            seen.add(here)
            other = graph.nodes.get(here)
            if isinstance(other, Nam):
                found += [
                    _junction(name, node, here, other, n)
                    for n in range(max(len(node.sides), len(other.sides)))
                ]
            else:
                waiting.extend(after.get(here, ()))
    return found


def _junction(name: str, node: Nam, below: str, other: Nam, side: int) -> Junction:
    """Return the gains between two nodes, of pairs those of one side."""
    ends = [(each, min(side, len(each.sides) - 1)) for each in (node, other)]
    before, after = (each.levels_applied(n) for each, n in ends)
    applied = before.output_db + after.input_db
    first, second = (each.sides[n].file_model for each, n in ends)
    out, into = first.output_level_dbu, second.input_level_dbu
    return Junction(name, below, applied, None if out is None or into is None else out - into)
