"""Print what a sample costs on other processors: the table of docs/machines.md.

Run it as ``python -m namgraph.tests.machines`` in the checkout.  It takes some minutes.
"""

import tempfile
from pathlib import Path
from typing import NamedTuple

from .cross import X86_V2, X86_V3, Program, aarch64
from .racks import COSTS, RATE

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
    with tempfile.TemporaryDirectory() as kept:
        arm, *others = (
            Program(target, Path(kept) / target.cpu, [*COSTS], FRAMES)
            for target in (aarch64("cortex-a72"), X86_V2, X86_V3)
        )
        cores = {board.cpu: aarch64(board.cpu) for board in BOARDS}
        rows, costs = [], []
        for rack in COSTS:
            counts = {cpu: arm.instructions(rack, core) for cpu, core in cores.items()}
            x86 = [program.instructions(rack) for program in others]
            rows.append((rack, counts["cortex-a72"], *x86))
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
