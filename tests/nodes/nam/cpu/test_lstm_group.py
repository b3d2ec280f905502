"""LSTMs side by side: each has the bits that it has alone, in output and state."""

from typing import Any

import numpy as np
import pytest
from numba import types

from namgraph.nodes.nam.cpu.lstm.group import lstm_group_size, prepare_lstm_group
from namgraph.nodes.nam.cpu.lstm.prepare import prepare_lstm, state_places
from namgraph.nodes.nam.model.networks import Lstm
from namgraph.nodes.testing import same_bits
from namgraph.runtime.native.abi import native
from namgraph.runtime.native.pointers import call_node
from namgraph.runtime.plan.arena import Arena, Memory

from .. import nets
from ..playing import Playing, parse

FRAMES = 150
SIGNALS = np.random.default_rng(11).uniform(-0.8, 0.8, (4, FRAMES)).astype(np.float32)
SHAPES = [(3, 1), (8, 1), (12, 1), (16, 1), (20, 1), (3, 2)]
"""Whole vectors of units, half vectors and quarters; one and two layers."""
i64 = types.int64


@native(types.void(i64, i64, i64, i64, i64))
def _play(function: int, state: int, ins: int, outs: int, frames: int) -> None:
    call_node(function, state, ins, outs, np.int32(frames))


def file(hidden: int, depth: int, seed: int) -> Any:
    return nets.lstm(hidden, depth, seed=seed)


def network(hidden: int, depth: int, seed: int = 0) -> Lstm:
    made = parse(file(hidden, depth, seed)).network
    assert isinstance(made, Lstm)
    return made


class Group:
    """Networks of one shape, with the weights of seeds 0, 1 and so on, side by side."""

    def __init__(self, hidden: int, depth: int, count: int, width: int) -> None:
        memory = Memory()
        self.networks = [network(hidden, depth, seed) for seed in range(count)]
        self.records = [prepare_lstm(memory, net, width)[1] for net in self.networks]
        found = prepare_lstm_group(memory, self.networks, self.records, width)
        assert found is not None
        self.kernel, self.record = found
        self.arena, self.width = Arena([memory]), width

    def __call__(self, x: Any, cuts: list[int]) -> Any:
        y, done = np.zeros_like(x), 0
        for count in [*cuts, x.shape[1] - sum(cuts)]:
            ins, outs = (
                np.array([row[done:].ctypes.data for row in both], np.int64) for both in (x, y)
            )
            where = (ins.ctypes.data, outs.ctypes.data, count)
            _play.ctypes(self.kernel.address, self.record.address, *where)
            done += count
        return y

    def state(self, number: int) -> Any:
        return state_of(self.networks[number], self.records[number], self.width)


def state_of(net: Lstm, record: Any, width: int) -> Any:
    places = state_places(net, record, width)
    parts = [block.content.view(np.uint8).reshape(-1)[at : at + 4] for block, at in places]
    return np.concatenate(parts).view(np.float32)


@pytest.mark.parametrize("width", [8, 16])
@pytest.mark.parametrize(("hidden", "depth"), SHAPES)
def test_each_network_has_the_bits_that_it_has_alone(hidden: int, depth: int, width: int) -> None:
    most = lstm_group_size(network(hidden, depth), width)
    if most == 1:
        assert (hidden, width) in {(16, 8), (20, 8)}
        return
    for count in {2, most}:
        group = Group(hidden, depth, count, width)
        y = group(np.ascontiguousarray(SIGNALS[:count]), [1, 2, 64])
        for n in range(count):
            alone = Playing(parse(file(hidden, depth, n)), width)
            same_bits(y[n], alone(SIGNALS[n]))
            same_bits(group.state(n), state_of(network(hidden, depth, n), alone.record, width))


def test_the_comparison_can_fail() -> None:
    group = Group(8, 1, 2, 8)
    y = group(np.ascontiguousarray(SIGNALS[:2]), [])
    with pytest.raises(AssertionError):
        same_bits(y[0], Playing(parse(file(8, 1, 1)), 8)(SIGNALS[0]))


def test_which_networks_are_played_side_by_side() -> None:
    assert [lstm_group_size(network(h, 1), 16) for h in (3, 8, 12, 24, 32)] == [4, 4, 2, 2, 1]
    assert [lstm_group_size(network(h, 2), 16) for h in (8, 16)] == [2, 1]
    memory = Memory()
    for nets_given in ([network(8, 1)], [network(8, 1), network(12, 1)], [network(8, 1)] * 5):
        made = [prepare_lstm(memory, net, 16)[1] for net in nets_given]
        assert prepare_lstm_group(memory, nets_given, made, 16) is None
