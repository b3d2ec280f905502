"""Many streams of an LSTM, played a tile at a time: the bits of an engine for each."""

import pickle
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import EngineError, Graph
from namgraph.runtime.adapters.stepper import streams as limits
from namgraph.runtime.adapters.stepper.images import ImageStreams
from namgraph.runtime.adapters.stepper.tiles import TileStreams
from namgraph.runtime.native.host import host_lanes

from ...nodes.nam import nets, oracle
from ..racks import noise
from .step_reference import any_order

RATE = 48_000
LANES = host_lanes()
GAINS = {"nam.input_db": (-20.0, 20.0), "nam.output_db": (-20.0, 20.0)}


def model(hidden: int = 5, depth: int = 1, **more: Any) -> ng.Model:
    return ng.load_nam(nets.lstm(hidden, depth, seed=hidden) | more)


def amp(made: ng.Model | None = None, **options: Any) -> Graph:
    return Graph.chain(ng.Nam(made or model(), **options))


def is_tiled(graph: Any, streams: int = LANES) -> bool:
    state = ng.Stepper(graph, RATE, streams=streams)._state
    assert isinstance(state, ImageStreams | TileStreams)
    return isinstance(state, TileStreams)


def blocks(streams: int, frames: int, seed: int = 0) -> Any:
    return np.stack([noise(frames, seed=seed + k) for k in range(streams)])


def alone(graph: Graph, x: Any) -> Any:
    """What an engine plays: the oracle."""
    return ng.Engine(graph, sample_rate=RATE, max_frames=64).process(x)


@pytest.mark.parametrize(("hidden", "depth"), [(5, 1), (16, 1), (4, 2), (65, 1)])
@pytest.mark.parametrize("streams", [LANES, 2 * LANES + 1])
def test_any_order_of_calls(hidden: int, depth: int, streams: int) -> None:
    made = any_order(amp(model(hidden, depth)), GAINS, streams, seed=hidden, calls=150)
    assert isinstance(made._state, TileStreams)


@pytest.mark.parametrize("options", [{"prewarm": False}, {"levels": "calibrated"}])
def test_options_of_the_node(options: dict[str, Any]) -> None:
    said = {"metadata": {"input_level_dbu": 14.0, "output_level_dbu": 10.0, "loudness": -20.0}}
    graph = amp(model(5, 1, **said), input_db=3.0, **options)
    any_order(graph, {}, LANES, seed=1, calls=80)
    assert is_tiled(graph)


@pytest.mark.parametrize("streams", [LANES, LANES + 1, 3 * LANES - 1, 5 * LANES])
@pytest.mark.parametrize("cut", [1, 3, 64])
def test_no_number_of_streams_no_place_and_no_cut_changes_a_bit(streams: int, cut: int) -> None:
    graph, signal = amp(), noise(64, seed=99)
    x = blocks(streams, 64)
    places = [0, streams // 2, streams - 1]
    x[places] = signal
    stepper = ng.Stepper(graph, RATE, 64, streams=streams)
    found = [stepper.step(x[:, k : k + cut]) for k in range(0, 64, cut)]
    for k in places:
        np.testing.assert_array_equal(np.concatenate(found, axis=1)[k], alone(graph, signal))


def test_against_float64() -> None:
    file, x = nets.lstm(16, 1, seed=4), 0.7 * blocks(LANES, 200)
    graph = amp(ng.load_nam(file), prewarm=False)
    y = ng.Stepper(graph, RATE, 200, streams=LANES).step(x)
    wanted = np.stack([oracle.play(file, row) for row in x])
    np.testing.assert_allclose(y, wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


def test_one_frame_from_any_memory() -> None:
    streams = LANES + 3
    one, other = (ng.Stepper(amp(), RATE, 2, streams=streams) for _ in range(2))
    x = noise(3 * streams)
    wanted = other.step(np.ascontiguousarray(x[::3])[:, None])[:, 0]
    np.testing.assert_array_equal(one.step(x[::3]), wanted)
    one.reset()
    out = np.zeros(2 * streams, np.float32)
    one.step(x[::3], out[::2])
    np.testing.assert_array_equal(out[::2], wanted)
    assert not out[1::2].any()
    one.reset()
    np.testing.assert_array_equal(
        one.step(x[::3].astype(np.float64)[:, None, None])[:, 0, 0], wanted
    )


@pytest.mark.parametrize(("begin", "order"), [(0, 1), (1, 1), (0, -1)])
def test_out_may_lie_over_the_block(begin: int, order: int) -> None:
    streams = 2 * LANES + 1
    x = blocks(streams + 1, 4)
    wanted = ng.Stepper(amp(), RATE, 4, streams=streams).step(x[:streams].copy())
    out = x[begin : begin + streams][::order]
    ng.Stepper(amp(), RATE, 4, streams=streams).step(x[:streams], out)
    np.testing.assert_array_equal(out, wanted)


def test_which_graphs_are_played_a_tile_at_a_time() -> None:
    assert is_tiled(amp())
    assert is_tiled(model(), 5 * LANES)
    assert not is_tiled(amp(), LANES - 1)
    two = nets.container(nets.lstm(3, 1), nets.lstm(5, 1), limits=(0.5, 1.0))
    others = [
        Graph.chain(ng.Gain(), ng.Nam(model())),
        Graph.chain(ng.Nam(model()), ng.Nam(model())),
        Graph.chain(ng.Gain()),
        moved(),
        amp(ng.load_nam(nets.lstm(5, 0))),
        amp(ng.load_nam(nets.lstm(3, 1, rate=44_100)), resample=True),
        amp(ng.load_nam(two)),
        amp(ng.load_nam(nets.wavenet(nets.array(2, [1, 5])))),
    ]
    assert not any(map(is_tiled, others))


def moved() -> Graph:
    """A control signal moves a parameter of the model."""
    graph = amp()
    graph.add("lfo", ng.Lfo())
    graph.connect("lfo", "nam.input_db", amount=0.1)
    return graph


def test_an_input_that_is_not_finite_is_played_as_silence() -> None:
    x = blocks(LANES, 8)
    clean, bad = x.copy(), x.copy()
    clean[3, 2], clean[0, 7] = 0.0, 0.0
    bad[3, 2], bad[0, 7] = np.nan, np.inf
    one, other = (ng.Stepper(amp(), RATE, 8, streams=LANES) for _ in range(2))
    np.testing.assert_array_equal(one.step(bad), other.step(clean))
    np.testing.assert_array_equal(one.step(bad[:, 2]), other.step(clean[:, 2]))


def test_a_stream_whose_output_is_not_finite_is_muted_and_reset_it_alone() -> None:
    """The head is so heavy that the output overflows where the hidden state is large."""
    file = nets.lstm(5, 1, seed=3)
    file["weights"][-6:-1] = [3e38] * 5  # the head; the bias is last
    graph = amp(ng.load_nam(file))
    x = 5.0 * blocks(LANES + 2, 40)
    x[::3] *= 1e-3
    expected = np.stack([in_fours(graph, row) for row in x])
    muted = (expected.reshape(len(x), -1, 4) == 0.0).all(axis=-1)
    assert muted.any()
    assert not muted.all(axis=0).any()
    stepper = ng.Stepper(graph, RATE, 4, streams=len(x))
    found = np.concatenate([stepper.step(x[:, k : k + 4]) for k in range(0, 40, 4)], axis=1)
    np.testing.assert_array_equal(found, expected)
    assert isinstance(stepper._state, TileStreams)


def in_fours(graph: Graph, x: Any) -> Any:
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=4)
    return np.concatenate([engine.process(x[k : k + 4]) for k in range(0, len(x), 4)])


def test_a_state_moves_to_an_engine_and_back() -> None:
    x, more, graph = blocks(LANES + 1, 30), noise(20, seed=8), amp(input_db=2.0)
    stepper = ng.Stepper(graph, RATE, 64, streams=LANES + 1)
    stepper.step(x)
    state = pickle.loads(pickle.dumps(stepper.save_state(stream=LANES)))
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    engine.restore_state(state)
    assert engine.save_state().frame == state.frame == 30
    wanted = alone(graph, np.concatenate([x[LANES], more]))
    np.testing.assert_array_equal(engine.process(more[:10]), wanted[30:40])
    stepper.restore_state(engine.save_state(), streams=[1, LANES])
    y = stepper.step(np.tile(more[10:], (LANES + 1, 1)))
    for k in (1, LANES):
        np.testing.assert_array_equal(y[k], wanted[40:])
    one = ng.Stepper(graph, RATE, 64)
    one.restore_state(state)
    np.testing.assert_array_equal(one.step(more), wanted[30:])


def test_the_most_streams() -> None:
    streams = 65_536
    stepper, x = ng.Stepper(amp(), RATE, streams=streams), noise(65_536)
    first = stepper.step(x)
    stepper.commit()
    second = stepper.step(x)
    stepper.rollback()
    np.testing.assert_array_equal(stepper.step(x), second)
    for k in (0, 12_345, streams - 1):
        wanted = alone(amp(), np.array([x[k], x[k]]))
        assert [first[k], second[k]] == wanted.tolist()


def test_too_many_streams_are_refused_before_memory_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_GRAPH_BYTES", 100_000)
    with pytest.raises(EngineError, match=r"streams is 65536: two states of .* at most 97.7 KiB"):
        ng.Stepper(amp(), RATE, streams=65_536)
