"""The connections of a preset, those of control signals too, and the racks inside it."""

from collections.abc import Iterator
from typing import Any

from ..graph import Graph
from .values import as_float, no_such_key, wrong

__all__ = ["connection_rows", "racks_json", "read_connections", "read_racks"]


def connection_rows(graph: Graph) -> list[list[Any]]:
    """Return all connections of a graph as JSON values.

    A connection is ``["amp.out", "cab.in"]``; one to a parameter has its amount, too:
    ``["lfo.out", "trem.depth", {"amount": 0.5}]``, or ``{"absolute": true}`` in its place.
    """
    rows: list[list[Any]] = [[str(c.source), str(c.target)] for c in graph.connections]
    for m in graph.modulations:
        how = {"absolute": True} if m.absolute else {"amount": m.amount}
        rows.append([str(m.source), str(m.target), how])
    return rows


def read_connections(connections: Any) -> Iterator[tuple[str, list[str], dict[str, Any]]]:
    """Yield ``(place, ends, options of Graph.connect)`` of each connection in a preset.

    Raises ``PresetError`` for anything that is none.
    """
    if not isinstance(connections, list):
        wrong("connections", connections, "a list of pairs")
    for n, row in enumerate(connections):
        place = f"connections[{n}]"
        if not isinstance(row, list) or len(row) not in (2, 3):
            wrong(place, row, 'a pair, such as ["amp.out", "cab.in"]')
        for end in row[:2]:
            if not isinstance(end, str):
                wrong(place, end, 'a port, such as "amp.out"')
        yield place, row[:2], _options(place, row[2:])


def _options(place: str, rest: list[Any]) -> dict[str, Any]:
    """Return how a control signal moves a parameter; nothing for a connection of two ports."""
    if not rest:
        return {}
    how = rest[0]
    if not isinstance(how, dict) or len(how) != 1:
        wrong(place, how, 'an amount, such as {"amount": 0.5}, or {"absolute": true}')
    for key, value in how.items():
        if key == "amount":
            return {"amount": as_float(f"{place}.amount", value)}
        if key != "absolute":
            no_such_key(place, key, ["amount", "absolute"])
        if value is not True:
            wrong(f"{place}.absolute", value, "true")
    return {"absolute": True}


def racks_json(graph: Graph) -> dict[str, Any]:
    """Return the inputs and outputs of each rack inside a graph, by name."""
    return {
        name: {"inputs": list(rack.inputs), "outputs": list(rack.outputs)}
        for name, rack in sorted(graph.racks.items(), key=lambda item: item[0].count("."))
    }


def read_racks(data: Any) -> dict[str, dict[str, list[str]]]:
    """Return the inputs and outputs of each rack in a preset; ``PresetError`` if it is none."""
    if data is None:
        return {}
    if not isinstance(data, dict):
        wrong("racks", data, "an object")
    for name, ends in data.items():
        place = f"racks.{name}"
        if not isinstance(ends, dict) or set(ends) != {"inputs", "outputs"}:
            wrong(place, ends, 'an object with "inputs" and "outputs"')
        for side, names in ends.items():
            if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
                wrong(f"{place}.{side}", names, "a list of names")
    return data
