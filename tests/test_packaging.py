"""What ships: every package under the checkout with its data, and nothing else."""

import ast
import os
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import namgraph

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("graph", "runtime", "nodes", "presets", "cli")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
RECIPES = {"torch"}  # assets are trained once, by whoever wants to; tests and users need no torch
DATA = (".wav", ".nam", ".json", ".cu", ".cuh")


def third_party(path: Path) -> set[str]:
    """The top-level modules a file imports that are neither ours nor Python's."""
    found: set[str] = set()
    for item in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(item, ast.Import):
            found |= {a.name.split(".")[0] for a in item.names}
        elif isinstance(item, ast.ImportFrom) and not item.level:
            found.add((item.module or "").split(".")[0])
    return found - sys.stdlib_module_names


def test_every_package_is_listed() -> None:
    found = {"namgraph"} | {
        ".".join(("namgraph", *p.parent.relative_to(ROOT).parts))
        for folder in FOLDERS
        for p in (ROOT / folder).rglob("*.py")
        if "recipes" not in p.parts  # how assets were made: for the checkout alone
    }
    assert SETUPTOOLS["packages"] == sorted(found)


def test_every_package_says_what_it_is() -> None:
    for name in SETUPTOOLS["packages"]:
        init = ROOT.joinpath(*name.split(".")[1:], "__init__.py")
        assert ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))), name


def test_no_stray_module_ships() -> None:
    # setuptools ships every module that lies in the root
    assert sorted(p.name for p in ROOT.glob("*.py")) == [
        "__init__.py",
        "__main__.py",
    ]


def test_every_data_file_ships() -> None:
    for folder in FOLDERS:
        for path in (p for p in (ROOT / folder).rglob("*") if p.suffix in DATA):
            package = ".".join(("namgraph", *path.parent.relative_to(ROOT).parts))
            patterns = SETUPTOOLS["package-data"].get(package, [])
            assert any(fnmatch(path.name, pattern) for pattern in patterns), path


def test_every_dependency_is_declared() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    lines = [*PROJECT["project"]["dependencies"], *(line for extra in extras for line in extra)]
    declared = {line.split(">")[0].split("-cuda")[0].replace("-", "_") for line in lines}
    files = [*(p for f in FOLDERS for p in (ROOT / f).rglob("*.py")), *ROOT.glob("*.py")]
    used = {name for path in files for name in third_party(path)}
    assert {"numba", "numpy", "soundfile"} <= used
    assert used - RECIPES <= declared


def test_versions_agree() -> None:
    assert PROJECT["project"]["version"] == namgraph.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {namgraph.__version__}" in changes


def test_what_is_public_is_there() -> None:
    assert sorted(namgraph.__all__) == sorted(set(namgraph.__all__))
    assert not [name for name in namgraph.__all__ if not hasattr(namgraph, name)]


def test_no_module_is_imported_twice() -> None:
    # pytest would import the root again under the checkout's name, given the chance
    names: dict[str, str] = {}
    root = os.path.realpath(Path(namgraph.__file__).parent)
    environment = os.path.realpath(sys.prefix) + os.sep  # it may lie in the checkout
    for name, module in list(sys.modules.items()):
        file = os.path.realpath(getattr(module, "__file__", None) or "")
        if file.startswith(environment) or "site-packages" in file or name == "__main__":
            continue
        if file.startswith(root + os.sep) and file.endswith(".py"):
            assert file not in names, f"{file} is both {names[file]} and {name}"
            names[file] = name
