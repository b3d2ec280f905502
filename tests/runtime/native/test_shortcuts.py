"""What kernels compute where the compiler takes its own ways: helpers, operators, call types."""

import math
from typing import Any

import numpy as np
import pytest
from numba import types

from namgraph.graph import KernelError
from namgraph.nodes.filters.wah import Wah
from namgraph.nodes.testing import NodeHarness
from namgraph.runtime.native.abi import helper, native
from namgraph.runtime.native.compiler.call_types import remembered_call_types
from namgraph.runtime.native.pointers import numbers

D, I = types.float64, types.int64  # noqa: E741


@helper
def half(x: float) -> float:
    return x / 2


@helper
def clipped(x: float, low: float = -1.0, high: float = 1.0) -> float:
    if x < low:
        return low
    if x > high:
        return high
    made: float = half(x) + half(x)
    return made


@helper
def tree(n: int) -> float:
    total = 0.0
    for i in range(n):
        if i == 5:
            break
        total += clipped(0.3 * i, high=1.0)
    return total


def test_helpers_with_defaults_early_returns_and_other_helpers() -> None:
    @native(D(D, I))
    def run(x: float, n: int) -> float:
        total: float = clipped(x) + 10 * clipped(x, -2.0) + 100 * tree(n) + half(n)
        return total

    def expected(x: float, n: int) -> float:
        clip = [min(max(x, low), 1.0) for low in (-1.0, -2.0)]
        return (
            clip[0] + 10 * clip[1] + 100 * sum(min(0.3 * i, 1.0) for i in range(min(n, 5))) + n / 2
        )

    for x in (-3.0, -1.5, 0.25, 7.0):
        for n in (0, 1, 4, 9):
            assert run.ctypes(x, n) == pytest.approx(expected(x, n), rel=1e-15)


def test_a_helper_of_a_program_is_translated_with_its_globals_of_that_moment() -> None:
    space: dict[str, Any] = {"K": 1.0}
    exec("def constant(x):\n    return x + K\n", space)
    added = helper(space["constant"])

    def made() -> float:
        @native(D(D))
        def run(x: float) -> float:
            made: float = added(x)
            return made

        return float(run.ctypes(1.0))

    assert made() == 2.0
    space["K"] = 5.0
    assert made() == 6.0


def test_integers_divide_and_shift_as_in_python() -> None:
    @native(types.void(I, I, I))
    def run(a: int, b: int, out: int) -> None:
        y = numbers(out, 12, np.int64)
        y[0], y[1], y[2], y[3] = a + b, a - b, a * b, a // b
        y[4], y[5], y[6], y[7] = a % b, a // 7, a % 7, a & b
        y[8], y[9], y[10], y[11] = a | b, a ^ 3, a**2, -a // 2

    out = np.zeros(12, np.int64)
    for a in (-9, -1, 0, 4, 1 << 20):
        for b in (-4, 1, 3):
            run.ctypes(a, b, out.ctypes.data)
            right = [a + b, a - b, a * b, a // b, a % b, a // 7, a % 7, a & b]
            assert out.tolist() == [*right, a | b, a ^ 3, a * a, -a // 2], (a, b)


def test_floats_compare_divide_and_raise_to_powers_as_in_python() -> None:
    @native(types.void(D, D, I, I))
    def run(a: float, b: float, n: int, out: int) -> None:
        y = numbers(out, 12, np.float64)
        y[0], y[1], y[2], y[3] = a / b, a // b, a % b, a**2
        y[4], y[5], y[6], y[7] = a < b, a == n, n >= a, a != b
        y[8], y[9], y[10], y[11] = n / 4, a + n, np.float32(a) * b, a**3

    out = np.zeros(12)
    for a in (-2.5, 0.5, 3.0):
        for b in (-1.5, 0.75):
            for n in (-2, 3):
                run.ctypes(a, b, n, out.ctypes.data)
                right = [a / b, a // b, a % b, a * a, a < b, a == n, n >= a, a != b]
                right += [n / 4, a + n, a * b, a**3]
                assert out.tolist() == pytest.approx([float(r) for r in right], rel=1e-15), (
                    a,
                    b,
                    n,
                )
    run.ctypes(1.0, 0.0, 0, out.ctypes.data)
    assert math.isinf(out[0])


def test_one_name_may_be_a_whole_number_first_and_a_float_then() -> None:
    @native(D(I))
    def run(n: Any) -> float:
        x = n
        y = x // 2
        x = x * 0.5
        total: float = x + y
        return total

    assert run.ctypes(5) == 4.5


def test_a_call_that_cannot_be_typed_is_an_error_each_time() -> None:
    for _ in range(2):

        @native(D(D))
        def run(x: float) -> float:
            return x.nothing + x  # type: ignore[attr-defined, no-any-return]

        with pytest.raises(KernelError, match="nothing"):
            _ = run.address


def test_numba_is_left_as_it_was() -> None:
    with remembered_call_types(), remembered_call_types():
        assert "get_call_type" in vars(types.Function)
    assert "get_call_type" not in vars(types.Function)


def test_kernels_that_share_a_helper_do_not_share_its_variables() -> None:
    """Two filters of one kind in one process sound as one alone."""
    x = np.random.default_rng(0).normal(0, 0.1, (1, 512)).astype(np.float32)
    first, second = (NodeHarness(Wah(position=0.3), channels=1).play(x, (64,)) for _ in range(2))
    assert (first == second).all()
