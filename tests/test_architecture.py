"""Who may import whom, how long a file may be, and what an import may cost."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "graph": set[str](),
    "runtime": {"graph"},
    "nodes": {"graph", "runtime"},
    "presets": {"graph", "runtime", "nodes"},
}
FILES = [p for package in MAY_IMPORT for p in sorted((ROOT / package).rglob("*.py"))]
LONGEST = 300
COSTLY = ("cupy", "hypothesis", "matplotlib", "pedalboard", "sounddevice", "soundfile", "soxr")


def imported_packages(source: str, folder: tuple[str, ...]) -> set[str]:
    """The packages of ours that a file imports, by their folder under the root.

    Found however they are spelled: ``..graph``, ``from .. import graph``, within functions too.
    An absolute import of our own comes out as "namgraph".
    """
    found: set[str] = set()
    for item in ast.walk(ast.parse(source)):
        if isinstance(item, ast.ImportFrom) and item.level:
            base = folder[: len(folder) - item.level + 1]
            inside = [item.module] if item.module else [a.name for a in item.names]
            found |= {(*base, *name.split("."))[0] for name in inside}
        elif isinstance(item, ast.ImportFrom):
            found |= {"namgraph"} & {(item.module or "").split(".")[0]}
        elif isinstance(item, ast.Import):
            found |= {"namgraph"} & {a.name.split(".")[0] for a in item.names}
    return found - {folder[0]}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path: Path) -> None:
    folder = path.relative_to(ROOT).parent.parts
    found = imported_packages(path.read_text(encoding="utf-8"), folder)
    assert found <= MAY_IMPORT[folder[0]]


@pytest.mark.parametrize(
    ("source", "folder", "found"),
    [
        ("from ..nodes import Gain", ("graph",), "nodes"),
        ("from .. import presets", ("runtime",), "presets"),
        ("def f():\n    from ...nodes.nam import file", ("runtime", "adapters"), "nodes"),
        ("import namgraph.graph", ("graph",), "namgraph"),
        ("from namgraph.graph import Graph", ("graph",), "namgraph"),
    ],
)
def test_a_wrong_import_is_found(source: str, folder: tuple[str, ...], found: str) -> None:
    assert imported_packages(source, folder) == {found}
    assert not {found} <= MAY_IMPORT[folder[0]]


def test_every_folder_with_code_is_known() -> None:
    known = {*MAY_IMPORT, "tests", "examples"}
    found = {p.parent.name for p in ROOT.glob("*/*.py") if not p.parent.name.startswith(".")}
    assert found - {"build", "dist", "venv"} == known


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def modules_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``statement``."""
    report = f"import sys\n{statement}\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_that_can_wait() -> None:
    loaded = modules_after("import namgraph, namgraph.cli")
    assert "namgraph" in loaded
    assert not loaded & set(COSTLY)


def test_a_costly_import_is_found() -> None:
    assert "soundfile" in modules_after("import namgraph, soundfile") & set(COSTLY)
