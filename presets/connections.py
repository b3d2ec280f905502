"""The connections of a preset: pairs of ports, and control signals that move parameters."""

import json
from collections.abc import Iterator
from typing import Any

from ..graph import Graph
from .values import as_float, no_such_key, wrong

__all__ = ["connections_json", "read_connections"]


def connections_json(graph: Graph) -> str:
    """Return the JSON list of all connections of a graph, one a line.

    A connection is ``["amp.out", "cab.in"]``; one to a parameter has its amount, too:
    ``["lfo.out", "trem.depth", {"amount": 0.5}]``.
    """
    rows: list[list[Any]] = [[str(c.source), str(c.target)] for c in graph.connections]
    rows += [[str(m.source), str(m.target), {"amount": m.amount}] for m in graph.modulations]
    joined = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    return f"[\n{joined}\n  ]" if joined else "[]"


def read_connections(connections: Any) -> Iterator[tuple[str, list[Any]]]:
    """Yield ``(place, arguments of Graph.connect)`` of each connection in a preset.

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
        yield place, [*row[:2], *_amount(place, row[2:])]


def _amount(place: str, rest: list[Any]) -> list[float]:
    """Return the amount of a connection to a parameter; nothing for one to a port."""
    if not rest:
        return []
    if not isinstance(rest[0], dict) or "amount" not in rest[0]:
        wrong(place, rest[0], 'an amount, such as {"amount": 0.5}')
    for key in rest[0]:
        if key != "amount":
            no_such_key(place, key, ["amount"])
    return [as_float(f"{place}.amount", rest[0]["amount"])]
