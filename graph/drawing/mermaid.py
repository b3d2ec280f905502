"""A graph as a Mermaid flowchart (https://mermaid.js.org)."""

from ..opening.openers import GraphSource, as_graph
from ..port import Kind
from .labels import box_labels

__all__ = ["mermaid"]


def mermaid(graph: GraphSource) -> str:
    """Return a Mermaid flowchart; dashed links are control signals.  Loops are allowed."""
    graph = as_graph(graph)
    ids = {name: f"n{i}" for i, name in enumerate((*graph.inputs, *graph.nodes, *graph.outputs))}
    lines = ["flowchart LR"]
    for name, number in ids.items():
        labels = "<br>".join(_escape(text) for text in (name, *box_labels(graph, name)))
        lines.append(
            f'    {number}["{labels}"]' if name in graph.nodes else f'    {number}(["{labels}"])'
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
    for moved in graph.modulations:
        label = f"{_escape(moved.target.port)} {moved.label}"
        lines.append(f'    {ids[moved.source.node]} -.->|"{label}"| {ids[moved.target.node]}')
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    """Escape the special characters of Mermaid and HTML as character numbers."""
    return "".join(f"#{ord(c)};" if c in '"#&<>`;\\|[]{}()' else c for c in text)
