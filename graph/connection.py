"""References to ports, connections between them, and handles that ``>>`` connects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from .arguments import format_value
from .check import Side, format_names
from .errors import GraphError, PortError, UnknownNameError
from .node import Node
from .port import Port

__all__ = [
    "Connectable",
    "Connection",
    "Handle",
    "Modulation",
    "PortRef",
    "find_port",
    "find_target_param",
]


class PortRef(NamedTuple):
    """One port of one node or of one end of a graph; formatted as ``node.port``."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


class Connection(NamedTuple):
    """An edge of the graph, from an output port to an input port."""

    source: PortRef
    target: PortRef

    def __repr__(self) -> str:
        return f"<Connection {self.source} >> {self.target}>"


class Modulation(NamedTuple):
    """A control signal that moves a parameter: from an output port to ``node.param``.

    The parameter is base + ``amount`` * (high - low) * signal, or for one with a logarithmic taper
    base * (high / low) ** (``amount`` * signal); the sum counts where several signals move it.  A
    signal that is ``absolute`` is itself the base, in the unit of the parameter.
    """

    source: PortRef
    target: PortRef
    """The node, and the name of its parameter."""
    amount: float
    absolute: bool = False

    @property
    def label(self) -> str:
        """How the signal moves the parameter: "by 0.5", or "absolute"."""
        return "absolute" if self.absolute else f"by {self.amount:g}"

    def __repr__(self) -> str:
        return f"<Modulation {self.source} >> {self.target} {self.label}>"


class Connectable(Protocol):
    """The part of ``Graph`` that handles and checks use; here, it opens an import circle."""

    name: str

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by name."""

    @property
    def inputs(self) -> Mapping[str, int]:
        """Channel count of each input of the graph."""

    @property
    def outputs(self) -> Mapping[str, int]:
        """Channel count of each output of the graph."""

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All connections, in the order of the ``connect`` calls."""

    @property
    def mixes(self) -> Mapping[str, tuple[float, bool]]:
        """The dry/wet mix, and whether it is bypassed, of each node where either was set."""

    @property
    def modulations(self) -> tuple[Modulation, ...]:
        """All connections to parameters, in the order of the ``connect`` calls."""

    @property
    def racks(self) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Inputs and outputs of each graph that was added as a rack, by name."""

    def ports(self, name: str, side: Side) -> tuple[Port, ...]:
        """Return the input or output ports of a node, or of an end of the graph."""

    def sources(self) -> dict[PortRef, list[PortRef]]:
        """Return the output ports connected to each input port, in the order connected."""

    def connect(self, source: "Handle | str", target: "Handle | str") -> None:
        """Connect two ports."""


@dataclass(frozen=True, eq=False, repr=False)
class Handle:
    """A node or end of a graph, for connecting: ``a >> b``, ``a["left"] >> b["side"]``."""

    graph: Connectable
    name: str
    port: str | None = None

    def __getitem__(self, port: str) -> "Handle":
        """Select a port, or a parameter (for control signals), by name; of a rack, a node."""
        if self.name in self.graph.racks and isinstance(port, str):
            inner = f"{self.name}.{port}"
            if inner in self.graph.nodes or inner in self.graph.racks:
                return Handle(self.graph, inner)
        sides = (self.graph.ports(self.name, "input"), self.graph.ports(self.name, "output"))
        names = [p.name for side in sides for p in side]
        node = self.graph.nodes.get(self.name)
        params = () if node is None else node.params()
        if not isinstance(port, str) or (port not in names and port not in params):
            has = ", ".join(names) or "none"
            raise UnknownNameError(f"{self.name} has no port {format_value(port)}; it has {has}")
        return Handle(self.graph, self.name, port)

    def __rshift__(self, target: "Handle") -> "Handle":
        """Connect to ``target`` and return ``target``, for chains: ``a >> b >> c``.

        If ``target`` has a selected port, the returned handle has none: the next connection of
        the chain starts at an output port of that node.
        """
        if not isinstance(target, Handle):
            raise GraphError(
                f"{self} >> {format_value(target)}: the target must be a handle "
                "(graph.add, graph.output and graph.handle return one)"
            )
        self.graph.connect(self, target)
        return target if target.port is None else Handle(target.graph, target.name)

    # Graphs compare by value and are unhashable; handles are equal only within one graph.
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


def find_port(graph: Connectable, end: Handle | str, side: Side) -> tuple[PortRef, Port]:
    """Return the port that a handle, ``"node"`` or ``"node.port"`` refers to, and its reference."""
    name, port = _split(graph, end)
    if name in graph.racks:
        name, port = _rack_end(graph, name, port, side), None
    ports = graph.ports(name, side)
    if port is None and len(ports) == 1:
        return PortRef(name, ports[0].name), ports[0]
    if not ports:
        raise PortError(f"{name} has no {side} port")
    if port is None:
        raise PortError(
            f"{name} has the {side}s {format_names(p.name for p in ports)}: "
            f"say which, as in {name}.{ports[0].name}"
        )
    for candidate in ports:
        if candidate.name == port:
            return PortRef(name, port), candidate
    params = graph.nodes[name].params() if side == "input" and name in graph.nodes else ()
    known = f"; its parameters: {format_names(params)}" if params else ""
    raise UnknownNameError(
        f"{name} has no {side} {format_value(port)}; "
        f"its {side}s: {format_names(p.name for p in ports)}{known}"
    )


def _rack_end(graph: Connectable, rack: str, end: str | None, side: Side) -> str:
    """Return the node that stands for an input or output of a rack: the only one, or ``end``."""
    ends = graph.racks[rack][0 if side == "input" else 1]
    if end is None and len(ends) == 1:
        return f"{rack}.{ends[0]}"
    if end is None or end not in ends:
        what = "say which" if end is None else f"{format_value(end)} is none of them"
        raise PortError(f"{rack} has the {side}s {format_names(ends)}: {what}")
    return f"{rack}.{end}"


def find_target_param(graph: Connectable, end: Handle | str) -> PortRef | None:
    """Return the node and parameter that a target names; ``None`` if it names no parameter.

    An input port goes before a parameter of its name.
    """
    name, param = _split(graph, end)
    if param is None or name not in graph.nodes or param not in graph.nodes[name].params():
        return None
    if any(port.name == param for port in graph.ports(name, "input")):
        return None
    return PortRef(name, param)


def _split(graph: Connectable, end: Handle | str) -> tuple[str, str | None]:
    if isinstance(end, Handle):
        if end.graph is not graph:
            raise GraphError(f"{end} is a handle of another graph; connect within one graph")
        return end.name, end.port
    if isinstance(end, str):
        if end in graph.nodes or end in graph.racks:
            return end, None
        name, dot, port = end.rpartition(".")
        return (name, port) if dot else (end, None)
    raise GraphError(
        f"cannot connect {format_value(end)}: must be a handle (graph.add returns one), "
        "'node' or 'node.port'"
    )
