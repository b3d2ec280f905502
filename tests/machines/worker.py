"""Play graphs with the kernels of one vector width, and keep their programs for other machines.

A process of its own, since a process emits kernels for one width.  Of each rack it writes the
output, played here.  With ``--neon`` it emits what it would on a 64-bit ARM processor, which has 32
vectors of 4 lanes and fused multiply-add.  With ``--keep`` it also writes the program: the LLVM
code of its kernels before optimisation, and an image of the memory of its plan.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite.binding import Linkage
from numpy.typing import NDArray

from namgraph.graph import Spec
from namgraph.runtime import Engine
from namgraph.runtime.engine.build import build_plan
from namgraph.runtime.native import host, machine_code, parallel
from namgraph.runtime.native.abi import natives
from namgraph.runtime.plan.arena import ALIGN, PAGE_BYTES, padded
from namgraph.runtime.plan.player import walk

from .racks import BLOCK, COSTS, RATE, SHIPPED, signal

code: dict[str, str] = {}
"""LLVM code of each kernel compiled so far, by the name of its C function."""


def keep_code() -> None:
    """Let the compiler keep the code of each kernel as it is before it is optimised."""
    optimize = machine_code.optimize

    def keeping(module: Any, machine: Any) -> None:
        made = [f for f in module.functions if not f.is_declaration]
        (entry,) = [f.name for f in made if f.linkage == Linkage.external]
        code[entry] = str(module)
        optimize(module, machine)

    machine_code.optimize = keeping
    parallel._can_fork = lambda: False  # all of it is compiled here


def image(plan: Any) -> tuple[dict[str, Any], bytes]:
    """Return the memory of a plan, and which of its words are addresses, found by their values.

    The stores of nodes follow the arena.
    """
    arena = plan.arena
    begin, size = arena.state_address, (arena.nbytes - ALIGN) // 8 * 8
    parts = [(begin, arena.bytes_at(begin, size).tobytes())]
    stores = {s.address: s.content.tobytes() for memory in arena.memories for s in memory.stores}
    parts.extend(stores.items())
    memory = b"".join(content.ljust(padded(len(content)), b"\0") for _, content in parts)
    words = np.frombuffer(memory, np.int64).copy()
    linked = [native._linked for native in natives()]
    kernels = {made.address: made.entry for made in linked if made is not None}
    called = np.isin(words, np.array(list(kernels), np.int64))
    calls = [[8 * k, kernels[int(words[k])]] for k in called.nonzero()[0].tolist()]
    strange, pointers, at = _is_mapped(words) & ~called, np.zeros(len(words), bool), 0
    made = words.copy()
    for address, content in parts:
        inside = (words >= address) & (words <= address + len(content)) & ~pointers
        made[inside] = words[inside] - address + at
        pointers |= inside
        at += padded(len(content))
    if (strange & ~pointers).any():
        raise SystemExit("a word of a plan is an address of memory that is not the plan's own")
    header = {
        "bytes": len(memory),
        "begin": begin % PAGE_BYTES,
        "plan": plan.address - begin,
        "pointers": (8 * pointers.nonzero()[0]).tolist(),
        "calls": calls,
        "walk": kernels[walk.address],
    }
    return header, made.tobytes()


def _is_mapped(words: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which words would be addresses of this process's memory, above what counts reach."""
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    pairs = [line.split()[0].split("-") for line in lines if "[vsyscall]" not in line]
    spans = np.array([[int(end, 16) for end in pair] for pair in pairs], np.int64)
    at = np.searchsorted(spans[:, 0], words, side="right") - 1
    return np.asarray((words >= 1 << 40) & (words < spans[at, 1]))


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("folder", type=Path)
    reader.add_argument("racks", nargs="+", choices=COSTS | SHIPPED)
    reader.add_argument("--frames", type=int, required=True)
    reader.add_argument("--neon", action="store_true")
    reader.add_argument("--keep", action="store_true")
    told = reader.parse_args()
    if told.neon:
        host._arm = lambda: True  # type: ignore[assignment]
    if told.keep:
        keep_code()
    for name in told.racks:
        graph, x = (COSTS | SHIPPED)[name](), signal(told.frames)
        engine = Engine(graph, sample_rate=RATE, max_frames=BLOCK, fade_s=0.0)
        given = {port: np.tile(x, (channels, 1)) for port, channels in graph.inputs.items()}
        np.save(told.folder / f"{name}.npy", np.concatenate([*engine.process(given).values()]))
        if told.keep:
            walk.address  # noqa: B018
            made = image(build_plan(graph, Spec(RATE, BLOCK)))
            (told.folder / f"{name}.json").write_text(json.dumps(made[0]), encoding="utf-8")
            (told.folder / f"{name}.image").write_bytes(made[1])
    if told.keep:
        (told.folder / "code.json").write_text(json.dumps(code), encoding="utf-8")


if __name__ == "__main__":
    main()
