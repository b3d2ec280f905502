"""Snapshots in a preset, and the dry/wet mix and bypass of its nodes."""

from typing import Any

from ..graph import SLOTS, TEMPO, Graph
from ..graph.arguments import check_number
from ..graph.catalog.registry import find_type
from ..graph.editing.snapshots import BYPASS, DRY_WET, DryWet, is_mix
from .values import as_float, as_value, call_at, fields_of, no_such_key, wrong

__all__ = ["mix_json", "read_mix", "read_snapshots", "snapshots_json", "split_mix"]


def snapshots_json(graph: Graph) -> dict[str, Any]:
    """Return the snapshots of a graph as a JSON object; bypasses are true or false there."""
    return {
        slot: {
            "name": stored.name,
            "values": {n: _json(graph, n, v) for n, v in sorted(stored.values.items())},
        }
        for slot, stored in graph.snapshots.items()
    }


def _json(graph: Graph, full: str, value: float) -> float | bool:
    return bool(value) if _is_bypass(graph, full) else value


def _is_bypass(graph: Graph, full: str) -> bool:
    node, _, key = full.rpartition(".")
    return key == BYPASS and node in graph and is_mix(graph[node], key)


def read_snapshots(graph: Graph, data: Any) -> None:
    """Store the snapshots of a preset in its graph; ``PresetError`` for anything that is none."""
    if data is None:
        return
    if not isinstance(data, dict):
        wrong("snapshots", data, 'an object, such as {"A": {"name": "Lead", "values": {}}}')
    for slot, stored in data.items():
        place = f"snapshots.{slot}"
        if slot not in SLOTS:
            no_such_key("snapshots", slot, list(SLOTS))
        if not isinstance(stored, dict):
            wrong(place, stored, 'an object, such as {"name": "Lead", "values": {}}')
        for key in stored:
            if key not in ("name", "values"):
                no_such_key(place, key, ["name", "values"])
        if not isinstance(stored.get("name", ""), str):
            wrong(f"{place}.name", stored["name"], "a string")
        given = stored.get("values")
        if not isinstance(given, dict):
            wrong(f"{place}.values", given, 'an object, such as {"amp.input_db": 6}')
        values = {full: _value(graph, place, full, value) for full, value in given.items()}
        call_at(place, graph.store, slot, stored.get("name", ""), values)


def _value(graph: Graph, place: str, full: str, value: Any) -> Any:
    """Return one value of a snapshot; ``Graph.store`` checks its name and its range."""
    where = f"{place}.values.{full}"
    if _is_bypass(graph, full):
        if not isinstance(value, bool):
            wrong(where, value, "true or false")
        return value
    node, _, key = full.rpartition(".")
    row = graph[node].params().get(key) if node in graph and full != TEMPO else None
    return as_value(where, value, row)


def mix_json(graph: Graph, node: str) -> dict[str, Any]:
    """Return the keys of a node in a preset that tell its mix and bypass; none by default."""
    mixed = graph.mixes.get(node, DryWet())
    found: dict[str, Any] = {DRY_WET: mixed.mix} if mixed.mix != 1.0 else {}
    return found | ({BYPASS: True} if mixed.bypassed else {})


def split_mix(fields: Any) -> tuple[Any, dict[str, Any]]:
    """Split the object of a node in a preset into its fields, and the keys of ``mix_json``.

    A field of the node that has such a name stays one.
    """
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        return fields, {}
    own = {f.name for f in fields_of(find_type(fields["type"]) or object)}
    mixed = {k: v for k, v in fields.items() if k in (DRY_WET, BYPASS) and k not in own}
    return {k: v for k, v in fields.items() if k not in mixed}, mixed


def read_mix(graph: Graph, node: str, mixed: dict[str, Any]) -> None:
    """Set the mix and the bypass of a node as in the keys of ``split_mix``."""
    place = f"nodes.{node}"
    if DRY_WET in mixed:
        share = as_float(f"{place}.{DRY_WET}", mixed[DRY_WET])
        call_at(place, check_number, DRY_WET, share, 0.0, 1.0)
        call_at(place, graph.mix, node, share)
    if BYPASS in mixed:
        if not isinstance(mixed[BYPASS], bool):
            wrong(f"{place}.{BYPASS}", mixed[BYPASS], "true or false")
        call_at(place, graph.bypass, node, mixed[BYPASS])
