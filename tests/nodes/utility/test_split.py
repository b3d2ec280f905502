"""Split, beyond the node contract."""

import pytest

from namgraph.graph import ParamError
from namgraph.nodes import Split
from namgraph.nodes.testing import NodeHarness, same_bits


@pytest.mark.parametrize("count", [1, 2, 16])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_every_output_is_a_copy(count: int, channels: int) -> None:
    alone = NodeHarness(Split(count), channels)
    signal = alone.noise()
    y = alone.play(signal)
    assert len(y) == count * channels
    for k in range(count):
        same_bits(y[k * channels : (k + 1) * channels], signal)


def test_takes_stereo_apart() -> None:
    node = Split(mode="channels")
    assert [(p.name, p.channels) for p in node.outputs] == [("left", 1), ("right", 1)]
    alone = NodeHarness(node)
    signal = alone.noise()
    same_bits(alone.play(signal), signal)


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(ParamError, match="mode is 'swap': must be one of copy, channels"):
        Split(mode="swap")
    with pytest.raises(ParamError, match="count is 3: must be 2"):
        Split(3, mode="channels")
