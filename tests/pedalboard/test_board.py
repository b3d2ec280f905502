"""The output of Board equals that of Pedalboard, sample for sample."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import namgraph as ng
from namgraph.runtime.adapters.pedalboard import Board, GraphEffect

from .graphs import LAG, RATE, Audio, echo_graph, noise, rendered

pb = pytest.importorskip("pedalboard")
GraphPlugin: Any = pytest.importorskip("namgraph.runtime.adapters.pedalboard").GraphPlugin
PLUGINS: dict[str, Callable[[], Any]] = {
    "compressor": lambda: pb.Compressor(-20, 4),
    "delay": lambda: pb.Delay(0.001, 0.5),
    "gain": lambda: pb.Gain(-3),
    "limiter": lambda: pb.BrickwallLimiter(-6) if hasattr(pb, "BrickwallLimiter") else pb.Invert(),
    "none": lambda: None,
    "phaser": lambda: pb.Phaser(),
    "resample": lambda: pb.Resample(16_000.0),
    "reverb": lambda: pb.Reverb(0.3),
}


def pair(items: list[str], channels: int) -> tuple[Any, Any]:
    """A Board and a Pedalboard of the same things."""
    made: list[list[Any]] = [[], []]
    for item in items:
        wraps: tuple[Any, Any] = (GraphEffect, GraphPlugin)
        for side, wrap in zip(made, wraps, strict=True):
            if item in PLUGINS:
                side.append(PLUGINS[item]())
            else:
                side.append(wrap(echo_graph(channels, LAG if item == "late" else 0)))
    return Board(made[0]), pb.Pedalboard(made[1])


def both(boards: tuple[Any, Any], audio: Audio, *args: Any, **named: Any) -> None:
    ours, theirs = (board(audio, *args, **named) for board in boards)
    assert ours.dtype == theirs.dtype
    if ours.size or theirs.size:  # pedalboard drops the channels of an empty array
        np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=40)
@given(
    items=st.lists(st.sampled_from([*PLUGINS, "rack", "late"]), min_size=1, max_size=5),
    channels=st.integers(1, 2),
    sizes=st.lists(st.sampled_from([1, 3, 64, 100, 333, 1000]), min_size=1, max_size=8),
    buffer_size=st.sampled_from([1, 64, 333, 8192]),
    frames=st.integers(3, 2000),
)
def test_it_is_a_pedalboard(
    items: list[str], channels: int, sizes: list[int], buffer_size: int, frames: int
) -> None:
    boards = pair(items, channels)
    x = noise(channels, 8000)
    both(boards, x[:, :frames], RATE, buffer_size)
    for board in boards:
        board.reset()
    at = 0
    for size in [1000, *sizes]:
        both(boards, x[:, at : at + size], RATE, buffer_size, reset=False)
        at += size
    both(boards, x[:, :frames], RATE, buffer_size, reset=True)


def test_a_different_parameter_is_detected() -> None:
    ours, theirs = pair(["compressor", "rack", "reverb"], 2)
    ours[1].amp_gain_db = -6.001
    with pytest.raises(AssertionError):
        both((ours, theirs), noise(2), RATE)
    theirs[1].amp_gain_db = -6.001
    both((ours, theirs), noise(2), RATE)


@pytest.mark.parametrize("shape", [(9000,), (9000, 2), (2, 9000), (1, 50), (50, 1), (0, 2), (0,)])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_layouts(shape: tuple[int, ...], kind: str) -> None:
    channels = 1 if len(shape) == 1 or 1 in shape else 2
    boards = pair(["compressor", "rack", "reverb"], channels)
    x = (0.3 * np.random.default_rng(0).standard_normal(shape)).astype(kind)
    both(boards, x, RATE)


def test_other_rates() -> None:
    boards = pair(["late", "reverb"], 2)
    for rate in (44_100, 48_000, 44_100):
        both(boards, noise(2), rate)


def test_input_is_neither_changed_nor_returned() -> None:
    x = noise(2)
    given_before = x.copy()
    for board in (Board(), Board([None]), Board([echo_graph()])):
        heard = board(x, RATE)
        assert not np.shares_memory(heard, x)
    np.testing.assert_array_equal(x, given_before)


def test_graphs_alone_need_no_pedalboard_plugin() -> None:
    x = noise(2)
    np.testing.assert_array_equal(
        Board([echo_graph(lag=LAG)])(x, RATE), rendered(echo_graph(lag=LAG), x)
    )
    each = Board([GraphEffect(echo_graph(1), fit="each")])(x, RATE)
    np.testing.assert_array_equal(each[1], rendered(echo_graph(1), x[1]))


def test_it_is_a_list() -> None:
    board = Board([pb.Gain(0)])
    board.append(echo_graph())
    board.insert(0, None)
    assert len(board) == 3
    assert isinstance(board[2], GraphEffect)
    assert "<Board with 3 plugins: [None, " in repr(board)
    board[0:2] = [echo_graph()]
    del board[0]
    assert [type(item) for item in board] == [GraphEffect]
    board[0].amp_gain_db = -20.0
    assert board[0].graph.nodes["amp"] == ng.Gain(gain_db=-20.0)


def test_arguments_that_pedalboard_refuses_are_refused() -> None:
    plugin = pb.Gain(0)
    with pytest.raises(TypeError, match="a board holds plugins, graphs, nodes, models, paths of"):
        Board([pb.Reverb])
    with pytest.raises(ng.PresetError, match="no preset 'reverb'"):
        Board(["reverb"])
    with pytest.raises(TypeError, match="int16"):
        Board()(np.zeros((2, 9), np.int16), RATE)
    with pytest.raises(RuntimeError, match="twice"):
        Board([plugin, plugin])(noise(2), RATE)
    with pytest.raises(RuntimeError, match="dimensions"):
        Board()(np.zeros((2, 9, 1), np.float32), RATE)
    with pytest.raises(RuntimeError, match="which are the channels"):
        Board()(np.zeros((2, 2), np.float32), RATE)
    with pytest.raises(ng.PortError, match="3-channel"):
        Board([echo_graph()])(noise(3), RATE)
