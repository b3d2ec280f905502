"""log2 and exp2 over runs: errors at dense points, special values, the same bits for every cut."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.runtime.simd.lanes import Lanes, Value
from namgraph.runtime.simd.loops import log_exp

from ..emitting import WIDTHS, compiled

every_width = pytest.mark.parametrize("width", WIDTHS)
RANDOM = np.random.default_rng(5)
TINY = np.finfo(np.float64).tiny
LOOPS: dict[str, tuple[Callable[..., None], type]] = {
    "log2": (log_exp._emit_log2, np.float64),
    "exp2": (log_exp._emit_exp2, np.float64),
    "exp2_32": (log_exp._emit_exp2_32, np.float32),
}

POSITIVE = np.concatenate(
    [
        np.linspace(0.4, 2.5, 40_001),
        np.exp2(RANDOM.uniform(-1022, 1023, 20_000)),
        1 + np.linspace(-1e-9, 1e-9, 2001),
        np.exp2(np.arange(-1022.0, 1024.0)),
        np.nextafter(np.exp2(np.arange(-1021.0, 1024.0)), 0),
        [TINY, np.finfo(np.float64).max, np.sqrt(0.5), np.nextafter(np.sqrt(0.5), 0)],
    ]
)
EXPONENTS = np.concatenate(
    [
        np.linspace(-3, 3, 40_001),
        RANDOM.uniform(-1022, 1024, 20_000),
        np.logspace(-300, -1, 1000),
        -np.logspace(-300, -1, 1000),
        np.arange(-1022.0, 1024.0),
        np.arange(-1021.5, 1024.0),
        [np.nextafter(1024, 0), 0.0, -0.0],
    ]
)


def run(name: str, x: NDArray[np.float64], width: int, cuts: Any = None) -> NDArray[Any]:
    """Return the loop's output, one call for each of ``cuts`` (in turn), else one in all."""
    emit, kind = LOOPS[name]
    call = compiled(name, emit, width).ctypes
    y: NDArray[Any] = np.full(x.size + 8, 77, kind)
    at = turn = 0
    while at < x.size:
        count = min(cuts[turn % len(cuts)], x.size - at) if cuts else x.size
        call(y[at:].ctypes.data, x[at:].ctypes.data, count)
        at, turn = at + count, turn + 1
    np.testing.assert_array_equal(y[x.size :], 77, "written after the end")
    return y[: x.size]


@every_width
def test_log2(width: int) -> None:
    found, wanted = run("log2", POSITIVE, width), np.log2(POSITIVE)
    assert (abs(found - wanted) <= 5e-16 * abs(wanted)).all()


@every_width
def test_exp2(width: int) -> None:
    found, wanted = run("exp2", EXPONENTS, width), np.exp2(EXPONENTS)
    assert (abs(found - wanted) <= 5e-16 * wanted).all()


@every_width
def test_exp2_rounded_to_float32(width: int) -> None:
    x = EXPONENTS[abs(EXPONENTS) < 120]
    np.testing.assert_array_equal(
        run("exp2_32", x, width), run("exp2", x, width).astype(np.float32)
    )


@every_width
def test_powers_of_two_are_exact(width: int) -> None:
    whole = np.arange(-1022.0, 1024.0)
    np.testing.assert_array_equal(run("log2", np.exp2(whole), width), whole)
    np.testing.assert_array_equal(run("exp2", whole, width), np.exp2(whole))


@every_width
def test_special_values(width: int) -> None:
    x = np.array([0.0, -0.0, 5e-324, TINY / 2, TINY, -1.0, -np.inf, np.inf, np.nan])
    wanted = [-1022.0] * 7 + [np.inf, np.nan]
    np.testing.assert_array_equal(run("log2", x, width), wanted)
    x = np.array([-np.inf, -1e9, np.nextafter(-1022, -2000), -1022, 5e-324, 1024, np.inf, np.nan])
    wanted = [0, 0, 0, TINY, 1, np.inf, np.inf, np.nan]
    np.testing.assert_array_equal(run("exp2", x, width), wanted)


@pytest.mark.parametrize("name", LOOPS)
def test_the_same_bits_for_every_cut_and_every_width(name: str) -> None:
    x = (POSITIVE if name == "log2" else EXPONENTS)[:2000]
    one = run(name, x, 4)
    for width in WIDTHS:
        for cuts in ((1,), (2, 3, 1, 7), (31, 33), (64,)):
            np.testing.assert_array_equal(run(name, x, width, cuts), one, f"{width}, {cuts}")


@pytest.mark.parametrize("name", ["log2", "exp2"])
def test_the_target_may_be_the_source(name: str) -> None:
    x = POSITIVE[:77].copy()
    wanted = run(name, x, 8)
    compiled(name, LOOPS[name][0], 8).ctypes(x.ctypes.data, x.ctypes.data, x.size)
    np.testing.assert_array_equal(x, wanted)


# The same formulas in NumPy, without vectors and bits: to the bit where nothing is fused.


def plain_log2(x: NDArray[np.float64]) -> NDArray[np.float64]:
    m, n = np.frexp(x)
    low = m < np.sqrt(0.5)
    m, n = np.where(low, 2 * m, m), np.where(low, n - 1, n)
    s = (m - 1) / (m + 1)
    made: NDArray[np.float64] = s * horner(s * s, log_exp.LOG_TERMS) + n
    return made


def plain_exp2(x: NDArray[np.float64]) -> NDArray[np.float64]:
    n = np.rint(x)
    made: NDArray[np.float64] = np.ldexp(horner(x - n, log_exp.EXP_TERMS), n.astype(np.int64))
    return made


def horner(x: NDArray[np.float64], terms: Any) -> NDArray[np.float64]:
    total = np.full_like(x, terms[-1])
    for term in terms[-2::-1]:
        total = total * x + term
    return total


@every_width
@pytest.mark.parametrize(
    ("name", "plain", "x"), [("log2", plain_log2, POSITIVE), ("exp2", plain_exp2, EXPONENTS)]
)
def test_equal_to_the_plain_formula(
    name: str, plain: Callable[..., Any], x: NDArray[np.float64], width: int
) -> None:
    emit = LOOPS[name][0]

    def unfused(lanes: Lanes, *args: Value) -> None:
        emit(Lanes(lanes.builder, lanes.width, fused=False), *args)

    y = np.zeros_like(x)
    call = compiled(f"unfused {name}", unfused, width).ctypes
    call(y.ctypes.data, x.ctypes.data, x.size)
    np.testing.assert_array_equal(y, plain(x))
