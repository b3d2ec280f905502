"""Graph: named nodes and the connections between their ports.  Control thread only."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from .arguments import by_keyword, check_choice, check_flag, format_value, nearest
from .catalog.summary import format_graph
from .check import Side, check_channels, check_name, format_names, ports_of
from .connection import Connection, Handle, PortRef, find_port
from .errors import DuplicateNameError, GraphError, ParamError, PortError, UnknownNameError
from .node import Node
from .opening.chain import join_in_chain, named_nodes
from .port import Port
from .prepare import Spec, as_spec
from .scheduling.schedule import latency, tail
from .silent import find_silent, warn_silent

__all__ = ["Graph"]


class Graph:
    """Named nodes and connections; holds no samples and has no sample rate.

    ``input`` and ``output`` declare the ends of the graph, where an adapter writes and reads audio:
    a graph input has one port "out", a graph output one port "in".  Several connections into one
    port are summed in the order connected.  Not thread-safe.
    """

    name: str = ""
    """Display name (that of the preset); does not affect the sound."""

    def __init__(self) -> None:
        """Create an empty graph."""
        self._nodes: dict[str, Node] = {}
        self._inputs: dict[str, int] = {}
        self._outputs: dict[str, int] = {}
        self._ports: dict[str, dict[Side, tuple[Port, ...]]] = {}
        self._connections: dict[Connection, None] = {}  # a dict is an ordered set

    @classmethod
    def chain(cls, /, *nodes: Node, channels: int = 1, **named: Node) -> "Graph":
        """Return a graph of nodes one after another: ``Graph.chain(Nam(...), cab=Cab(...))``.

        Nodes by position come first, and are named after their type ("nam", "gain", "gain2").  The
        input "in" has ``channels`` where the first node takes any number.  Where widths differ the
        obvious node is put in between, with a ``GraphWarning`` that says so: ``chain.py``.  Without
        nodes the graph passes its input on.
        """
        made = cls()
        join_in_chain(made, named_nodes(nodes, named), check_channels("in", channels))
        return made

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by name, in the order added."""
        return MappingProxyType(self._nodes)

    @property
    def inputs(self) -> Mapping[str, int]:
        """Channel count of each input of the graph."""
        return MappingProxyType(self._inputs)

    @property
    def outputs(self) -> Mapping[str, int]:
        """Channel count of each output of the graph."""
        return MappingProxyType(self._outputs)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All connections, in the order of the ``connect`` calls."""
        return tuple(self._connections)

    def __getitem__(self, name: str) -> Node:
        """Return the node called ``name``; ``UnknownNameError`` with the nearest names if none."""
        if isinstance(name, str) and name in self._nodes:
            return self._nodes[name]
        if isinstance(name, str) and name in self._ports:
            side = "input" if name in self._inputs else "output"
            raise UnknownNameError(
                f"{name!r} is an {side} of the graph, no node: graph.handle({name!r}) connects it"
            )
        near = nearest(str(name).partition(".")[0], self._nodes)
        raise UnknownNameError(f"no node {format_value(name)}; {near}")

    def __contains__(self, name: object) -> bool:
        """Return whether a node has this name (an input or output of the graph is none)."""
        return isinstance(name, str) and name in self._nodes

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the nodes, in the order added."""
        return iter(tuple(self._nodes))

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self._nodes)

    def __bool__(self) -> bool:
        """Return ``True``, also for a graph without nodes, whose length is 0."""
        return True

    def add(self, name: str, node: Node) -> Handle:
        """Add ``node`` under an unused ``name`` and return its handle; reads the node's files."""
        self._claim(name)
        self._ports[name] = ports_of(name, node)
        self._nodes[name] = node
        return Handle(self, name)

    @by_keyword
    def input(self, name: str, *, channels: int) -> Handle:
        """Declare an input of the graph with ``channels`` channels."""
        self._claim(name)
        self._inputs[name] = check_channels(name, channels)
        self._ports[name] = {"input": (), "output": (Port("out", self._inputs[name]),)}
        return Handle(self, name)

    @by_keyword
    def output(self, name: str, *, channels: int) -> Handle:
        """Declare an output of the graph with ``channels`` channels."""
        self._claim(name)
        self._outputs[name] = check_channels(name, channels)
        self._ports[name] = {"input": (Port("in", self._outputs[name]),), "output": ()}
        return Handle(self, name)

    def handle(self, name: str) -> Handle:
        """Return the handle of a node or end of the graph."""
        self.ports(name, "input")
        return Handle(self, name)

    def connect(self, source: Handle | str, target: Handle | str) -> None:
        """Connect two ports, each a handle, ``"node"`` (if it has one port) or ``"node.port"``.

        Channel counts are checked later, by ``schedule``: they may depend on later connections.
        """
        source_ref, leaving = find_port(self, source, "output")
        target_ref, entering = find_port(self, target, "input")
        if leaving.kind is not entering.kind:
            raise PortError(
                f"{source_ref} is {leaving.kind.value}, {target_ref} takes {entering.kind.value}"
            )
        connection = Connection(source_ref, target_ref)
        if connection in self._connections:
            raise DuplicateNameError(f"{source_ref} already feeds {target_ref}")
        self._connections[connection] = None

    def disconnect(self, source: Handle | str, target: Handle | str) -> None:
        """Remove the connection between two ports, given as in ``connect``."""
        ends = find_port(self, source, "output")[0], find_port(self, target, "input")[0]
        connection = Connection(*ends)
        if connection not in self._connections:
            feeds = [str(c.target) for c in self._connections if c.source == ends[0]]
            raise GraphError(f"{ends[0]} does not feed {ends[1]}; it feeds {format_names(feeds)}")
        del self._connections[connection]

    def remove(self, name: str) -> None:
        """Remove a node or an end of the graph, and all its connections."""
        self.ports(name, "input")
        self._nodes.pop(name, None)
        self._inputs.pop(name, None)
        self._outputs.pop(name, None)
        del self._ports[name]
        self._connections = {
            c: None for c in self._connections if name not in (c.source.node, c.target.node)
        }

    def replace(self, name: str, node: Node) -> None:
        """Replace the node called ``name`` by ``node`` and keep its connections.

        ``PortError``, and no change, if the new node lacks a connected port or has another kind.
        """
        if not isinstance(name, str) or name not in self._nodes:
            raise UnknownNameError(
                f"no node {format_value(name)} to replace; nodes: {format_names(self._nodes)}"
            )
        ports = ports_of(name, node)
        leaving = {c.source.port for c in self._connections if c.source.node == name}
        entering = {c.target.port for c in self._connections if c.target.node == name}
        self._check_kept(name, "output", leaving, ports["output"])
        self._check_kept(name, "input", entering, ports["input"])
        self._ports[name] = ports
        self._nodes[name] = node

    def copy(self) -> "Graph":
        """Return an independent copy; the nodes, which are immutable, are shared."""
        other = Graph()
        other.name = self.name
        other._nodes = dict(self._nodes)  # nodes are frozen: sharing them is safe
        other._inputs = dict(self._inputs)
        other._outputs = dict(self._outputs)
        other._ports = dict(self._ports)
        other._connections = dict(self._connections)
        return other

    def with_params(self, values: Mapping[str, float]) -> "Graph":
        """Return a copy with other values of some parameters, given as ``{"node.param": value}``.

        Reads no file again, so it works if a file was deleted since.
        """
        if not isinstance(values, Mapping):
            raise ParamError(f"values is {format_value(values)}: must map 'node.param' to a value")
        made, by_node = self.copy(), dict[str, dict[str, float]]()
        for name, value in values.items():
            node, _, param = str(name).partition(".")
            declared = self._nodes[node].params() if node in self._nodes else {}
            if param not in declared:
                raise UnknownNameError(f"no parameter {format_value(name)} in this graph")
            checked = declared[param].check(name, value)
            if getattr(self._nodes[node], param) != checked:
                by_node.setdefault(node, {})[param] = checked
        for node, changed in by_node.items():
            made._nodes[node] = self._nodes[node].with_params(changed)
        return made

    def check(self, *, strict: bool = False) -> tuple[str, ...]:
        """Return one line for each missing connection; empty if there is none.

        With ``strict`` these are one ``GraphError``.  Loops and channel counts that do not match
        are not checked here: ``render`` and ``Engine`` refuse them.
        """
        if check_flag("strict", strict):
            warn_silent(self, True)
        return find_silent(self)

    def latency(self, sample_rate: float | Spec) -> int:
        """Return the latency in frames from inputs to outputs at a rate in Hz, or of a ``Spec``.

        ``render`` takes it off; the output of ``Engine.process`` has it.
        """
        return latency(self, as_spec(sample_rate))

    def tail(self, sample_rate: float | Spec) -> int:
        """Return the frames for which the output may go on after the input, beyond the latency.

        ``sample_rate`` is a rate in Hz, or the ``Spec`` of a stream.  Reads the files of cabinets.
        """
        return tail(self, as_spec(sample_rate))

    def ports(self, name: str, side: Side) -> tuple[Port, ...]:
        """Return the input or output ports of a node, or of an end of the graph."""
        found = self._ports.get(name) if isinstance(name, str) else None
        if found is not None and isinstance(side, str) and side in found:
            return found[side]
        if found is None:
            raise UnknownNameError(
                f"nothing called {format_value(name)} in this graph; "
                f"it has {format_names(self._ports)}"
            )
        return found[check_choice("side", side, ("input", "output"))]

    def sources(self) -> dict[PortRef, list[PortRef]]:
        """Return the output ports connected to each input port, in the order connected."""
        found: dict[PortRef, list[PortRef]] = {
            PortRef(name, port.name): []
            for name in (*self._nodes, *self._outputs)
            for port in self._ports[name]["input"]
        }
        for connection in self._connections:
            found[connection.target].append(connection.source)
        return found

    def __eq__(self, other: object) -> bool:
        """Equal nodes, connections and ends; of orders only those of sums and of the ends count."""
        if not isinstance(other, Graph):
            return NotImplemented
        return (
            self._nodes == other._nodes
            and list(self._inputs.items()) == list(other._inputs.items())
            and list(self._outputs.items()) == list(other._outputs.items())
            and self.sources() == other.sources()
        )

    __hash__ = None  # type: ignore[assignment]  # graphs change

    def __repr__(self) -> str:
        return format_graph(self)

    def _claim(self, name: str) -> None:
        if check_name(name) in self._ports:
            raise DuplicateNameError(f"{name!r} is already in this graph")

    def _check_kept(self, name: str, side: Side, used: set[str], ports: tuple[Port, ...]) -> None:
        kinds = {port.name: port.kind for port in ports}
        for old in self._ports[name][side]:
            if old.name in used and kinds.get(old.name) is not old.kind:
                raise PortError(
                    f"{name}.{old.name} ({old.kind.value} {side}) is connected; the new node has "
                    f"the {side}s {format_names(f'{n} ({k.value})' for n, k in kinds.items())}"
                )
