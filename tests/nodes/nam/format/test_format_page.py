"""nodes/nam/FORMAT.md: every statement names a test, and every named test exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
PAGE = ROOT / "nodes" / "nam" / "FORMAT.md"
NAMED = re.compile(r"`((?:tests/)?[\w/]+\.py)::(\w+)`")
ROW = re.compile(r"\| ([A-M](?:, [A-M])*) \|(.*)\|(.*)\|")


def missing(text: str) -> list[str]:
    """Return the tests named in a text, ``file.py::name``, that do not exist."""
    found = []
    for file, name in NAMED.findall(text):
        path = (
            ROOT / file if file.startswith("tests/") else PAGE.parents[2] / "tests/nodes/nam" / file
        )
        names = set[str]()
        if path.is_file():
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
            names |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        if name not in names:
            found.append(f"{file}::{name}")
    return found


def untested(text: str) -> list[str]:
    """Return statements (table rows that begin with the letter of a document) without a test."""
    return [row[1].strip() for row in ROW.findall(text) if not NAMED.search(row[2])]


def test_every_test_that_is_named_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(NAMED.findall(text)) > 30
    assert not missing(text)


def test_every_statement_has_a_test() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("\n## ")[2]  # after the table of documents
    assert len(ROW.findall(text)) > 30
    assert not untested(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("`test_file.py::test_nothing_of_the_kind`", "test_file.py::test_nothing_of_the_kind"),
        ("`no_such_file.py::test_x`", "no_such_file.py::test_x"),
        ("`tests/cli/test_info.py::no`", "tests/cli/test_info.py::no"),
    ],
)
def test_missing_tests_are_found(text: str, name: str) -> None:
    assert missing(text) == [name]


def test_a_statement_without_a_test_is_found() -> None:
    assert untested("| C, D | Something is so | nothing |\n| B | So | `a.py::b` |") == [
        "Something is so"
    ]
