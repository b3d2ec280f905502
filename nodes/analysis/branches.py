"""Branches of a graph: what feeds one node and not the others, as a graph of its own.

Control thread.
"""

import hashlib
from collections.abc import Iterable

from ...graph import Graph, GraphError
from ...graph.check import format_names
from ...graph.connection import Connectable, PortRef
from ...graph.port import Kind
from ...graph.scheduling.channels import resolve_channels
from ...graph.scheduling.ends import find_ends
from ...runtime.io.node_content import node_values, stable_bytes

__all__ = ["branch", "branch_digest", "branch_nodes"]

LEFT_OUT = ("backend",)
"""Options that change where a node is computed, and not what."""
ALIKE = {"precision": "exact"}
"""Options that change neither delay nor polarity, and the value that any other counts as."""


def branch_nodes(graph: Connectable, end: PortRef, others: Iterable[PortRef]) -> list[str]:
    """Return the nodes that feed ``end`` and none of the ``others``, in topological order.

    ``GraphError`` if one of the others feeds ``end``, or they have nothing in common.
    """
    feeding: dict[str, set[str]] = {}
    edges = [(c.source, c.target) for c in graph.connections]
    for source, target in edges + [(m.source, m.target) for m in graph.modulations]:
        feeding.setdefault(target.node, set()).add(source.node)
    mine = _before(end.node, feeding)
    for other in others:
        theirs = _before(other.node, feeding)
        if other.node in mine or end.node in theirs:
            first, last = (other, end) if other.node in mine else (end, other)
            raise GraphError(f"{first.node} feeds {last.node}: only parallel branches are aligned")
        if not mine & theirs:
            raise GraphError(
                f"{end.node} and {other.node} are fed by nothing in common: they are no branches "
                "of one signal"
            )
        mine = mine - theirs
    return [name for name in find_ends(graph).entering if name in mine and name in graph.nodes]


def _before(name: str, feeding: dict[str, set[str]]) -> set[str]:
    """Return a node and all before it."""
    found, waiting = {name}, [name]
    while waiting:
        more = feeding.get(waiting.pop(), set()) - found
        found |= more
        waiting += more
    return found


def branch(graph: Connectable, end: PortRef, others: Iterable[PortRef]) -> Graph:
    """Return the branch up to ``end`` as a graph; its inputs are where other signals enter it."""
    names = {name: f"node{k}" for k, name in enumerate(branch_nodes(graph, end, others))}
    channels = resolve_channels(graph, find_ends(graph))
    made = Graph()
    for name, short in names.items():
        made.add(short, graph.nodes[name])
    entered: set[PortRef] = set()
    for source, target in graph.connections:
        if target.node not in names:
            continue
        into = f"{names[target.node]}.{target.port}"
        if source.node in names:
            made.connect(f"{names[source.node]}.{source.port}", into)
        elif target not in entered and _takes_audio(graph, target):
            entered.add(target)
            count = channels.inputs[target]
            if f"in{count}" not in made.inputs:
                made.input(f"in{count}", channels=count)
            made.connect(f"in{count}", into)
    if not entered:
        raise GraphError(f"{end.node} has no input: there is nothing to measure")
    for moved in graph.modulations:
        if moved.source.node in names and moved.target.node in names:
            made.connect(
                f"{names[moved.source.node]}.{moved.source.port}",
                f"{names[moved.target.node]}.{moved.target.port}",
                None if moved.absolute else moved.amount,
                absolute=moved.absolute,
            )
    made.output("out", channels=channels.outputs[end])
    made.connect(f"{names[end.node]}.{end.port}", "out")
    return made


def _takes_audio(graph: Connectable, ref: PortRef) -> bool:
    kinds = {port.name: port.kind for port in graph.ports(ref.node, "input")}
    return kinds[ref.port] is Kind.AUDIO


def branch_digest(graph: Connectable, end: PortRef, others: Iterable[PortRef]) -> str:
    """Return 16 hexadecimal digits that identify a branch, without the values of parameters.

    Files count by their bytes, so that the same model at another path is the same.
    """
    found: list[object] = []
    for name in branch_nodes(graph, end, others):
        node = graph.nodes[name]
        all_of_it = node_values(node).items()
        values = {k: ALIKE.get(k, v) for k, v in all_of_it if k not in LEFT_OUT}
        found.append([node.type_name, type(node).version, values])
    if not found:
        raise GraphError(f"{end.node} is none of {format_names(graph.nodes)}")
    return hashlib.sha256(stable_bytes(found)).hexdigest()[:16]
