"""Curves and their antialiased runs, against NumPy in float64."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from namgraph.nodes.dsp.oversampling.adaa import SHAPERS
from namgraph.nodes.dsp.oversampling.curves import CURVES

Wide = NDArray[np.float64]
ONES = np.ones(1)


def cubic(x: Wide) -> Wide:
    return 1.5 * np.clip(x, -1, 1) - 0.5 * np.clip(x, -1, 1) ** 3


VALUES: dict[str, Callable[[Wide], Wide]] = {
    "hard": lambda x: np.clip(x, -1, 1),
    "tanh": np.tanh,
    "cubic": cubic,
    "asinh": np.arcsinh,
    "algebraic": lambda x: x / np.hypot(1, x),
    "fold": lambda x: 2 / np.pi * np.arcsin(np.sin(np.pi / 2 * x)),
    "sine": np.sin,
}


def run(curve: str, adaa: int, x: NDArray[np.float32], cuts: list[int]) -> NDArray[np.float32]:
    """Play the kernel in place, in runs of the given lengths, then of the last of them."""
    y, memory, at = x.copy(), np.zeros(1), 0
    while at < len(x):
        n = min(cuts.pop(0) if len(cuts) > 1 else cuts[0], len(x) - at)
        place = y.ctypes.data + 4 * at
        SHAPERS[curve, adaa].ctypes(memory.ctypes.data, place, place, n)
        at += n
    assert adaa == 0 or memory[0] == x[-1]
    return y


def signal(count: int = 3000) -> NDArray[np.float32]:
    """Noise at levels from 1e-9 to 200, each for a while, with rests of constants and zeros."""
    rng = np.random.default_rng(5)
    levels = np.repeat(10 ** rng.uniform(-9, 2.3, count // 25), 25)
    x = rng.normal(size=count) * levels
    x[100:140], x[200:260] = 0.7, 0.0
    return x.astype(np.float32)


def test_every_curve_has_a_reference() -> None:
    assert VALUES.keys() == CURVES.keys()


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_is_numpys_to_the_last_bit_but_one(curve: str) -> None:
    x = signal()
    expected = VALUES[curve](x.astype(float)).astype(np.float32)
    # Where a wave passes zero its argument is all that is exact.
    ulps = np.spacing(np.abs(expected)) + (3e-8 if curve in ("fold", "sine") else 0)
    assert (np.abs(run(curve, 0, x, [4096]) - expected) <= ulps).all()


@pytest.mark.parametrize("curve", CURVES)
def test_adaa_is_the_mean_of_the_curve_between_two_samples(curve: str) -> None:
    x = np.concatenate([np.zeros(1), signal(400)]).astype(np.float32)
    y = run(curve, 1, x[1:], [400])
    # By quadrature, in pieces between the corners of the curves.
    nodes, weights = np.polynomial.legendre.leggauss(12)
    for n in range(400):
        a, b = float(x[n]), float(x[n + 1])
        corners = np.arange(np.ceil(min(a, b)), np.floor(max(a, b)) + 1)
        edges = np.unique([min(a, b), *corners, max(a, b)])
        spans = np.diff(edges) / 2
        places = edges[:-1, None] + spans[:, None] * (1 + nodes)
        total = float((VALUES[curve](places) @ weights) @ spans)
        expected = total / abs(b - a) if b != a else float(VALUES[curve](ONES * a)[0])
        assert y[n] == pytest.approx(expected, abs=3e-7), (n, a, b)


@pytest.mark.parametrize("adaa", [0, 1])
@pytest.mark.parametrize("curve", CURVES)
def test_the_bits_do_not_depend_on_cuts(curve: str, adaa: int) -> None:
    x = signal()
    whole = run(curve, adaa, x, [4096])
    for cuts in ([1], [7, 64, 33, 500], [3, 16, 31]):
        assert run(curve, adaa, x, cuts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("curve", CURVES)
def test_nan_and_huge_samples(curve: str) -> None:
    for adaa in (0, 1):
        y = run(curve, adaa, np.array([0.5, np.nan, 0.5, 0.25], np.float32), [4])
        assert np.isnan(y[1])
        assert np.isfinite(y[[0, 3]]).all()
    assert np.isfinite(run(curve, 0, np.array([3e38, -3e38, 1e20], np.float32), [3])).all()
