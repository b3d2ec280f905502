"""Graph: named nodes and the connections between their ports.  Control thread only."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from .arguments import by_keyword, check_flag
from .catalog.summary import format_graph
from .check import Side, check_channels, check_name, ports_of
from .connection import Connection, Handle, Modulation, PortRef, find_port, find_target_param
from .drawing.notebook import Drawn
from .editing import changes, racks
from .editing.aligning import Alignable
from .editing.tables import Rack, Tables
from .editing.values import Values
from .errors import DuplicateNameError
from .node import Node
from .opening.chain import join_in_chain, named_nodes
from .port import Port
from .prepare import Spec, as_spec
from .scheduling.schedule import latency, tail
from .silent import find_silent, warn_silent

__all__ = ["Graph"]


class Graph(Alignable, Drawn, Values):
    """Named nodes and connections; holds no samples and has no sample rate.

    ``input`` and ``output`` declare the ends of the graph, where an adapter writes and reads audio:
    a graph input has one port "out", a graph output one port "in".  Several connections into one
    port are summed in the order connected.  Not thread-safe.
    """

    name: str = ""
    """Display name (that of the preset); does not affect the sound."""
    description: str = ""
    """A line on what it is for (that of the preset)."""

    def __init__(self) -> None:
        """Create an empty graph."""
        self._tables = Tables()

    @classmethod
    def chain(cls, /, *nodes: Node, channels: int | None = None, **named: Node) -> "Graph":
        """Return a graph of nodes one after another: ``Graph.chain(Nam(...), cab=Cab(...))``.

        Nodes by position come first, and are named after their type ("nam", "gain", "gain2").  The
        input "in" has ``channels`` where the first node takes any number; if not given 1, of a pair
        of captures 2.  Where widths differ the obvious node is put in between, with a
        ``GraphWarning`` that says so: ``chain.py``.  Without nodes the graph passes its input on.
        """
        made = cls()
        width = None if channels is None else check_channels("in", channels)
        join_in_chain(made, named_nodes(nodes, named), width)
        return made

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by name, in the order added."""
        return MappingProxyType(self._tables.nodes)

    @property
    def inputs(self) -> Mapping[str, int]:
        """Channel count of each input of the graph."""
        return MappingProxyType(self._tables.inputs)

    @property
    def outputs(self) -> Mapping[str, int]:
        """Channel count of each output of the graph."""
        return MappingProxyType(self._tables.outputs)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All connections, in the order of the ``connect`` calls."""
        return tuple(self._tables.connections)

    @property
    def modulations(self) -> tuple[Modulation, ...]:
        """All connections to parameters, in the order of the ``connect`` calls."""
        return tuple(self._tables.modulations.values())

    @property
    def racks(self) -> Mapping[str, Rack]:
        """The ends of each graph that was added as a rack, by name."""
        return MappingProxyType(self._tables.racks)

    def __getitem__(self, name: str) -> Node:
        """Return the node called ``name``; ``UnknownNameError`` with the nearest names if none."""
        return changes.find_node(self, name)

    def __contains__(self, name: object) -> bool:
        """Return whether a node has this name (an input or output of the graph is none)."""
        return isinstance(name, str) and name in self._tables.nodes

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the nodes, in the order added."""
        return iter(tuple(self._tables.nodes))

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self._tables.nodes)

    def __bool__(self) -> bool:
        """Return ``True``, also for a graph without nodes, whose length is 0."""
        return True

    def add(self, name: str, node: "Node | Graph") -> Handle:
        """Add ``node`` under an unused ``name`` and return its handle; reads the node's files.

        A graph becomes a rack inside this one: its nodes are ``rack.node``, their parameters
        ``rack.node.param``, and its inputs and outputs are those of the handle.  Later a node is
        added to the rack as ``add("rack.node", node)``.
        """
        self._check_free(name)
        if isinstance(node, Graph):
            self._tables.add_rack(name, node)
            return Handle(self, name)
        self._tables.ports[name] = ports_of(name, node)
        self._tables.nodes[name] = node
        return Handle(self, name)

    def set_rack_ends(self, name: str, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Make nodes of a rack, ``PassThrough``, its inputs and outputs, in that order."""
        self._tables.racks[name] = Rack(*racks.rack_ends(self, name, inputs, outputs))

    @by_keyword
    def input(self, name: str, *, channels: int) -> Handle:
        """Declare an input of the graph with ``channels`` channels."""
        self._check_free(name)
        self._tables.inputs[name] = check_channels(name, channels)
        port = Port("out", self._tables.inputs[name])
        self._tables.ports[name] = {"input": (), "output": (port,)}
        return Handle(self, name)

    @by_keyword
    def output(self, name: str, *, channels: int) -> Handle:
        """Declare an output of the graph with ``channels`` channels."""
        self._check_free(name)
        self._tables.outputs[name] = check_channels(name, channels)
        self._tables.ports[name] = {
            "input": (Port("in", self._tables.outputs[name]),),
            "output": (),
        }
        return Handle(self, name)

    def handle(self, name: str) -> Handle:
        """Return the handle of a node, a rack, or an end of the graph."""
        self.ports(name, "input")
        return Handle(self, name)

    def connect(
        self,
        source: Handle | str,
        target: Handle | str,
        amount: float | None = None,
        *,
        absolute: bool = False,
    ) -> None:
        """Connect two ports, each a handle, ``"node"`` (if it has one port) or ``"node.port"``.

        A control output also connects to a parameter, ``"node.param"``: it moves it by ``amount``
        (1 unless given, -1 to 1) of its range, around the value that is set; with ``absolute`` the
        signal is the value itself, in the parameter's unit: ``Modulation``.
        Channel counts are checked later, by ``schedule``: they may depend on later connections.
        """
        leaving = find_port(self, source, "output")
        if (param := find_target_param(self, target)) is not None:
            made = changes.modulation(self, *leaving, param, amount, absolute)
            self._tables.modulations[Connection(made.source, param)] = made
            return
        entering = find_port(self, target, "input")
        changes.refuse_amount(entering[0], amount, absolute)
        taken = self._tables.connections
        taken[changes.new_connection(self, taken, leaving, entering)] = None

    def disconnect(self, source: Handle | str, target: Handle | str) -> None:
        """Remove the connection between two ports, or to a parameter, given as in ``connect``."""
        changes.remove_connection(
            self, (self._tables.connections, self._tables.modulations), source, target
        )

    def remove(self, name: str) -> None:
        """Remove a node, a rack or an end of the graph, and all its connections."""
        racks.check_no_rack_end(self, name, "removed")
        self._tables.remove(name)

    def replace(self, name: str, node: Node) -> None:
        """Replace the node called ``name`` by ``node`` and keep its connections and its mix.

        ``PortError``, and no change, if the new node lacks a connected port or has another kind;
        ``UnknownNameError`` if it lacks a parameter that is connected.
        """
        ports = changes.check_replacement(self, name, node)
        self._tables.ports[name] = ports
        self._tables.nodes[name] = node
        self._forget_lost_values(name)

    @by_keyword
    def insert(
        self, name: str, node: Node, *, between: tuple[Handle | str, Handle | str]
    ) -> Handle:
        """Add ``node`` into the connection between two ends; return its handle.

        The ends, source and target, are given as in ``connect``.  The node's first input and first
        output are used; a sum that the connection is part of keeps its order.
        """
        self._check_free(name)
        ends = changes.check_between(self, between)
        made = changes.split_connection(self, name, ports_of(name, node), ends)
        handle = self.add(name, node)
        self._tables.connections = made
        return handle

    def rename(self, name: str, new: str) -> None:
        """Give a node or an end of the graph another name; its place and connections stay.

        Handles made before have the old name.
        """
        self.ports(name, "input")
        if not isinstance(new, str) or new != name:
            self._check_free(new)
            racks.check_rename(self, name, new)
        self._tables.rename(name, new)

    def copy(self) -> "Graph":
        """Return an independent copy; the nodes, which are immutable, are shared."""
        other = Graph()
        other.name, other.description, other._tempo = self.name, self.description, self._tempo
        other._tables = self._tables.copy()  # nodes are frozen: sharing them is safe
        return other

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
        try:
            return self._tables.ports[name][side]
        except (KeyError, TypeError):
            return changes.find_ports(self, self._tables.ports, name, side)

    def sources(self) -> dict[PortRef, list[PortRef]]:
        """Return the output ports connected to each input port, in the order connected."""
        found: dict[PortRef, list[PortRef]] = {
            PortRef(name, port.name): []
            for name in (*self._tables.nodes, *self._tables.outputs)
            for port in self._tables.ports[name]["input"]
        }
        for connection in self._tables.connections:
            found[connection.target].append(connection.source)
        return found

    def __eq__(self, other: object) -> bool:
        """Compare all but name and description; order counts in sums and ends only."""
        if not isinstance(other, Graph):
            return NotImplemented
        return (
            self._tables.nodes == other._tables.nodes
            and list(self._tables.inputs.items()) == list(other._tables.inputs.items())
            and list(self._tables.outputs.items()) == list(other._tables.outputs.items())
            and self.sources() == other.sources()
            and sorted(self.modulations) == sorted(other.modulations)
            and self._tables.racks == other._tables.racks
            and self._tables.mixes == other._tables.mixes
            and self._tables.snapshots == other._tables.snapshots
            and self.tempo_bpm == other.tempo_bpm
        )

    __hash__ = None  # type: ignore[assignment]  # graphs change

    def __repr__(self) -> str:
        return format_graph(self)

    def _check_free(self, name: str) -> None:
        rack, _, inner = name.rpartition(".") if isinstance(name, str) else ("", "", name)
        check_name(inner if rack in self._tables.racks else name)
        if name in self._tables.ports or name in self._tables.racks:
            raise DuplicateNameError(f"{name!r} is already in this graph")
