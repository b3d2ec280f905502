"""PedalboardEffect passes the node contract, except for what a hosted plugin cannot do.

Exceptions, refused or documented: snapshots, state handover on a swap, and memory (its kernel is
Python and allocates).
"""

import numpy as np
import pytest

from namgraph.graph import Node
from namgraph.nodes.pedalboard_effect import PedalboardEffect
from namgraph.nodes.testing import NodeHarness, description, output, state

pytest.importorskip("pedalboard")
NODES = [
    ("Compressor", {"threshold_db": -30.0, "ratio": 4.0}),
    ("Delay", {"delay_seconds": 0.002, "feedback": 0.5}),
    ("Gain", {"gain_db": -6.0}),
    ("Resample", {"target_sample_rate": 16_000.0}),
]


@pytest.fixture(params=NODES, ids=lambda p: p[0])
def node(request: pytest.FixtureRequest) -> Node:
    name, values = request.param
    return PedalboardEffect(name, values)


@pytest.mark.parametrize("cuts", [[64] * 16, [1, 2, 3, 61] * 10, [7, 64, 13] * 8])
def test_output_does_not_depend_on_block_sizes(node: Node, cuts: list[int]) -> None:
    output.check_cuts(NodeHarness(node), cuts)


@pytest.mark.parametrize("poison", [1.0, np.nan, np.inf])
def test_reset(node: Node, poison: float) -> None:
    state.check_reset(node, [poison])


def test_numbers(node: Node) -> None:
    output.check_finite(node)


def test_bounds(node: Node) -> None:
    output.check_bounds(node)


def test_scratch(node: Node) -> None:
    state.check_scratch(node)


@pytest.mark.parametrize("poison", output.POISONS)
def test_contained(node: Node, poison: float) -> None:
    output.check_recovery(node, [poison])


def test_rejects(node: Node) -> None:
    description.check_ranges(node)


def test_a_snapshot_cannot_be_taken_back(node: Node) -> None:
    with pytest.raises(Exception, match="snapshot"):
        state.check_snapshot(node)
