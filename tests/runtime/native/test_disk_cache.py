"""The disk cache of kernels: its key covers everything that the machine code depends on."""

import os
import subprocess
import sys
import types as python
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core import config

from namgraph.runtime.native import cache_files, disk_cache
from namgraph.runtime.native.abi import NODE, Native, helper, kernel
from namgraph.runtime.native.source_digest import source_digest
from namgraph.runtime.plan.kernels.buffer_operations import add, copy

SCRIPT = """
import sys
from namgraph.runtime.native import abi
compiled, whole = [], abi.Native._compile
abi.Native._compile = lambda self, cache: compiled.append(self) or whole(self, cache)
from namgraph.runtime.native import disk_cache
disk_cache.source_key = lambda: sys.argv[1]
from namgraph.runtime.plan.kernels.buffer_operations import add
add.address
print(len(compiled))
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for kernels; warn-once is reset."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "kernels"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    monkeypatch.setattr(cache_files, "_warned", set())
    return tmp_path / "kernels"


def loaded(function: Callable[..., Any]) -> bool:
    """Prepare a kernel as a new process would; return whether it was loaded from disk."""
    made = Native(function, NODE)
    assert made.address
    assert made._linked is not None
    return made._linked.from_disk


def compiled_in_a_new_process(key: str, folder: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, key],
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_a_second_process_compiles_nothing(place: Path) -> None:
    assert compiled_in_a_new_process("one", place) > 0
    assert compiled_in_a_new_process("one", place) == 0
    assert compiled_in_a_new_process("two", place) > 0, "another emitter is another kernel"


@pytest.mark.parametrize("file", ["lanes.py", "gain.py", "player.py"])
def test_the_key_depends_on_every_folder(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    before = source_digest(disk_cache.ROOT, [])
    assert before == source_digest(disk_cache.ROOT, [])
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda p: read(p) + (b"#" if p.name == file else b""))
    assert source_digest(disk_cache.ROOT, []) != before


def test_one_file_for_each_kernel(place: Path) -> None:
    assert [loaded(n.function) for n in (copy, add, copy, add)] == [False, False, True, True]
    names = sorted(p.name.split("-")[0] for p in place.rglob("*.*"))
    assert names == ["buffer_operations.add", "buffer_operations.copy"]


def test_several_processes_may_fill_one_cache_at_once(place: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, "one"]
    env = {**os.environ, "NUMBA_CACHE_DIR": str(place)}
    all_of_them = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in all_of_them:
        assert process.communicate(timeout=120)[1] == b""
        assert process.returncode == 0
    assert compiled_in_a_new_process("one", place) == 0
    assert {p.suffix for p in place.rglob("*.*")} == {".kernel"}, "nothing unfinished is left"


def test_kernels_of_edited_sources_are_not_kept(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited: list[str] = []
    monkeypatch.setattr(disk_cache, "edited_modules", lambda package: edited)
    one, two = disk_cache.source_key.__wrapped__(), disk_cache.source_key.__wrapped__()
    assert one == two
    edited += ["namgraph.runtime.simd.lanes"]
    assert [loaded(copy.function), loaded(copy.function)] == [False, False]
    assert not list(place.rglob("*.kernel"))
    three, four = disk_cache.source_key.__wrapped__(), disk_cache.source_key.__wrapped__()
    assert len({one, three, four}) == 3
    with disk_cache.code_in_memory():  # from a copy of this process to this one
        assert not loaded(copy.function)
    edited.clear()
    assert [loaded(copy.function), loaded(copy.function)] == [True, True]


# --- kernels of users: edited, typed again, and with helpers elsewhere


def typed(text: str, file: str, **values: Any) -> Callable[..., Any]:
    """Run a cell of a notebook; return its function ``fill``."""
    space: dict[str, Any] = {"__name__": "__main__", **values}
    exec(compile(text, file, "exec"), space)
    found: Callable[..., Any] = space["fill"]
    return found


def output(function: Callable[..., Any]) -> tuple[float, bool]:
    """Return the first output sample of a kernel, and whether it was loaded from disk."""
    y = np.zeros(4, np.float32)
    outs = np.array([y.ctypes.data], np.int64)
    made = Native(function, NODE)
    made.ctypes(0, 0, outs.ctypes.data, 4)
    assert made._linked is not None
    return float(y[0]), made._linked.from_disk


CELL = """
def fill(state, ins, outs, frames):
    y = channel(outs, 0, frames)
    for i in range(frames):
        y[i] = {value}
"""


@pytest.mark.parametrize("file", ["<ipython-input-3-ab>", "/tmp/ipykernel_17/42.py"])
def test_a_notebook_cell_is_cached_by_its_code(place: Path, file: str) -> None:
    from namgraph.runtime.native.pointers import channel

    old, new = CELL.format(value="0.25"), CELL.format(value="0.5")
    assert output(typed(old, file, channel=channel)) == (0.25, False)
    assert output(typed(old, file, channel=channel)) == (0.25, True)
    assert output(typed(new, file, channel=channel)) == (0.5, False)
    assert output(typed(new, file, channel=channel)) == (0.5, True)
    assert len(list(place.rglob("*.kernel"))) == 1, "the cell's older code is replaced"


def test_a_value_from_another_cell_is_part_of_the_code(place: Path) -> None:
    from namgraph.runtime.native.pointers import channel

    cell, file = CELL.format(value="LEVEL * scaled(1.0)"), "<ipython-input-4-cd>"

    def make(level: float, gain: float) -> Callable[..., Any]:
        @helper
        def scaled(x: float) -> float:
            return gain * x

        return typed(cell, file, channel=channel, LEVEL=level, scaled=scaled)

    assert output(make(0.5, 1.0)) == (0.5, False)
    assert output(make(0.5, 1.0)) == (0.5, True)
    assert output(make(0.25, 1.0)) == (0.25, False)
    assert output(make(0.25, 3.0)) == (0.75, False)


def test_values_in_a_module_of_the_user_are_part_of_the_code() -> None:
    from namgraph.runtime.native.pointers import channel

    values = python.ModuleType("values_of_mine")
    cell, file = CELL.format(value="values.LEVEL"), "<ipython-input-5-ef>"
    for level in (0.5, 0.25):
        values.LEVEL = level  # type: ignore[attr-defined]
        assert output(typed(cell, file, channel=channel, values=values)) == (level, False)


def test_kernels_of_different_code_have_different_symbols(place: Path) -> None:
    """Symbols are found by name in a process, whether compiled in it or loaded from disk.

    Numba's own names only count what one process compiles: two processes give the same ones.
    """
    script = (
        "import sys\n"
        "from namgraph.tests.runtime.native.test_disk_cache import CELL, typed\n"
        "from namgraph.runtime.native.abi import NODE, Native\n"
        "from namgraph.runtime.native.pointers import channel\n"
        "cell = CELL.format(value=sys.argv[1])\n"
        "made = Native(typed(cell, '<ipython-input-3-ab>', channel=channel), NODE)\n"
        "print(made.address and made._linked.entry)\n"
    )

    def symbol(value: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script, value],
            env={**os.environ, "NUMBA_CACHE_DIR": str(place)},
            capture_output=True,
            text=True,
            check=False,
        )
        if "No module named" in done.stderr:
            pytest.skip("the tests are not installed beside the package")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    first = symbol("0.25")
    assert symbol("0.25") == first
    assert symbol("0.5") != first


def test_a_kernel_without_a_source_file_is_not_cached(place: Path) -> None:
    made: dict[str, object] = {"kernel": kernel}
    exec("@kernel\ndef typed(state, ins, outs, frames):\n    pass\n", made)
    assert made["typed"].address != 0  # type: ignore[attr-defined]
    assert not place.exists()


def test_a_cache_that_cannot_be_written_warns_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "file" / "kernels"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.warns(RuntimeWarning, match="cannot be kept on disk: .*NUMBA_CACHE_DIR"):
        assert not loaded(add.function)
    assert not loaded(copy.function)  # a second warning would be an error


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_a_folder_that_is_not_trusted_counts_as_not_writable(place: Path) -> None:
    """Else kernels would be compiled for it in copies, and then again in the process."""

    def quick(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    assert disk_cache.KernelCache(quick, NODE).is_writable
    place.mkdir()
    place.chmod(0o777)
    cache = disk_cache.KernelCache(quick, NODE)
    cache._folders = [place / "of a source"]
    assert not cache.is_writable
