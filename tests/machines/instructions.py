"""Instructions for a sample of main kernels, counted by valgrind: a guard that no noise disturbs.

The kernels are those of x86-64-v3 (AVX2, 8 lanes; valgrind knows no AVX-512), in the programs of
``cross.py``, which this processor runs itself.  ``TABLE`` has what was counted, and with what:
another llvmlite emits other code for the same kernels, so that counts are compared with those of
its own version alone.  What functions of the C library need (``memcpy``, ``sin``) is counted beside
the kernels, and may differ by more: they are others in another version, and on another processor.
``python -m namgraph.tests.machines --write`` makes the table anew.
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

__all__ = [
    "COUNTED",
    "FRAMES",
    "LIBRARY",
    "TABLE",
    "by_owner",
    "changes",
    "count",
    "missing",
    "programs",
    "read_table",
    "write_table",
]

COUNTED = ("A1 standard", "A1 nano", "LSTM 1x16", "cabinet", "crunch rack")
"""Racks of ``racks.COSTS``; the cabinet has 2,048 taps."""
FRAMES = 640
TABLE = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.03
RENEW = "python -m namgraph.tests.machines --write"
TOOL = ("valgrind", "--tool=cachegrind", "--cache-sim=no")
LIBRARY = ", C library"
"""Behind the name of a rack whose instructions in the C library are meant."""
LIBRARY_TOLERANCE = 0.05
"""Of the kernels' instructions: glibc's variants of ``memcpy`` make up to 4 % of them."""
OURS = re.compile(r"fn=(namgraph|cfunc)[.]")


def missing() -> str:
    """Return the tools that are not installed, or an empty text."""
    return " ".join(name for name in ("cc", "valgrind") if not shutil.which(name))


def programs(folder: Path) -> Program:
    """Return the programs of all racks that are counted, for x86-64-v3."""
    return Program(X86_V3, folder, COUNTED, FRAMES)


def count(program: Program, rack: str, block: int = BLOCK) -> dict[str, float]:
    """Return instructions for a sample: those of twice the signal less those of one.

    Of kernels under the name of the rack, of the C library under that and ``LIBRARY``.
    """
    binary, totals = program.link(rack, X86_V3), []
    for times in (1, 2):
        x, y = program.folder / f"x{times}.f32", program.folder / "y.f32"
        signal(times * FRAMES).tofile(x)
        files = [str(path) for path in (binary, program.folder / f"{rack}.bin", x, y)]
        told = program.folder / "functions.out"
        tool = [*TOOL, f"--cachegrind-out-file={told}"]
        done = subprocess.run(
            [*tool, *files, str(block)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{rack} in valgrind: {done.returncode}: {done.stderr[-800:]}")
        totals.append(by_owner(told.read_text("utf-8")))
    names = rack, rack + LIBRARY
    return {n: (b - a) / FRAMES for n, a, b in zip(names, *totals, strict=True)}


def by_owner(told: str) -> tuple[int, int]:
    """Return the instructions of kernels and of everything else in a file of cachegrind."""
    ours, other, kernel = 0, 0, False
    for line in told.splitlines():
        if line.startswith("fn="):
            kernel = OURS.match(line) is not None
        elif line[:1].isdigit():  # a line of source, and its count
            number = int(line.split()[1])
            ours, other = (ours + number, other) if kernel else (ours, other + number)
    return ours, other


def changes(found: Mapping[str, float], table: Mapping[str, Any]) -> list[str]:
    """Return a line for each count that is further from the table's than its tolerance."""
    lines = []
    for rack, now in found.items():
        before = table["instructions"][rack]
        of = table["instructions"][rack.removesuffix(LIBRARY)]
        allowed = LIBRARY_TOLERANCE if rack.endswith(LIBRARY) else TOLERANCE
        if not abs(now - before) <= allowed * of:
            lines.append(
                f"{rack}: {now:,.1f} instructions a sample, {100 * (now / before - 1):+.1f} %: the "
                f"table has {before:,.1f}, {allowed * of:,.1f} more or less are allowed; if "
                f"meant: {RENEW}"
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
        "instructions": {
            name: round(number, 1)
            for rack in COUNTED
            for name, number in count(program, rack).items()
        },
    }
    TABLE.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
