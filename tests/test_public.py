"""The public names: imported when they are first used, and all there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import namgraph as ng
import namgraph.nodes

COSTLY = (
    *("cupy", "dask", "distributed", "hypothesis", "matplotlib", "pedalboard", "sounddevice"),
    *("soundfile", "soxr"),
)
"""Packages that are loaded when they are needed: extras, and what reads audio files."""


def printed(script: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.split()


def modules_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``statement``."""
    return set(
        printed(f"import sys\n{statement}\nprint(*{{m.split('.')[0] for m in sys.modules}})")
    )


def test_importing_the_package_alone_loads_neither_numpy_nor_numba() -> None:
    loaded = modules_after("import namgraph")
    assert "namgraph" in loaded
    assert not loaded & {"numpy", "numba", "llvmlite", "soundfile"}


@pytest.mark.parametrize(
    "used", ["cli.main", "Cab", "Nam", "Engine", "LiveStream", "batch", "read_audio"]
)
def test_importing_the_package_loads_nothing_that_can_wait(used: str) -> None:
    loaded = modules_after(f"import namgraph, namgraph.cli.main\nnamgraph.{used}")
    assert "namgraph" in loaded
    assert not loaded & set(COSTLY)


def test_a_costly_import_is_found() -> None:
    assert "soundfile" in modules_after("import namgraph, soundfile") & set(COSTLY)


def test_a_star_import_brings_all_public_names_but_those_of_pedalboard() -> None:
    script = "from namgraph import *\nprint(*sorted(n for n in dir() if n[0] != '_'))"
    found = printed(script)
    assert found == sorted(n for n in ng.__all__ if n != "__version__")
    assert {"Graph", "Nam", "render", "save_preset"} <= set(found)
    assert "pedalboard" not in found


def test_completion_sees_public_names_before_they_are_used() -> None:
    found = set(printed("import namgraph\nprint(*dir(namgraph))"))
    assert {*ng.__all__, "GraphPlugin", "Board", "PedalboardEffect"} <= found


@pytest.mark.parametrize("name", ["graph", "nodes", "presets", "runtime"])
def test_packages_are_there_without_importing_them_by_name(name: str) -> None:
    assert printed(f"import namgraph\nprint(namgraph.{name}.__name__)") == [f"namgraph.{name}"]


def test_nodes_are_registered_whichever_name_is_used_first() -> None:
    found = set(printed("import namgraph\nprint(*namgraph.node_types())"))
    assert {"nam", "cab", "delay", "gain"} <= found
    script = "from namgraph.presets import load_preset\nprint(*load_preset('crunch').nodes)"
    assert "amp" in printed(script)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'namgraph' has no attribute 'Amplifier'"):
        _ = ng.Amplifier  # type: ignore[attr-defined]
    assert not hasattr(ng, "__wrapped__")


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(ng.__file__).read_text(encoding="utf-8"))
    (checked,) = (
        n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"
    )
    imports = [n for n in checked.body if isinstance(n, ast.ImportFrom)]
    seen = {f".{n.module}": {a.asname for a in n.names} for n in imports}
    assert seen[".nodes"] == {None}  # a star: all that the module lists
    seen[".nodes"] = set(namgraph.nodes.__all__)
    tables: dict[str, tuple[str, ...]] = {**ng._PUBLIC, **ng._OPTIONAL}
    assert seen == {module: set(names) for module, names in tables.items()}
