"""README.md holds: its commands, its code and what it prints, its tables, the files it names."""

import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import readme
from .node_table import README, node_table, with_table
from .readme import ROOT, Block, blocks, check_line

PAGE = README.read_text(encoding="utf-8")
PYTHON = [b for b in blocks(PAGE) if b.language == "python"]
COMMANDS = [
    *(found for b in blocks(PAGE) if b.language == "sh" for found in readme.lines(b)),
    *readme.inline_commands(PAGE),
]
EXTRAS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]["optional-dependencies"]


def named_files(page: str) -> list[str]:
    """Return the texts in backticks that contain a slash between words, as paths do."""
    return [w for w in re.findall(r"`([^`\n]+)`", page) if re.fullmatch(r"[\w.-]+/[\w./-]*", w)]


def lost_files(page: str) -> list[str]:
    return [name for name in named_files(page) if not (ROOT / name).exists()]


def rows(page: str, head: str) -> list[list[str]]:
    """The cells of the table under a head, which ends at an empty line."""
    table = page[page.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in table]


def untested(page: str) -> list[str]:
    """The promises that name no test."""
    found = rows(page, "| promise | kept by |")
    return [promise for promise, tests in found if "`tests/" not in tests]


def extras(page: str) -> list[str]:
    return [cells[0].strip("`") for cells in rows(page, "| extra | installs | gives |")]


def bound_to_a_place(page: str) -> list[str]:
    """Pictures and links that need the files beside the page: elsewhere they show nothing."""
    return [
        target
        for target in re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", page)
        if not "".join(target).startswith(("https://", "#"))
    ]


def asks_an_index(text: str) -> bool:
    """Whether a text tells to install this package from an index, where it is not."""
    return bool(re.search(r"pip install\s+[\"']?namgraph|install namgraph\[", text))


@pytest.mark.parametrize("block", PYTHON, ids=lambda b: f"line {b.line}")
def test_the_code_runs_and_prints_what_the_page_says(block: Block, tmp_path: Path) -> None:
    if "import pedalboard" in block.text:
        pytest.importorskip("pedalboard")
    assert readme.run_python(block, tmp_path) == ""


def test_a_rack_is_heard() -> None:
    """The page prints a peak: it must not be that of silence."""
    shown = next(b.output for b in PYTHON if b.output)
    assert 0.1 < float(shown.split()[-1]) < 1.0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: f"line {c[0]}")
def test_every_command_can_be_given(command: tuple[int, str]) -> None:
    assert check_line(command[1]) == ""


def test_both_commands_are_there() -> None:
    given = [line for _, line in COMMANDS]
    assert "pip install . && namgraph demo" in given
    assert 'pip install -e ".[test]" && pytest' in given


def test_the_table_of_nodes_is_the_registry() -> None:
    pytest.importorskip("pedalboard")
    assert node_table() in PAGE, "python -m namgraph.tests.node_table --write"
    assert with_table(PAGE) == PAGE


def test_every_extra_is_named() -> None:
    assert sorted(extras(PAGE)) == sorted(EXTRAS)


def test_every_promise_names_its_test_and_every_file_exists() -> None:
    assert len(rows(PAGE, "| promise | kept by |")) > 20
    assert untested(PAGE) == []
    assert len(named_files(PAGE)) > 40
    assert lost_files(PAGE) == []


def test_the_page_shows_the_same_elsewhere() -> None:
    assert bound_to_a_place(PAGE) == []


def test_no_text_tells_to_install_what_is_not_published() -> None:
    folders = ("graph", "runtime", "nodes", "presets", "examples")
    texts = [p for f in folders for k in ("*.py", "*.md") for p in (ROOT / f).rglob(k)]
    assert len(texts) > 200
    assert [p for p in [README, *texts] if asks_an_index(p.read_text(encoding="utf-8"))] == []


# --- controls: what each check finds


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("namgraph demo --plott a.png", "unrecognized arguments: --plott"),
        ("namgraph play crunch", "invalid choice: 'play'"),
        ("namgraph bench --suite pedals", "invalid choice: 'pedals'"),
        ("namgraph render crunch in.wav", "arguments are required: OUT.wav"),
        ("namgraph demo && namgraph info", "arguments are required: FILE"),
        ('pip install "namgraph[live]"', "pip would look for namgraph[live] in an index"),
        ('pip install ".[lvie]"', "there is no extra lvie"),
        ("python -m namgraph.tests.bench.walk", "there is no module namgraph.tests.bench.walk"),
        ("python -m namgraph.tests.fuzz.run --cuont 3", "has no option --cuont"),
        ("namgarph demo", "nobody knows how to check"),
    ],
)
def test_a_broken_line_is_found(line: str, said: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert said in check_line(line)
    page = f"Words.\n\n```sh\necho well\n{line}  # takes minutes\n```\n\nMore `{line}` words.\n"
    found = readme.faults(page, ROOT)
    assert [number for number, _ in found] == ([5, 8] if line[:9] != "namgarph " else [5])
    assert all(said in wrong for _, wrong in found)


@pytest.mark.parametrize(
    ("code", "output", "said"),
    [
        ("print(1)\n", "2\n", "prints '1\\n': the page says '2\\n'"),
        ("import nothing_of_this_name\n", None, "exit code 1: Traceback"),
        ("import warnings\nwarnings.warn('old')\n", None, "UserWarning: old"),
        ("x = 1  # needs a GPU\n", None, "needs a GPU, but backend="),
    ],
)
def test_a_broken_block_is_found(code: str, output: str | None, said: str, tmp_path: Path) -> None:
    page = f"```python\n{code}```\n" + ("" if output is None else f"\n```output\n{output}```\n")
    ((line, wrong),) = readme.faults(page, tmp_path)
    assert line == 2
    assert said in wrong


def test_a_line_that_fails_and_a_block_of_another_kind_are_found(tmp_path: Path) -> None:
    page = (
        "```sh\nfalse\n```\n\n```\nnamgraph\n```\n\n```python\nprint(1)\n```\n\n```output\n1\n```\n"
    )
    assert [line for line, _ in readme.faults(page, tmp_path)] == [2, 6]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (lost_files, "`tests/cli/test_cli.py`, `graph/`, `demo.wav`", "`tests/test_nothing.py`"),
        (bound_to_a_place, "[a](https://b.c)", "![Rack](presets/assets/rack.svg)"),
        (bound_to_a_place, "[a](#nodes)", '<img src="rack.svg">'),
        (asks_an_index, 'pip install ".[live]"', 'pip install "namgraph[live]"'),
        (asks_an_index, "installs namgraph and writes", "; install namgraph[cuda]"),
        (
            untested,
            "| promise | kept by |\n|---|---|\n| It plays | `tests/cli/test_cli.py` |",
            "| promise | kept by |\n|---|---|\n| It plays | good will |",
        ),
    ],
)
def test_each_check_can_fail(check: Callable[[str], Any], good: str, bad: str) -> None:
    assert not check(good)
    assert check(bad)


def test_a_node_that_changed_is_found() -> None:
    pytest.importorskip("pedalboard")
    older = PAGE.replace("| `gain_db` | none |", "| `level_db` | none |")
    assert older != PAGE
    assert node_table() not in older
    assert with_table(older) == PAGE


def test_a_missing_extra_is_found() -> None:
    assert extras(PAGE.replace("| `live` |", "| `alive` |")) != extras(PAGE)
