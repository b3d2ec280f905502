"""Compare two files of figures, or two folders of them: ``namgraph bench --compare OLD NEW``."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ....graph import FileError, ParamError
from .columns import ASSUMED_SPREAD, LEAST_SPREAD, Columns, read_columns, value_of
from .document import Document, read_document
from .words import key_words

__all__ = ["compare", "format_comparison", "row_name"]

MACHINE = ("processor", "cores", "lanes", "python", "numba", "llvmlite", "numpy")
Row = dict[str, Any]


def compare(old: str | os.PathLike[str], new: str | os.PathLike[str]) -> Row:
    """Return the ratio of each row's figure, new over old, of two files or two folders.

    A row has ``changed`` if the two figures lie further apart than both vary: if their ratio is
    above the product of one plus each spread, or below its inverse.  A spread is at least 3 %; a
    row that does not say it is taken to vary by 10 % (``assumed``).  ``other`` are the fields of
    the machines that differ: then times say little.  Raises ``FileError`` for a bad file,
    ``ParamError`` for files of two suites.
    """
    pairs, missing = _pairs(Path(old), Path(new))
    found: list[Row] = []
    other: dict[str, list[Any]] = {}
    for before, after in pairs:
        found += _compared(before, after)
        for name in MACHINE:
            sides = [document["machine"].get(name) for document in (before, after)]
            if sides[0] != sides[1]:
                other[name] = sides
    both = [document for pair in pairs for document in pair]
    return {
        "rows": found,
        "missing": missing,
        "other": other,
        "incomplete": [document["suite"] for document in both if not document.get("complete")],
        "quick": any(document.get("quick") for document in both),
    }


def _pairs(old: Path, new: Path) -> tuple[list[tuple[Document, Document]], list[str]]:
    """Return pairs of documents of the same suite, and names of files that one folder lacks."""
    for path in (old, new):
        if not path.exists():
            raise FileError(f"{path}: is not there: must be a file of figures, or a folder of them")
    if old.is_dir() != new.is_dir():
        raise ParamError(f"{old} and {new}: must be two files or two folders")
    if not old.is_dir():
        return [_pair(old, new)], []
    names = [{path.name for path in folder.glob("*.json")} for folder in (old, new)]
    both = sorted(names[0] & names[1])
    if not both:
        raise FileError(f"{old} and {new}: have no .json file of the same name")
    return [_pair(old / name, new / name) for name in both], sorted(names[0] ^ names[1])


def _pair(old: Path, new: Path) -> tuple[Document, Document]:
    before, after = read_document(old), read_document(new)
    if before["suite"] != after["suite"]:
        raise ParamError(
            f"{old} is of the suite {before['suite']}, {new} of {after['suite']}: "
            "must be of one suite"
        )
    return before, after


def _compared(before: Document, after: Document) -> Iterator[Row]:
    """Yield a row for each that either document has."""
    suite = before["suite"]
    both = {**before["columns"], **after["columns"]}  # of the newer version, where both have
    known = {step: read_columns(values) for step, values in both.items()}
    rows = [_by_name(document["rows"], known) for document in (before, after)]
    for key in dict.fromkeys([*rows[0], *rows[1]]):
        name = f"{key[0]}, {key[1]}" if key[1] else key[0]
        first, second = (side.get(key) for side in rows)
        if first is None or second is None:
            yield {"suite": suite, "row": name, "only": "old" if second is None else "new"}
            continue
        (old, old_spread, columns), (new, new_spread, _) = first, second
        if old <= 0 or new <= 0:
            continue  # no ratio: a level in dB
        allowed = 1.0
        for spread in (old_spread, new_spread):
            allowed *= 1.0 + (ASSUMED_SPREAD if spread is None else max(LEAST_SPREAD, spread))
        ratio = new / old
        changed = ratio > allowed or ratio < 1.0 / allowed
        better = (ratio > 1.0) == columns.higher_is_better
        yield {
            "suite": suite,
            "row": name,
            "figure": columns.value,
            "old": old,
            "new": new,
            "ratio": ratio,
            "allowed": allowed,
            "assumed": old_spread is None or new_spread is None,
            "changed": ("better" if better else "worse") if changed else "",
        }


def _by_name(
    rows: list[Row], known: dict[str, Columns]
) -> dict[tuple[str, str], tuple[float, float | None, Columns]]:
    """Return figure, spread and columns of each row that has a number, by step and name."""
    found: dict[tuple[str, str], tuple[float, float | None, Columns]] = {}
    for row in rows:
        columns = known[row["step"]]
        value = value_of(row, columns.value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            key = row["step"], row_name(row, columns)
            found.setdefault(key, (float(value), columns.spread_of(row), columns))
    return found


def row_name(row: Row, columns: Columns) -> str:
    """Return what a row measured, in words: the values of its keys."""
    return ", ".join(filter(None, (key_words(name, value_of(row, name)) for name in columns.keys)))


def format_comparison(found: Row) -> str:
    """Return a comparison as text: a line for each row, and how many changed."""
    rows = [row for row in found["rows"] if "only" not in row]
    lines = []
    if found["other"]:
        sides = (f"{name} {old} / {new}" for name, (old, new) in found["other"].items())
        lines.append(f"ANOTHER MACHINE, times say little: {'; '.join(sides)}")
    if found["incomplete"]:
        lines.append(f"interrupted: {', '.join(sorted(set(found['incomplete'])))}")
    if found["quick"]:
        lines.append("few rounds (--quick): what is flagged says little")
    lines += [_line(row) for row in rows]
    for row in found["rows"]:
        if "only" in row:
            lines.append(f"{row['suite']}: {row['row']}: only in the {row['only']} figures")
    lines += [f"{name}: in one folder only" for name in found["missing"]]
    if not rows:
        lines.append("no row of one is in the other: nothing was compared")
    changed = [row for row in rows if row["changed"]]
    worse = sum(row["changed"] == "worse" for row in changed)
    better = len(changed) - worse
    lines.append(
        f"{len(rows)} rows compared: {worse} worse, {better} better, by more than both vary"
    )
    return "\n".join(lines)


def _line(row: Row) -> str:
    name = f"{row['suite']}: {row['row']}"
    line = (
        f"{name:<58} {row['figure']:<12} {row['old']:10.4g} {row['new']:10.4g} {row['ratio']:7.3f}"
    )
    flag = f"  {row['changed'].upper()}" if row["changed"] else ""
    about = f"  (varies by {100 * (row['allowed'] - 1):.0f} %{', assumed' * row['assumed']})"
    return line + about + flag
