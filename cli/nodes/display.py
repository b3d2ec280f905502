"""Descriptions of node types as lines of text."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...graph import CATEGORIES, NodeTypes
from ...graph.text import counted
from .describe import RATE

__all__ = ["format_list", "format_type"]


def format_list(types: NodeTypes) -> str:
    """Return all node types by category, each on one line."""
    width = max((len(name) for name in types), default=0)
    lines = []
    for category, classes in types.by_category().items():
        lines.append(f"{category}: {CATEGORIES.get(category, '')}".rstrip(": "))
        lines += [f"  {cls.type_name:<{width}}  {cls.description}" for cls in classes]
    return "\n".join([*lines, "", "namgraph nodes NAME shows ports, parameters and options"])


def format_type(row: Mapping[str, Any]) -> str:
    """Return everything about one node type, from ``describe_type``."""
    needed, files = ", ".join(row["required"]), ", ".join(row["files"])
    lines = [
        f"{row['type']}: {row['name']}, version {row['version']}, category {row['category']}",
        f"  {row['description']}",
        "ports",
        *_columns(
            (port["name"], side, port["kind"], _channels(_width(port), files))
            for side in ("input", "output")
            for port in row[f"{side}s"]
        ),
    ]
    numbered = _alike(row["parameters"])
    lines += _section("parameters", ((n, *_parameter(p)) for n, p in numbered.items()))
    if "parameters_of" in row:
        lines += ["parameters", f"  those of {row['parameters_of']}: print(node.params())"]
    lines += _section("options", ((n, *_option(o)) for n, o in row["options"].items()))
    lines += _section("must be given", ((n, _kind(n, row)) for n in row["required"]))
    spare = (name for name in row["files"] if name not in row["required"])
    lines += _section("may be given", ((n, _kind(n, row)) for n in spare))
    if row["readings"]:
        named = ", ".join(row["readings"])
        lines += ["readings", f'  {named}: engine.get("{row["type"]}.{row["readings"][0]}")']
    lines += ["timing", *_columns((what, _frames(row[what], needed)) for what in _TIMES)]
    if "needs" in row:
        extra = row["needs"]
        state = "installed" if extra["installed"] else f"not installed: {extra['install']}"
        lines += ["needs", f"  the extra {extra['extra']} ({state})"]
    if "offline_only" in row:
        lines += ["offline only", f"  {row['offline_only']}"]
    example = (f"  {line}" for line in row["example"].splitlines())
    return "\n".join([*lines, "example", *example])


_TIMES = ("latency", "tail")


def _section(title: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = _columns(rows)
    return [title, *lines] if lines else []


def _columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return rows of cells as lines in which columns are aligned."""
    every = list(rows)
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    return [
        "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in every
    ]


def _width(port: Mapping[str, Any]) -> int | None:
    return 1 if port["kind"] == "control" else port["channels"]


def _channels(count: int | None, by_file: str) -> str:
    if count is None:
        return f"channels set by {by_file}" if by_file else "as many channels as are connected"
    return f"{count} channel{'s' * (count != 1)}"


def _alike(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Join parameters that differ by a number in their names only: "gain1_db to gain16_db"."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, row in rows.items():
        groups.setdefault((re.sub(r"\d+", "#", name), repr(row)), []).append(name)
    return {
        names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}": rows[names[0]]
        for names in groups.values()
    }


def _parameter(row: Mapping[str, Any]) -> tuple[str, ...]:
    smoothing = row["smoothing_s"]
    change = f"smoothed over {1e3 * smoothing:g} ms" if smoothing else "not smoothed"
    if row["step"]:
        change = ", ".join(row["labels"]) or f"in steps of {row['step']:g}"
    return (
        f"{row['low']:g} to {row['high']:g} {row['unit']}".rstrip(),
        f"default {row['default']:g}",
        row["taper"],
        change,
    )


def _option(row: Mapping[str, Any]) -> tuple[str, ...]:
    choices, default = row["choices"], row["default"]
    whole = all(isinstance(c, int) and not isinstance(c, bool) for c in choices)
    if whole and choices == list(range(choices[0], choices[-1] + 1)) if choices else False:
        allowed = f"{choices[0]} to {choices[-1]}"
    else:
        allowed = ", ".join(map(str, choices)) or "any"
    return f"default {'none' if default in ('', []) else default}", allowed


def _kind(name: str, row: Mapping[str, Any]) -> str:
    if name not in row["files"]:
        return "as in the example"
    return "a list of paths" if name.endswith("s") else "the path of a file"


def _frames(count: int | None, by_file: str) -> str:
    if count is None:
        return f"set by {by_file}" if by_file else "unknown"
    if count == 0:
        return "none"
    return f"{counted(count, 'frame')} ({1e3 * count / RATE:g} ms) at {RATE:g} Hz"
