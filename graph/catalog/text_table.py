"""Tables of text for a terminal, and the same as HTML for a notebook.  Any thread."""

from collections.abc import Sequence
from typing import NamedTuple

from ..text import one_line

__all__ = ["Table", "html_of", "html_table", "text_of"]

Row = Sequence[str]


class Table(NamedTuple):
    """A title, columns with their heads, rows of as many texts, and lines below them.

    The first column is aligned to the left, and so is the last if its head is empty; the others,
    numbers, to the right.
    """

    title: str
    head: Row
    rows: Sequence[Row]
    notes: Sequence[str] = ()


def text_of(tables: Sequence[Table]) -> str:
    """Return tables as text, a line each row."""
    return "\n".join(line for table in tables for line in _lines(table))


def html_of(tables: Sequence[Table]) -> str:
    """Return tables as HTML."""
    import html  # late: most programs print none

    return "".join(
        f"<p>{html.escape(one_line(table.title))}</p>"
        + (html_table(table.head, table.rows) if table.rows else "")
        + "".join(f"<p>{html.escape(one_line(note))}</p>" for note in table.notes)
        for table in tables
    )


def html_table(head: Row, rows: Sequence[Row]) -> str:
    """Return one table as HTML."""
    import html

    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(one_line(cell))}</td>' for cell in row)}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _lines(table: Table) -> list[str]:
    rows = [[one_line(cell) for cell in row] for row in (table.head, *table.rows)]
    if not table.rows:
        rows = []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lefts = {0} | ({len(widths) - 1} if not table.head[-1] else set())
    lines = [
        "  ".join(
            cell.ljust(width) if k in lefts else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [one_line(table.title), *lines, *map(one_line, table.notes)]
