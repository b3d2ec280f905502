"""Set fields of nodes by name: ``"node.field"`` in jobs, ``--set node.field=value`` in commands."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..graph import TEMPO, Graph, NamgraphError, Node, PresetError
from ..graph.arguments import nearest
from ..graph.check import format_names
from ..graph.editing.snapshots import BYPASS, DRY_WET, is_mix
from .preset import dumps, loads, stored_path
from .values import as_value, call_at, fields_of, format_value

__all__ = [
    "PRECISION",
    "SNAPSHOT",
    "parse_settings",
    "parse_value",
    "split_settings",
    "with_settings",
]

NUMBER = re.compile(r"[+-]?(\d+\.?|\d*\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
SNAPSHOT = "snapshot"
"""The setting that recalls a snapshot of the rack."""
PRECISION = "precision"
"""The setting that is set in every node that has it, all models, before those of one node."""


FORM = "NODE.FIELD=VALUE, as in amp.input_db=6"
"""What a text of ``--set`` must be, for messages."""


def parse_settings(texts: Iterable[str], form: str = FORM) -> dict[str, Any]:
    """Return the values of ``node.field=value`` texts by ``"node.field"``.

    ``PresetError`` for a field that is set twice, and for other texts than the ``form``.
    """
    return {name: parse_value(text) for name, text in split_settings(texts, form).items()}


def split_settings(texts: Iterable[str], form: str) -> dict[str, str]:
    """Return what is after the first ``=`` of each text by what is before it.

    ``PresetError`` for a name that is given twice, and for other texts than the ``form``.
    """
    found = dict[str, str]()
    for text in texts:
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign or not all(name.split(".")):
            raise PresetError(f"--set is {format_value(text)}: must be {form}")
        if name in found:
            raise PresetError(f"--set {name} is given twice: must be given once")
        found[name] = value.strip()
    return found


def parse_value(text: str) -> Any:
    """Return a text read as JSON (a number, ``true``, ``[1, 2]``), or else the text itself.

    Numbers may also be ``.5``, ``+3`` and ``2.``, which JSON does not have.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return float(text) if NUMBER.fullmatch(text) else text


def with_settings(
    graph: Graph,
    settings: Mapping[str, Any],
    folder: str | os.PathLike[str] = ".",
    place: str = "settings.",
) -> Graph:
    """Return a graph with fields of nodes set, checked like those of a preset.

    ``settings`` maps ``"node.field"`` to a JSON value; a field is a parameter, an option or a file,
    whose path is relative to ``folder``; ``"node.dry_wet"`` and ``"node.bypass"`` are the mix and
    the bypass of a node, as in a preset.  ``"tempo_bpm"`` is the tempo, also of every node that has
    one; ``"precision"`` that of all models; ``"snapshot"`` a slot, A to F, that is recalled before
    anything else is set.
    ``place`` is what messages begin with, before the name of a setting.  Raises ``PresetError``.
    """
    if not settings:
        return graph
    if SNAPSHOT in settings:
        graph = graph.copy()
        call_at(place.replace("--set ", "--") + SNAPSHOT, graph.recall, settings[SNAPSHOT])
        settings = {name: value for name, value in settings.items() if name != SNAPSHOT}
    rack = json.loads(dumps(graph, name=graph.name, folder=folder, store=stored_path))
    if PRECISION in settings:
        _set_precision(graph, rack["nodes"], settings[PRECISION], place)
    own = dict[str, Any]()
    for name, value in settings.items():
        node, _, key = name.rpartition(".")
        if name == PRECISION:
            continue
        if name == TEMPO:
            rack[TEMPO] = value
            for each, made in graph.nodes.items():
                if TEMPO in made.params():
                    rack["nodes"][each][TEMPO] = value
        elif not node:
            raise PresetError(
                f"{place}{name}: names no node: must be NODE.FIELD, {TEMPO} or {PRECISION}; "
                f"nodes are {format_names(graph)}"
            )
        elif node not in graph:
            raise PresetError(
                f"{place}{name}: there is no node {format_value(node)}; {nearest(node, graph)}"
            )
        elif key in _fields(graph[node]) or is_mix(graph[node], key):
            rack["nodes"][node][key] = value
        else:
            own[name] = value
    try:
        changed = loads(json.dumps(rack), folder=folder).graph
    except PresetError as error:
        raise PresetError(f"{place.rstrip(' .')}: {error}") from error.__cause__
    return _with_own(changed, own, place)


def _set_precision(graph: Graph, nodes: dict[str, Any], value: Any, place: str) -> None:
    """Set the precision of all models in the JSON of a rack; ``PresetError`` if there is none."""
    models = [name for name in graph.nodes if PRECISION in _fields(graph[name])]
    if not models:
        given = f"{place.replace('--set ', '--')}{PRECISION} is {format_value(value)}"
        raise PresetError(f"{given}: the rack has no model to set it in; leave it out")
    for name in models:
        nodes[name][PRECISION] = value


def _with_own(graph: Graph, values: Mapping[str, Any], place: str) -> Graph:
    """Set parameters that nodes have by themselves: knobs of a capture, those of an inner node."""
    given = dict[str, Any]()
    for name, value in values.items():
        node, _, key = name.rpartition(".")
        known = dict.fromkeys([*_fields(graph[node]), *graph[node].params(), DRY_WET, BYPASS])
        if key not in known:
            raise PresetError(
                f"{place}{name}: {node} ({graph[node].type_name}) has no {format_value(key)}; "
                f"{nearest(key, known)}"
            )
        given[name] = value, graph[node].params().get(key)
    try:
        return graph.with_params({name: as_value(name, *each) for name, each in given.items()})
    except NamgraphError as error:
        raise PresetError(f"{place.rstrip(' .')}: {error}") from error


def _fields(node: Node) -> list[str]:
    return [field.name for field in fields_of(type(node))]
