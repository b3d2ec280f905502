"""Pan, beyond the node contract."""

import numpy as np
import pytest

from namgraph.nodes import Pan
from namgraph.nodes.testing import NodeHarness, same_bits

ONE = np.ones((1, 64), np.float32)


@pytest.mark.parametrize("position", np.linspace(-1, 1, 9))
def test_power_is_the_same_everywhere(position: float) -> None:
    left, right = NodeHarness(Pan(position=position)).play(ONE)[:, -1]
    assert left**2 + right**2 == pytest.approx(1.0, abs=1e-6)
    assert (left > right) == (position < 0)


def test_the_middle_is_3_db_down_on_both_sides() -> None:
    left, right = NodeHarness(Pan()).play(ONE)[:, -1]
    assert left == right == pytest.approx(np.sqrt(0.5), abs=1e-7)


@pytest.mark.parametrize(("position", "side"), [(-1.0, 0), (1.0, 1)])
def test_an_end_is_exact(position: float, side: int) -> None:
    alone = NodeHarness(Pan(position=position))
    signal = alone.noise()
    y = alone.play(signal)
    same_bits(y[side], signal[0])
    assert not y[1 - side].any()


def test_power_is_kept_on_the_way_and_nothing_clicks() -> None:
    alone = NodeHarness(Pan(position=-1.0))
    alone.play(ONE)
    alone.turn("position", 1.0)
    y = alone.play(np.ones((1, 48_000), np.float32))
    np.testing.assert_allclose((y**2).sum(axis=0), 1.0, atol=1e-6)
    assert np.abs(np.diff(y, axis=1)).max() < 0.004
    assert list(y[:, -1]) == [0.0, 1.0]
