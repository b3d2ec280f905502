"""A graph on one line, for its ``repr``."""

from collections.abc import Iterable

from ..arguments import clip
from ..connection import Connectable

__all__ = ["format_graph", "format_rack"]

END_ROOM, NODE_ROOM, NAME_ROOM = 30, 70, 24
"""Characters for the inputs, the nodes and the outputs, and for one name."""


def format_graph(graph: Connectable) -> str:
    """Return the ends with their channels, the nodes with their types, and what is connected.

    Then follow the notices of nodes.
    """
    name = f" {_shortened(graph.name)!r}:" if graph.name else ""
    count = len(graph.connections) + len(graph.modulations)
    told = ((_shortened(name), node.notice()) for name, node in graph.nodes.items())
    notices = "".join(f"; {node} is {text}" for node, text in told if text)
    return clip(
        f"<Graph{name} {format_rack(graph)}, {count} connection{'s' * (count != 1)}{notices}>"
    )


def format_rack(graph: Connectable) -> str:
    """Return "inputs -> nodes -> outputs" with channels and types, or "empty"."""
    nodes = (f"{_shortened(name)}: {type(node).__name__}" for name, node in graph.nodes.items())
    parts = (
        _fitted(_ends(graph.inputs.items()), END_ROOM),
        _fitted(nodes, NODE_ROOM),
        _fitted(_ends(graph.outputs.items()), END_ROOM),
    )
    return " -> ".join(part for part in parts if part) or "empty"


def _ends(ends: Iterable[tuple[str, int]]) -> Iterable[str]:
    return (f"{_shortened(name)} ({channels} ch)" for name, channels in ends)


def _fitted(parts: Iterable[str], room: int) -> str:
    """Join parts by commas, the first and what fits of the others; count the rest."""
    every = list(parts)
    shown = every[:1]
    for part in every[1:]:
        if len(", ".join([*shown, part])) > room:
            return f"{', '.join(shown)} and {len(every) - len(shown)} more"
        shown.append(part)
    return ", ".join(shown)


def _shortened(text: str) -> str:
    return text if len(text) <= NAME_ROOM else f"{text[: NAME_ROOM - 3]}..."
