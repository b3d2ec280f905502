"""How long a start takes: the import, a node, the first sound of the demo rack, compiled or not.

Each figure is of Python processes of its own, which write into a temporary folder: imports and
both starts alternate, medians over rounds.  A first sound is counted from the start of the process
until the first second of audio is rendered, as ``namgraph demo`` does.  Processor time is beside
it, that of the processes that compile included: other programs lengthen the rest.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...graph import EngineError

__all__ = ["format_row", "steps"]

TARGETS_S = {
    "import namgraph": 0.15,
    "import namgraph, and ng.Nam": 0.2,
    "first sound, kernels compiled": 0.4,
    "first sound, kernels not compiled": 1.5,
}
"""Name and target of each figure, in seconds."""
IMPORT, NODE, WARM, COLD = TARGETS_S
IMPORTING = """
import json, time
begun, cpu = time.perf_counter(), time.process_time()
import namgraph
{}
print(json.dumps([time.perf_counter() - begun, time.process_time() - cpu]))
"""
SOUNDING = """
import gc, json, os, sys
from namgraph.__main__ import GARBAGE
gc.set_threshold(GARBAGE)  # as the command does
from namgraph.cli.demo import demo
cpu = []
made = demo(sys.argv[1], progress=lambda share: cpu or cpu.append(sum(os.times()[:4])))
print(json.dumps([made.first_sound_s, cpu[0]]))
"""
TIMEOUT_S = 600.0
Row = dict[str, Any]


def steps(quick: bool) -> Iterator[tuple[str, Row]]:
    """Yield a row for each figure."""
    found: dict[str, list[list[float]]] = {name: [] for name in TARGETS_S}
    for _ in range(1 if quick else 7):
        with tempfile.TemporaryDirectory(prefix="namgraph-start-") as folder:
            found[IMPORT].append(_run(folder, IMPORTING.format("")))
            _run(folder, IMPORTING.format("namgraph.Nam"))  # writes byte code
            found[NODE].append(_run(folder, IMPORTING.format("namgraph.Nam")))
            for name in (COLD, WARM):
                found[name].append(_run(folder, SOUNDING, str(Path(folder) / "demo.wav")))
    for name, pairs in found.items():
        seconds, cpu = zip(*pairs, strict=True)
        row = {
            "name": name,
            "seconds": float(np.median(seconds)),
            "least_s": min(seconds),
            "most_s": max(seconds),
            "cpu_s": float(np.median(cpu)),
            "target_s": TARGETS_S[name],
        }
        yield "start", row


def format_row(name: str, row: Row) -> str:
    """Return a measurement as one line."""
    spread = f"({row['least_s']:.3f} to {row['most_s']:.3f}, processor {row['cpu_s']:.3f})"
    return f"{row['name']:<34} {row['seconds']:.3f} s {spread}  target {row['target_s']:g} s"


def _run(folder: str, code: str, *arguments: str) -> list[float]:
    """Return the numbers that Python prints; its kernels and byte code are kept in the folder."""
    own = {"NUMBA_CACHE_DIR": folder, "PYTHONPYCACHEPREFIX": str(Path(folder) / "pyc")}
    # The folder the package is in: it may be found by a path that a new process does not have.
    root = str(Path(sys.modules[__package__.partition(".")[0]].__path__[0]).parent)
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**kept, **own, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=True,
            timeout=TIMEOUT_S,
        )
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f"exit code {error.returncode}"]
        raise EngineError(f"a start of namgraph failed: {lines[-1]}") from None
    except subprocess.TimeoutExpired:
        raise EngineError(
            f"a start of namgraph took longer than {TIMEOUT_S:g} s: try again on an idle machine"
        ) from None
    numbers: list[float] = json.loads(done.stdout)
    return numbers
