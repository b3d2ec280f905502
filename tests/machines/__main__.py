"""Print what a sample costs on other processors: the tables of docs/machines.md.

Run it as ``python -m namgraph.tests.machines`` in the checkout; it takes some minutes.  With
``--shipped`` it plays the racks that ship on aarch64, and prints whether they have the bits of x86.
With ``--write`` it counts, with valgrind, and writes the table of ``instructions.py``.
"""

import argparse
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import instructions
from .cross import AARCH64, X86_V2, X86_V3, Program, aarch64, emit
from .racks import COSTS, RATE, SHIPPED

FRAMES = 4800


class Board(NamedTuple):
    """A board: its processor, its clock, and instructions per cycle, which are assumed."""

    name: str
    cpu: str
    gigahertz: float
    per_cycle: float


BOARDS = (
    Board("Raspberry Pi Zero 2 W", "cortex-a53", 1.0, 0.7),
    Board("Raspberry Pi 4", "cortex-a72", 1.8, 1.2),
    Board("Raspberry Pi 5", "cortex-a76", 2.4, 2.0),
)


def main() -> None:
    reader = argparse.ArgumentParser(description="play graphs on emulated processors")
    reader.add_argument("--shipped", action="store_true", help="compare the racks that ship")
    reader.add_argument(
        "--write", action="store_true", help="count what test_instructions compares"
    )
    told = reader.parse_args()
    if told.write:
        if instructions.missing():
            reader.error(
                f"not installed: {instructions.missing()} (Debian: apt-get install gcc valgrind)"
            )
        with tempfile.TemporaryDirectory() as place:
            instructions.write_table(Path(place))
        print(instructions.TABLE)
        return
    missing = {tool for target in (AARCH64, X86_V2) for tool in target.missing.split()}
    if missing:
        reader.error(
            f"not installed: {', '.join(sorted(missing))} (Debian: apt-get install gcc "
            "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"
        )
    with tempfile.TemporaryDirectory() as folder:
        compare_shipped(Path(folder)) if told.shipped else print_costs(Path(folder))


def compare_shipped(folder: Path) -> None:
    """Print of each rack that ships whether aarch64 plays the bits of 4 lanes, and of 16."""
    racks = [*SHIPPED]
    program = Program(AARCH64, folder / "arm", racks, FRAMES)
    for lanes in (4, 16):
        here = emit(folder / str(lanes), racks, FRAMES, NAMGRAPH_LANES=str(lanes))
        for rack in racks:
            found = program.play(rack)
            same = np.array_equal(found.view(np.int32), here[rack].view(np.int32))
            error = abs(found - here[rack]).max() / abs(found).max()
            print(f"{lanes} lanes, {rack}:", "the same bits" if same else f"within {error:.1e}")


def print_costs(folder: Path) -> None:
    """Print instructions for a sample, and what they cost on a board."""
    targets = AARCH64, X86_V2, X86_V3
    arm, *others = (Program(t, folder / t.cpu, [*COSTS], FRAMES) for t in targets)
    cores = {board.cpu: aarch64(board.cpu) for board in BOARDS}
    rows, costs = [], []
    for rack in COSTS:
        counts = {cpu: arm.instructions(rack, core) for cpu, core in cores.items()}
        x86 = [program.instructions(rack) for program in others]
        rows.append((rack, counts[AARCH64.cpu], *x86))
        costs.append((rack, *(_cost(counts[board.cpu], board) for board in BOARDS)))
    print("| rack | aarch64 | x86-64-v2 | x86-64-v3 |\n|---|---|---|---|")
    for name, *numbers in rows:
        print(f"| {name} |", *(f"{number:,.0f} |" for number in numbers))
    print("\n| rack |", *(f"{b.name} |" for b in BOARDS))
    print("|---" * (1 + len(BOARDS)) + "|")
    for name, *texts in costs:
        print(f"| {name} |", *(f"{text} |" for text in texts))


def _cost(instructions: float, board: Board) -> str:
    nanoseconds = instructions / board.per_cycle / board.gigahertz
    return f"{nanoseconds:,.0f} ns, {100 * nanoseconds * 1e-9 * RATE:.1f} %"


if __name__ == "__main__":
    main()
