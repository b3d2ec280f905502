"""The registered node types as a mapping that prints as a table, in a terminal and a notebook."""

import textwrap
from collections.abc import Sequence
from typing import NoReturn

from ..arguments import format_value, nearest
from ..errors import UnknownNameError
from ..node import Node
from ..port import Kind, Port
from .metadata import CATEGORIES
from .registry import find_type, registered, type_names
from .text_table import html_table

__all__ = [
    "NodeTypes",
    "format_params",
    "format_ports",
    "node_type",
    "node_types",
]

WIDTH = 120
"""Columns of the printed table; descriptions are shortened to fit."""
HEAD = ("type", "name", "category", "version", "what it does")


class NodeTypes(dict[str, type[Node]]):
    """Node classes by type name; printed, a table sorted by category.

    Each class has ``display_name``, ``category``, ``version`` and ``description``, and the methods
    ``default_ports()``, ``params()``, ``options()`` and ``files()``.
    """

    def __getitem__(self, name: str) -> type[Node]:
        """Return the class of a type name; ``UnknownNameError`` with the nearest if none."""
        found = self.get(name) if isinstance(name, str) else None
        return _refuse(name, sorted(self)) if found is None else found

    def by_category(self) -> dict[str, list[type[Node]]]:
        """Return the classes of each category that has any, in the order of ``CATEGORIES``."""
        order = [*CATEGORIES, *sorted({c.category for c in self.values()} - set(CATEGORIES))]
        rows = sorted(self.values(), key=lambda cls: cls.type_name)
        found = {name: [cls for cls in rows if cls.category == name] for name in order}
        return {name: classes for name, classes in found.items() if classes}

    def __repr__(self) -> str:
        rows = [HEAD, *((*_names(cls), cls.description) for cls in self._sorted())]
        widths = [max(len(row[k]) for row in rows) for k in range(len(HEAD) - 1)]
        room = max(20, WIDTH - sum(widths) - 2 * len(widths))
        return "\n".join(
            "  ".join(
                [*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)),
                 textwrap.shorten(row[-1], room, placeholder=" ...")]
            ).rstrip()
            for row in rows
        )  # fmt: skip

    def _repr_html_(self) -> str:
        """Return the table for a notebook, with ports and parameters too."""
        rows = [
            (*_names(cls), cls.description, format_ports(cls), format_params(cls))
            for cls in self._sorted()
        ]
        return html_table((*HEAD, "ports", "parameters"), rows)

    def _sorted(self) -> list[type[Node]]:
        return [cls for classes in self.by_category().values() for cls in classes]


def _refuse(name: object, known: list[str]) -> NoReturn:
    """Raise ``UnknownNameError`` with the nearest type names, or what to do about one's own."""
    others = nearest(name, known)
    own = "" if others.startswith("nearest") else "; import the module of a node of your own first"
    raise UnknownNameError(f"no node type {format_value(name)}; {others}{own}")


def _names(cls: type[Node]) -> tuple[str, ...]:
    return cls.type_name, cls.display_name, cls.category, str(cls.version)


def format_ports(cls: type[Node]) -> str:
    """Return the ports of a node type on one line: "in (any) -> out (2)"."""
    ins, outs = cls.default_ports()
    open_count = "by file" if cls.files() else "any"
    return f"{_ports(ins, open_count)} -> {_ports(outs, open_count)}"


def _ports(ports: Sequence[Port], open_count: str) -> str:
    widths = ("control" if p.kind is Kind.CONTROL else p.channels or open_count for p in ports)
    return ", ".join(f"{p.name} ({w})" for p, w in zip(ports, widths, strict=True)) or "none"


def format_params(cls: type[Node], most: int = 8) -> str:
    """Return the parameters of a node type with their ranges on one line."""
    rows = list(cls.params().items())
    shown = [f"{n} {p.low:g} to {p.high:g} {p.unit}".rstrip() for n, p in rows[:most]]
    return ", ".join(shown) + f", and {len(rows) - most} more" * (len(rows) > most) or "none"


def node_type(type_name: str) -> type[Node]:
    """Return the node class registered under ``type_name``; ``UnknownNameError`` if there is none.

    The error names the nearest types.  Of the nodes of this package, only its own is imported.
    """
    found: type[Node] | None = find_type(type_name) if isinstance(type_name, str) else None
    return _refuse(type_name, type_names()) if found is None else found


def node_types() -> NodeTypes:
    """Return every registered node class by its type name; it prints as a table."""
    return NodeTypes(registered())
