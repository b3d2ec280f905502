"""Deep LSTMs and GRUs that play a few layers at a time: all layers, every cut, the same bits."""

from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import namgraph as ng
from namgraph.nodes.nam.cpu.gru import prepare as gru
from namgraph.nodes.nam.cpu.lstm import few_layers as module, sizes as lstm
from namgraph.nodes.nam.cpu.lstm.few_layers import MAX_FLOATS, few_layers
from namgraph.nodes.nam.model.model import Model
from namgraph.nodes.testing import same_bits
from namgraph.runtime.native.host import WIDTHS

from .. import nets, oracle
from ..captures.files import guitarml, play_guitarml
from ..playing import Playing, parse

SIGNAL = np.random.default_rng(5).uniform(-0.5, 0.5, 300).astype(np.float32)
LSTMS = [(24, 3), (8, 8)]
GRUS = [(16, 6), (32, 2), (5, 3)]


@cache
def file(kind: str, hidden: int, depth: int) -> Any:
    if kind == "LSTM":
        return nets.lstm(hidden, depth)
    return guitarml(hidden, depth, unit="GRU")


def model(kind: str, *shape: int) -> Model:
    return (parse if kind == "LSTM" else ng.load_capture)(file(kind, *shape))


NETWORKS = [("LSTM", *shape) for shape in LSTMS] + [("GRU", *shape) for shape in GRUS]


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_the_oracle_and_every_cut(network: tuple[str, int, int]) -> None:
    made = Playing(model(*network))(SIGNAL)
    play = oracle.play if network[0] == "LSTM" else play_guitarml
    wanted = play(file(*network), SIGNAL)
    assert np.abs(made - wanted).max() <= 2e-5 * np.abs(wanted).max()
    for cut in (1, 63, 65):
        same_bits(Playing(model(*network))(SIGNAL, cut), made)


@pytest.mark.parametrize("network", [*NETWORKS, ("GRU", 64, 1), ("LSTM", 43, 1)], ids=str)
def test_looped_and_unrolled_kernels_give_the_same_bits(
    network: tuple[str, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [Playing(model(*network), width)(SIGNAL) for width in WIDTHS]
    monkeypatch.setattr(module, "MAX_FLOATS", 0)
    for part in (gru, lstm):
        monkeypatch.setattr(part, "MAX_FLOATS", 0)
    for found in (*made[1:], Playing(model(*network))(SIGNAL)):
        same_bits(found, made[0])


def test_which_kernel_plays() -> None:
    """Positive control of the tests above: these networks do play a few layers at a time."""
    for hidden, depth in LSTMS:
        grid = lstm.lstm_grid(hidden, depth, 16)
        assert grid is not None
        assert not lstm.is_whole(grid, depth)
    assert [gru._is_whole(*shape, 16) for shape in GRUS] == [False, False, True]


def test_a_later_layer_is_heard() -> None:
    other = nets.lstm(24, 3)
    other["weights"] = [0.9 * w for w in other["weights"]]
    assert (Playing(parse(other))(SIGNAL) != Playing(model("LSTM", 24, 3))(SIGNAL)).any()


@given(depth=st.integers(1, 40), most=st.integers(0, 6), floats=st.integers(1, 9000))
def test_every_layer_plays_once(depth: int, most: int, floats: int) -> None:
    parts = few_layers(depth, most, floats // 2, floats, 16)
    if parts is None:
        assert depth == 1 or floats > MAX_FLOATS or 3 * floats > 2 * 16 * module.MAX_UNROLLED
        return
    first, later = parts
    assert 1 <= first <= max(1, most)
    assert 1 <= later <= max(1, most)
    assert first < depth
    assert (depth - first) % later == 0


def test_few_and_equal_parts() -> None:
    parts = partial(few_layers, first_floats=1000, layer_floats=2000, width=16)
    assert [parts(depth, 3) for depth in (1, 2, 3, 4, 6)] == [None, (1, 1), (2, 1), (2, 2), (3, 3)]
    assert parts(7, 4) == (4, 3)
    assert few_layers(3, 4, 9000, 9000, 16) is None
