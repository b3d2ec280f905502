"""Kernels compiled for other processors, and run there or under qemu-user.

A ``worker`` process emits the kernels of some racks and writes an image of the memory of each plan.
Here LLVM compiles them for a ``Target``, with the passes that a kernel gets on this machine; a C
program (``play.c``) loads the image and plays a signal through the plan.  ``count.c`` counts the
instructions.  What is needed besides a C compiler is in Debian's packages gcc-aarch64-linux-gnu,
libc6-dev-arm64-cross and qemu-user.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from llvmlite import binding as llvm
from numpy.typing import NDArray

from namgraph.runtime.native.machine_code import optimize
from namgraph.runtime.plan.arena import offset
from namgraph.runtime.plan.records import PLAN

from .racks import BLOCK, signal

__all__ = ["AARCH64", "X86_V2", "X86_V3", "Program", "Target", "aarch64", "compiled", "emit"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CHOOSES_KERNELS = ("NAMGRAPH_LANES", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Target:
    """A processor that kernels are compiled for, and the tools that link and run them."""

    triple: str
    cpu: str
    compiler: str
    emulator: str
    emulated: str
    """The ``-cpu`` of the emulator."""
    neon: bool = False
    """Whether kernels are emitted as on a 64-bit ARM processor."""
    environment: tuple[tuple[str, str], ...] = ()
    """What makes a process on x86 emit kernels for it."""

    @property
    def missing(self) -> str:
        """The tools that are not installed, or an empty text."""
        return " ".join(n for n in ("cc", self.compiler, self.emulator) if not shutil.which(n))


def aarch64(cpu: str) -> Target:
    """Return a 64-bit ARM processor, by LLVM's name and qemu's."""
    tools = "aarch64-linux-gnu-gcc", "qemu-aarch64"
    return Target("aarch64-linux-gnu", cpu, *tools, cpu, True, (("NAMGRAPH_LANES", "4"),))


def _x86(cpu: str, emulated: str, features: str) -> Target:
    chosen = (("NUMBA_CPU_NAME", cpu), ("NUMBA_CPU_FEATURES", features))
    return Target("x86_64-linux-gnu", cpu, "cc", "qemu-x86_64", emulated, False, chosen)


AARCH64 = aarch64("cortex-a72")
X86_V2 = _x86("x86-64-v2", "Nehalem", "+sse4.2,+ssse3,+popcnt,+cx16")
X86_V3 = _x86("x86-64-v3", "Haswell", "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe")


def emit(
    folder: Path, racks: Sequence[str], frames: int, *options: str, **environment: str
) -> dict[str, Sound]:
    """Run a worker that writes into a new ``folder``; return the racks' output, played here."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    told = {k: v for k, v in os.environ.items() if k not in CHOOSES_KERNELS}
    if "--keep" in options:  # code that comes from disk is not emitted
        told["NUMBA_CACHE_DIR"] = str(folder / "cache")
    line = [
        sys.executable,
        "-m",
        "namgraph.tests.machines.worker",
        str(folder),
        *racks,
        "--frames",
        str(frames),
        *options,
    ]
    subprocess.run(line, env=told | environment, cwd=ROOT, check=True)
    return {name: np.load(folder / f"{name}.npy") for name in racks}


class Program:
    """The kernels and the memory of racks, emitted for a target.

    ``here`` has the output of each rack, played by this process's processor with the same kernels.
    """

    def __init__(self, target: Target, folder: Path, racks: Sequence[str], frames: int) -> None:
        self.target, self.folder, self.frames = target, folder, frames
        options = ["--keep", *["--neon"] * target.neon]
        self.here = emit(folder, racks, frames, *options, **dict(target.environment))
        self._code: dict[str, str] = json.loads((folder / "code.json").read_text("utf-8"))

    def play(self, rack: str, target: Target | None = None) -> Sound:
        """Return the output of a rack on the target, or on another of its kind."""
        return self._play(rack, target or self.target, self.frames)[0]

    def instructions(self, rack: str, target: Target | None = None) -> float:
        """Return the instructions for one sample: those of twice the signal less those of one."""
        counts = [
            self._play(rack, target or self.target, n * self.frames, counted=True)[1]
            for n in (1, 2)
        ]
        return (counts[1] - counts[0]) / self.frames

    def _play(
        self, rack: str, target: Target, frames: int, counted: bool = False
    ) -> tuple[Sound, int]:
        binary = self.link(rack, target)
        x, y = self.folder / "x.f32", self.folder / "y.f32"
        signal(frames).tofile(x)
        plugin = ["-plugin", str(plugin_file(target, self.folder))] if counted else []
        before = [target.emulator, "-cpu", target.emulated, *plugin]
        files = [binary, self.folder / f"{rack}.bin", x, y]
        done = subprocess.run(
            [*before, *map(str, files), str(BLOCK)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{rack} on {target.cpu}: {done.returncode}: {done.stderr[-800:]}")
        told = re.search(r"instructions (\d+)", done.stderr)
        found = np.fromfile(y, np.float32)
        return found.reshape(-1, frames), int(told[1]) if told else 0

    def link(self, rack: str, target: Target) -> Path:
        """Write the image of a rack, and the executable with its kernels; return the latter."""
        binary = self.folder / f"{rack}.{target.cpu}"
        if binary.exists():
            return binary
        header = json.loads((self.folder / f"{rack}.json").read_text("utf-8"))
        names = sorted({name for _, name in header["calls"]} | {header["walk"]})
        calls = [(at, names.index(name)) for at, name in header["calls"]]
        fields = [offset(PLAN, name) for name in ("ins", "in_count", "outs", "out_count")]
        words = [header["bytes"], header["begin"], header["plan"], names.index(header["walk"])]
        words += [len(header["pointers"]), len(calls), *fields, *header["pointers"]]
        words += [word for call in calls for word in call]
        image = np.array(words, np.int64).tobytes() + (self.folder / f"{rack}.image").read_bytes()
        (self.folder / f"{rack}.bin").write_bytes(image)
        objects = [self._object(name, target) for name in names]
        table = self.folder / f"{rack}.{target.cpu}.o"
        table.write_bytes(compiled(_table(names), target))
        given = ["-O1", "-static", "-o", str(binary), str(HERE / "play.c"), str(table)]
        subprocess.run([target.compiler, *given, *map(str, objects), "-lm"], check=True)
        return binary

    def _object(self, name: str, target: Target) -> Path:
        path = self.folder / f"{list(self._code).index(name)}.{target.cpu}.o"
        if not path.exists():
            path.write_bytes(compiled(self._code[name], target))
        return path


def _table(names: Sequence[str]) -> str:
    """Return LLVM code of the table of kernels that ``play.c`` reads."""
    kinds = "\n".join(f'declare void @"{name}"()' for name in names)
    values = ", ".join(f'ptr @"{name}"' for name in names)
    return f"@program_kernels = constant [{len(names)} x ptr] [{values}]\n{kinds}\n"


def compiled(code: str, target: Target) -> bytes:
    """Return the object file of LLVM code, optimised as a kernel is."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    lines = re.sub(r"^target (triple|datalayout) = .*\n", "", code, flags=re.MULTILINE)
    module = llvm.parse_assembly(lines)
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, opt=3, reloc="pic", codemodel="small"
    )
    module.triple, module.data_layout = target.triple, str(machine.target_data)
    optimize(module, machine)
    made: bytes = machine.emit_object(module)
    return made


@cache
def plugin_file(target: Target, folder: Path) -> Path:
    """Return the compiled plugin that counts instructions."""
    told = subprocess.run(
        [target.emulator, "--version"], capture_output=True, text=True, check=True
    )
    major = int((re.search(r"version (\d+)", told.stdout) or [0, 0])[1])
    path = folder / "count.so"
    options = ["-shared", "-fPIC", "-O2", f"-DPLUGIN_VERSION={2 if major >= 9 else 1}"]
    subprocess.run(["cc", *options, "-o", str(path), str(HERE / "count.c")], check=True)
    return path
