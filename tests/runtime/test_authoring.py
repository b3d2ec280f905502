"""The one import of a node's file, and the same names in public."""

import ast
from pathlib import Path

import pytest

import namgraph as ng
import namgraph.nodes
from namgraph.runtime import authoring

FOLDER = Path(namgraph.nodes.__file__).parent
PLAIN = ("gain", "pan", "split", "meter", "dc_block", "pass_through")


def test_every_name_is_public_and_the_same() -> None:
    assert sorted(authoring.__all__) == authoring.__all__
    for name in authoring.__all__:
        assert name in ng.__all__
        assert getattr(ng, name) is getattr(authoring, name), name


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_node_imports_nothing_else(name: str) -> None:
    (path,) = FOLDER.rglob(f"{name}.py")
    relative = [
        [alias.name for alias in item.names]
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(item, ast.ImportFrom) and item.level
    ]
    assert relative == [["authoring"]]
