"""The emulator detects each kind of bug, and reports none in correct kernels."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph
from namgraph.runtime.cuda import arguments
from namgraph.runtime.cuda.records import BLOCK

from .arguments import Block, NamArgs, OpArgs, filled, placed
from .emulator import CaughtError, build, compiled, emulate

COMMON = (Path(namgraph.__file__).parent / "runtime/cuda/common.cuh").read_text(encoding="utf-8")
SEEDS = range(6)
THREADS = "[[maybe_unused]] const int t = threadIdx.x, lane = t % 32;\n"
MEMORY = "[[maybe_unused]] float* s = shared_memory();\n"


PLAIN = {
    "numbers": "args.out[(blockIdx.y * gridDim.x + blockIdx.x) * blockDim.x + t] = args.in[t];",
    "atomics": "if (!t) args.out[0] = 0; __syncthreads(); atomicAdd(args.out, 1.f);",
    "fresh": """
        __shared__ float fixed[64];
        args.out[t] = s[t]; args.out[64 + t] = fixed[t]; fixed[t] = 1; s[t] = 1;""",
    "unsized": """
        extern __shared__ float4 words[];
        words[t].x = t; args.out[t] = s[4 * t];""",
    "far out": "args.out[t] = tanh_of(t == 0 ? 1e30f : t == 1 ? -1e30f : t == 2 ? 0.f : NAN);",
    "functions": """
        const float x = (args.in[t] - 31.5f) / 4;
        args.out[t] = tanh_of(x);
        args.out[64 + t] = sigmoid_of(x);
        args.out[128 + t] = rcp(x);""",
    "matrices": """
        const int g = lane / 4, q = lane % 4;
        float a[4], b[2], d[4] = {1, 1, 1, 1};
        for (int n = 0; n < 4; ++n) a[n] = args.in[(g + 8 * (n & 1)) * 8 + q + 4 * (n >> 1)];
        for (int n = 0; n < 2; ++n) b[n] = args.in[(q + 4 * n) * 8 + g];
        mma_tf32(d, a, b);
        for (int n = 0; n < 4; ++n) args.out[(g + 8 * (n >> 1)) * 8 + 2 * q + (n & 1)] = d[n];""",
}
MEETINGS: dict[str, tuple[str, Any]] = {
    "shfl": ("__shfl_sync(~0u, args.in[t], 5)", np.repeat([5, 37], 32)),
    "shfl width": ("__shfl_sync(~0u, args.in[t], 1, 8)", np.arange(64) // 8 * 8 + 1),
    "xor": ("__shfl_xor_sync(~0u, args.in[t], 3)", np.arange(64) ^ 3),
    "down": ("__shfl_down_sync(~0u, t, 4, 8)", [n + 4 if n % 8 < 4 else n for n in range(64)]),
    "up": ("__shfl_up_sync(~0u, t, 1)", [n - 1 if n % 32 else n for n in range(64)]),
    "ballot": ("__popc(__ballot_sync(~0u, t < 40))", np.repeat([32, 8], 32)),
    "any": ("__any_sync(~0u, t == 40)", np.repeat([0, 1], 32)),
    "all": ("__all_sync(~0u, t != 40)", np.repeat([1, 0], 32)),
    "or": ("__syncthreads_or(t == 40)", np.ones(64)),
    "and": ("__syncthreads_and(t != 3)", np.zeros(64)),
    "half a warp": ("(lane < 16 ? __shfl_sync(0xffffu, t, 2) : 7)", [2] * 16 + [7] * 16),
}
WAITS = {
    "block exchange": (
        "s[t] = t; __syncthreads(); args.out[t] = s[63 - t];",
        ("__syncthreads();", ""),
    ),
    "warp exchange": ("s[t] = t; __syncwarp(); args.out[t] = s[t ^ 31];", ("__syncwarp();", "")),
    "reuse": (
        """s[t] = t; __syncthreads(); const float x = s[63 - t];
        __syncthreads(); s[t] = -1; args.out[t] = x;""",
        ("__syncthreads(); s[t]", "s[t]"),
    ),
    "warps out of step": (
        """s[t] = t; __syncwarp(); const float x = s[t ^ 31]; __syncwarp(); s[t] = x + 1;
        __syncthreads(); args.out[t] = s[63 - t];""",
        ("__syncthreads();", ""),
    ),
    "a copy": (
        """if (t < 16) cp16(s + 4 * t, args.in + 4 * t);
        cp_commit(); cp_wait<0>(); __syncthreads(); args.out[t] = s[63 - t]; cp_wait<0>();""",
        ("cp_wait<0>(); __sync", "__sync"),
    ),
    "a group of copies": (
        """for (int n = 0; n < 2; ++n) {
            if (t < 8) cp16(s + 32 * n + 4 * t, args.in + 32 * n + 4 * t);
            cp_commit();
        }
        cp_wait<1>(); __syncthreads(); args.out[t] = s[31 - t % 32]; cp_wait<0>();""",
        ("cp_wait<1>", "cp_wait<2>"),
    ),
}
"""Kernels that wait, and the change that makes them wait too little."""
WRONG = {
    "warp barrier": "if (lane < 5) __syncwarp();",
    "not aligned": "args.out[t] = load4(args.in + 1).x;",
    "to 16 bytes": "cp16(s + 2, args.in); cp_commit(); cp_wait<0>();",
    "not into shared": "cp16(args.out, args.in); cp_commit(); cp_wait<0>();",
    "before its copies": "cp16(s, args.in); cp_commit();",
    "mask": "__shfl_sync(1u, t, 0);",
    "two kinds": "if (t < 32) __syncthreads(); else __syncthreads_or(1);",
    "has ended": "if (t < 32) return; __syncthreads();",
    "past dynamic": "s[128 + t] = 1;",
    "wrong address": "args.out[256 + t] = 1;",
    "in warp 1": "if (t < 32 || lane) __syncwarp();",
}


def kernel(name: str, body: str) -> str:
    signature = f'extern "C" __global__ void {name}(const NamArgs args)'
    return f"{signature} {{\n{THREADS}{MEMORY}{body}\n}}\n"


def every() -> dict[str, str]:
    meetings = {
        name: f"args.out[t] = {expression}; __syncwarp(); __syncthreads();"
        for name, (expression, _) in MEETINGS.items()
    }
    waits = {name: body for name, (body, _) in WAITS.items()}
    missing = {f"{name}, missing": body.replace(*edit) for name, (body, edit) in WAITS.items()}
    return PLAIN | meetings | waits | missing | WRONG


KERNELS = every()


def entry(name: str) -> str:
    return "probe_" + "".join(c if c.isalnum() else "_" for c in name)


def probe(name: str, threads: int = 64, *, grid: Any = (1,), shared: int = 512, **how: Any) -> Any:
    """Run a kernel of the tables on ``in`` = 0, 1, 2, ...; return what it wrote to ``out``."""
    text = "".join(kernel(entry(n), body) for n, body in KERNELS.items())
    so = build(COMMON + text, [entry(n) for n in KERNELS])
    x, y = placed(np.arange(256)), placed(np.full(256, np.nan))
    emulate(so, entry(name), grid, threads, shared, filled(NamArgs, **{"in": x, "out": y}), **how)
    return y


def test_structures_are_those_of_the_kernels() -> None:
    names = {kind: [name for name, *_ in kind._fields_] for kind in (Block, NamArgs, OpArgs)}
    lines = [f"sizeof({kind.__name__})" for kind in names]
    lines += [f"offsetof({kind.__name__}, {name})" for kind in names for name in names[kind]]
    listed = ", ".join(lines)
    text = f'#include "shim.h"\n{COMMON}\n#include <cstddef>\n'
    text += f"SHIM_EXPORT const size_t sizes[] = {{{listed}}};\n"
    library = ctypes.CDLL(str(compiled(text, ("-Wno-invalid-offsetof",))))
    found = list((ctypes.c_size_t * len(lines)).in_dll(library, "sizes"))
    wanted = [ctypes.sizeof(kind) for kind in names]
    wanted += [getattr(kind, name).offset for kind in names for name in names[kind]]
    assert found == wanted
    for ours, theirs in ((arguments.NamArgs, NamArgs), (arguments.OpArgs, OpArgs)):
        pairs = zip(ours._fields_, theirs._fields_, strict=True)
        assert [(getattr(ours, a).offset, kind) for (a, kind), _ in pairs] == [
            (getattr(theirs, name).offset, kind) for name, kind, *_ in theirs._fields_
        ]
    block = [(name, BLOCK.fields[name][1]) for name in BLOCK.names or ()]  # type: ignore[index]
    assert block == [(name, getattr(Block, name).offset) for name, *_ in Block._fields_]
    assert BLOCK.itemsize == ctypes.sizeof(Block)


def test_threads_blocks_and_grid_are_numbered() -> None:
    y = probe("numbers", 32, grid=(2, 3))
    np.testing.assert_array_equal(y[:192], np.tile(np.arange(32), 6))
    assert np.isnan(y[192:]).all()


@pytest.mark.parametrize("name", MEETINGS)
def test_barriers_and_shuffles(name: str) -> None:
    wanted = MEETINGS[name][1]
    for seed in SEEDS:
        np.testing.assert_array_equal(probe(name, seed=seed)[: len(wanted)], wanted)


def test_atomics() -> None:
    assert probe("atomics")[0] == 64


def test_matrices_are_multiplied_as_the_instruction_lays_them_out() -> None:
    a, b = np.arange(128.0).reshape(16, 8), np.arange(64.0).reshape(8, 8)
    np.testing.assert_array_equal(probe("matrices", 32)[:128].reshape(16, 8), 1 + a @ b)


def test_approximations_are_off_by_as_much_as_the_device_may_be() -> None:
    y, x = probe("functions"), (np.arange(64) - 31.5) / 4
    errors = [
        abs(y[:64] - np.tanh(x)).max(),
        abs(y[64:128] - 1 / (1 + np.exp(-x))).max(),
        abs(y[128:192] * x - 1).max(),
    ]
    assert max(errors) < 4e-7
    assert min(errors) > 3e-8, "a device is not exact"
    np.testing.assert_array_equal(probe("far out")[:4], [1, -1, 0, np.nan])


@pytest.mark.parametrize("name", WAITS)
def test_a_missing_wait_is_detected(name: str) -> None:
    wanted = probe(name, seed=0)
    assert np.isfinite(wanted[:64]).all()
    for seed in SEEDS:
        np.testing.assert_array_equal(probe(name, seed=seed), wanted)

    def shows(seed: int) -> bool:
        return not np.array_equal(probe(f"{name}, missing", seed=seed), wanted, equal_nan=True)

    assert any(map(shows, SEEDS))


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_kernel_is_caught_by_name(what: str) -> None:
    for seed in (0, 1):
        with pytest.raises(CaughtError, match=what):
            probe(what, seed=seed)
        assert np.isfinite(probe("numbers", 32)[:32]).all(), "and the next one runs"


def test_shared_memory_starts_as_nan() -> None:
    assert np.isnan(probe("fresh", grid=(2,))[:128]).all()


def test_an_array_of_the_launchs_size_is_shared_memory() -> None:
    np.testing.assert_array_equal(probe("unsized", shared=1024)[:64], np.arange(64))


def test_a_kernel_that_does_not_compile_is_shown() -> None:
    with pytest.raises(CaughtError, match="undeclared_name"):
        build(COMMON + kernel("probe", "args.out[t] = undeclared_name;"), ["probe"])


def test_any_system_can_change_stacks() -> None:
    """By way of the C library, where there is no assembly for the machine."""
    text = COMMON + kernel("probe", KERNELS["block exchange"])
    so = compiled(f'#include "shim.h"\n{text}SHIM_ENTRY(probe)', ("-DSHIM_UCONTEXT",))
    y = placed(np.zeros(64))
    emulate(so, "probe", (1,), 64, 512, filled(NamArgs, out=y))
    np.testing.assert_array_equal(y, np.arange(64)[::-1])
