"""Checks of racks: graphs inside a graph, their ends and their names."""

from typing import Any

from ..arguments import format_value
from ..check import Side, format_names
from ..connection import Connectable
from ..errors import GraphError, UnknownNameError
from ..port import Port

__all__ = ["check_no_rack_end", "check_rename", "rack_ends", "rack_ports"]


def check_no_rack_end(graph: Connectable, name: str, what: str) -> None:
    """Raise an error unless ``name`` is there, and no input or output of a rack, which keeps it."""
    graph.ports(name, "input")
    rack, _, end = name.rpartition(".")
    ends = graph.racks.get(rack, ((), ()))
    for side, names in zip(("input", "output"), ends, strict=True):
        if end in names:
            raise GraphError(
                f"{name} is an {side} of the rack {rack}: it cannot be {what}; "
                f"graph.set_rack_ends({rack!r}, ...) says which nodes are its ends"
            )


def check_rename(graph: Connectable, name: str, new: str) -> None:
    """Raise an error if ``name`` is an end of a rack, or a rack and ``new`` a name inside it."""
    check_no_rack_end(graph, name, "renamed")
    if name in graph.racks and new.startswith(f"{name}."):
        raise GraphError(
            f"the rack {name} cannot be renamed {new!r}: that is inside itself; give another name"
        )


def rack_ends(
    graph: Connectable, name: str, inputs: Any, outputs: Any
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the inputs and outputs of a rack; an error unless they are ends of it."""
    if not isinstance(name, str) or name not in graph.racks:
        raise UnknownNameError(
            f"no rack called {format_value(name)}; there is {format_names(graph.racks)}"
        )
    for side, ends in (("inputs", inputs), ("outputs", outputs)):
        if not isinstance(ends, list | tuple) or not all(isinstance(end, str) for end in ends):
            raise GraphError(f"{side} is {format_value(ends)}: must be a list of names")
        for end in ends:
            full = f"{name}.{end}"
            if full not in graph.nodes or graph.nodes[full].type_name != "pass_through":
                raise GraphError(f"{full} is no end of a rack: must be a node of type pass_through")
    return tuple(inputs), tuple(outputs)


def rack_ports(graph: Connectable, name: str) -> dict[Side, tuple[Port, ...]]:
    """Return the inputs and outputs of a rack as ports."""
    rack = graph.racks[name]
    widths = {e: graph.ports(f"{name}.{e}", "input")[0].channels for e in (*rack[0], *rack[1])}
    return {
        "input": tuple(Port(end, widths[end]) for end in rack[0]),
        "output": tuple(Port(end, widths[end]) for end in rack[1]),
    }
