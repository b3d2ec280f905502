"""A module that defines a node may build engines while it is imported, in any thread."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RACK = '''
import enum, math
import numba, numpy as np
import namgraph as ng

STATE = np.dtype([("depth", np.float64), ("depth_now", np.float64), ("channels", np.int64)])

class Way(enum.IntEnum):
    UP, DOWN = 1, 2

class Mine(Exception):
    pass

@numba.njit
def shaped(x):
    return math.tanh(x)

@numba.njit
def guarded(x):
    if x > 10.0:
        raise Mine
    return x

@ng.helper
def turned(x):
    return -x

def made(way):
    @ng.kernel
    def turn(state, ins, outs, frames):
        s = ng.record(state, STATE)
        for c in range(s.channels):
            x, y = ng.channel(ins, c, frames), ng.channel(outs, c, frames)
            for i in range(frames):
                y[i] = shaped(turned(x[i])) if way == Way.UP else x[i]
    return turn

@ng.kernel
def refused(state, ins, outs, frames):
    ng.channel(outs, 0, frames)[0] = guarded(1.0 * frames)

KERNEL = made(Way.UP)

@ng.node("import_time_turn")
class Turn(ng.Node):
    """Turn the polarity."""

    depth: float = ng.param(default=1.0, low=0.0, high=1.0)

    def prepare(self, io):
        record = io.memory.record(STATE, **io.params, channels=io.outputs["out"])
        return ng.Processor(KERNEL, record)

def graph():
    g = ng.Graph()
    g.input("in", channels=1) >> g.add("turn", Turn()) >> g.output("out", channels=1)
    return g

def engine(_=0):
    return ng.Engine(graph(), sample_rate=48_000, max_frames=64)

def check(*_):
    y = ng.render(graph(), np.full(100, 0.5, np.float32), sample_rate=48_000)
    assert abs(y[50] + math.tanh(0.5)) < 1e-6
    try:
        refused.address
    except ng.KernelError as error:
        assert "can raise" in str(error), error
    else:
        raise AssertionError("a kernel that raises was taken")
    return True
'''
HERE = "\nENGINE = engine()\nassert check()\n"
POOL = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    assert all(pool.map(check, range(8)))
"""
THREAD = """
import threading
thread = threading.Thread(target=check)
thread.start()
thread.join()
"""
BUSY = """
import threading, importlib
NAMES = ["wave", "mailbox", "plistlib", "xmlrpc.client", "ftplib", "namgraph.presets.batch.job",
         "numba.typed", "numba.experimental", "numba.np.ufunc", "numba.stencils.stencil"]
def load(names):
    for name in names:
        importlib.import_module(name)
threads = [threading.Thread(target=load, args=(NAMES[n::2],)) for n in range(2)]
for thread in threads:
    thread.start()
assert check()
for thread in threads:
    thread.join()
"""
AT_IMPORT = {"here": HERE, "thread": THREAD, "pool": POOL, "busy": BUSY}

Run = Callable[..., str]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture
def run(tmp_path: Path, kept: Path) -> Run:
    """Run Python with arguments; it must end within two minutes."""

    def run(*arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            env={**os.environ, "NUMBA_CACHE_DIR": str(kept), "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("at_import", AT_IMPORT.values(), ids=AT_IMPORT)
def test_imported(run: Run, tmp_path: Path, at_import: str) -> None:
    """With kernels compiled, and with kernels loaded from disk."""
    (tmp_path / "rack.py").write_text(RACK + at_import)
    run("-c", "import rack; assert rack.check()")
    run("-c", "from rack import check; assert check()")


def test_imported_as_part_of_a_package(run: Run, tmp_path: Path) -> None:
    (tmp_path / "racks").mkdir()
    (tmp_path / "racks" / "__init__.py").write_text("from .one import engine\n")
    (tmp_path / "racks" / "one.py").write_text(RACK + POOL)
    run("-c", "from racks import engine")


def test_run_as_a_script(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rack.py").write_text(RACK + POOL)
    run("rack.py")
    run("-m", "rack")


def test_collected_by_pytest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "test_rack.py").write_text(RACK + POOL + "\ndef test_it():\n    assert check()\n")
    for mode in ("prepend", "importlib"):
        assert "1 passed" in run("-m", "pytest", "-q", f"--import-mode={mode}", "test_rack.py")


def test_in_spawned_workers(run: Run, tmp_path: Path) -> None:
    """Each worker imports the script, under a name of its own, before it starts to work."""
    (tmp_path / "rack.py").write_text(
        RACK
        + HERE
        + """
import multiprocessing
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(sum(pool.map(check, range(4))))
"""
    )
    assert run("rack.py") == "4\n"


def test_no_import_of_the_module_is_needed(run: Run, tmp_path: Path) -> None:
    """A module that is nowhere to be found again: loaded by its path, as plugin hosts do."""
    (tmp_path / "rack.py").write_text(RACK)
    script = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("no_such_module_anywhere", "rack.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
assert module.check()
"""
    for _ in range(2):
        run("-c", script)
