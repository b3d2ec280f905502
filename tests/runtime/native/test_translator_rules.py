"""Where Numba's rules surprise, the translator gives Numba's bits, or leaves the kernel to it."""

import ctypes
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from namgraph.runtime.native.abi import NODE, Native
from namgraph.runtime.native.compiler.compile import compile_kernel
from namgraph.runtime.native.disk_cache import KernelCache
from namgraph.runtime.native.loader import ObjectCode, link
from namgraph.runtime.native.translator import compile as compiling, expressions
from namgraph.runtime.native.translator.compile import translate
from namgraph.runtime.native.translator.values import UnsupportedError

HEAD = """
import math
import numpy as np
from namgraph.runtime.native.abi import helper
from namgraph.runtime.native.pointers import numbers

THREE, SHARE, YES, NO, NOTHING, PAIR = 3, 0.3, True, False, None, (2, -7)
BIG, SHORT, LONG, FAR = 2**53 + 1, np.float32(0.7), np.float64(-1.25), np.int64(2**62)


@helper
def flag(v, w):
    if w:
        v = 1.0
    return v


@helper
def given(v, w=None):
    if w is not None:
        v = w
    return v


@helper
def both(v):
    return 0, v
"""
BEGIN = """
def k{}(state, ins, outs, frames):
    x, n = numbers(ins, 4, np.float32), numbers(ins + 16, 4, np.int64)
    y, z = numbers(outs, 4, np.float64), numbers(outs + 32, 4, np.int64)
"""
BRANCH = "{}v = x[0]\nif {}:\n    v = 1.0\ny[0] = v * x[1]"
"""The product is one of float32 if Numba knows that the condition does not hold."""
CONDITIONS = [
    *("THREE > 4", "THREE & 4", "THREE == 3.5", "NO", "n[0] > 0 and NO", "not YES", "LONG > 0"),
    *("NO or SHARE < 0.1", "NOTHING is not None", "math.pi < 2", "PAIR[0] > 6", "THREE in PAIR"),
    *("bool(NO)", "-THREE > 0", "len(PAIR) < 2", "n[0] > 99"),
]
ASSIGNED = ["THREE > 4", "THREE & 4", "0", "not YES", "NOTHING", "bool(NO)", "NO and YES"]
CASES = [
    *(BRANCH.format("", condition) for condition in CONDITIONS),
    *(BRANCH.format(f"k = {value}\n", "k") for value in ASSIGNED),
    BRANCH.format("a, b = 0, 1\n", "a"),
    BRANCH.format("a, b = NO, THREE\n", "a"),
    BRANCH.format("a, b = both(n[0])\n", "a"),
    *(f"y[0] = flag(x[0], {w}) * x[1]" for w in ("NO", "not YES", "THREE & 4", "n[0] > 99")),
    "y[0] = given(x[0]) * x[1] + given(x[0], w=1.0) * x[1]",
    "y[0] = (SHORT or n[0]) * x[1]\ny[1] = (NO or x[0]) * x[1]",
    "if n[0] > 9:\n    v = n[0]\nelse:\n    v = x[0]\ny[0] = v * x[1]",
    "z[0] = FAR + 1 or 2.5",
    "z[0] = BIG == 9007199254740992.0",
    "y[0] = -math.nan",
    "y[0] = x[0] + YES",
    "z[0] = (n[1] + BIG) ** 3",
    "for i in range(n[2] & 0):\n    pass\nz[0] = i",
    "for i in range(3):\n    if i > n[2]:\n        a = i\n    z[i] = a",
    *(
        "y[0] = PAIR[7]",
        "y[0] = numbers(1)[0]",
        "y[0] = numbers(1, 2, 'no')[0]",
        "y[0] = n[0] in ()",
    ),
    "while True:\n    n[1] -= 1\n    a = n[1]\n    if a < 0:\n        break\nz[0] = a",
]


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    path: Path = tmp_path_factory.mktemp("rules") / "rules.py"
    bodies = ["".join(f"    {line}\n" for line in case.splitlines()) for case in [*CASES, CASES[0]]]
    path.write_text(HEAD + "".join(BEGIN.format(n) + body for n, body in enumerate(bodies)))
    spec = importlib.util.spec_from_file_location("rules", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def called(address: int) -> bytes:
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3, ctypes.c_int32)(address)
    x, n = np.array([0.3, -7.1, 0, 2], np.float32), np.array([7, 2, 1, -9])
    ins, outs = np.frombuffer(bytearray(x.tobytes() + n.tobytes()), np.uint8), np.zeros(8)
    call(0, ins.ctypes.data, outs.ctypes.data, 8)
    return ins.tobytes() + outs.tobytes()


def same(function: Callable[..., object]) -> bool | None:
    """Return whether both compilers give the same bits; ``None`` if one is left to Numba."""
    cache = KernelCache(function, NODE)
    try:
        made = translate(cache.function, NODE)  # type: ignore[arg-type]
    except UnsupportedError:
        return None
    return called(link(made)) == called(link(compile_kernel(cache.function, NODE)[0]))


def test_the_same_bits_as_numba_or_none(kernels: ModuleType) -> None:
    found = {case: same(getattr(kernels, f"k{n}")) for n, case in enumerate(CASES)}
    assert [case for case, equal in found.items() if equal is False] == []
    assert sum(equal is True for equal in found.values()) > 0.75 * len(CASES)


def test_a_broken_rule_is_noticed(kernels: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "decided", lambda apply, operands: None)
    again = getattr(kernels, f"k{len(CASES)}")  # as k0, by a name that is not linked yet
    assert same(again) is False


def test_a_fault_of_the_translator_is_hidden_from_users_only(
    kernels: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(function: object, signature: str) -> ObjectCode:
        raise KeyError(signature)

    monkeypatch.setattr(compiling, "translate", broken)
    monkeypatch.setattr(KernelCache, "read", lambda cache: None)
    with pytest.raises(KeyError):
        _ = Native(kernels.k1, NODE).address
    monkeypatch.delenv("NAMGRAPH_TRANSLATOR_RAISES")
    assert Native(kernels.k1, NODE).address
