"""The translator of kernels gives the bits that Numba gives, and leaves it what it cannot do."""

import ctypes
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import KernelError
from namgraph.runtime.native import abi
from namgraph.runtime.native.abi import NODE, Native, helper
from namgraph.runtime.native.disk_cache import KernelCache
from namgraph.runtime.native.loader import link
from namgraph.runtime.native.pointers import numbers, record
from namgraph.runtime.native.translator.compile import translate
from namgraph.runtime.native.translator.values import UnsupportedError

RECORD = np.dtype([("gain", np.float32), ("count", np.int32), ("total", np.float64)])
STEP = 3
POINTS = (2, -7)


@helper
def signed(x: float, low: float = -0.5) -> float:
    if x < low:
        return low
    return 0.25 * x


@helper
def pair(n: int) -> tuple[int, float]:
    return n // 3, n / 3


def integers(state: int, ins: int, outs: int, frames: int) -> None:
    n, y = numbers(ins, 8, np.int64), numbers(outs, 64, np.float64)
    k = 0
    for i in range(8):
        for j in range(7, -8, -STEP):
            if j == 1:
                continue
            a, b = n[i], n[(i + 3) & 7]
            quotient, part = pair(a)
            y[k] += a // j + (a % b) * 3 + (a >> 2) - (a << 1) + abs(b) + (a ^ b) + (a & 12) + part
            y[k] += quotient + (a < b <= 40) + (a in POINTS) - (not a) + min(a, b, 5) + a * a * a
        k += 1
    unsigned = np.uint64(n[0]) * np.uint64(0x9E3779B97F4A7C15)
    y[k] = float(np.int64(unsigned >> np.uint64(11)))


def floats(state: int, ins: int, outs: int, frames: int) -> None:
    s, x, y = record(state, RECORD), ng.floats(ins, 8), numbers(outs, 64, np.float64)
    gain, at = s.gain, 0
    while True:
        if at >= 8:
            break
        v = x[at]
        short = v * gain  # float32
        level = v if v > 0.0 and gain > 1.0 else 0.5  # float32 or float64
        share = float(v)
        if share < -0.75 or math.floor(share) > 1:
            share = 0.125
        y[at] = short + level * 2 + share / 3 + signed(v) + signed(v, low=0.1) - abs(v)
        y[at] += math.exp(-level) + math.sqrt(abs(short)) + math.tan(v) + math.pow(2.0, share)
        y[at] += (
            math.ceil(v) + v**2 + 2.0**share + max(v, share, 0.5) + int(v * 10) + np.float32(share)
        )
        y[at] += -v + np.float64(np.int32(v)) + math.log10(1.0 + abs(v)) + math.expm1(v)
        s.count += 1
        s.total += share if at % 2 else -v
        at += 1


def _called(address: int, dtype: Any, values: Any) -> bytes:
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3, ctypes.c_int32)(address)
    state, ins, outs = np.zeros(1, RECORD), np.array(values, dtype), np.zeros(64)
    state["gain"] = 1.3
    call(*(a.ctypes.data for a in (state, ins, outs)), 8)
    assert outs.any()
    return state.tobytes() + outs.tobytes()


@pytest.mark.parametrize(
    ("function", "dtype", "values"),
    [
        (integers, np.int64, [0, 5, -5, 17, -(2**40), 2, 1, -1]),
        (integers, np.int64, [3, -7, 8, 0, 0, -9, 2**33, 41]),
        (floats, np.float32, [0.0, -0.0, 0.3, -0.3, 0.9, -2.5, 2.5, 1e-8]),
    ],
)
def test_the_same_bits_as_numba(function: Callable[..., Any], dtype: Any, values: Any) -> None:
    from namgraph.runtime.native.compiler.compile import compile_kernel

    cache = KernelCache(function, NODE)
    whole = translate(cache.function, NODE)  # type: ignore[arg-type]
    numbas = compile_kernel(cache.function, NODE)[0]
    assert whole.entry != numbas.entry
    found = [_called(link(made), dtype, values) for made in (whole, numbas)]
    assert found[0] == found[1]


def test_other_bits_are_noticed() -> None:
    kernel = Native(floats, NODE)
    assert _called(kernel.address, np.float32, [0.5] * 8) != _called(
        kernel.address, np.float32, [0.5] * 7 + [np.nextafter(np.float32(0.5), np.float32(1))]
    )


def twice_typed(state: int, ins: int, outs: int, frames: int) -> None:
    y, total = numbers(outs, 1, np.float64), 0
    for i in range(3):
        total = total + 0.5 * i  # type: ignore[assignment]
    y[0] = total


def raises(state: int, ins: int, outs: int, frames: int) -> None:
    if frames < 0:
        raise ValueError


def unknown(state: int, ins: int, outs: int, frames: int) -> None:
    s = record(state, RECORD)
    s.gone = 1


def flagged(state: int, ins: int, outs: int, frames: int) -> None:
    x, y = ng.floats(ins, 1), numbers(outs, 1, np.float64)
    y[0] = (frames > 0) * x[0]


def not_always_given(state: int, ins: int, outs: int, frames: int) -> None:
    y = numbers(outs, 1, np.float64)
    if frames > 3:
        level = 0.5
    y[0] = level


@pytest.mark.parametrize("function", [twice_typed, raises, unknown, flagged, not_always_given])
def test_what_is_not_translated_is_left_to_numba(function: Callable[..., Any]) -> None:
    with pytest.raises(UnsupportedError):
        translate(KernelCache(function, NODE).function, NODE)  # type: ignore[arg-type]


def test_numba_compiles_or_refuses_what_is_left_to_it() -> None:
    y = np.zeros(1)
    Native(twice_typed, NODE).ctypes(0, 0, y.ctypes.data, 1)
    assert y[0] == 1.5
    with pytest.raises(KernelError, match="no field 'gone'"):
        _ = Native(unknown, NODE).address


def test_a_file_that_has_changed_is_left_to_numba(tmp_path: Path) -> None:
    path = tmp_path / "edited.py"
    path.write_text("def fill(state, ins, outs, frames):\n    return\n")
    space: dict[str, Any] = {"__name__": "edited"}
    exec(compile(path.read_text(), str(path), "exec"), space)
    path.write_text("def fill(state, ins, outs, frames):\n    frames = 3\n")
    with pytest.raises(UnsupportedError, match="without its source"):
        translate(space["fill"], NODE)


def test_kernels_that_most_graphs_need_are_translated() -> None:
    from namgraph.nodes.cabinet.cab import kernels
    from namgraph.nodes.nam.cpu.prepare import common_kernels
    from namgraph.runtime.engine import process
    from namgraph.runtime.plan import player

    modules = {process.__name__, player.__name__}
    mine = [n for n in abi.natives() if n.function.__module__ in modules]
    for native in (*mine, *kernels()[:1], *common_kernels()[:2]):
        cache = KernelCache(native.function, native.signature)
        assert translate(cache.function, native.signature).code  # type: ignore[arg-type]
