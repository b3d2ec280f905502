"""How ports are spoken of: by reference, in pairs, and by handles that ``>>`` joins."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .arguments import said
from .errors import GraphError, UnknownNameError

if TYPE_CHECKING:
    from .graph import Graph

__all__ = ["Connection", "Handle", "PortRef"]


class PortRef(NamedTuple):
    """One port of one node; written ``node.port``."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


class Connection(NamedTuple):
    """The way of a signal from an output port to an input port."""

    source: PortRef
    target: PortRef


@dataclass(frozen=True, eq=False, repr=False)
class Handle:
    """A name in a graph that can be joined: ``a >> b``, ``a["left"] >> b["side"]``."""

    graph: "Graph"
    name: str
    port: str | None = None

    def __getitem__(self, port: str) -> "Handle":
        """Select one port, of whichever side has it."""
        sides = (self.graph.ports(self.name, "input"), self.graph.ports(self.name, "output"))
        names = [p.name for side in sides for p in side]
        if not isinstance(port, str) or port not in names:
            has = ", ".join(names) or "none"
            raise UnknownNameError(f"{self.name} has no port {said(port)}; it has {has}")
        return Handle(self.graph, self.name, port)

    def __rshift__(self, target: "Handle") -> "Handle":
        """Connect to ``target`` and return it, so that chains read as the signal flows.

        A port selected on ``target`` is used up by this connection: what follows in the chain
        leaves the node by its output.
        """
        if not isinstance(target, Handle):
            raise GraphError(
                f"{self} >> {said(target)}: the target must be a handle "
                "(graph.add, graph.output and graph.handle return one)"
            )
        self.graph.connect(self, target)
        return target if target.port is None else Handle(target.graph, target.name)

    # Graphs compare by value and have no hash; handles are equal only within one graph.
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Handle):
            return NotImplemented
        return self.graph is other.graph and (self.name, self.port) == (other.name, other.port)

    def __hash__(self) -> int:
        return hash((id(self.graph), self.name, self.port))

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}.{self.port}"

    def __repr__(self) -> str:
        return f"<Handle {self}>"
