"""Linear models of several channels, as in NeuralAmpModelerCore 0.6.0 (docs/linear.rst)."""

from typing import Any

import numpy as np
import pytest

from namgraph.graph import NamFileError
from namgraph.nodes.testing import same_bits

from .. import oracle
from ..playing import Playing, parse
from ..shapes import fill

SIGNAL = np.random.default_rng(5).uniform(-0.7, 0.7, (4, 600)).astype(np.float32)
RAMP = np.array([[1, 2, 3, 4], [10, 20, 30, 40]], np.float32)


def linear(weights: list[float], taps: int, bias: bool = True, **channels: Any) -> Any:
    config = {"receptive_field": taps, "bias": bias, **channels}
    frame = {"version": "0.7.0", "architecture": "Linear", "sample_rate": 48_000}
    return frame | {"config": config, "weights": weights}


def test_the_first_weight_is_that_of_the_current_sample() -> None:
    """Core's own example (tools/test/test_linear.cpp, test_direct_known_values)."""
    file = linear([0.5, -0.25, 0.125], 3, bias=False)
    found = Playing(parse(file))(RAMP[0])
    np.testing.assert_allclose(found, [0.5, 0.75, 1.125, 1.5], atol=1e-6)


@pytest.mark.parametrize("way", ["direct", "fft"])
def test_channel_layouts_of_the_document(way: str) -> None:
    one_to_two = linear([1, 0.5, 2, -1, 0.25, 100], 2, out_channels=2, implementation=way)
    found = Playing(parse(one_to_two))(RAMP[:1])
    wanted: Any = [[1.25, 2.75, 4.25, 5.75], [102, 103, 104, 105]]
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    two_to_one = linear([1, 0.5, 2, -1, 0.25], 2, in_channels=2, implementation=way)
    found = Playing(parse(two_to_one))(RAMP)
    wanted = [[21.25, 32.75, 44.25, 55.75]]
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    alike = linear([1, 0.5, 0.25], 2, in_channels=2, out_channels=2, implementation=way)
    found = Playing(parse(alike))(RAMP)
    wanted = [[1.25, 2.75, 4.25, 5.75], [10.25, 25.25, 40.25, 55.25]]
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize("channels", [(1, 2), (1, 4), (2, 1), (4, 1), (3, 3)])
@pytest.mark.parametrize("taps", [1, 7, 300, 2100])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_of_channels(channels: tuple[int, int], taps: int, bias: bool) -> None:
    inputs, outputs = channels
    wide = {"in_channels": inputs, "out_channels": outputs}
    file = fill({"receptive_field": taps, "bias": bias} | wide, "Linear", taps)
    wanted = np.atleast_2d(oracle.play(file, SIGNAL[:inputs]))
    model = parse(file)
    assert model.weight_count == len(file["weights"])
    found = Playing(model)(SIGNAL[:inputs])
    assert found.shape == wanted.shape == (outputs, 600)
    assert abs(found - wanted).max() <= 1e-5 * abs(wanted).max()
    for cut in (1, 17, 500):
        same_bits(Playing(model)(SIGNAL[:inputs], cut), found)


@pytest.mark.parametrize(
    ("channels", "weights", "words"),
    [
        ((2, 3), 2, "config.out_channels is 3: must be 1, or 2 as in_channels, or in_channels 1"),
        ((3, 2), 6, "config.out_channels is 2: must be 1, or 3 as in_channels"),
        ((1, 2), 2, "weights has 2 numbers: config needs exactly 4"),
        ((2, 1), 2, "weights has 2 numbers: config needs exactly 4"),
        ((2, 2), 4, "weights has 4 numbers: config needs exactly 2"),
    ],
)
def test_what_core_rejects(channels: tuple[int, int], weights: int, words: str) -> None:
    """N to M channels; and one response for several channels."""
    wide = {"in_channels": channels[0], "out_channels": channels[1]}
    with pytest.raises(NamFileError) as caught:
        parse(linear([0.5] * weights, 2, bias=False, **wide))
    assert words in str(caught.value)


def test_long_responses_are_not_too_much_work() -> None:
    """Ten seconds in stereo are convolved by FFT, and their cost is counted as such."""
    long = linear([0.0] * 2 * 480_000, 480_000, bias=False, out_channels=2)
    assert parse(long).receptive_field == 480_000
