"""Mix, beyond the node contract."""

import json

import numpy as np
import pytest

from namgraph.graph import ParamError
from namgraph.nodes import Mix
from namgraph.nodes.testing import NodeHarness, same_bits


@pytest.mark.parametrize("count", [1, 2, 3, 16])
def test_at_0_db_the_sum_is_exact_and_in_order(count: int) -> None:
    alone = NodeHarness(Mix(count))
    signal = alone.noise()
    wanted = signal[:2].copy()
    for k in range(1, count):
        wanted += signal[2 * k : 2 * k + 2]
    same_bits(alone.play(signal), wanted)


def test_every_input_has_its_own_level() -> None:
    levels = {f"gain{k}_db": -3.0 * k for k in range(1, 17)}
    alone = NodeHarness(Mix(16, **levels), channels=1)  # type: ignore[arg-type]
    for k in range(16):
        alone.engine.reset()
        signal = np.zeros((16, 64), np.float32)
        signal[k] = 1.0
        assert alone.play(signal)[0, -1] == pytest.approx(10 ** (-3.0 * (k + 1) / 20), rel=1e-6)


def test_minus_80_db_is_a_level_and_not_silence() -> None:
    alone = NodeHarness(Mix(1, gain1_db=-80.0), channels=1)
    np.testing.assert_allclose(alone.play(np.ones((1, 64), np.float32)), 1e-4, rtol=1e-6)


def test_two_of_opposite_polarity_cancel() -> None:
    alone = NodeHarness(Mix(2, invert=(2,)))
    signal = alone.noise()
    signal[2:] = signal[:2]
    assert not alone.play(signal).any()


def test_a_level_glides() -> None:
    alone = NodeHarness(Mix(2), channels=1)
    ones = np.ones((2, 64), np.float32)
    alone.play(ones)
    alone.turn("gain2_db", -80.0)
    y = alone.play(np.ones((2, 48_000), np.float32))[0]
    assert np.abs(np.diff(y, prepend=2.0)).max() < 0.0025


def test_a_preset_gives_back_the_same_node() -> None:
    node = Mix(3, invert=[3, 1, 3])  # type: ignore[arg-type]
    assert node.invert == (1, 3)
    assert Mix(3, invert=json.loads(json.dumps(node.invert))) == node
    assert len({node, Mix(3, invert=(1, 3))}) == 1


@pytest.mark.parametrize("invert", [(3,), (0,), (1.5,), ("x",), 1, None])
def test_refuses_inputs_it_does_not_have(invert: object) -> None:
    with pytest.raises(ParamError, match=r"invert is .*1 to 2"):
        Mix(2, invert=invert)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 17, 1.5, "2", None])
def test_refuses_other_counts(count: object) -> None:
    with pytest.raises(ParamError, match="count"):
        Mix(count)  # type: ignore[arg-type]
