"""Kernels compile once, are kept on disk, and are told apart by the sources they come from."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from namgraph.runtime import abi
from namgraph.runtime.abi import kernel, natives
from namgraph.runtime.operations import WIDTH, copy

SCRIPT = """
import sys, numba.core.event as event
from numba.core.typed_passes import NativeLowering
lowered = []
whole = NativeLowering.run_pass
def count(self, state):
    lowered.append(state.func_id.func_name)
    return whole(self, state)
NativeLowering.run_pass = count
from namgraph.runtime import abi
abi.source_key = lambda: sys.argv[1]
from namgraph.runtime.operations import add
add.address
print(len(lowered))
"""


def compiled_in_a_new_process(key: str, folder: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, key],
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    assert compiled_in_a_new_process("one", tmp_path) > 0
    assert compiled_in_a_new_process("one", tmp_path) == 0


def test_another_emitter_is_another_kernel(tmp_path: Path) -> None:
    assert compiled_in_a_new_process("one", tmp_path) > 0
    assert compiled_in_a_new_process("two", tmp_path) > 0


def test_the_key_depends_on_every_source(monkeypatch: pytest.MonkeyPatch) -> None:
    before = abi.source_key.__wrapped__()
    assert before == abi.source_key.__wrapped__()
    read = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda p: read(p) + (b"#" if p.name == "lanes.py" else b"")
    )
    assert abi.source_key.__wrapped__() != before


def test_a_kernel_is_a_c_function_of_the_contract() -> None:
    state = np.zeros(1, WIDTH)
    state["channels"] = 2
    x, y = np.arange(20, dtype=np.float32).reshape(2, 10), np.zeros((2, 10), np.float32)
    ins, outs = (np.array([row.ctypes.data for row in a], np.int64) for a in (x, y))
    run = copy.ctypes
    run(state.ctypes.data, ins.ctypes.data, outs.ctypes.data, 7)
    np.testing.assert_array_equal(y[:, :7], x[:, :7])
    assert not y[:, 7:].any(), "nothing past the frames is written"


def test_declaring_a_kernel_compiles_nothing() -> None:
    @kernel
    def made(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    assert made in natives()
    assert made._compiled is None
    assert made.address == made.address != 0


@pytest.mark.parametrize("damage", [b"", b"\x80\x04 not a pickle", None])
def test_a_damaged_cache_is_replaced(tmp_path: Path, damage: bytes | None) -> None:
    assert compiled_in_a_new_process("one", tmp_path) > 0
    files = list(tmp_path.rglob("*.nb?"))
    assert {p.suffix for p in files} == {".nbi", ".nbc"}
    for path in files:
        path.write_bytes(path.read_bytes()[:300] if damage is None else damage)
    assert compiled_in_a_new_process("one", tmp_path) > 0
    assert compiled_in_a_new_process("one", tmp_path) == 0


@pytest.mark.parametrize("file", ["lanes.py", "gain.py", "player.py"])
def test_the_key_depends_on_every_folder(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    before = abi.source_key.__wrapped__()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda p: read(p) + (b"#" if p.name == file else b""))
    assert abi.source_key.__wrapped__() != before


def test_a_kernel_without_a_file_plays_without_a_cache() -> None:
    made: dict[str, object] = {"kernel": kernel}
    exec("@kernel\ndef typed(state, ins, outs, frames):\n    pass\n", made)
    assert made["typed"].address != 0  # type: ignore[attr-defined]


def test_where_nothing_can_be_kept_it_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(function: object) -> None:
        raise RuntimeError("no locator available")

    @kernel
    def unkept(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    monkeypatch.setattr(abi, "_KeyedCache", nowhere)
    abi._warn_of_cache.cache_clear()
    with pytest.warns(RuntimeWarning, match="NUMBA_CACHE_DIR"):
        assert unkept.address != 0


def test_the_collector_is_back_after_compiling() -> None:
    @kernel
    def short(state: int, ins: int, outs: int, frames: int) -> None:
        pass

    assert gc.isenabled()
    assert short.address != 0
    assert gc.isenabled()
