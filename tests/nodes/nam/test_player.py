"""``Model.player``: arrays, samples, compiled loops; the bits of the node in a graph."""

import doctest
import gc
import weakref
from typing import Any

import numpy as np
import pytest
from numba import njit

import namgraph as ng
from namgraph.nodes.nam.model import player as player_module

from . import nets
from .features import CASES

X = (0.2 * np.random.default_rng(3).standard_normal(300)).astype(np.float32)
TINY = {
    "version": "0.5.4",
    "architecture": "LSTM",
    "config": {"input_size": 1, "hidden_size": 1, "num_layers": 1},
    "weights": [1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, *[0.0] * 6, 3.0, 0.5],
}
"""nam-rs's example of an LSTM (src/lstm.rs of OpenSauce/nam-rs): 0.5 gives 1.1623."""


def models() -> list[ng.Model]:
    made = [nets.wavenet(nets.array(4, [1, 3, 9])), nets.lstm(3, 2, seed=5)]
    return [*map(ng.load_nam, made), ng.load_nam(ng.asset("crunch-lstm.nam"))]


def in_a_graph(model: ng.Model, x: Any, **options: Any) -> Any:
    """The output of the node in an engine: the oracle."""
    graph = ng.Graph.chain(ng.Nam(model, **options))
    return ng.Engine(graph, sample_rate=48_000).process(x)


def test_the_examples_of_the_module_hold() -> None:
    done = doctest.testmod(player_module)
    assert done.attempted >= 10
    assert done.failed == 0


@pytest.mark.parametrize("number", range(3))
def test_blocks_and_samples_give_the_bits_of_the_node(number: int) -> None:
    model = models()[number]
    wanted = in_a_graph(model, X)
    for frames in (1, 7, 300):
        player = model.player(max_frames=5)
        parts = [player.process(X[k : k + frames]) for k in range(0, 300, frames)]
        np.testing.assert_array_equal(np.concatenate(parts), wanted)
    player.reset()
    singly = [player.process_sample(float(x)) for x in X]
    np.testing.assert_array_equal(np.array(singly, np.float32), wanted)
    player.reset()
    mixed = [player.process(X[:10]), [player.process_sample(x) for x in X[10:20].tolist()]]
    np.testing.assert_array_equal(np.concatenate([*mixed, player.process(X[20:])]), wanted)


def test_the_tiny_lstm_of_the_field() -> None:
    for options in ({}, {"prewarm": False}):
        player = ng.load_nam(TINY).player(**options)
        c = np.tanh(1.0) / (1.0 + np.exp(-0.5))  # by hand: gates i and g of 0.5
        wanted = 0.5 + 3.0 * 0.5 * np.tanh(c)
        assert player.process_sample(0.5) == pytest.approx(wanted, abs=1e-6)
        assert round(wanted, 4) == 1.1622
        player.reset()
        assert player.process_sample(0.5) == pytest.approx(wanted, abs=1e-6)


def test_a_compiled_loop_plays_it_by_its_handle() -> None:
    model = ng.load_nam(ng.asset("crunch-lstm.nam"))
    player = model.player(max_frames=16)
    state, process, process_sample = player.handle

    def by_sample(state: int, x: Any, y: Any) -> None:
        for k in range(len(x)):
            y[k] = process_sample(state, x[k])

    def by_block(state: int, lists: Any, frames: int, times: int) -> None:
        for _ in range(times):
            process(state, lists[:1].ctypes.data, lists[1:].ctypes.data, frames)
            lists += 4 * frames

    y = np.zeros_like(X)
    njit(by_sample)(state, X, y)
    np.testing.assert_array_equal(y, in_a_graph(model, X))
    player.reset()
    lists = np.array([X.ctypes.data, y.ctypes.data], np.int64)
    y[:] = 0.0
    njit(by_block)(state, lists, 50, 6)
    np.testing.assert_array_equal(y, in_a_graph(model, X))


def test_the_functions_of_a_handle_keep_the_player() -> None:
    model = ng.load_nam(ng.asset("crunch-lstm.nam"))
    handle = model.player().handle
    kept = weakref.ref(handle.process_sample.player)  # type: ignore[attr-defined]
    wanted = in_a_graph(model, X[:1])
    gc.collect()
    assert kept() is not None
    assert handle.process_sample(handle.state, float(X[0])) == wanted[0]
    del handle
    gc.collect()
    assert kept() is None


def test_what_it_tells() -> None:
    wavenet, recurrent = (m.player() for m in models()[:2])
    assert wavenet.receptive_field == models()[0].receptive_field == 1 + 2 * (1 + 3 + 9)
    assert recurrent.receptive_field is None
    assert (wavenet.latency, wavenet.sample_rate) == (0, 48_000.0)
    resampled = models()[0].player(rate=44_100, resample=True)
    assert resampled.latency > 0
    assert "\n" not in repr(wavenet)
    assert repr(wavenet).endswith("at 48000 Hz>")


def test_options_are_those_of_the_node() -> None:
    model = models()[0]
    louder = model.player(output_db=6.0).process(X)
    np.testing.assert_array_equal(louder, in_a_graph(model, X, output_db=6.0))
    player = model.player(prewarm=False)
    np.testing.assert_array_equal(player.process(X), in_a_graph(model, X, prewarm=False))
    player.engine["amp.output_db"] = -60.0
    assert np.abs(player.process(np.tile(X, 50))[-300:]).max() < 0.01


def test_samples_that_are_not_finite_play_as_zero() -> None:
    one, other = (models()[0].player() for _ in range(2))
    assert one.process_sample(float("nan")) == other.process_sample(0.0)
    assert one.process_sample(1e300) == other.process_sample(0.0)
    assert one.engine.stats().bad_inputs == 2


def test_what_is_wrong_is_one_error() -> None:
    model = models()[0]
    with pytest.raises(ng.NamFileError, match=r"the stream at 44100 Hz.*resample"):
        model.player(rate=44_100)
    with pytest.raises(ng.ParamError, match="max_frames is 0"):
        model.player(max_frames=0)
    with pytest.raises(TypeError, match="positional"):
        model.player(48_000)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="loudness"):
        model.player(loudness=3)
    with pytest.raises(ng.PortError, match=r"shape \(2, 300\) has 2 channels"):
        model.player().process(np.stack([X, X]))
    single: Any = np.float32(0.1)
    assert model.player().process_sample(single) == model.player().process_sample(float(single))
    with pytest.raises(ng.ParamError, match="x is 'x': must be a number"):
        model.player().process_sample("x")  # type: ignore[arg-type]


def test_models_of_several_channels_play_arrays_alone() -> None:
    player = ng.load_nam(dict(CASES)["Linear 1 to 2"]).player()
    assert player.process(X).shape == (2, 300)
    with pytest.raises(ng.EngineError, match="process_sample plays models with one channel"):
        player.process_sample(0.0)
