"""DcBlock, beyond the node contract."""

import numpy as np
import pytest

from namgraph.nodes import DcBlock
from namgraph.nodes.testing import NodeHarness
from namgraph.nodes.testing.harness import SPEC


def test_a_constant_goes_away() -> None:
    y = NodeHarness(DcBlock()).play(np.ones((2, 48_000), np.float32))
    assert y[0, 0] > 0.999
    assert np.abs(y[:, -1]).max() < 1e-6


def level_db(cutoff_hz: float, hz: float) -> float:
    frames = round(SPEC.rate / hz) * 30
    t = np.arange(frames)
    wave = np.exp(2j * np.pi * hz / SPEC.rate * t)
    alone = NodeHarness(DcBlock(cutoff_hz=cutoff_hz), channels=1)
    y = alone.play(wave.imag.astype(np.float32)[None], [1000])[0]
    whole = slice(frames // 2, frames)
    return float(20 * np.log10(np.abs(2 * np.mean(y[whole] * wave[whole].conj()))))


@pytest.mark.parametrize("cutoff_hz", [1.0, 5.0, 20.0, 100.0])
def test_the_corner_is_where_it_says(cutoff_hz: float) -> None:
    assert level_db(cutoff_hz, cutoff_hz) == pytest.approx(-3.01, abs=0.05)


def test_what_is_heard_passes() -> None:
    assert level_db(5.0, 1_000.0) == pytest.approx(0.0, abs=0.01)
    assert level_db(10.0, 1.0) == pytest.approx(-20.0, abs=0.1)


def test_a_new_corner_makes_no_step() -> None:
    alone = NodeHarness(DcBlock(cutoff_hz=1.0), channels=1)
    ones = np.ones((1, 4_800), np.float32)
    before = alone.play(ones)[0, -1]
    alone.turn("cutoff_hz", 100.0)
    after = alone.play(ones)[0]
    assert np.abs(np.diff(after, prepend=before)).max() < 0.014
