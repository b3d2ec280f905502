"""Gain, beyond the node contract."""

import numpy as np
import pytest

from namgraph.nodes import Gain
from namgraph.nodes.testing import NodeHarness, same_bits


@pytest.mark.parametrize(("gain_db", "factor"), [(-20.0, 0.1), (6.0, 1.9952623), (-80.0, 1e-4)])
def test_scales_by_decibels(gain_db: float, factor: float) -> None:
    alone = NodeHarness(Gain(gain_db=gain_db))
    signal = alone.noise()
    np.testing.assert_allclose(alone.play(signal), factor * signal, rtol=1e-6)


def test_0_db_changes_no_bit_even_after_a_glide() -> None:
    alone = NodeHarness(Gain(gain_db=12.0))
    alone.turn("gain_db", 0.0)
    alone.play(alone.noise(48_000))
    same_bits(alone.play(alone.noise()), alone.noise())


def test_a_turned_knob_glides() -> None:
    alone = NodeHarness(Gain())
    alone.play(np.ones((2, 64), np.float32))
    alone.turn("gain_db", -80.0)
    y = alone.play(np.ones((2, 48_000), np.float32))[0]
    assert np.abs(np.diff(y, prepend=1.0)).max() < 0.0025, "a step this size is a click"
    assert y[480] == pytest.approx(np.exp(-1), rel=0.01), "63 % of the way after 10 ms"
    assert y[-1] == np.float32(1e-4)
