"""Join nodes one after another, between one input and one output.  Control thread only."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ..arguments import format_value
from ..catalog.table import node_type
from ..check import check_declared, node_hint
from ..errors import GraphWarning, ParamError, PortError
from ..node import Node
from ..port import Kind, Port
from ..silent import stack_level

__all__ = ["join_in_chain", "named_nodes"]

Graph_ = Any
"""A ``Graph``; its module imports this one."""
HALF_DB = -6.020599913279624
"""20 lg 0.5: the mean of two channels."""


def named_nodes(nodes: Sequence[Node], named: Mapping[str, Node]) -> dict[str, Node]:
    """Return nodes by name; those without get their type's, with a number from the second on."""
    made: dict[str, Node] = {}
    for node in (*nodes, *named.values()):
        if not isinstance(node, Node):
            raise ParamError(f"a chain has {format_value(node)}: must be nodes{node_hint(node)}")
        check_declared(node)
    for node in nodes:
        name, count = node.type_name, 1
        while name in made or name in named:
            count += 1
            name = f"{node.type_name}{count}"
        made[name] = node
    return {**made, **named}


def join_in_chain(graph: Graph_, nodes: Mapping[str, Node], channels: int | None) -> None:
    """Add nodes, an input "in" and an output "out", and connect them in this order.

    The input has the channels of the first node, or ``channels`` where that takes any (if ``None``
    its ``own_channels``).  Where widths differ a node is put in between, with a ``GraphWarning``: a
    ``pan`` from one channel to two, a ``split`` and a ``mix`` for the mean of two.  ``PortError``
    for any other difference.
    """
    ports = {name: _ports(name, node) for name, node in nodes.items()}
    first = next((entering.channels for entering, _ in ports.values()), None)
    if channels is None:
        channels = next((node.own_channels for node in nodes.values()), 1)
    width = channels if first is None else first
    end, last = graph.input("in", channels=width), "the input"
    for name, node in nodes.items():
        entering, leaving = ports[name]
        if entering.channels is not None and entering.channels != width:
            taken = {*nodes, *graph, "in", "out"}
            end = _joined(graph, end, (width, entering.channels), (last, name), taken)
            width = entering.channels
        end = end >> graph.add(name, node)
        width, last = width if leaving.channels is None else leaving.channels, name
    end >> graph.output("out", channels=width)


def _ports(name: str, node: Node) -> tuple[Port, Port]:
    """Return the audio input and the audio output of a node that has one of each."""
    found = []
    for side, ports in (("input", node.inputs), ("output", node.outputs)):
        audio = [port for port in ports if port.kind is Kind.AUDIO]
        if len(audio) != 1 or len(ports) != 1:
            raise PortError(
                f"{name} ({type(node).__name__}) has {len(ports)} {side}s: a chain takes nodes with"
                " one audio input and one audio output; connect others with Graph.connect"
            )
        found.append(audio[0])
    return found[0], found[1]


def _joined(
    graph: Graph_, end: Any, widths: tuple[int, int], between: tuple[str, str], taken: set[str]
) -> Any:
    """Add what makes the second number of channels from the first; return its output."""
    last, name = between
    if widths == (1, 2):
        added = _unused("pan", taken)
        _warn(f"{added} (Pan) places the one channel of {last} in the two of {name}")
        return end >> graph.add(added, node_type("pan")())
    if widths == (2, 1):
        split, mix = _unused("split", taken), _unused("mix", taken)
        _warn(
            f"{split} (Split) and {mix} (Mix) make the mean of the two channels of {last} for the "
            f"one of {name}"
        )
        options: Any = {"mode": "channels"}
        end >> graph.add(split, node_type("split")(**options))
        levels: Any = {"gain1_db": HALF_DB, "gain2_db": HALF_DB}
        graph.add(mix, node_type("mix")(**levels))
        for n, port in enumerate(("left", "right"), 1):
            graph.connect(f"{split}.{port}", f"{mix}.in{n}")
        return graph.handle(mix)
    raise PortError(
        f"{last} has {widths[0]} channel{'s' * (widths[0] > 1)}, {name} takes {widths[1]}: no node "
        "makes one from the other; connect them with Graph.connect"
    )


def _unused(name: str, taken: set[str]) -> str:
    """Return ``name``, or with a number if it is taken."""
    count, free = 1, name
    while free in taken:
        count += 1
        free = f"{name}{count}"
    return free


def _warn(text: str) -> None:
    warnings.warn(f"in the chain {text}", GraphWarning, stacklevel=stack_level())
