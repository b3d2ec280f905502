"""A kernel that needs more instructions than it did is noticed, whatever the machine's noise."""

import platform
import re
from pathlib import Path
from typing import Any

import llvmlite
import pytest

from namgraph.runtime.native.host import fuses

from .cross import Program
from .instructions import (
    COUNTED,
    LIBRARY,
    by_owner,
    changes,
    count,
    missing,
    programs,
    read_table,
)

COUNTS = {"instructions": {"a": 100.0, "b": 200.0}}
on_v3 = platform.machine().lower() in ("x86_64", "amd64") and platform.system() == "Linux"
on_v3 = on_v3 and fuses()
counted = pytest.mark.skipif(
    bool(missing()) or not on_v3,
    reason=f"needs {missing()}" if missing() else "runs programs of x86-64-v3 on Linux",
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return programs(tmp_path_factory.mktemp("instructions"))


@counted
def test_main_kernels_need_the_instructions_of_the_table(program: Any) -> None:
    made_with = read_table()["llvmlite"]
    if made_with != llvmlite.__version__:
        pytest.skip(f"the table is of llvmlite {made_with}, here is {llvmlite.__version__}")
    found = {name: n for rack in COUNTED for name, n in count(program, rack).items()}
    assert changes(found, read_table()) == []


@counted
def test_dearer_blocks_are_noticed(program: Any) -> None:
    """Blocks of 8 frames waste half of a vector's work in this kernel: that is over the limit."""
    short, whole = count(program, "A1 nano", block=8), count(program, "A1 nano")
    line = changes(short, {"instructions": whole})[0]
    assert re.match(r"A1 nano: [\d,.]+ instructions a sample, [+]\d+[.]\d %", line)


@pytest.mark.parametrize(
    ("now", "noticed"), [(102.9, []), (103.1, ["a"]), (97.1, []), (96.9, ["a"])]
)
def test_three_percent_are_allowed_either_way(now: float, noticed: list[str]) -> None:
    lines = changes({"a": now, "b": 200.0}, COUNTS)
    assert [line.split(":")[0] for line in lines] == noticed


@pytest.mark.parametrize(("now", "noticed"), [(6.9, 0), (7.1, 1)])
def test_the_c_library_may_be_another(now: float, noticed: int) -> None:
    name = f"a{LIBRARY}"
    assert len(changes({name: now}, {"instructions": {"a": 100.0, name: 2.0}})) == noticed


def test_instructions_of_kernels_are_told_from_others() -> None:
    told = "events: Ir\nfl=???\nfn=namgraph.nam.w8\n0 40\nfn=memcpy\n0 7\n3 1\nfn=cfunc._a\n0 2\n"
    assert by_owner(told + "summary: 50\n") == (42, 8)


def test_no_number_is_noticed() -> None:
    assert len(changes({"a": float("nan")}, COUNTS)) == 1


def test_the_table_is_whole() -> None:
    table = read_table()
    names = {name for rack in COUNTED for name in (rack, rack + LIBRARY)}
    assert set(table["instructions"]) == names
    assert table["renew"].startswith("python -m namgraph.tests.machines")


def test_the_cabinet_has_the_taps_that_are_told() -> None:
    import soundfile

    import namgraph as ng

    assert soundfile.info(ng.asset("cab.wav")).frames == 2048


@counted
def test_valgrinds_complaints_are_told(program: Any, tmp_path: Path) -> None:
    class Broken:
        folder = tmp_path

        @staticmethod
        def link(rack: str, target: object) -> str:
            return str(tmp_path / "no-program")

    with pytest.raises(RuntimeError, match="A1 nano in valgrind"):
        count(Broken(), "A1 nano")  # type: ignore[arg-type]
