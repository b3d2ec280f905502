"""Nodes that run Python inside: refused wherever somebody waits for the next block."""

from ...graph import EngineError, Graph

__all__ = ["refuse_offline_nodes"]


def refuse_offline_nodes(graph: Graph, where: str) -> None:
    """Raise ``EngineError`` if a node of ``graph`` says, in ``offline_only``, that it cannot play.

    ``offline_only`` is the way out, in words for the user.
    """
    for name, node in graph.nodes.items():
        way_out = getattr(node, "offline_only", "")
        if way_out:
            raise EngineError(f"{name} ({node.type_name}) cannot play in {where}: {way_out}")
