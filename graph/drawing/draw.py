"""Pictures of a graph: SVG for documents, Mermaid for pages that render it."""

import dataclasses
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from ..errors import FileError, GraphError
from ..node import Kind, Node, Space
from ..paths import checked_path
from ..text import one_line

if TYPE_CHECKING:
    from ..graph import Graph

__all__ = ["draw", "facts", "mermaid", "title"]


def draw(graph: "Graph", path: str | os.PathLike[str]) -> None:
    """Write a picture, the whole file or nothing: ``.svg``, or Mermaid as ``.md`` or ``.mmd``."""
    from .svg import svg

    path = Path(checked_path(path, "path", FileError))
    suffix = path.suffix.lower()
    if suffix == ".svg":
        text = svg(graph)
    elif suffix == ".mmd":
        text = mermaid(graph)
    elif suffix == ".md":
        text = f"```mermaid\n{mermaid(graph)}```\n"
    else:
        raise GraphError(f"cannot draw {path.name!r}: must end in .svg, .md or .mmd")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            draft.write_text(text, encoding="utf-8", newline="\n")
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from error


def mermaid(graph: "Graph") -> str:
    """Return a Mermaid flowchart; dashed links are control.  A graph with a loop has one too."""
    ids = {name: f"n{i}" for i, name in enumerate((*graph.inputs, *graph.nodes, *graph.outputs))}
    lines = ["flowchart LR"]
    for name, number in ids.items():
        words = "<br>".join(_escape(word) for word in (name, *facts(graph, name)))
        lines.append(
            f'    {number}["{words}"]' if name in graph.nodes else f'    {number}(["{words}"])'
        )
    for source, target in graph.connections:
        leaving, entering = graph.ports(source.node, "output"), graph.ports(target.node, "input")
        label = " to ".join(
            _escape(ref.port)
            for ref, ports in ((source, leaving), (target, entering))
            if len(ports) > 1
        )
        kind = next(port.kind for port in leaving if port.name == source.port)
        arrow = "-.->" if kind is Kind.CONTROL else "-->"
        lines.append(
            f"    {ids[source.node]} {arrow}"
            + (f'|"{label}"|' if label else "")
            + f" {ids[target.node]}"
        )
    return "\n".join(lines) + "\n"


def title(graph: "Graph") -> str:
    """Return a heading: from where to where."""
    ends = (", ".join(graph.inputs), ", ".join(graph.outputs))
    return " to ".join(end for end in ends if end) or "graph without ends"


def facts(graph: "Graph", name: str, *, defaults: int = 0) -> list[str]:
    """Say what a box is: its type, then its files and all that is not as the type has it.

    Where nothing was changed, the first few parameters speak, ``defaults`` of them.
    """
    if name not in graph.nodes:
        channels = graph.inputs.get(name) or graph.outputs[name]
        count = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
        return [f"input, {count}" if name in graph.inputs else f"output, {count}"]
    node = graph.nodes[name]
    ports = (*graph.ports(name, "input"), *graph.ports(name, "output"))
    kind = str(getattr(type(node), "type_name", type(node).__name__))
    if any(port.space is Space.DEVICE for port in ports):
        kind += ", on the device"
    return [kind, *(_settings(node, defaults) if dataclasses.is_dataclass(node) else ())]


def _settings(node: Node, defaults: int) -> list[str]:
    changed: list[str] = []
    unchanged: list[str] = []
    for field in dataclasses.fields(node):  # type: ignore[arg-type]
        value = getattr(node, field.name)
        label = field.name.replace("_", " ")
        if "file" in field.metadata:
            many = isinstance(value, tuple | list) and len(value) != 1
            path = value[0] if isinstance(value, tuple | list) and not many else value
            changed.append(f"{len(value)} files" if many else one_line(PurePath(str(path)).name))
        elif "param" in field.metadata:
            unit = field.metadata["param"].unit
            if unit:  # gain_db with the unit dB reads "gain 3 dB"
                label = label.removesuffix(" " + unit.lower())
            words = f"{label} {value:.6g} {unit}".rstrip()
            (unchanged if value == field.default else changed).append(words)
        elif "choices" in field.metadata and value != field.default:
            changed.append(f"{label} {value}")
    return changed or unchanged[:defaults]


def _escape(text: str) -> str:
    """Write what Mermaid or HTML would take for its own as a character number."""
    return "".join(f"#{ord(c)};" if c in '"#&<>`;\\|[]{}()' else c for c in text)
