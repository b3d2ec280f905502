"""LSTMs and GRUs side by side: each has the bits that it has alone, in output and state."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba import types

import namgraph as ng
from namgraph.cli.benchmarks.models import gru
from namgraph.nodes.nam.cpu.prepare import prepare_network
from namgraph.nodes.nam.cpu.side_by_side.group import group_size, prepare_group
from namgraph.nodes.nam.model.model import Model
from namgraph.nodes.nam.model.wavenet import Gained, Sequential
from namgraph.nodes.testing import same_bits
from namgraph.runtime.native.abi import native
from namgraph.runtime.native.pointers import call_node
from namgraph.runtime.plan.arena import Arena, Memory

from .. import nets
from ..playing import Playing, parse

FRAMES = 150
SIGNALS = np.random.default_rng(11).uniform(-0.8, 0.8, (4, FRAMES)).astype(np.float32)
SHAPES = [
    *(("lstm", hidden, depth) for hidden, depth in [(3, 1), (8, 1), (12, 1), (16, 1), (20, 1)]),
    *(("lstm", 3, 2), ("gru", 3, 1), ("gru", 8, 1), ("gru", 12, 1), ("gru", 8, 2)),
    *(("gained lstm", 3, 1), ("gained gru", 8, 1)),
]
"""Whole vectors of units, half vectors and quarters; one and two layers."""
i64 = types.int64


@native(types.void(i64, i64, i64, i64, i64))
def _play(function: int, state: int, ins: int, outs: int, frames: int) -> None:
    call_node(function, state, ins, outs, np.int32(frames))


def model(kind: str, hidden: int, depth: int, seed: int = 0) -> Model:
    if kind.startswith("gained"):
        made = model(kind.removeprefix("gained "), hidden, depth, seed)
        network = Gained(made.running, 1.0 + 0.1 * seed, 0.7, skip=seed != 1)
        return replace(made, network=network)
    if kind == "gru":
        return ng.load_capture(gru(hidden, depth, seed))
    return parse(nets.lstm(hidden, depth, seed=seed))


class Group:
    """Networks of one shape, with the weights of seeds 0, 1 and so on, side by side."""

    def __init__(self, kind: str, hidden: int, depth: int, count: int, width: int) -> None:
        memory = Memory()
        self.networks = [model(kind, hidden, depth, seed).running for seed in range(count)]
        self.records = [prepare_network(memory, net, width)[1] for net in self.networks]
        found = prepare_group(memory, self.networks, self.records, width)
        assert found is not None
        self.kernel, self.record = found
        self.arena = Arena([memory])

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


def state_of(record: Any) -> Any:
    inner = [block for _, block, _ in record.links if block.dtype.names]
    record = inner[0] if record.region == "constant" else record  # of one between gains
    (block,) = [target for _, target, _ in record.links if target.region == "state"]
    return block.content.copy()


@pytest.mark.parametrize("width", [8, 16])
@pytest.mark.parametrize(("kind", "hidden", "depth"), SHAPES)
def test_each_network_has_the_bits_that_it_has_alone(
    kind: str, hidden: int, depth: int, width: int
) -> None:
    most = group_size(model(kind, hidden, depth).running, width)
    if most == 1:
        assert (kind, hidden, width) in {("lstm", 16, 8), ("lstm", 20, 8)}
        return
    for count in {2, most}:
        group = Group(kind, hidden, depth, count, width)
        y = group(np.ascontiguousarray(SIGNALS[:count]), [1, 2, 64])
        for n in range(count):
            alone = Playing(model(kind, hidden, depth, n), width)
            same_bits(y[n], alone(SIGNALS[n]))
            same_bits(state_of(group.records[n]), state_of(alone.record))


@pytest.mark.parametrize("kind", ["gained lstm", "gained gru"])
def test_a_network_between_gains_has_the_bits_of_a_program(kind: str) -> None:
    made = model(kind, 8, 1, 2)
    program = replace(made, network=Sequential((made.running,)))
    long = np.resize(SIGNALS, 700)
    same_bits(Playing(made)(long, [3, 600]), Playing(program)(long))


def test_the_comparison_can_fail() -> None:
    group = Group("lstm", 8, 1, 2, 8)
    y = group(np.ascontiguousarray(SIGNALS[:2]), [])
    with pytest.raises(AssertionError):
        same_bits(y[0], Playing(model("lstm", 8, 1, 1), 8)(SIGNALS[0]))


def test_which_networks_are_played_side_by_side() -> None:
    def sizes(kind: str, *shapes: tuple[int, int]) -> list[int]:
        return [group_size(model(kind, *shape).running, 16) for shape in shapes]

    assert sizes("lstm", (3, 1), (8, 1), (12, 1), (24, 1), (32, 1)) == [4, 4, 2, 2, 1]
    assert sizes("lstm", (8, 2), (16, 2)) == [2, 1]
    assert sizes("gru", (8, 1), (16, 1), (20, 1), (40, 1), (8, 2), (4, 3)) == [4, 4, 1, 1, 4, 1]
    assert group_size(model("gru", 12, 1).running, 8) == 2
    memory = Memory()
    eight = ("lstm", 8, 1)
    for shapes in ([eight], [eight, ("lstm", 12, 1)], [eight, ("gru", 8, 1)], [eight] * 5):
        nets_given = [model(*shape).running for shape in shapes]
        made = [prepare_network(memory, net, 16)[1] for net in nets_given]
        assert prepare_group(memory, nets_given, made, 16) is None
