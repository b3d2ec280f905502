"""A graph as a Mermaid flowchart (https://mermaid.js.org), for pages that render it."""

from ..graph import Graph
from ..port import Kind
from .labels import facts

__all__ = ["mermaid"]


def mermaid(graph: Graph) -> str:
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


def _escape(text: str) -> str:
    """Write what Mermaid or HTML would take for its own as a character number."""
    return "".join(f"#{ord(c)};" if c in '"#&<>`;\\|[]{}()' else c for c in text)
