"""The tables of a graph: nodes, ends, connections, and the graphs inside it.

A graph inside a graph is a *rack*: its nodes are called ``rack.node``, and each of its inputs and
outputs is a ``PassThrough`` node.  Nothing is checked here: ``Graph`` does.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from ..catalog.table import node_type
from ..check import MAX_NAME, Side, ports_of
from ..connection import Connectable, Connection, Modulation, PortRef
from ..errors import GraphError
from ..node import Node
from ..port import Port
from .snapshots import DryWet, Snapshot, kept_values, renamed_values

__all__ = ["Rack", "Tables"]

T = TypeVar("T")


class Rack(NamedTuple):
    """The ends of a graph inside a graph."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass
class Tables:
    """What a graph consists of; the order of each table is that of the calls."""

    nodes: dict[str, Node] = field(default_factory=dict)
    inputs: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    ports: dict[str, dict[Side, tuple[Port, ...]]] = field(default_factory=dict)
    connections: dict[Connection, None] = field(default_factory=dict)  # an ordered set
    modulations: dict[Connection, Modulation] = field(default_factory=dict)
    racks: dict[str, Rack] = field(default_factory=dict)
    mixes: dict[str, DryWet] = field(default_factory=dict)  # of the nodes that are not all wet
    snapshots: dict[str, Snapshot] = field(default_factory=dict)  # by slot

    def copy(self) -> "Tables":
        """Return tables that change on their own."""
        return Tables(**{name: dict(table) for name, table in vars(self).items()})

    def remove(self, name: str) -> None:
        """Remove a node, an end, or a rack with all that is in it, and all their connections."""
        gone = {name, *self.inside(name)}
        tables: list[dict[str, Any]] = [self.nodes, self.inputs, self.outputs, self.ports]
        for table in (*tables, self.racks, self.mixes):
            for each in gone & table.keys():
                del table[each]
        self.connections = _without(gone, self.connections)
        self.modulations = _without(gone, self.modulations)
        self.snapshots = kept_values(self.snapshots, lambda node, *_: node not in gone)

    def rename(self, name: str, new: str) -> None:
        """Rename a node, an end, or a rack with all that is in it; all orders stay."""
        names = {old: new + old[len(name) :] for old in (name, *self.inside(name))}
        tables: list[dict[str, Any]] = [self.nodes, self.inputs, self.outputs, self.ports]
        for table in (*tables, self.racks, self.mixes):
            items = [(names.get(key, key), value) for key, value in table.items()]
            table.clear()
            table.update(items)
        self.connections = {_renamed(c, names): None for c in self.connections}
        ends = [(_renamed(c, names), moved) for c, moved in self.modulations.items()]
        self.modulations = {c: moved._replace(**c._asdict()) for c, moved in ends}
        self.snapshots = renamed_values(self.snapshots, names)

    def add_rack(self, name: str, graph: Connectable) -> None:
        """Add the nodes and connections of ``graph`` as a rack; not its snapshots."""
        nodes = _inner_nodes(name, graph)
        self.ports |= {full: ports_of(full, node) for full, node in nodes.items()}
        self.nodes |= nodes
        for source, target in graph.connections:
            self.connections[Connection(_inside(name, source), _inside(name, target))] = None
        for moved in graph.modulations:
            ends = Connection(_inside(name, moved.source), _inside(name, moved.target))
            self.modulations[ends] = moved._replace(**ends._asdict())
        self.mixes |= {f"{name}.{k}": DryWet(*mixed) for k, mixed in graph.mixes.items()}
        self.racks |= {f"{name}.{inner}": Rack(*rack) for inner, rack in graph.racks.items()}
        self.racks[name] = Rack(tuple(graph.inputs), tuple(graph.outputs))

    def inside(self, rack: str) -> list[str]:
        """Return the names of all nodes and racks in a rack; none if it is not a rack."""
        if rack not in self.racks:
            return []
        return [name for name in (*self.nodes, *self.racks) if name.startswith(f"{rack}.")]


def _inner_nodes(name: str, graph: Connectable) -> dict[str, Node]:
    """Return the nodes of ``graph``, and one for each of its ends, by their names in a rack."""
    through: Any = node_type("pass_through")
    ends: Mapping[str, int] = {**graph.inputs, **graph.outputs}
    made: dict[str, Node] = {f"{name}.{end}": through(width) for end, width in ends.items()}
    made |= {f"{name}.{inner}": node for inner, node in graph.nodes.items()}
    if too_long := [full for full in made if len(full) > MAX_NAME]:
        raise GraphError(f"{too_long[0]!r} is too long a name: at most {MAX_NAME} characters")
    return made


def _inside(name: str, ref: PortRef) -> PortRef:
    return PortRef(f"{name}.{ref.node}", ref.port)


def _renamed(connection: Connection, names: Mapping[str, str]) -> Connection:
    source, target = (PortRef(names.get(r.node, r.node), r.port) for r in connection)
    return Connection(source, target)


def _without(names: Set[str], ends: Mapping[Connection, T]) -> dict[Connection, T]:
    return {c: v for c, v in ends.items() if names.isdisjoint((c.source.node, c.target.node))}
