"""Open what is given in place of a graph: a node, a model, the path of a file.  Control threads.

This package cannot read files or models: those of ``presets`` that can are imported when needed.
"""

import importlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..arguments import format_value
from ..catalog.table import node_type
from ..errors import GraphError, NamgraphError
from ..graph import Graph
from ..node import Node
from ..paths import Content
from .chain import join_in_chain

__all__ = [
    "GraphSource",
    "as_graph",
    "bundled_presets",
    "graph_of",
    "open_graph",
    "save_graph",
    "with_cabinet",
]

PRESETS = f"{__name__.partition('.')[0]}.presets"
"""The package that reads and writes presets and finds the bundled ones."""

GraphSource = Graph | Node | Content | str | os.PathLike[str]
"""What ``as_graph`` makes a graph of: see there."""


def graph_of(content: Content, **options: Any) -> Graph:
    """Return a graph of the one node that plays some content, a model for instance.

    ``options`` are those of the node.  ``GraphError`` for content that no node plays.
    """
    if content.played_by is None:
        raise GraphError(f"graph is {format_value(content)}: no node plays it alone")
    name, type_name = content.played_by
    made: Any = node_type(type_name)
    graph = Graph()
    join_in_chain(graph, {name: made(content, **options)}, None)
    return graph


def open_graph(
    path: str | os.PathLike[str], search: Iterable[str | os.PathLike[str]] = ()
) -> Graph:
    """Return the graph of a preset file, of a bundled preset by its name, or of a model file.

    ``search`` are folders to find files of the preset in that were moved.

    A model (.nam, .aidax, .namb, or .json of a capture) becomes the node ``amp`` between an input
    and an output.  ``FileError`` if the file is none of these.
    """
    made: Graph = _presets().open_graph(path, search)
    return made


def bundled_presets() -> Mapping[str, Path]:
    """Return the paths of the bundled presets, by name."""
    found: Mapping[str, Path] = _presets().shipped_presets()
    return found


def save_graph(graph: Graph, path: str | os.PathLike[str], name: str | None = None) -> None:
    """Write a graph as a preset, whole or not at all; ``PresetError`` if it cannot be."""
    _presets().save_preset(graph, path, name=name)


def as_graph(value: Any, order: str = "") -> Graph:
    """Return a graph; make one of a node, a model, or the path of a preset or a model.

    A string is the path of a file, or the name of a bundled preset.  ``FileError`` if it cannot be
    read; ``GraphError`` for anything else.  ``order`` is the call's signature, for swapped
    arguments: "render(graph, audio, ...)".
    """
    if isinstance(value, Graph):
        return value
    if isinstance(value, str | os.PathLike):
        return open_graph(value)
    if isinstance(value, Node):
        return Graph.chain(value)
    if isinstance(value, Content):
        return graph_of(value)
    hint = f": the order is {order}" if order else ""
    if isinstance(value, type) and issubclass(value, Graph | Node):
        hint = ": an instance, not the class"
    elif hasattr(type(value), "graph") or isinstance(getattr(value, "graph", None), Graph):
        hint = ": pass its .graph"
    raise GraphError(
        f"graph is {format_value(value)}: must be a Graph, a node, a model, or the path of a preset"
        f" or a .nam file{hint}"
    )


def with_cabinet(value: Any, ir: Any = None, order: str = "") -> Graph:
    """Return ``as_graph(value)``; with ``ir``, followed by a cabinet of that impulse response.

    ``ir`` is a ``Cab``, or what that takes first: a path, an ``AudioFile``.  It goes with one model
    or node: ``GraphError`` for a rack, which has its own.
    """
    graph = as_graph(value, order)
    if ir is None:
        return graph
    if isinstance(value, Graph) or len(graph) != 1:
        raise GraphError(
            f"ir is {format_value(ir)}: goes with one model or node, {format_value(value)} is a "
            "rack: put a Cab into it"
        )
    ((name, node),) = graph.nodes.items()
    joined = Graph()
    joined.name = graph.name
    join_in_chain(joined, {name: node, "cab" if name != "cab" else "cab2": _cabinet(ir)}, None)
    return joined


def _cabinet(ir: Any) -> Node:
    """Return a cabinet of an impulse response, or the cabinet itself."""
    made: Any = node_type("cab")
    if isinstance(ir, made):
        cab: Node = ir
        return cab
    try:
        cab = made(ir)
    except NamgraphError as error:  # what is wrong with its argument "path"
        raise type(error)(str(error).replace("path is", "ir is", 1)) from None
    return cab


def _presets() -> Any:
    """Return the package of presets, by name: it imports this one."""
    return importlib.import_module(PRESETS)
