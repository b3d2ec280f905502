"""Checks before a graph is changed: connect, modulate, replace, insert."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from ..arguments import check_choice, check_flag, check_number, format_value, nearest
from ..check import Side, format_names, ports_of
from ..connection import (
    Connectable,
    Connection,
    Handle,
    Modulation,
    PortRef,
    find_port,
    find_target_param,
)
from ..errors import DuplicateNameError, GraphError, ParamError, PortError, UnknownNameError
from ..node import Node
from ..port import Kind, Port
from .aligning import warn_if_aligned
from .racks import check_no_rack_end, rack_ports

__all__ = [
    "changed_nodes",
    "check_between",
    "check_replacement",
    "find_node",
    "find_ports",
    "modulation",
    "new_connection",
    "refuse_amount",
    "remove_connection",
    "split_connection",
]

Ports = Mapping[Side, tuple[Port, ...]]


def new_connection(
    graph: Connectable,
    taken: Container[Connection],
    source: tuple[PortRef, Port],
    target: tuple[PortRef, Port],
) -> Connection:
    """Return a connection that is not among those ``taken``, of two ports of the same kind.

    The inputs and outputs of the graph carry signals of either kind.
    """
    made = Connection(source[0], target[0])
    kinds = source[1].kind, target[1].kind
    at_end = made.source.node in graph.inputs or made.target.node in graph.outputs
    if kinds[0] is not kinds[1] and not at_end:
        raise PortError(f"{made.source} is {kinds[0].value}, {made.target} takes {kinds[1].value}")
    _check_sum(graph, made, kinds[0])
    if made in taken:
        raise DuplicateNameError(f"{made.source} already feeds {made.target}")
    return made


def _check_sum(graph: Connectable, made: Connection, kind: Kind) -> None:
    """Raise ``PortError`` if an output of the graph would sum audio and a control signal."""
    if made.target.node not in graph.outputs:
        return
    for source in graph.sources()[made.target]:
        ports = {port.name: port.kind for port in graph.ports(source.node, "output")}
        if source.node in graph.nodes and ports[source.port] is not kind:
            raise PortError(
                f"{made.source} is {kind.value}, and {made.target} already has the "
                f"{ports[source.port].value} of {source}: give it an output of its own"
            )


def modulation(
    graph: Connectable,
    source: PortRef,
    leaving: Port,
    param: PortRef,
    amount: float | None,
    absolute: bool,
) -> Modulation:
    """Return a new modulation; ``PortError`` if its source is no control signal."""
    if leaving.kind is not Kind.CONTROL:
        raise PortError(
            f"{source} is {leaving.kind.value}, the parameter {param} takes control: put an "
            "EnvelopeFollower between them, or connect a source of control signals"
        )
    moved = [m for m in graph.modulations if m.target == param]
    if any(m.source == source for m in moved):
        raise DuplicateNameError(f"{source} already moves {param}: disconnect it first")
    if check_flag("absolute", absolute):
        if amount is not None:
            raise ParamError(f"amount is {format_value(amount)}: does not go with absolute=True")
        if other := [m for m in moved if m.absolute]:
            raise GraphError(f"{other[0].source} already is the value of {param}: disconnect it")
    share = 1.0
    if amount is not None:
        share = check_number("amount", amount, -1.0, 1.0, "of the parameter's range")
    return Modulation(source, param, share, absolute)


def refuse_amount(port: PortRef, amount: float | None, absolute: bool) -> None:
    """Raise ``ParamError`` if an amount is given for a port, not a parameter."""
    if amount is not None:
        raise ParamError(
            f"amount is {format_value(amount)}: goes with a parameter; {port} is a port"
        )
    if check_flag("absolute", absolute):
        raise ParamError(f"absolute is True: goes with a parameter; {port} is a port")


def find_node(graph: Connectable, name: Any) -> Node:
    """Return the node called ``name``; ``UnknownNameError`` with the nearest names if none."""
    if isinstance(name, str) and name in graph.nodes:
        return graph.nodes[name]
    for side, ends in (("input", graph.inputs), ("output", graph.outputs)):
        if isinstance(name, str) and name in ends:
            raise UnknownNameError(
                f"{name!r} is an {side} of the graph, no node: graph.handle({name!r}) connects it"
            )
    near = nearest(name.partition(".")[0] if isinstance(name, str) else name, graph.nodes)
    if isinstance(name, str) and name in graph.racks:
        near = f"it is a rack, whose nodes are {format_names(_inside(graph, name))}"
    raise UnknownNameError(f"no node {format_value(name)}; {near}")


def _inside(graph: Connectable, rack: str) -> list[str]:
    return [name for name in graph.nodes if name.startswith(f"{rack}.")]


def check_replacement(graph: Connectable, name: str, node: Node) -> dict[Side, tuple[Port, ...]]:
    """Return the ports of ``node``; an error if it lacks what is connected at ``name``."""
    if not isinstance(name, str) or name not in graph.nodes:
        raise UnknownNameError(
            f"no node {format_value(name)} to replace; nodes: {format_names(graph.nodes)}"
        )
    check_no_rack_end(graph, name, "replaced")
    ports = ports_of(name, node)
    leaving = {c.source.port for c in graph.connections if c.source.node == name}
    leaving |= {m.source.port for m in graph.modulations if m.source.node == name}
    entering = {c.target.port for c in graph.connections if c.target.node == name}
    _check_kept(graph, name, "output", leaving, ports["output"])
    _check_kept(graph, name, "input", entering, ports["input"])
    for source, target, *_ in graph.modulations:
        if target.node == name and target.port not in node.params():
            raise UnknownNameError(
                f"{source} moves {target}; the new node has the parameters "
                f"{format_names(node.params())}: disconnect it first"
            )
    warn_if_aligned(graph, name, node)
    return ports


def _check_kept(
    graph: Connectable, name: str, side: Side, used: set[str], ports: tuple[Port, ...]
) -> None:
    kinds = {port.name: port.kind for port in ports}
    for old in graph.ports(name, side):
        if old.name in used and kinds.get(old.name) is not old.kind:
            raise PortError(
                f"{name}.{old.name} ({old.kind.value} {side}) is connected; the new node has "
                f"the {side}s {format_names(f'{n} ({k.value})' for n, k in kinds.items())}"
            )


def check_between(graph: Connectable, between: Any) -> Connection:
    """Return the connection that a pair of ends names; ``GraphError`` if there is none."""
    if not isinstance(between, tuple | list) or len(between) != 2:
        raise GraphError(
            f"between is {format_value(between)}: must be the two ends of a connection, as in "
            "('amp', 'cab')"
        )
    ends = Connection(
        find_port(graph, between[0], "output")[0], find_port(graph, between[1], "input")[0]
    )
    if ends not in graph.connections:
        feeds = [str(c.target) for c in graph.connections if c.source == ends.source]
        raise GraphError(
            f"{ends.source} does not feed {ends.target}; it feeds {format_names(feeds)}"
        )
    return ends


def split_connection(
    graph: Connectable, name: str, ports: Ports, ends: Connection
) -> dict[Connection, None]:
    """Return the connections of a graph with a node ``name`` put into the one called ``ends``.

    The node's first input and first output are used; ``PortError`` if one is missing or of another
    kind.  Sums keep their order.
    """
    leaving = graph.ports(ends.source.node, "output")
    kind = next(port.kind for port in leaving if port.name == ends.source.port)
    sides: tuple[Side, Side] = ("input", "output")
    for side in sides:
        if not ports[side]:
            raise PortError(f"{name} has no {side} port: it cannot be put into {ends}")
        port = ports[side][0]
        if port.kind is not kind:
            raise PortError(
                f"{name}.{port.name} is {port.kind.value}, {ends.source} is {kind.value}"
            )
    into, out = (PortRef(name, ports[side][0].name) for side in sides)
    made: dict[Connection, None] = {}
    for connection in graph.connections:
        if connection == ends:
            made[Connection(ends.source, into)] = made[Connection(out, ends.target)] = None
        else:
            made[connection] = None
    return made


def remove_connection(
    graph: Connectable,
    tables: Iterable[dict[Connection, Any]],
    source: Handle | str,
    target: Handle | str,
) -> None:
    """Remove the connection between two ports, or from a port to a parameter, from ``tables``."""
    leaving, _ = find_port(graph, source, "output")
    entering = find_target_param(graph, target) or find_port(graph, target, "input")[0]
    feeds: list[str] = []
    for table in tables:
        if table.pop(Connection(leaving, entering), table) is not table:
            return
        feeds += [str(c.target) for c in table if c.source == leaving]
    raise GraphError(f"{leaving} does not feed {entering}; it feeds {format_names(feeds)}")


def find_ports(
    graph: Connectable, ports: Mapping[str, Mapping[Side, tuple[Port, ...]]], name: str, side: Side
) -> tuple[Port, ...]:
    """Return the ports of a node, an end or a rack on one side; ``UnknownNameError`` if none."""
    found = ports.get(name) if isinstance(name, str) else None
    if found is None and isinstance(name, str) and name in graph.racks:
        found = rack_ports(graph, name)
    if found is not None and isinstance(side, str) and side in found:
        return found[side]
    if found is None:
        raise UnknownNameError(
            f"nothing called {format_value(name)} in this graph; it has {format_names(ports)}"
        )
    return found[check_choice("side", side, ("input", "output"))]


def changed_nodes(graph: Connectable, values: Mapping[str, float]) -> dict[str, Node]:
    """Return the nodes that get other values, of ``{"node.param": value}``, with these."""
    if not isinstance(values, Mapping):
        raise ParamError(f"values is {format_value(values)}: must map 'node.param' to a value")
    by_node = dict[str, dict[str, float]]()
    for name, value in values.items():
        node, _, param = str(name).rpartition(".")
        if node not in graph.nodes or param not in graph.nodes[node].params():
            near = nearest(
                name, graph.nodes if node not in graph.nodes else _params_of(graph, node)
            )
            raise UnknownNameError(f"no parameter {format_value(name)} in this graph; {near}")
        checked = graph.nodes[node].params()[param].check(name, value)
        if getattr(graph.nodes[node], param) != checked:
            by_node.setdefault(node, {})[param] = checked
    return {node: graph.nodes[node].with_params(changed) for node, changed in by_node.items()}


def _params_of(graph: Connectable, node: str) -> list[str]:
    return [f"{node}.{param}" for param in graph.nodes[node].params()]
