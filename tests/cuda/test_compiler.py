"""NVRTC without a device: compilation, register budgets, errors, the disk cache."""

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from namgraph.graph.errors import CudaError, EngineError
from namgraph.nodes.nam.cuda.wavenet import cuda_wavenet
from namgraph.runtime.cuda.driver import compiler, disk_cache
from namgraph.runtime.cuda.driver.compiler import Cubin, compile_cubin, known_archs
from namgraph.runtime.cuda.driver.kernel import CudaKernel
from namgraph.runtime.native import cache_files

from ..nodes.nam import nets
from ..nodes.nam.shapes import fill, layer_array
from .streaming import network_of

REGISTERS, SHARED = 65_536, 228 << 10
"""Of a multiprocessor on the devices that most of this is for."""
ANY = 99 << 10
"""Bytes of shared memory that a block may have on every device."""
TINY = CudaKernel('extern "C" __global__ void tiny(float* x) { *x = 1; }', "tiny", 1, 0)


@functools.cache
def _missing() -> str:
    try:
        return "" if known_archs() else "NVRTC knows no architecture"
    except CudaError as error:
        return str(error)


needs_nvrtc = pytest.mark.skipif(bool(_missing()), reason=f"cannot compile: {_missing()}")


def gated() -> Any:
    row = layer_array(12, [1, 8, 200], gated=True)
    return fill({"layers": [row], "head_scale": 0.5})


FILES: dict[str, Any] = {name: nets.a1(name) for name in nets.A1}
FILES |= {"A2 lite": nets.a2(3), "A2 full": nets.a2(8), "gated": gated()}
TENSORS = "standard, tf32x3"
OTHERS = ("standard", "gated")
"""What is compiled for other devices as well: all of it would take a minute."""
MATRIX = [(name, "sm_90") for name in FILES]
MATRIX += [(TENSORS, "sm_90")]
MATRIX += [
    (name, f"sm_{n}") for n in (80, 120) for name in OTHERS if _missing() or n in known_archs()
]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAMGRAPH_CUDA_CACHE", str(tmp_path / "kernels"))
    return tmp_path / "kernels"


def device_kernel(name: str) -> CudaKernel:
    name, _, precision = name.partition(", ")
    return cuda_wavenet(network_of(FILES[name]), precision or "exact").kernel


@functools.cache
def compiled() -> dict[tuple[str, str], Cubin]:
    """All of them, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda case: compile_cubin(device_kernel(case[0]), case[1]), MATRIX)
        return dict(zip(MATRIX, made, strict=True))


@needs_nvrtc
@pytest.mark.parametrize(("name", "arch"), MATRIX)
def test_kernels_keep_to_their_budgets(name: str, arch: str) -> None:
    kernel, cubin = device_kernel(name), compiled()[name, arch]
    assert cubin.image[:4] == b"\x7fELF"
    assert cubin.spills == 0
    assert 0 < cubin.registers <= 168
    assert kernel.shared_bytes <= ANY
    # Registers come by the 8 and thread: at least two blocks go together, where work is plenty.
    fitting = min(
        REGISTERS // (-(-cubin.registers // 8) * 8 * kernel.threads),
        SHARED // (kernel.shared_bytes + 1024),
    )
    assert fitting >= 2


@needs_nvrtc
def test_a_spill_is_detected() -> None:
    """The check can fail: a thread that may have few registers has to put things elsewhere."""
    kernel = device_kernel("A2 full")
    bounds = "__launch_bounds__(THREADS, BLOCKS)"
    assert bounds in kernel.source
    source = kernel.source.replace(bounds, "__launch_bounds__(THREADS, 8)")
    assert compile_cubin(CudaKernel(source, "wavenet", 128, 0), "sm_90").spills > 0


@needs_nvrtc
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('extern "C" __global__ void tiny(float* x) { *x = ; }', "expected an expression"),
        (
            "constexpr int f() { return 1; } __global__ void tiny(int* x) { *x = f(); }",
            "without execution space annotations",
        ),
    ],
)
def test_a_compile_error_is_one_line(source: str, reason: str) -> None:
    with pytest.raises(CudaError, match=reason) as caught:
        compile_cubin(CudaKernel(source, "tiny", 1, 0), "sm_90")
    text = str(caught.value)
    assert text.startswith("the kernel tiny does not compile for sm_90: tiny.cu(1): error: ")
    assert "\n" not in text
    assert isinstance(caught.value, EngineError)


@needs_nvrtc
def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(CudaError, match="does not compile for sm_999"):
        compile_cubin(TINY, "sm_999")


@pytest.mark.parametrize("arch", ["sm_75", "sm_35"])
def test_old_devices_are_refused(arch: str) -> None:
    with pytest.raises(CudaError, match=f"architecture is {arch}: must be sm_80 or later"):
        compile_cubin(TINY, arch)


@pytest.mark.parametrize("arch", ["", "90", "compute_90", "sm_90; rm"])
def test_a_malformed_architecture_is_refused(arch: str) -> None:
    with pytest.raises(CudaError, match="must be as sm_90"):
        compile_cubin(TINY, arch)


def test_no_compiler_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(compiler, "import_module", missing)
    with pytest.raises(CudaError, match=r'no CUDA compiler.*: pip install "cupy-cuda12x'):
        compile_cubin(TINY, "sm_90")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was compiled, and not found on disk."""
    names: list[str] = []
    real = compiler._compiled

    def counting(nvrtc: Any, kernel: CudaKernel, arch: str) -> tuple[bytes, str]:
        names.append(f"{kernel.entry} {arch}")
        return real(nvrtc, kernel, arch)

    monkeypatch.setattr(compiler, "_compiled", counting)
    return names


@needs_nvrtc
def test_a_kernel_is_compiled_once(counted: list[str], place: Path) -> None:
    first = compile_cubin(TINY, "sm_90")
    assert compile_cubin(TINY, "sm_90") == first
    assert counted == ["tiny sm_90"]
    assert [path.suffix for path in place.iterdir()] == [".bin"]
    compile_cubin(TINY, "sm_80")
    compile_cubin(CudaKernel(TINY.source + "\n", "tiny", 1, 0), "sm_90")
    assert len(counted) == 3


@needs_nvrtc
@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "other"])
def test_a_damaged_file_counts_as_absent(counted: list[str], place: Path, damage: str) -> None:
    wanted = compile_cubin(TINY, "sm_90")
    (path,) = place.iterdir()
    data = path.read_bytes()
    flipped = bytes([*data[:-1], data[-1] ^ 1])
    path.write_bytes({"cut": data[:-9], "bit": flipped, "empty": b"", "other": b"x" * 99}[damage])
    assert compile_cubin(TINY, "sm_90") == wanted
    assert len(counted) == 2
    assert path.read_bytes() == data


@needs_nvrtc
def test_a_full_disk_warns_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("NAMGRAPH_CUDA_CACHE", str(tmp_path / "file" / "kernels"))
    monkeypatch.setattr(cache_files, "_warned", set())
    with pytest.warns(RuntimeWarning, match="cannot be kept on disk"):
        assert compile_cubin(TINY, "sm_90").image
    assert compile_cubin(TINY, "sm_90").image  # a second warning would be an error


def test_a_failed_write_leaves_no_entry(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    def broken(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", broken)
    monkeypatch.setattr(cache_files, "_warned", set())
    with pytest.warns(RuntimeWarning, match="no space left"):
        disk_cache.write_cached("key", b"image", "log")
    assert not list(place.iterdir())
    assert disk_cache.read_cached("key") is None
