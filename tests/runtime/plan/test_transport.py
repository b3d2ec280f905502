"""The transport: tempo and beats of every frame, for kernels and for control threads."""

import pickle

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits
from namgraph.presets.preset import dumps, loads

RATE = 48_000
STATE = np.dtype([("depth", np.float64), ("clock", np.int64)])


@ng.kernel
def _beats(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    y = ng.channel(outs, 0, frames)
    for i in range(frames):
        y[i] = np.float32(ng.beats_at(s.clock, i) + s.depth)


@ng.node("test_transport_beats")
class Beats(ng.Node):
    """Write the beats of each frame."""

    depth: float = ng.param(default=0.0, low=0.0, high=1.0, smoothing_s=0.0)

    def prepare(self, io: ng.Io) -> ng.Processor:
        made = io.memory.record(STATE, **io.params, clock=io.transport)
        return ng.Processor(_beats, made)


@ng.kernel
def _left(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    y = ng.channel(outs, 0, frames)
    for i in range(frames):
        left = ng.frames_to_beat(s.clock, s.depth + 1.0, i)
        known = ng.frame_at(s.clock, i) >= 0 and ng.tempo_at(s.clock) >= 20.0
        y[i] = np.float32(left if known else -1)


@ng.node("test_transport_left")
class Left(ng.Node):
    """Write the frames that are left to the next multiple of 1 + depth beats."""

    depth: float = ng.param(default=0.0, low=0.0, high=1.0, smoothing_s=0.0)

    def prepare(self, io: ng.Io) -> ng.Processor:
        return ng.Processor(_left, io.memory.record(STATE, **io.params, clock=io.transport))


def rack(node: ng.Node | None = None, gain_db: float = 0.0, *, moved: bool = False) -> ng.Graph:
    graph = ng.Graph()
    graph.tempo_bpm = 90.0
    beats = graph.add("beats", node or Beats())
    gain = graph.add("gain", ng.Gain(gain_db=gain_db))
    graph.input("in", channels=1) >> beats >> gain >> graph.output("out", channels=1)
    if moved:
        graph.add("knob", ng.Lfo(rate_hz=30.0))
        graph.connect("knob", "beats.depth", 0.0)
        graph.connect("knob", "gain.gain_db", 0.0)
    return graph


def engine(graph: ng.Graph, rate: int = RATE) -> ng.Engine:
    return ng.Engine(graph, sample_rate=rate, max_frames=64, fade_s=0.0)


def zeros(frames: int) -> np.ndarray:
    return np.zeros((1, frames), np.float32)


def beats_of(changes: list[tuple[int, float]], frames: int) -> np.ndarray:
    """Beats by a sum over frames, in extended precision."""
    tempo = np.full(frames, 90.0, np.longdouble)
    for at, bpm in changes:
        tempo[at:] = bpm
    return np.concatenate([[0.0], np.cumsum(tempo / (60 * RATE))])[:frames]


@pytest.mark.parametrize("moved", [False, True])
def test_kernels_read_the_beats_of_every_frame_the_same_in_every_cut(moved: bool) -> None:
    changes = [(1001, 133.0), (1002, 20.0), (5000, 400.0)]
    posted = [(at, "tempo_bpm", bpm) for at, bpm in changes]
    reference = ng.render(rack(moved=moved), zeros(9000), RATE, changes=posted)
    np.testing.assert_allclose(reference[0], beats_of(changes, 9000), rtol=1e-6, atol=1e-7)
    for block in (1, 33, 64, 1000):
        again = ng.render(rack(moved=moved), zeros(9000), RATE, block=block, changes=posted)
        same_bits(again, reference)


def test_the_beats_of_a_day_are_exact() -> None:
    for rate, bpm in ((48_000, 90.0), (44_100, 133.7), (192_000, 399.9)):
        made = engine(rack(), rate)
        made.set("tempo_bpm", bpm, at=64)
        made.process(zeros(128))
        day = 24 * 3600 * rate
        made.plan.transport.content["frame"] += day
        made.process(zeros(64))
        exact = 64 * 90 / 60 / rate + np.longdouble(day + 128) * bpm / (60 * rate)
        assert abs(made.get("transport.beats") - exact) < 1e-9
        assert made.get("transport.frame") == day + 192


def test_beats_are_at_the_frame_nearest_to_them() -> None:
    left = ng.render(rack(Left()), zeros(200_000), RATE, changes=[(70_000, "tempo_bpm", 113.0)])
    found = np.flatnonzero(left[0] == 0.0)
    late = 70_000 + (np.arange(3, 7) - 70_000 / 32_000) * 60 * RATE / 113
    expected = [0, 32_000, 64_000, *np.round(late).astype(int)]
    assert found[: len(expected)].tolist() == expected
    steps = np.diff(left[0][found[-2] + 1 : found[-1] + 1])
    assert (steps == -1.0).all()


def test_control_threads_read_it() -> None:
    made = engine(rack())
    made.process(zeros(32_000))
    assert made.get("transport.beats") == made["transport.beats"] == 1.0
    assert (made.get("transport.bpm"), made.get("transport.frame")) == (90.0, 32_000.0)
    made.set("tempo_bpm", 180.0, at=48_000)
    made.process(zeros(32_000))
    assert made.stats().transport == (180.0, 2.5, 64_000)
    assert made.get("tempo_bpm") == made.graph.tempo_bpm == 180.0
    with pytest.raises(ng.UnknownNameError, match=r"transport\.beats"):
        made.get("transport.beat")


def test_a_reset_returns_to_beat_0_and_the_tempo_stays() -> None:
    made = engine(rack())
    made.set("tempo_bpm", 120.0, at=100)
    made.process(zeros(1000))
    made.reset()
    made.process(zeros(24_000))
    assert made.stats().transport == (120.0, 1.0, 24_000)


@pytest.mark.parametrize("moved", [False, True])
def test_a_swap_does_not_move_the_beat(moved: bool) -> None:
    made = engine(rack(moved=moved))
    made.set("tempo_bpm", 120.0, at=12_000)
    made.process(zeros(16_000))
    for k in range(3):  # nodes are copied, and copied from copies
        made.swap(rack(gain_db=-float(k), moved=moved))
        y = made.process(zeros(8000))
    assert made.stats().transport == (120.0, 12_000 / 32_000 + 28_000 / 24_000, 40_000)
    begin = 12_000 / 32_000 + 20_000 / 24_000
    assert y[0, 0] == pytest.approx(begin * 10 ** (-2 / 20))  # what the kernel reads
    other = rack()
    other.tempo_bpm = 60.0
    made.swap(other)
    made.process(zeros(64))
    assert made.get("transport.bpm") == 60.0
    fresh = made.get("transport.beats")
    assert fresh == pytest.approx(12_000 / 32_000 + 28_000 / 24_000 + 64 / 48_000, abs=1e-12)


def test_a_saved_state_returns_the_beat_here_and_in_another_engine() -> None:
    made = engine(rack())
    made.set("tempo_bpm", 120.0, at=500)
    made.process(zeros(1000))
    state = pickle.loads(pickle.dumps(made.save_state()))
    assert state.params["tempo_bpm"] == 120.0
    expected = made.process(zeros(1000))
    made.set("tempo_bpm", 200.0)
    made.process(zeros(1000))
    for other in (made, engine(rack())):
        other.restore_state(state, params=True)
        same_bits(other.process(zeros(1000)), expected)
    made.set("tempo_bpm", 60.0)
    made.restore_state(state)  # the tempo stays as set, from that beat on
    made.process(zeros(480))
    then = 500 / 32_000 + 500 / 24_000
    assert made.get("transport.beats") == pytest.approx(then + 480 / 48_000, abs=1e-12)


@pytest.mark.parametrize("streams", [1, 3])
def test_each_stream_of_a_stepper_has_its_own(streams: int) -> None:
    stepper = ng.Stepper(rack(), RATE, 64, streams=streams)
    block = np.zeros((streams, 1, 64), np.float32) if streams > 1 else zeros(64)
    stepper.set("tempo_bpm", 60.0)
    stepper.step(block)
    stepper.commit()
    stepper.step(block)
    assert stepper.get("transport.beats") == 128 / 48_000
    stepper.rollback()
    assert stepper.get("transport.beats") == 64 / 48_000
    if streams > 1:
        stepper.reset([1])
        y = stepper.step(block)
        assert y[:, 0, 0].tolist() == [np.float32(64 / 48_000), 0.0, np.float32(64 / 48_000)]


def test_streams_in_the_lanes_of_a_vector_count_their_frames_too() -> None:
    stepper = ng.Stepper(ng.asset("crunch-lstm.nam"), RATE, 64, streams=32)
    stepper.step(np.zeros((32, 64), np.float32))
    assert stepper.get("transport.beats") == 64 * 120 / 60 / RATE


def test_a_graph_has_a_tempo_and_a_preset_stores_it() -> None:
    graph = rack(ng.Gain())
    lfo = ng.Lfo(sync="1/4", tempo_bpm=77.0)
    graph.add("lfo", lfo)
    graph.connect("lfo", "gain.gain_db", 0.1)
    text = dumps(graph)
    assert loads(text).graph == graph
    assert loads(text).graph.tempo_bpm == 90.0
    graph.tempo_bpm = 101
    assert graph["lfo"] == ng.Lfo(sync="1/4", tempo_bpm=101.0)
    assert '"tempo_bpm": 101.0,\n  "inputs"' not in dumps(graph)  # the node says it
    assert loads(dumps(graph)).graph.tempo_bpm == engine(graph).get("tempo_bpm") == 101.0
    assert graph.with_params({"tempo_bpm": 50.0, "lfo.tempo_bpm": 60.0})["lfo"] == ng.Lfo(
        sync="1/4", tempo_bpm=60.0
    )
    short = '{"namgraph": 1, "tempo_bpm": 70, "inputs": {}, "outputs": {}, "nodes": '
    short += '{"lfo": {"type": "lfo", "sync": "1/8"}}, "connections": []}'
    assert loads(short).graph["lfo"] == ng.Lfo(sync="1/8", tempo_bpm=70.0)
    assert graph != graph.with_params({"tempo_bpm": 102.0})
    for bad in (19.0, "fast", None, float("nan")):
        with pytest.raises(ng.ParamError, match="tempo_bpm"):
            graph.tempo_bpm = bad  # type: ignore[assignment]
    with pytest.raises(ng.PresetError, match="tempo_bpm"):
        loads(short.replace("70", "7"))
    with pytest.raises(ng.PresetError, match="tempo_bpm"):
        loads(short.replace("70", '"fast"'))


def test_live_and_hosted_it_is_read_and_set() -> None:
    with ng.NullStream(rack(), 64, sample_rate=RATE) as stream:
        stream.set("tempo_bpm", 240.0)
        assert stream.get("tempo_bpm") == 240.0
        assert stream.stats().transport.bpm in (90.0, 240.0)


def test_a_plugin_has_it() -> None:
    pytest.importorskip("pedalboard")
    plugin = ng.GraphPlugin(rack(ng.Gain()))
    assert plugin.get("tempo_bpm") == 90.0
    plugin.set("tempo_bpm", 60.0)
    plugin(zeros(48_000), RATE)
    assert (plugin.get("transport.beats"), plugin.get("transport.bpm")) == (1.0, 60.0)
    assert plugin.graph.tempo_bpm == 60.0
    plugin.set("tempo_bpm", 120.0, at=48_000 + 24_000)
    plugin(zeros(48_000), RATE, reset=False)
    assert plugin.get("transport.beats") == pytest.approx(2.5)


def test_settings_have_the_tempo() -> None:
    made = engine(rack())
    kept = made.settings()
    made.set("tempo_bpm", 200.0)
    made.apply(kept)
    assert made.get("tempo_bpm") == 90.0


def test_a_plugin_keeps_the_tempo_through_a_swap_and_in_its_state() -> None:
    pytest.importorskip("pedalboard")
    plugin = ng.GraphPlugin(rack(ng.Gain()))
    plugin.set("tempo_bpm", 60.0)
    plugin(zeros(48_000), RATE)
    plugin.swap(rack(ng.Gain(), gain_db=-3.0))
    plugin(zeros(48_000), RATE, reset=False)
    assert (plugin.get("tempo_bpm"), plugin.get("transport.beats")) == (60.0, 2.0)
    twin = ng.GraphPlugin(rack(ng.Gain(), gain_db=-3.0))
    twin.raw_state = plugin.raw_state
    assert twin.get("tempo_bpm") == 60.0
    other = rack(ng.Gain())
    other.tempo_bpm = 75.0
    plugin.swap(other)
    plugin(zeros(4800), RATE, reset=False)
    assert plugin.get("tempo_bpm") == plugin.graph.tempo_bpm == 75.0
