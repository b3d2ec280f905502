"""Write report.md: the machine, and for each suite its table and its picture."""

import importlib.util
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ....graph import FileError
from ....runtime.io.atomic_write import whole_file, writing
from .. import SUITES
from ..machine import format_machine
from .document import Document
from .tables import tables

__all__ = ["PAGE", "is_page", "write_page"]

PAGE, TITLE = "report.md", "# Figures"


def is_page(path: Path) -> bool:
    """Return whether a file is a page that ``write_page`` wrote."""
    with writing(os.fspath(path), FileError):
        return path.read_bytes().startswith(f"{TITLE}\n".encode())


def write_page(
    folder: Path,
    documents: Sequence[Document],
    skipped: Mapping[str, str],
    failed: Mapping[str, str],
    new: str = "",
) -> None:
    """Draw the picture of the suite that is ``new``, and write the page of all of them."""
    lines = [TITLE, ""]
    machines = {format_machine(document["machine"]) for document in documents}
    lines += [f"Measured on {text}." for text in sorted(machines)]
    lines += ["", "What the columns mean, and how to repeat it: docs/benchmarks.md.", ""]
    for what, reasons in (("Skipped", skipped), ("Failed", failed)):
        lines += [f"{what}: {name}: {reason}" for name, reason in reasons.items()]
    if skipped or failed:
        lines.append("")
    for document in documents:
        name = document["suite"]
        picture = folder / f"{name}.png"
        if name == new and importlib.util.find_spec("matplotlib") is not None:
            _draw(document, picture)
        lines += _section(document, picture)
    target = folder / PAGE
    with whole_file(target, FileError) as part, writing(os.fspath(target), FileError):
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _draw(document: Document, picture: Path) -> None:
    from .pictures import draw

    picture.unlink(missing_ok=True)  # of an earlier run, if there is nothing to draw now
    if document["rows"]:
        draw(document, picture)


def _section(document: Document, picture: Path) -> list[str]:
    name: str = document["suite"]
    what = SUITES.get(name, name)
    lines = [f"## {name}", "", f"{what[:1].upper()}{what[1:]}.", ""]
    about = [f"`{document['command']}`, {document['date']}"]
    about += ["few rounds: figures say little"] * document["quick"]
    about += ["interrupted: rows are missing"] * (not document["complete"])
    lines += ["; ".join(about), ""]
    if picture.is_file():
        lines += [f"![{name}]({picture.name})", ""]
    for table in tables(document):
        lines += [*table, ""]
    return lines
