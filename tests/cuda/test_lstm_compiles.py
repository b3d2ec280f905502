"""NVRTC compiles LSTM kernels and buffer operations without spills (no device needed)."""

from pathlib import Path

import pytest

from namgraph.graph.errors import CudaError
from namgraph.nodes.nam.cuda.lstm import LstmLayout, cuda_lstm, layouts
from namgraph.runtime.cuda.driver.compiler import compile_cubin, known_archs
from namgraph.runtime.cuda.ops import KINDS, operation

from ..nodes.nam import nets
from .recurrent import network_of

SIZES = [(hidden, depth) for hidden in (16, 24, 32) for depth in (1, 2)]
LARGE = [(1, 1), (64, 1), (64, 2), (64, 3)]
REGISTERS = 65_536


@pytest.fixture(autouse=True)
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAMGRAPH_CUDA_CACHE", str(tmp_path))
    try:
        known_archs()
    except CudaError as error:
        pytest.skip(f"cannot compile: {error}")


def check_compiles(hidden: int, depth: int, arch: str, layout: LstmLayout | None = None) -> None:
    network = network_of(nets.lstm(hidden, depth))
    kernel = cuda_lstm(network, layout).kernel
    cubin = compile_cubin(kernel, arch)
    assert cubin.spills == 0, cubin.log
    assert cubin.registers * kernel.threads <= REGISTERS


@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
@pytest.mark.parametrize(("hidden", "depth"), SIZES)
def test_common_sizes_spill_nothing(hidden: int, depth: int, arch: str) -> None:
    check_compiles(hidden, depth, arch)


@pytest.mark.parametrize(("hidden", "depth"), LARGE)
def test_other_sizes_neither(hidden: int, depth: int) -> None:
    check_compiles(hidden, depth, "sm_90")


def test_what_does_not_fit_into_registers_is_found() -> None:
    layout = LstmLayout(32, 2, 1, 64, 0)
    assert layout not in layouts(32, 2)
    with pytest.raises(AssertionError, match="spill"):
        check_compiles(32, 2, "sm_90", layout)


@pytest.mark.parametrize("kind", KINDS)
def test_operations_compile(kind: str) -> None:
    assert compile_cubin(operation(kind), "sm_80").spills == 0
