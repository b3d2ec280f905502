"""The static law of a pair of diodes with ADAA, against means of the law found by SciPy."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, optimize

from namgraph.nodes.drive.diode import DIODES, omega_table
from namgraph.nodes.drive.drive_circuit import CHANNEL, KNOBS, design
from namgraph.nodes.drive.static_law import embed_static_law
from namgraph.runtime.native.abi import kernel

RATE, OHM = 96_000.0, 51e3 + 500e3 * 0.5

law = embed_static_law(CHANNEL, KNOBS)


@kernel
def _law(state: int, ins: int, outs: int, frames: int) -> None:
    law(state, ins, outs, frames)


def records(clip: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """A channel whose coefficients are designed, its knobs, and the table they point to."""
    channel, knobs, table, d = np.zeros(1, CHANNEL), np.zeros(1, KNOBS), omega_table(), DIODES[clip]
    knobs["thermal"], knobs["thermal_back"] = d.thermal, d.thermal_back
    knobs["saturation"], knobs["steps"], knobs["rate"] = d.saturation, d.extra_steps, RATE
    knobs["table"], knobs["warp"] = table.ctypes.data, 1e-5
    channel["for_drive"], channel["for_cut"] = 0.5, 720.0
    design.ctypes(channel.ctypes.data, knobs.ctypes.data, 0, 0)
    return channel, knobs, table


def played(clip: str, g: NDArray[np.float64], cuts: list[int]) -> NDArray[np.float64]:
    channel, knobs, table = records(clip)
    made, at = g.copy(), 0
    for n in [*cuts, len(g) - sum(cuts)]:
        _law.ctypes(channel.ctypes.data, knobs.ctypes.data, made.ctypes.data + 8 * at, n)
        at += n
    assert len(table)  # kept until here
    return made


@pytest.mark.parametrize("clip", DIODES)
def test_mean_of_the_law_between_two_samples(clip: str) -> None:
    d = DIODES[clip]
    g = np.array([0.0, 0.5, 3.0, -2.0, -2.0 + 1e-8, 1e-3, 20.0, -40.0, -0.2, 0.3, 0.3])

    def voltage(g: float) -> float:
        thermal = d.thermal if g >= 0 else d.thermal_back
        f = lambda v: v + OHM * 2 * d.saturation * np.sinh(v / thermal) - g  # noqa: E731
        return float(optimize.brentq(f, -2.0, 2.0, xtol=1e-14))

    expected = []
    for a, b in zip([0.0, *g[:-1]], g, strict=True):
        area = integrate.quad(voltage, a, b, points=[0.0] if a * b < 0 else None, limit=200)[0]
        expected.append(area / (b - a) if abs(b - a) > 1e-6 else voltage(b))
    assert played(clip, g, []) == pytest.approx(np.array(expected), abs=2e-7)


def test_bits_are_the_same_for_every_cut_and_nan_stays() -> None:
    g = np.random.default_rng(1).normal(0.0, 5.0, 100)
    whole = played("asymmetric", g, [])
    for cuts in ([1] * 99, [7, 8, 9], [64], [3, 16, 33]):
        assert (played("asymmetric", g, cuts).view(np.int64) == whole.view(np.int64)).all()
    g[50] = np.nan
    broken = played("asymmetric", g, [])
    assert np.isnan(broken[50])
    assert np.isfinite(broken[:50]).all()
    assert np.isfinite(broken[52:]).all()
