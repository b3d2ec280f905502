"""Instructions for a sample of main kernels, counted by valgrind: a guard that no noise disturbs.

The kernels are those of x86-64-v3 (AVX2, 8 lanes; valgrind knows no AVX-512), in the programs of
``cross.py``, which this processor runs itself.  ``TABLE`` has what was counted, and with what:
another llvmlite emits other code for the same kernels, so that counts are compared with those of
its own version alone.  ``python -m namgraph.tests.machines --write`` makes it anew.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import llvmlite

from .cross import X86_V3, Program
from .racks import BLOCK, signal

__all__ = ["COUNTED", "FRAMES", "TABLE", "changes", "count", "missing", "read_table", "write_table"]

COUNTED = ("A1 standard", "A1 nano", "LSTM 1x16", "cabinet", "crunch rack")
"""Racks of ``racks.COSTS``; the cabinet has 2,048 taps."""
FRAMES = 640
TABLE = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.03
RENEW = "python -m namgraph.tests.machines --write"
TOOL = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


def missing() -> str:
    """Return the tools that are not installed, or an empty text."""
    return " ".join(name for name in ("cc", "valgrind") if not shutil.which(name))


def programs(folder: Path) -> Program:
    """Return the programs of all racks that are counted, for x86-64-v3."""
    return Program(X86_V3, folder, COUNTED, FRAMES)


def count(program: Program, rack: str, block: int = BLOCK) -> float:
    """Return the instructions for a sample: those of twice the signal less those of one."""
    binary, totals = program.link(rack, X86_V3), []
    for times in (1, 2):
        x, y = program.folder / f"x{times}.f32", program.folder / "y.f32"
        signal(times * FRAMES).tofile(x)
        files = [str(path) for path in (binary, program.folder / f"{rack}.bin", x, y)]
        done = subprocess.run(
            [*TOOL, *files, str(block)], capture_output=True, text=True, check=False
        )
        told = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
        if done.returncode or told is None:
            raise RuntimeError(f"{rack} in valgrind: {done.returncode}: {done.stderr[-800:]}")
        totals.append(int(told[1].replace(",", "")))
    return (totals[1] - totals[0]) / FRAMES


def changes(found: Mapping[str, float], table: Mapping[str, Any]) -> list[str]:
    """Return a line for each count that is further than ``TOLERANCE`` from the table's."""
    lines = []
    for rack, now in found.items():
        before = table["instructions"][rack]
        if not abs(now / before - 1.0) <= TOLERANCE:
            lines.append(
                f"{rack}: {now:,.1f} instructions a sample, {100 * (now / before - 1):+.1f} %: the "
                f"table has {before:,.1f}, {100 * TOLERANCE:.0f} % allowed; if meant: {RENEW}"
            )
    return lines


def read_table() -> Any:
    """Return what was counted, and with which version of llvmlite."""
    return json.loads(TABLE.read_text(encoding="utf-8"))


def write_table(folder: Path) -> None:
    """Count all racks, and write the table."""
    program = programs(folder)
    version = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    values = {
        "what": f"instructions a sample, blocks of {BLOCK}, x86-64-v3, {version.stdout.strip()}",
        "renew": RENEW,
        "llvmlite": llvmlite.__version__,
        "instructions": {rack: round(count(program, rack), 1) for rack in COUNTED},
    }
    TABLE.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
