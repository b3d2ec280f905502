"""Who may import whom, how long a file and how full a folder may be, what an import may cost."""

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import pytest

from .import_graph import circles, imported_files

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "graph": set[str](),
    "runtime": {"graph"},
    "nodes": {"graph", "runtime"},
    "presets": {"graph", "runtime", "nodes"},
    "cli": {"graph", "runtime", "nodes", "presets"},
}
FILES = [p for package in MAY_IMPORT for p in sorted((ROOT / package).rglob("*.py"))]
SOURCES = {
    p.relative_to(ROOT).as_posix(): p.read_text(encoding="utf-8")
    for p in [*FILES, *sorted(ROOT.glob("*.py"))]
}
LONGEST = 300
FULLEST = 14
RUNTIME_ORDER = ("native", "simd", "plan", "cuda", "workers", "engine", "adapters")
"""Folders of runtime/, each of which may import those before it, and nothing after."""
BESIDE = {"io": {"native"}}
"""Folders that stand beside the row: what they may import.  All of the row may import them."""


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


def wrong_packages(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Of each file that imports against the order of packages, what it should not import."""
    found = {}
    for name, source in sources.items():
        folder = PurePosixPath(name).parent.parts
        wrong = imported_packages(source, folder) - MAY_IMPORT[folder[0]] if folder else set()
        if wrong:
            found[name] = wrong
    return found


def wrong_in_runtime(sources: Mapping[str, str]) -> list[tuple[str, str]]:
    """Imports inside runtime/ that go up the row of folders: (file, file it imports).

    Files that lie in none of these folders are at no place in the row yet, and not looked at.
    """
    found = []
    for name, targets in imported_files(sources).items():
        here = _runtime_folder(name)
        for target in sorted(targets):
            there = _runtime_folder(target)
            if here is None or there is None or here == there:
                continue
            if here in BESIDE:
                fine = there in BESIDE[here]
            else:
                fine = there in BESIDE or RUNTIME_ORDER.index(there) < RUNTIME_ORDER.index(here)
            if not fine:
                found.append((name, target))
    return found


def _runtime_folder(name: str) -> str | None:
    parts = PurePosixPath(name).parts
    known = len(parts) > 2 and parts[0] == "runtime" and parts[1] in {*RUNTIME_ORDER, *BESIDE}
    return parts[1] if known else None


def full_folders(names: Iterable[str]) -> dict[str, int]:
    """Folders with more than ``FULLEST`` Python files, ``__init__.py`` not counted."""
    files = [PurePosixPath(name) for name in names]
    count = Counter(p.parent.as_posix() for p in files if p.name != "__init__.py")
    return {folder: n for folder, n in count.items() if n > FULLEST}


def test_imports_point_one_way() -> None:
    assert wrong_packages(SOURCES) == {}


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
    name = "/".join((*folder, "file.py"))
    assert wrong_packages({name: source}) == {name: {found}}


def test_no_circle_of_imports() -> None:
    assert circles(imported_files(SOURCES)) == []


@pytest.mark.parametrize(
    "back",
    [
        "from .a import f",
        "def f():\n    from ..graph.a import f",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import a",
        "import namgraph.graph.a",
        "from namgraph.graph.a import f",
    ],
)
def test_a_circle_is_found_however_it_is_spelled(back: str) -> None:
    files = {"graph/a.py": "from .b import g", "graph/b.py": "from . import c", "graph/c.py": back}
    assert circles(imported_files(files)) == [frozenset(files)]
    assert circles(imported_files({**files, "graph/c.py": "import ast"})) == []


def test_folders_of_the_runtime_are_in_order() -> None:
    assert wrong_in_runtime(SOURCES) == []


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("runtime/native/abi.py", "from ..simd.scale import lanes", "runtime/simd/scale.py"),
        ("runtime/plan/plan.py", "from ..cuda.executor import run", "runtime/cuda/executor.py"),
        ("runtime/cuda/ops.py", "from ..engine.engine import E", "runtime/engine/engine.py"),
        (
            "runtime/engine/build.py",
            "from ..adapters.live import null",
            "runtime/adapters/live/null.py",
        ),
        ("runtime/io/wav.py", "from ..simd.scale import lanes", "runtime/simd/scale.py"),
        ("runtime/io/wav.py", "from ..engine.engine import E", "runtime/engine/engine.py"),
    ],
)
def test_an_import_up_the_runtime_is_found(name: str, source: str, target: str) -> None:
    assert wrong_in_runtime({name: source, target: ""}) == [(name, target)]
    down = {target: f"from ..{name.split('/')[1]} import {PurePosixPath(name).stem}", name: ""}
    assert wrong_in_runtime(down) == []


def test_no_folder_is_too_full() -> None:
    assert full_folders(SOURCES) == {}


def test_a_full_folder_is_found() -> None:
    names = [f"nodes/n{k}.py" for k in range(FULLEST)]
    assert full_folders([*names, "nodes/__init__.py", "nodes/nam/model/model.py"]) == {}
    assert full_folders([*names, "nodes/one_more.py"]) == {"nodes": FULLEST + 1}


def test_every_folder_with_code_is_known() -> None:
    known = {*MAY_IMPORT, "tests", "examples"}
    found = {p.parent.name for p in ROOT.glob("*/*.py") if not p.parent.name.startswith(".")}
    assert found - {"build", "dist", "venv"} == known


def test_files_stay_short() -> None:
    lengths = {name: len(source.splitlines()) for name, source in SOURCES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}
    assert max(lengths.values()) > 100  # or nothing was measured


def hidden_modules(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Of each ``__init__.py``, the names it binds that are also modules of its folder.

    Such a name hides the module: ``package.name`` is then the function, and the tools that write
    documentation do not find the file.  Importing the module itself binds no other object.
    """
    names = [PurePosixPath(name) for name in sources]
    found = {}
    for path in names:
        if path.name != "__init__.py":
            continue
        modules = {p.stem for p in names if p.parent == path.parent and p != path}
        modules |= {p.parent.name for p in names if p.parent.parent == path.parent != p.parent}
        bound = set[str]()
        for item in _outside_functions(ast.parse(sources[path.as_posix()])):
            if isinstance(item, ast.ImportFrom) and not (item.level == 1 and item.module is None):
                bound |= {alias.asname or alias.name for alias in item.names}
            elif isinstance(item, ast.FunctionDef | ast.ClassDef):
                bound.add(item.name)
        if bound & modules:
            found[path.as_posix()] = bound & modules
    return found


def _outside_functions(tree: ast.AST) -> Iterable[ast.AST]:
    """Walk what runs when a module is imported: names bound inside functions hide nothing."""
    for item in ast.iter_child_nodes(tree):
        yield item
        if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _outside_functions(item)


def test_no_name_of_a_package_hides_a_module() -> None:
    assert hidden_modules(SOURCES) == {}


@pytest.mark.parametrize(
    "source",
    [
        "from .node import node",
        "from .port import Port as node",
        "def node(): ...",
        "if TYPE_CHECKING:\n    from .node import node as node",
    ],
)
def test_a_hidden_module_is_found(source: str) -> None:
    files = {"graph/__init__.py": source, "graph/node.py": "", "graph/port.py": ""}
    assert hidden_modules(files) == {"graph/__init__.py": {"node"}}
    in_folder = {"graph/__init__.py": source, "graph/node/__init__.py": "", "graph/port.py": ""}
    assert hidden_modules(in_folder) == {"graph/__init__.py": {"node"}}
    assert hidden_modules({**files, "graph/__init__.py": "from . import node"}) == {}
    assert hidden_modules({**files, "graph/__init__.py": "from .node import Node"}) == {}


def missing_files(readme: str, existing: Iterable[str]) -> set[str]:
    """Return the names in a README's file tables that are no file, folder or pattern of its folder.

    A file table is one whose first column is headed "file"; names stand there in backticks.
    ``existing`` are paths from the README's folder.
    """
    paths = {PurePosixPath(name) for name in existing}
    paths |= {parent for path in paths for parent in path.parents}
    missing, inside = set[str](), False
    for line in readme.splitlines():
        first = line.split("|")[1].strip() if line.startswith("|") else ""
        inside = line.startswith("|") and (inside or first == "file")
        for name in first.split("`")[1::2] if inside else ():
            depth = len(PurePosixPath(name).parts)
            if not any(len(path.parts) == depth and path.match(name) for path in paths):
                missing.add(name)
    return missing


def test_file_tables_name_files_that_exist() -> None:
    found = {}
    for package in MAY_IMPORT:
        for path in sorted((ROOT / package).rglob("README.md")):
            existing = [p.relative_to(path.parent).as_posix() for p in path.parent.rglob("*")]
            missing = missing_files(path.read_text(encoding="utf-8"), existing)
            if missing:
                found[path.relative_to(ROOT).as_posix()] = missing
    assert found == {}


def test_a_missing_file_of_a_file_table_is_found() -> None:
    table = (
        "| file | purpose |\n|---|---|\n| `a.py` `sub/b.py` | both |\n| `*.cu` `sub/` | `c.py` |\n"
    )
    files = ["a.py", "sub/b.py", "kernel.cu"]
    assert missing_files(table, files) == set()
    assert missing_files(table, ["a.py"]) == {"sub/b.py", "*.cu", "sub/"}
    assert missing_files(table.replace("file", "field"), []) == set()
    assert (
        missing_files(f"{table}\nText.\n\n| field | `a` |\n|---|---|\n| `d.py` | x |\n", files)
        == set()
    )
