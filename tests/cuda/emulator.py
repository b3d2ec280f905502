"""Compiles kernels with g++ and runs them on the CPU; detects races and bad memory accesses."""

import atexit
import ctypes
import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

__all__ = ["KEPT", "SHIM", "CaughtError", "build", "build_all", "compiled", "emulate", "emulated"]

SHIM = Path(__file__).with_name("shim")
FLAGS = ("-O1", "-std=c++17", "-shared", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off")
# fmaf is a call to a library unless the machine is known to have it.
NATIVE = ("-march=native",) if platform.machine() in ("x86_64", "AMD64") else ()
QUIET = ("-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Wno-unused-function")
UNSIZED = re.compile(r"extern\s+__shared__\s+(?:__align__\(\d+\)\s*)?(\w+)\s+(\w+)\s*\[\s*\]\s*;")


class CaughtError(AssertionError):
    """The emulator detected a race, a bad access or a missing barrier."""


KEPT = "NAMGRAPH_EMULATOR_FOLDER"
"""Environment variable: a folder that keeps compiled kernels for later processes."""


@functools.cache
def _folder() -> Path:
    """Return the folder of compiled kernels: kept, or deleted when the session ends."""
    if os.environ.get(KEPT):
        kept = Path(os.environ[KEPT])
        kept.mkdir(parents=True, exist_ok=True)
        return kept
    made = tempfile.mkdtemp(prefix="namgraph-emulator-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


@functools.cache
def _compiler() -> str:
    found = shutil.which("g++")
    if found is None:
        pytest.skip("the emulator needs g++")
    return found


@functools.cache
def _shim() -> bytes:
    return b"".join(p.read_bytes() for p in sorted(SHIM.iterdir()) if p.is_file())


def compiled(text: str, flags: Sequence[str] = ()) -> Path:
    """Compile C++ that may include the shim's files; the same text is compiled once."""
    command = [_compiler(), *FLAGS, *NATIVE, *QUIET, *flags]
    key = hashlib.sha256("\0".join([*command, text]).encode() + _shim()).hexdigest()[:24]
    made = _folder() / f"{key}.so"
    if not made.exists():
        source = made.with_suffix(".cpp")
        source.write_text(text, encoding="utf-8")
        run = [*command, "-I", str(SHIM), str(source), "-o", str(made.with_suffix(".part"))]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CaughtError(f"g++ refuses the kernel:\n{done.stderr[:4000]}")
        made.with_suffix(".part").rename(made)
    return made


def build(kernel_source: str, entries: Sequence[str]) -> Path:
    """Compile a translation unit as it is given to NVRTC; return a library with its kernels."""
    # The one thing g++ has no like of: an array whose size is the launch's.
    body = UNSIZED.sub(
        r"static \1* const \2 = reinterpret_cast<\1*>(shim::dynamic_shared());", kernel_source
    )
    tail = "".join(f"SHIM_ENTRY({name})\n" for name in entries)
    return compiled(f'#include "shim.h"\n#line 1 "kernel"\n{body}\n{tail}')


def build_all(common: str, texts: Sequence[str], entry: str) -> Path:
    """Compile texts that all define this kernel, in the time of one library.

    Each begins with ``common`` somewhere; the kernels are ``entry`` followed by 0, 1, 2 ...
    """
    bodies = []
    for number, text in enumerate(texts):
        assert common in text
        own = text.replace(common, "").replace('extern "C" __global__', "__global__")
        own = re.sub(rf"\b{entry}\(", f"{entry}{number}(", own)
        bodies.append(f"namespace n{number} {{\n{own}\n}}\nusing n{number}::{entry}{number};\n")
    return build(common + "".join(bodies), [f"{entry}{n}" for n in range(len(texts))])


@functools.cache
def _library(so: Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(so))


def emulated(so: Path, entry: str, args: type[ctypes.Structure]) -> Any:
    """Return the kernel as a C function; its arguments must be of this size."""
    library = _library(so)
    size = library[f"{entry}_argument_bytes"]
    size.restype = ctypes.c_size_t
    assert size() == ctypes.sizeof(args), "the argument struct has another size than the kernel's"
    run = library[f"{entry}_emulated"]
    run.restype = ctypes.c_char_p
    run.argtypes = [
        ctypes.POINTER(ctypes.c_uint),
        ctypes.c_uint,
        ctypes.c_size_t,
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_uint,
    ]
    return run


def emulate(
    so: Path,
    entry: str,
    grid: Sequence[int],
    threads: int,
    shared_bytes: int,
    args: ctypes.Structure,
    *,
    defer: bool = True,
    seed: int = 1,
) -> None:
    """Launch a kernel and wait for it; raise ``CaughtError`` if the emulator detects an error.

    With ``defer``, asynchronous copies complete as late as allowed.  The seed shuffles the order
    of blocks, warps and lanes; with 0 they run one after another.
    """
    run = emulated(so, entry, type(args))
    sizes = (*grid, 1, 1)[:3]
    caught = run(
        (ctypes.c_uint * 3)(*sizes), threads, shared_bytes, ctypes.byref(args), defer, seed
    )
    if caught:
        raise CaughtError(caught.decode())
