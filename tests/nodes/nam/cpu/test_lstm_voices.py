"""Many voices through an LSTM have the bits of the kernel of one signal, in output and state."""

import ctypes
from typing import Any

import numpy as np
import pytest

from namgraph.nodes.nam.cpu.lstm.prepare import prepare_lstm, state_places
from namgraph.nodes.nam.cpu.lstm.voices import (
    TILE,
    lstm_voices_kernel,
    prepare_lstm_voices,
)
from namgraph.nodes.nam.model.networks import Lstm
from namgraph.nodes.testing import same_bits
from namgraph.runtime.plan.arena import Arena, Memory

from .. import nets, oracle
from ..playing import Playing, check_close, parse

FRAMES = 60
SHAPES = [(1, 1), (3, 1), (16, 1), (24, 1), (65, 1), (5, 2), (16, 2), (18, 3), (33, 4)]
"""Unrolled and looped; odd and even; whole vectors, half vectors and less."""


class Tile:
    """One tile of a network in its initial state."""

    def __init__(self, network: Lstm, width: int) -> None:
        memory = Memory()
        native, made = prepare_lstm_voices(memory, network, width)
        self.arena, self.width = Arena([memory]), width
        parts = [np.concatenate([layer.hidden, layer.cell]) for layer in network.layers]
        self.state = np.repeat(np.concatenate(parts)[:, None], width, axis=1).copy()
        made.content[TILE] = self.state.ctypes.data
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3, ctypes.c_int32)
        self._call, self._record = kind(native.address), made.address

    def __call__(self, x: Any) -> Any:
        """Play ``[frame][lane]``."""
        x, y = np.ascontiguousarray(x, np.float32), np.empty((len(x), self.width), np.float32)
        self._call(self._record, x.ctypes.data, y.ctypes.data, len(x))
        return y


def network(hidden: int, depth: int) -> Lstm:
    made = parse(nets.lstm(hidden, depth, seed=hidden + depth)).network
    assert isinstance(made, Lstm)
    return made


def signals(width: int) -> Any:
    return np.random.default_rng(7).uniform(-1, 1, (FRAMES, width)).astype(np.float32)


@pytest.mark.parametrize("width", [4, 8, 16])
@pytest.mark.parametrize(("hidden", "depth"), SHAPES)
def test_each_voice_has_the_bits_of_one_signal(hidden: int, depth: int, width: int) -> None:
    tile, x = Tile(network(hidden, depth), width), signals(width)
    y = tile(x)
    for lane in {0, 1, width - 1}:
        alone = Playing(parse(nets.lstm(hidden, depth, seed=hidden + depth)), width)
        same_bits(alone(np.ascontiguousarray(x[:, lane])), np.ascontiguousarray(y[:, lane]))
        places = state_places(network(hidden, depth), alone.record, width)
        state = [block.content.view(np.uint8).reshape(-1)[at : at + 4] for block, at in places]
        found = np.concatenate(state).view(np.float32)
        np.testing.assert_array_equal(found, tile.state[:, lane])


@pytest.mark.parametrize(("hidden", "depth"), SHAPES)
def test_against_float64(hidden: int, depth: int) -> None:
    tile, x = Tile(network(hidden, depth), 8), signals(8)
    y, file = tile(x), nets.lstm(hidden, depth, seed=hidden + depth)
    for lane in range(8):
        wanted = oracle.play(file, x[:, lane])
        check_close(np.ascontiguousarray(y[:, lane]), wanted, tolerance=2e-5, quietest=1e-2)


@pytest.mark.parametrize("shape", [(16, 1), (5, 2), (65, 1)])
def test_no_cut_and_no_lane_changes_a_bit(shape: tuple[int, int]) -> None:
    x = signals(8)
    whole, cut, turned = (Tile(network(*shape), 8) for _ in range(3))
    wanted = whole(x)
    pieces = np.split(x, [1, 2, 7, 30])
    same_bits(np.concatenate([cut(piece) for piece in pieces]), wanted)
    order = [3, 0, 7, 1, 6, 2, 5, 4]
    same_bits(turned(x[:, order]), np.ascontiguousarray(wanted[:, order]))


def test_a_voice_hears_no_other() -> None:
    x = signals(8)
    calm, poisoned = Tile(network(16, 1), 8), Tile(network(16, 1), 8)
    wanted = calm(x)
    x[5, 2] = np.inf
    found = poisoned(x)
    others = [0, 1, 3, 4, 5, 6, 7]
    same_bits(np.ascontiguousarray(found[:, others]), np.ascontiguousarray(wanted[:, others]))
    assert (found[5:, 2] != wanted[5:, 2]).any()


def test_one_kernel_runs_every_size() -> None:
    for hidden, depth in SHAPES:
        made, _ = prepare_lstm_voices(Memory(), network(hidden, depth), 8)
        assert made is lstm_voices_kernel(8)


def test_where_the_state_of_a_unit_lies() -> None:
    for hidden, depth in SHAPES:
        memory, made = Memory(), network(hidden, depth)
        _, record = prepare_lstm(memory, made, 8)
        places = state_places(made, record, 8)
        assert len({(id(block), at) for block, at in places}) == 2 * hidden * depth
        assert all(block.region == "state" for block, _ in places)
        first = [block.content.view(np.float32).reshape(-1)[at // 4] for block, at in places]
        parts = [np.concatenate([layer.hidden, layer.cell]) for layer in made.layers]
        np.testing.assert_array_equal(first, np.concatenate(parts))
