"""Activations against float64, from the smallest numbers to the largest, infinity and NaN."""

from typing import Any

import numpy as np
import pytest

from namgraph.nodes.testing import same_bits
from namgraph.runtime.simd.activations import (
    ACTIVATIONS,
    TANH22,
    TANH34,
    TANH44,
    Activation,
    Rational,
    tanh,
)
from namgraph.runtime.simd.lanes import Lanes, Value

from .emitting import WIDTHS, apply
from .rational import fit

RANGE = np.concatenate(
    [
        np.linspace(-12, 12, 40_001),
        np.logspace(-30, 30, 4_001),
        -np.logspace(-30, 30, 4_001),
        [0.0, -0.0, np.finfo(np.float32).max, np.finfo(np.float32).min],
    ]
).astype(np.float32)
WIDE = RANGE.astype(np.float64)


def sigmoid(x: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * x))


def silu(x: Any) -> Any:
    with np.errstate(over="ignore"):
        return x / (1 + np.exp(-x))


def bent(x: Any) -> Any:
    lo, hi, below, above = -0.5, 0.25, 0.125, 2.0
    return np.where(x < lo, (x - lo) * below + lo, np.where(x > hi, (x - hi) * above + hi, x))


EXACT: dict[str, tuple[Any, list[float], float]] = {
    "tanh": (np.tanh, [], 4e-7),
    "tanh22": (np.tanh, [], 6.4e-5),
    "hardtanh": (lambda x: np.clip(x, -1, 1), [], 0),
    "leaky_hardtanh": (bent, [-0.5, 0.25, 0.125, 2.0], 2e-7),
    "relu": (lambda x: np.maximum(x, 0), [], 0),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), [], 2e-7),
    "leaky": (lambda x: np.where(x > 0, x, x * np.float32(0.01)), [0.01], 1e-7),
    "leaky_max": (lambda x: np.where(x > 0, x, x * np.float32(0.01)), [0.01], 1e-7),
    "sigmoid": (sigmoid, [], 2e-7),
    "sigmoid22": (sigmoid, [], 3.2e-5),
    "silu": (silu, [], 4e-7),
    "hardswish": (lambda x: x * np.clip(x + 3, 0, 6) / 6, [], 3e-7),
    "softsign": (lambda x: x / (1 + abs(x)), [], 2e-7),
}
"""By name: the function, its parameters, and the error allowed beside values of about 1."""


def run(kind: Activation, name: str, signal: Any, parameters: list[float], width: int) -> Any:
    def operation(lanes: Lanes, x: Value) -> Value:
        return kind.emit(lanes, x, [lanes.constant(p) for p in parameters])

    return apply(f"activation {name}", operation, signal, width)


def check(found: Any, wanted: Any, error: float) -> None:
    """Absolute below 1, relative above."""
    assert np.isfinite(found).all()
    assert (abs(found - wanted) / np.maximum(abs(wanted), 1)).max() <= error


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", EXACT)
def test_values(name: str, width: int) -> None:
    function, parameters, error = EXACT[name]
    tame = abs(WIDE) < (1e30 if name in ("hardswish", "leaky_hardtanh") else np.inf)
    found = run(ACTIVATIONS[name], name, RANGE[tame], parameters, width)
    check(found, function(WIDE[tame]), error)


@pytest.mark.parametrize("slope", [1e-30, 0.01, 1.0])
def test_leaky_max_has_the_bits_of_leaky(slope: float) -> None:
    signal = np.concatenate([RANGE, np.array([np.inf, -np.inf, np.nan], np.float32)])
    found, wanted = (
        run(ACTIVATIONS[name], f"{name} {slope}", signal, [slope], 16)
        for name in ("leaky_max", "leaky")
    )
    same_bits(found[:-1], wanted[:-1])
    assert np.isnan([found[-1], wanted[-1]]).all()


def test_every_activation_is_tested() -> None:
    assert set(ACTIVATIONS) == {*EXACT, "fasttanh"}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_stays_nan(name: str) -> None:
    """Otherwise the engine would not detect a faulty network."""
    parameters = [0.1] * ACTIVATIONS[name].parameters
    found = run(ACTIVATIONS[name], name, np.full(16, np.nan), parameters, 16)
    assert np.isnan(found).all()


@pytest.mark.parametrize(("name", "ends"), [("tanh", (-1, 1)), ("sigmoid", (0, 1))])
def test_infinity_is_the_end_of_the_range(name: str, ends: tuple[float, float]) -> None:
    found = run(ACTIVATIONS[name], name, np.array([-np.inf, np.inf]), [], 4)
    np.testing.assert_allclose(found, ends, atol=2e-6)


def test_fasttanh_is_cores() -> None:
    """Its greatest error is known (nam-format.md, 6.1), and where it settles."""
    found = run(ACTIVATIONS["fasttanh"], "fasttanh", RANGE, [], 16)
    near = abs(WIDE) <= 6
    assert abs(found - np.tanh(WIDE))[near].max() == pytest.approx(4.36e-4, rel=0.01)
    assert found[np.argmin(abs(RANGE - 12))] == pytest.approx(1.00087, abs=1e-5)


RATIOS = pytest.mark.parametrize("ratio", [TANH44, TANH34], ids=["lstm", "wavenet"])


@RATIOS
def test_tanh(ratio: Rational) -> None:
    error = 4e-7
    kind = Activation(lambda lanes, x, _: tanh(lanes, x, ratio))
    found = run(kind, f"tanh to {ratio.limit}", RANGE, [], 16)
    check(found, np.tanh(WIDE), error)
    inside = (abs(WIDE) <= ratio.limit) & (abs(WIDE) > 1e-20)
    exact = np.tanh(WIDE[inside])
    assert (abs(found[inside] - exact) / abs(exact)).max() <= error


@RATIOS
def test_the_coefficients_are_the_best_fit(ratio: Rational) -> None:
    """They are fitted again here, and found to be as good."""
    best, above, below = fit(len(ratio.above) - 1, len(ratio.below) - 1, ratio.limit)
    x = np.linspace(1e-3, ratio.limit, 20_001)
    errors = []
    for p, q in ((ratio.above, ratio.below), (above, below)):
        quotient = np.polyval(p[::-1], x * x) / np.polyval(q[::-1], x * x)
        errors.append(abs(x * quotient / np.tanh(x) - 1).max())
    rounding = 6e-8 if ratio is TANH34 else 0.0  # its coefficients are float32 numbers
    assert errors[0] <= 1.05 * errors[1] + rounding
    assert errors[1] == pytest.approx(best, rel=0.2)


def test_the_check_can_fail() -> None:
    wrong = Rational((TANH44.above[0] * 1.000001, *TANH44.above[1:]), TANH44.below, TANH44.limit)
    found = run(Activation(lambda v, x, _: tanh(v, x, wrong)), "tanh off", RANGE, [], 16)
    with pytest.raises(AssertionError):
        check(found, np.tanh(WIDE), 4e-7)


def test_tanh22_is_odd_bounded_rises_and_is_the_best_fit() -> None:
    near = np.linspace(0, 4.84, 4001).astype(np.float32)
    x = np.concatenate([near, np.logspace(-30, 30, 4001).astype(np.float32)])
    found = run(ACTIVATIONS["tanh22"], "tanh22", np.concatenate([x, -x]), [], 16)
    same_bits(found[x.size :], -found[: x.size])
    assert (np.diff(found[: near.size]) >= -2e-7).all()  # but for rounding
    assert found.max() == found[near.size - 1] < 1
    exact = np.tanh(x.astype(np.float64))
    kept = exact > 0
    relative = abs(found[: x.size] - exact)[kept] / exact[kept]
    assert 6.2e-5 < relative.max() <= 6.4e-5
    assert relative[x[kept] < 0.1].max() <= 1e-6  # its slope at 0 is 1
    _, above, below = fit(2, 2, TANH22.limit, 400, 2.0)
    x = np.linspace(1e-2, TANH22.limit, 20_001)
    errors = []
    for p, q in ((TANH22.above, TANH22.below), (above, below)):
        made = x * np.polyval(p[::-1], x * x) / np.polyval(q[::-1], x * x)
        errors.append((abs(made - np.tanh(x)) / np.tanh(x) ** 3)[500:].max())
    assert errors[0] <= 1.1 * errors[1]
