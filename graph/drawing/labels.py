"""Texts in the picture of a graph: the heading, and the labels of each box."""

import dataclasses
from pathlib import PurePath

from ..connection import Connection, Modulation, PortRef
from ..graph import Graph
from ..node import Node
from ..port import Kind, Port, Space
from ..text import one_line

__all__ = ["box_labels", "drawn_inputs", "drawn_wires", "title"]

FEW = 4
"""Values of an option that are listed; of more the number is given."""


def title(graph: Graph) -> str:
    """Return the heading: the names of the inputs and of the outputs."""
    ends = (", ".join(graph.inputs), ", ".join(graph.outputs))
    return " to ".join(end for end in ends if end) or "graph without ends"


def drawn_wires(graph: Graph) -> list[Connection]:
    """Return all connections; last those to parameters, whose target port is named by amount."""
    moved = [Connection(m.source, PortRef(m.target.node, _amount(m))) for m in graph.modulations]
    return [*graph.connections, *moved]


def drawn_inputs(graph: Graph, name: str) -> tuple[Port, ...]:
    """Return the input ports of a box: those of the node, and its modulated parameters.

    A parameter has one for each amount by which signals move it, as "mix by 0.5".
    """
    moved = dict.fromkeys(_amount(m) for m in graph.modulations if m.target.node == name)
    ports = graph.ports(name, "input")
    return (*ports, *(Port(label, kind=Kind.CONTROL) for label in moved))


def _amount(moved: Modulation) -> str:
    return f"{moved.target.port} {moved.label}"


def box_labels(graph: Graph, name: str, *, defaults: int = 0) -> list[str]:
    """Return the labels of a box: the node's type, files, and parameters not at their default.

    If there is none of the latter two, the first ``defaults`` parameters are listed.
    """
    if name not in graph.nodes:
        channels = graph.inputs.get(name) or graph.outputs[name]
        count = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
        return [f"input, {count}" if name in graph.inputs else f"output, {count}"]
    node = graph.nodes[name]
    ports = (*graph.ports(name, "input"), *graph.ports(name, "output"))
    kind = node.type_name
    if any(port.space is Space.DEVICE for port in ports):
        kind += ", on the device"
    share, bypassed = graph.mixes.get(name, (1.0, False))
    kind += ", bypassed" if bypassed else f", {share:.0%} wet" if share != 1.0 else ""
    return [kind, *(_settings(node, defaults) if dataclasses.is_dataclass(node) else ())]


def _settings(node: Node, defaults: int) -> list[str]:
    changed: list[str] = []
    unchanged: list[str] = []
    for field in dataclasses.fields(node):  # type: ignore[arg-type]
        value = getattr(node, field.name)
        label = field.name.replace("_", " ")
        if "file" in field.metadata:
            if value is None:  # a file that is left out
                continue
            many = isinstance(value, tuple | list) and len(value) != 1
            path = value[0] if isinstance(value, tuple | list) and not many else value
            changed.append(f"{len(value)} files" if many else one_line(PurePath(str(path)).name))
        elif "param" in field.metadata:
            unit = field.metadata["param"].unit
            if unit:  # gain_db with the unit dB reads "gain 3 dB"
                label = label.removesuffix(" " + unit.lower())
            text = f"{label} {value:.6g} {unit}".rstrip()
            (unchanged if value == field.default else changed).append(text)
        elif field.metadata.get("drawn") and value != field.default:
            many = isinstance(value, tuple) and len(value) > FEW
            word = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
            changed.append(f"{len(value)} {label}" if many else f"{label} {word}")
    return changed or unchanged[:defaults]
