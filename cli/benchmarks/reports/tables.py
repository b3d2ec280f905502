"""Tables of a suite's rows in Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from .columns import value_of
from .document import Document

__all__ = ["tables"]

TITLES = {
    "least_ns": "Nanoseconds a sample, by frames of a block (the tightest window):",
    "peak_share": "Share of the peak of multiply-adds:",
    "ratio": "PyTorch: times as long as here, by frames of a block:",
}


def tables(document: Document) -> Iterator[list[str]]:
    """Yield the lines of each table: one for every step, by fields; of models also by block."""
    if document["suite"] == "models":
        for step, value in (("model", "least_ns"), ("model", "peak_share"), ("peer", "ratio")):
            yield from _by_block(document, step, value)
    for step in document["columns"]:
        rows = [row for row in document["rows"] if row["step"] == step]
        if rows:
            yield _plain(step, rows)


def _by_block(document: Document, step: str, value: str) -> Iterator[list[str]]:
    """Yield a table with a row for each model and a column for each length of block."""
    rows = [r for r in document["rows"] if r["step"] == step and r[value] is not None]
    if not rows:
        return
    blocks = list(dict.fromkeys(row["block"] for row in rows))
    found = {(row["model"], row["block"]): row[value] for row in rows}
    lines = [TITLES[value], "", *_head(["model", *map(str, blocks)])]
    for model in dict.fromkeys(row["model"] for row in rows):
        cells = [_number(found.get((model, block))) for block in blocks]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    yield lines


def _plain(step: str, rows: list[dict[str, Any]]) -> list[str]:
    """Return a table with a column for each field that any row has."""
    fields = list(dict.fromkeys(name for row in rows for name in _flat(row)))
    lines = [f"{step}:", "", *_head(fields)]
    cells = ([_text(value_of(row, name)) for name in fields] for row in rows)
    return lines + [f"| {' | '.join(texts)} |" for texts in cells]


def _flat(row: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Yield the fields of a row, those within others as ``outer.inner``; ``setting`` is one."""
    for name, value in row.items():
        if name == "step" and not before:
            continue
        if isinstance(value, Mapping) and name != "setting":
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name


def _head(names: list[str]) -> list[str]:
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]


def _text(value: Any) -> str:
    """Return a value as a cell: a bar would end it."""
    return _words(value).replace("|", "\\|").replace("\n", " ")


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_words(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return " / ".join(map(_words, value))
    return _number(value)


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
