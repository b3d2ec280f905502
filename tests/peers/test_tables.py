"""Every item of what others offer has a name of ours, and a test that shows it; none is without."""

import ast
import dis
import importlib
import inspect
import re
from collections.abc import Sequence
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng

from . import gpu_processor, nam_rs, step_backend

TESTS = Path(__file__).resolve().parents[1]
TABLES: dict[str, Sequence[tuple[str, ...]]] = {
    "nam_rs": nam_rs.ROWS,
    "step_backend": step_backend.ROWS,
    "gpu_processor": gpu_processor.ROWS,
}


def sets(cls: type, name: str) -> bool:
    """Return whether the ``__init__`` of a class, or of a base, sets an attribute."""
    for base in cls.__mro__:
        begin = inspect.unwrap(vars(base).get("__init__", object))
        if inspect.isfunction(begin) and any(
            i.opname == "STORE_ATTR" and i.argval == name for i in dis.get_instructions(begin)
        ):
            return True
    return False


def missing(path: str) -> str:
    """Return what a dotted name lacks: "" if each part is there."""
    found: Any = ng
    for number, part in enumerate(path.split("."), 1):
        if hasattr(found, part):
            found = getattr(found, part)
            continue
        if inspect.ismodule(found):
            try:
                found = importlib.import_module(f"{found.__name__}.{part}")
                continue
            except ModuleNotFoundError:
                return f"{found.__name__} has no {part}"
        fields = getattr(found, "__dataclass_fields__", {}) if is_dataclass(found) else {}
        last = number == path.count(".") + 1
        if last and (part in fields or (inspect.isclass(found) and sets(found, part))):
            return ""
        return f"{getattr(found, '__name__', found)} has no {part}"
    return ""


@cache
def functions(file: Path) -> frozenset[str]:
    """The names of the test functions of a file."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return frozenset(n.name for n in body if isinstance(n, ast.FunctionDef))


def untested(test: str) -> str:
    """Return what is wrong with the id of a test: "" if file and function are there."""
    name, _, function = test.partition("::")
    file = TESTS / name
    if not file.is_file() or not file.name.startswith("test_"):
        return f"no file {name}"
    if not function.startswith("test_") or function not in functions(file):
        return f"{name} has no test {function!r}"
    return ""


def faults(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return every fault of a table."""
    found, seen = [], set[str]()
    for row in rows:
        theirs = row[0] if row else ""
        if len(row) not in (3, 4) or not all(
            isinstance(cell, str) and cell.strip() for cell in row
        ):
            found.append(f"{row}: must be (theirs, ours, test) or (theirs, ours, test, difference)")
            continue
        if theirs in seen:
            found.append(f"{theirs}: twice")
        seen.add(theirs)
        found += [f"{theirs}: {wrong}" for wrong in (missing(row[1]), untested(row[2])) if wrong]
    return found


@pytest.mark.parametrize("name", TABLES)
def test_every_item_has_a_name_and_a_test(name: str) -> None:
    assert faults(TABLES[name]) == []


PUBLIC: dict[str, set[str]] = {
    "nam_rs": {
        "ActivationSpec", "DEFAULT_SAMPLE_RATE", "Date", "Error", "FilmConfig", "GatingMode",
        "Head1x1Config", "Layer1x1Config", "LayerArrayConfig", "Lstm", "LstmConfig", "Metadata",
        "Model", "ModelConfig", "NamModel", "PostStackHeadConfig", "Slimmable", "SlimmableConfig",
        "SlimmableSubmodel", "WaveNet", "WaveNetConfig",
    },
    "step_backend": {
        "JitRecurrent", "JointStep", "LstmState", "RecurrentJit", "RnntStepBackend", "StepStats",
        "StepTiming",
    },
    "gpu_processor": {
        "NamDeviceCodeProvider", "NamInputPort", "NamModule", "NamModuleInfoProvider",
        "NamModuleLibrary", "NamProcessor", "NetType", "NeuralAmpModelerInterface",
        "Specification",
    },
}  # fmt: skip
"""The types and constants that each exports; the first is the list in its lib.rs."""


@pytest.mark.parametrize("name", TABLES)
def test_everything_that_is_exported_has_a_row(name: str) -> None:
    assert PUBLIC[name] <= {first_word(row[0]) for row in TABLES[name]}


def first_word(theirs: str) -> str:
    """Return the type of an item: ``Model`` of ``Model::reset``."""
    return re.split(r"[:. ]", theirs, maxsplit=1)[0]


GOOD = ("theirs", "Graph.chain", "peers/test_tables.py::test_each_fault_of_a_table_is_found")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ((), "must be (theirs, ours, test)"),
        (GOOD[:2], "must be (theirs, ours, test)"),
        (("theirs", "", GOOD[2]), "must be (theirs, ours, test)"),
        (("theirs", "Graph", " "), "must be (theirs, ours, test)"),
        ((*GOOD, ""), "must be (theirs, ours, test)"),
        ((*GOOD, "differs", "more"), "must be (theirs, ours, test)"),
        (("theirs", "Graph.chained", GOOD[2]), "Graph has no chained"),
        (("theirs", "Grph", GOOD[2]), "namgraph has no Grph"),
        (("theirs", "nodes.nam.none", GOOD[2]), "namgraph.nodes.nam has no none"),
        (("theirs", "Model.none", GOOD[2]), "Model has no none"),
        (("theirs", "Model.version.none", GOOD[2]), "Model has no version"),
        (("theirs", "WeightCountError.least", GOOD[2]), "WeightCountError has no least"),
        (("theirs", "Graph", "peers/test_none.py::test_x"), "no file peers/test_none.py"),
        (("theirs", "Graph", "peers/nam_rs.py::test_x"), "no file peers/nam_rs.py"),
        (("theirs", "Graph", "peers/test_tables.py"), "has no test ''"),
        (("theirs", "Graph", "peers/test_tables.py::faults"), "has no test 'faults'"),
        (("theirs", "Graph", "peers/test_tables.py::test_none"), "has no test 'test_none'"),
    ],
)
def test_each_fault_of_a_table_is_found(row: tuple[str, ...], says: str) -> None:
    (found,) = faults([row])
    assert says in found


def test_what_is_right_is_no_fault() -> None:
    rows = [
        GOOD,
        ("a field", "Model.version", GOOD[2]),
        ("set by __init__", "WeightCountError.expected", GOOD[2], "differs"),
        ("of a module", "runtime.cuda.driver.gpus.gpus", GOOD[2]),
    ]
    assert faults(rows) == []
    assert faults([GOOD, GOOD]) == ["theirs: twice"]
