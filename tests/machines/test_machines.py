"""Kernels at every vector width, and on other processors: the bits, and what a sample costs."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.nodes.testing import same_bits
from namgraph.runtime.native.host import WIDTHS, fuses

from .cross import AARCH64, X86_V2, Program, Sound, Target, emit
from .racks import RACKS

FRAMES = 2400
PARITY = 2e-5
"""As share of the peak: what the kernels are allowed against the oracle."""
every_rack = pytest.mark.parametrize("rack", RACKS)
COSTS = Path(__file__).resolve().parents[2] / "docs" / "machines.md"

on_x86 = platform.machine().lower() in ("x86_64", "amd64") and platform.system() == "Linux"


def needs(*targets: Target) -> pytest.MarkDecorator:
    missing = " ".join(t.missing for t in targets).strip()
    reason = f"needs {missing}" if missing else "compares a Linux machine of x86-64 with others"
    return pytest.mark.skipif(bool(missing) or not on_x86, reason=reason)


on_fused_x86 = pytest.mark.skipif(not fuses(), reason="this machine has no fused multiply-add")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("machines")


@pytest.fixture(scope="module")
def widths(folder: Path) -> dict[int, dict[str, Sound]]:
    """The output of every rack, by the lanes that are forced."""

    def play(width: int) -> dict[str, Sound]:
        return emit(folder / f"w{width}", [*RACKS], FRAMES, NAMGRAPH_LANES=str(width))

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(WIDTHS, pool.map(play, WIDTHS), strict=True))


@pytest.fixture(scope="module")
def programs(folder: Path) -> Iterator[Callable[[Target], Program]]:
    """Makes the program of a target with every rack; all begin to be made with the first."""
    with ThreadPoolExecutor(2) as pool:
        made = {
            t: pool.submit(Program, t, folder / t.cpu, [*RACKS], FRAMES) for t in (AARCH64, X86_V2)
        }
        yield lambda target: made[target].result()


@every_rack
def test_every_width_gives_the_same_bits(rack: str, widths: Any) -> None:
    narrow, medium, wide = (widths[w][rack] for w in WIDTHS)
    assert abs(wide).max() > 0.1
    same_bits(narrow, wide)
    same_bits(medium, wide)


def test_every_type_of_node_gives_the_same_bits(folder: Path) -> None:
    def play(width: int) -> Any:
        path = folder / f"nodes{width}.npz"
        line = [sys.executable, "-m", "namgraph.tests.machines.play_nodes", str(path)]
        told = os.environ | {"NAMGRAPH_LANES": str(width)}
        subprocess.run(line, env=told, cwd=COSTS.parents[1], check=True)
        return np.load(path)

    with ThreadPoolExecutor(2) as pool:
        narrow, wide = pool.map(play, (4, 16))
    assert len(narrow.files) > 100
    assert {name.split()[0] for name in narrow.files} > {"nam", "cab", "reverb"}
    assert [name for name in narrow if narrow[name].tobytes() != wide[name].tobytes()] == []


@needs(AARCH64)
@on_fused_x86
@every_rack
def test_arm_plays_the_bits_of_x86(rack: str, widths: Any, programs: Any) -> None:
    same_bits(programs(AARCH64).play(rack), widths[16][rack])


@needs(X86_V2)
@every_rack
def test_without_fused_multiply_add(rack: str, widths: Any, programs: Any) -> None:
    found = programs(X86_V2).play(rack)
    same_bits(found, programs(X86_V2).here[rack])
    assert abs(found - widths[4][rack]).max() <= PARITY * abs(found).max()


@needs(X86_V2)
@on_fused_x86
def test_the_comparisons_can_fail(widths: Any, programs: Any) -> None:
    """Rounding twice shows, and so does a processor without an instruction."""
    found = programs(X86_V2).play("A1 nano")
    with pytest.raises(AssertionError):
        same_bits(found, widths[4]["A1 nano"])
    with pytest.raises(RuntimeError, match="A1 nano on x86-64-v3"):
        programs(X86_V2).play("A1 nano", replace(X86_V2, cpu="x86-64-v3"))


@needs(AARCH64)
def test_the_code_is_that_of_the_target(programs: Any) -> None:
    binary = programs(AARCH64).link("A1 nano", AARCH64)
    assert int.from_bytes(binary.read_bytes()[18:20], "little") == 183, "EM_AARCH64"
    told = subprocess.run(
        ["aarch64-linux-gnu-objdump", "-d", str(binary)], capture_output=True, text=True, check=True
    )
    assert len(re.findall(r"\tfmla\tv\d+\.4s", told.stdout)) > 100


@needs(AARCH64)
@pytest.mark.parametrize("rack", ["A1 nano", "LSTM 1x16", "cabinet"])
def test_instructions_for_a_sample(rack: str, programs: Any) -> None:
    """What docs/machines.md says, so that a kernel that became dearer is noticed."""
    rows = re.findall(r"^\| (.+?) \| ([\d,]+) \|", COSTS.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: int(count.replace(",", "")) for name, count in rows}[rack]
    found = programs(AARCH64).instructions(rack)
    assert 0.85 * told <= found <= 1.15 * told, (
        "python -m namgraph.tests.machines makes the table anew"
    )
