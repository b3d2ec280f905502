"""Set fields of nodes by name: ``"node.field"`` in jobs, ``--set node.field=value`` in commands."""

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ..graph import TEMPO, Graph, PresetError
from ..graph.arguments import nearest
from .preset import dumps, loads
from .values import fields_of, format_value

__all__ = ["parse_settings", "with_settings"]


def parse_settings(texts: Iterable[str], option: str = "--set") -> dict[str, Any]:
    """Return the values of ``node.field=value`` texts by ``"node.field"``.

    A value is read as JSON, such as a number, ``true`` or ``[1, 2]``, and else as a string.
    ``PresetError`` for other texts and for a field that is set twice.
    """
    found = dict[str, Any]()
    for text in texts:
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign or not all(name.split(".")):
            raise PresetError(
                f"{option} is {format_value(text)}: must be NODE.FIELD=VALUE, as in amp.input_db=6"
            )
        if name in found:
            raise PresetError(f"{option} {name} is given twice: must be given once")
        found[name] = _value(value.strip())
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def with_settings(
    graph: Graph,
    settings: Mapping[str, Any],
    folder: str | os.PathLike[str] = ".",
    place: str = "settings.",
) -> Graph:
    """Return a graph with fields of nodes set, checked like those of a preset.

    ``settings`` maps ``"node.field"`` to a JSON value; a field is a parameter, an option or a file,
    whose path is relative to ``folder``.  ``"tempo_bpm"`` is the tempo, also of every node that has
    one.
    ``place`` is what messages begin with, before the name of a setting.  Raises ``PresetError``.
    """
    if not settings:
        return graph
    rack = json.loads(dumps(graph, name=graph.name, folder=folder))
    for name, value in settings.items():
        nodes = _nodes_of(graph, name, place)
        if name == TEMPO:
            rack[TEMPO] = value
        for node in nodes:
            rack["nodes"][node][name.rpartition(".")[2]] = value
    try:
        return loads(json.dumps(rack), folder=folder).graph
    except PresetError as error:
        raise PresetError(f"{place.rstrip(' .')}: {error}") from error.__cause__


def _nodes_of(graph: Graph, name: str, place: str) -> list[str]:
    """Return the nodes that a setting changes; ``PresetError`` with the nearest names if none."""
    node, _, key = name.rpartition(".")
    if name == TEMPO:
        return [each for each, made in graph.nodes.items() if TEMPO in made.params()]
    if node not in graph:
        raise PresetError(
            f"{place}{name}: there is no node {format_value(node)}; {nearest(node, graph)}"
        )
    known = [field.name for field in fields_of(type(graph[node]))]
    if key not in known:
        raise PresetError(
            f"{place}{name}: {node} ({graph[node].type_name}) has no {format_value(key)}; "
            f"{nearest(key, known)}"
        )
    return [node]
