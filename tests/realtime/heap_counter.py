"""Counts heap calls in a process of its own, under LD_PRELOAD."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def heap_counts(folder: Path, worker: str, *arguments: str) -> dict[str, int]:
    """Return the counts that a worker beside this file prints; skip where none can be taken."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("the heap counter stands in for glibc's malloc; this is not glibc")
    if compiler is None:
        pytest.skip("no C compiler to build the heap counter with")
    library = folder / "count_heap.so"
    source = HERE / "count_heap.c"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    done = subprocess.run(
        [sys.executable, str(HERE / worker), str(library), *arguments],
        env={**os.environ, "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found
