"""Checks of node names, channel counts and ports, made when they are added to a graph."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from .arguments import as_whole, format_value
from .errors import GraphError, PortError
from .node import Node
from .paths import Content
from .port import Kind, Port

__all__ = [
    "MAX_CHANNELS",
    "MAX_NAME",
    "Side",
    "check_channels",
    "check_declared",
    "check_name",
    "format_names",
    "node_hint",
    "ports_of",
]

MAX_CHANNELS = 1 << 16
"""Per port: a ``NamBank`` has one output channel per model."""
MAX_NAME = 64

Side = Literal["input", "output"]


def check_name(name: Any) -> str:
    """Return ``name`` if it is 1 to ``MAX_NAME`` printable characters without a dot."""
    legal = isinstance(name, str) and name.isprintable() and "." not in name
    if not legal or not 1 <= len(name) <= MAX_NAME:
        raise GraphError(
            f"{format_value(name)} is no name: 1 to {MAX_NAME} printable characters without a dot"
        )
    return str(name)


def check_channels(name: str, channels: Any) -> int:
    """Return ``channels`` as an int if it is in [1, ``MAX_CHANNELS``]."""
    count = as_whole(channels)
    if count is None or not 1 <= count <= MAX_CHANNELS:
        raise PortError(
            f"{name} has {format_value(channels)} channels: must be an int in [1, {MAX_CHANNELS}]"
        )
    return count


def check_declared(node: Node, *, own: bool = False) -> None:
    """Raise ``GraphError`` if a node's class was not decorated with ``@node``.

    With ``own`` also if only a class that it inherits from was.
    """
    cls = type(node)
    if not hasattr(cls, "type_name") or (own and "type_name" not in vars(cls)):
        what = f", but for {cls.type_name!r}, which it inherits from" if own else ""
        what = what if hasattr(cls, "type_name") else ""
        raise GraphError(
            f"the class {cls.__name__} is declared as no type of node{what}: decorate the class "
            'with @ng.node("name")'
        )


def node_hint(value: Any) -> str:
    """Return how to make a node of what was given in place of one, for a message; or ""."""
    if isinstance(value, type) and issubclass(value, Node):
        return f" (an instance, not the class: {value.__name__}(...))"
    if isinstance(value, str | os.PathLike):
        return " (ng.Nam(path) plays a .nam file, ng.Cab(path) an impulse response)"
    return " (ng.Nam(model) plays a model)" if isinstance(value, Content) else ""


def ports_of(name: str, node: Any) -> dict[Side, tuple[Port, ...]]:
    """Return a node's ports by side; their names must differ, their channel counts be possible."""
    if not isinstance(node, Node):
        raise GraphError(
            f"the node {name} is {format_value(node)}: must be a Node{node_hint(node)}"
        )
    check_declared(node)
    sides: dict[Side, tuple[Port, ...]] = {
        "input": _ports(name, "input", node.inputs),
        "output": _ports(name, "output", node.outputs),
    }
    for side, ports in sides.items():
        names = [port.name for port in ports]
        if len(set(names)) < len(names):
            raise PortError(f"{name} has the {side}s {format_names(names)}: names must differ")
        for port in ports:
            if port.channels is not None:
                check_channels(f"{name}.{port.name}", port.channels)
            if port.kind is Kind.CONTROL and port.channels not in (None, 1):
                raise PortError(
                    f"{name}.{port.name} is control and has {port.channels} channels: must be 1"
                )
    return sides


def _ports(name: str, side: Side, ports: Any) -> tuple[Port, ...]:
    if not isinstance(ports, Sequence) or not all(isinstance(port, Port) for port in ports):
        raise PortError(f"{name}.{side}s is {format_value(ports)}: must be a tuple of Port")
    return tuple(ports)


def format_names(names: Iterable[str], most: int = 20) -> str:
    """Format names for a message: up to ``most`` of them, then the number of the rest."""
    every = list(names)
    rest = f", and {len(every) - most} more" if len(every) > most else ""
    return (", ".join(every[:most]) or "none") + rest
