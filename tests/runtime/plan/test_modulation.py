"""Modulated parameters: values against formulas, the grid, latencies, state, swaps."""

import math
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Graph, Op, Spec
from namgraph.nodes import Constant, Delay, EnvelopeFollower, Gain, Lfo, Mix, Pan
from namgraph.nodes.testing import same_bits
from namgraph.runtime.plan.arena import Memory
from namgraph.runtime.plan.prepare import modulations_of, with_modulation
from namgraph.runtime.plan.rows import NodeRow

RATE, BLOCKS = 48_000, (1, 7, 31, 32, 33, 64, 1000)
ONES = np.ones(9600, np.float32)
NOISE = np.random.default_rng(5).uniform(-0.5, 0.5, 6400).astype(np.float32)
STATE = np.dtype(
    [("channels", np.int64), ("length", np.int64), ("ring", np.int64), ("at", np.int64)]
)


@ng.kernel
def _late(state: int, ins: int, outs: int, frames: int) -> None:
    s = ng.record(state, STATE)
    ring = ng.floats(s.ring, s.length)
    x, y = ng.channel(ins, 0, frames), ng.channel(outs, 0, frames)
    for i in range(frames):
        y[i] = ring[s.at]
        ring[s.at] = x[i]
        s.at = s.at + 1 if s.at + 1 < s.length else 0


@ng.node("test_modulation_late")
class Late(ng.Node):
    """Delay a mono signal by its latency."""

    frames: int = ng.option(default=47)

    def latency(self, spec: Spec) -> int:
        return self.frames

    def prepare(self, io: ng.Io) -> ng.Processor:
        ring = io.memory.state(self.frames)
        return ng.Processor(_late, io.memory.record(STATE, length=self.frames, ring=ring))


def rack(source: ng.Node, node: ng.Node, param: str, amount: float) -> Graph:
    graph = Graph()
    graph.add("source", source)
    played = graph.add("node", node)
    graph.input("in", channels=1) >> played >> graph.output("out", channels=1)
    if source.inputs:
        graph.connect("in", "source")
    graph.connect("source", f"node.{param}", amount)
    return graph


def test_an_lfo_on_a_gain_is_the_analytic_product() -> None:
    """The gain is smoothed from tick to tick: at the end of a tick it is 95 % there."""
    graph = rack(Lfo(rate_hz=2.0), Gain(gain_db=-6.0), "gain_db", 0.05)
    played = ng.render(graph, ONES, RATE, block=64)
    row = Gain.params()["gain_db"]
    swing = 0.05 * (row.high - row.low)
    goal, level, expected = 0.0, math.nan, []
    share = 1 - math.exp(-3 / 32)
    for i in range(len(ONES)):
        if i % 32 == 0:
            goal = 10 ** ((-6.0 + swing * math.sin(2 * math.pi * 2.0 * i / RATE)) / 20)
            level = goal if i == 0 else level
        level += share * (goal - level)
        expected.append(level)
    np.testing.assert_allclose(played, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("node", "param"),
    [(Gain(), "gain_db"), (Delay(time_ms=3.0, mix=0.5), "time_ms"), (Delay(), "damping_hz")],
    ids=["gain", "delay time", "damping"],
)
def test_cuts_do_not_show(node: ng.Node, param: str) -> None:
    graph = rack(Lfo(rate_hz=20.0), node, param, 0.4)
    reference = ng.render(graph, NOISE, RATE, block=64)
    for block in BLOCKS:
        same_bits(ng.render(graph, NOISE, RATE, block=block), reference)


def test_cuts_do_not_show_when_the_source_is_set_at_odd_frames() -> None:
    graph = rack(Constant(), Gain(), "gain_db", 0.2)
    changes = [(k * 131, "source.value", (k % 5) / 2 - 1) for k in range(40)]
    changes += [(k * 173, "node.gain_db", -float(k % 7)) for k in range(30)]
    reference = ng.render(graph, NOISE, RATE, block=64, changes=changes)
    assert np.ptp(abs(reference)) > 0.01
    for block in BLOCKS:
        same_bits(ng.render(graph, NOISE, RATE, block=block, changes=changes), reference)


@pytest.mark.parametrize(("first", "second"), [(47, 79), (1, 33), (5, 1029)])
def test_latencies_shift_the_signal_by_whole_ticks(first: int, second: int) -> None:
    """The consumer reads at its own ticks, whatever the latency in front of it."""
    found = []
    for frames in (first, second):
        graph = Graph()
        graph.add("lfo", Lfo(rate_hz=5.0))
        late, gain = graph.add("late", Late(frames=frames)), graph.add("gain", Gain())
        graph.input("in", channels=1) >> late >> gain >> graph.output("out", channels=1)
        graph.connect("lfo", "gain.gain_db", 0.1)
        engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
        found.append(engine.process(np.ones((1, 9600), np.float32))[0])
    shift = math.ceil(second / 32) - math.ceil(first / 32)
    begin = 32 * math.ceil(second / 32) + 4096  # both are past the zeros of the delay
    one = found[0][begin - 32 * shift : 9600 - 32 * shift]
    np.testing.assert_allclose(one, found[1][begin:], atol=1e-6)


def test_a_logarithmic_parameter_moves_by_factors() -> None:
    graph = rack(Constant(value=0.5), Delay(damping_hz=1000.0), "damping_hz", 0.5)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    engine.process(np.zeros((1, 64), np.float32))
    moved = engine.stats().readings["node.damping_hz.modulated"]
    assert moved == pytest.approx(1000.0 * (20_000 / 200) ** 0.25, rel=1e-9)
    assert engine.get("node.damping_hz") == 1000.0


def test_the_value_stays_in_range() -> None:
    graph = rack(Constant(value=1.0), Gain(gain_db=20.0), "gain_db", 1.0)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    engine.process(np.zeros((1, 64), np.float32))
    assert engine.get("node.gain_db.modulated") == Gain.params()["gain_db"].high


def test_several_signals_add_up() -> None:
    graph = rack(Constant(value=0.5), Gain(), "gain_db", 0.1)
    graph.add("other", Constant(value=-1.0))
    graph.connect("other", "node.gain_db", 0.2)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    engine.process(np.zeros((1, 64), np.float32))
    row = Gain.params()["gain_db"]
    expected = (0.5 * 0.1 - 0.2) * (row.high - row.low)
    assert engine.get("node.gain_db.modulated") == pytest.approx(expected)


def test_setting_the_parameter_moves_the_middle() -> None:
    graph = rack(Constant(value=0.5), Gain(), "gain_db", 0.1)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    engine.set("node.gain_db", -12.0)
    engine.process(np.zeros((1, 64), np.float32))
    row = Gain.params()["gain_db"]
    assert engine.get("node.gain_db") == -12.0
    moved = engine.get("node.gain_db.modulated")
    assert moved == pytest.approx(-12.0 + 0.05 * (row.high - row.low))
    assert engine.graph.nodes["node"] == Gain(gain_db=-12.0)


def test_a_modulated_node_without_a_signal_has_the_same_bits() -> None:
    """Pieces of 32 frames change nothing, nor does a signal of 0."""
    plain = Graph()
    node = plain.add("node", Delay(time_ms=2.0))
    plain.input("in", channels=1) >> node >> plain.output("out", channels=1)
    graph = rack(Constant(), Delay(time_ms=2.0), "mix", 1.0)
    same_bits(ng.render(graph, NOISE, RATE), ng.render(plain, NOISE, RATE))


def test_reset_and_saved_states_include_the_grid() -> None:
    graph = rack(Lfo(rate_hz=30.0), Delay(time_ms=2.0), "mix", 0.5)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    x = NOISE[None, :1000]
    first = engine.process(x)
    engine.reset()
    same_bits(engine.process(x), first)
    engine.process(x[:, :45])
    state = engine.save_state()
    after = engine.process(x)
    engine.restore_state(state)
    same_bits(engine.process(x), after)


def test_a_swap_keeps_a_node_whose_signals_are_the_same() -> None:
    graph = rack(Lfo(rate_hz=30.0), Delay(time_ms=2.0), "mix", 0.5)
    kept, swapped = (ng.Engine(graph, sample_rate=RATE, max_frames=64, fade_s=0) for _ in range(2))
    x = NOISE[None, :1000]
    for engine in (kept, swapped):
        engine.process(x)
    other = graph.copy()
    other.add("unused", Gain())
    with pytest.warns(ng.GraphWarning, match="unused gets no input"):
        swapped.swap(other)
    same_bits(swapped.process(x), kept.process(x))


def test_a_swap_may_add_and_remove_a_signal() -> None:
    graph = rack(Lfo(rate_hz=30.0), Gain(), "gain_db", 0.5)
    plain = graph.copy()
    plain.disconnect("source", "node.gain_db")
    engine = ng.Engine(plain, sample_rate=RATE, max_frames=64, fade_s=0, strict=None)
    x = np.ones((1, 4800), np.float32)
    assert (engine.process(x) == 1.0).all()
    engine.swap(graph)
    assert np.ptp(engine.process(x)) > 0.5
    engine.swap(plain)
    after = engine.process(x)
    assert np.ptp(after[:, :960]) > 0.01, "it glides back"
    np.testing.assert_allclose(after[:, -960:], 1.0, atol=1e-3)


def test_bypassed_and_mixed_nodes_are_modulated_too() -> None:
    graph = rack(Lfo(rate_hz=30.0), Gain(), "gain_db", 0.5)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    engine.mix("node", 0.5)
    played = engine.process(np.ones((1, 4800), np.float32))
    assert np.ptp(played) > 0.2
    engine.bypass("node", True)
    engine.process(np.ones((1, 9600), np.float32))
    assert (engine.process(np.ones((1, 960), np.float32)) == 1.0).all()


def test_stereo_and_several_inputs_are_read_in_pieces() -> None:
    graph = Graph()
    graph.add("lfo", Lfo(rate_hz=10.0))
    pan, mix = graph.add("pan", Pan()), graph.add("mix", Mix())
    graph.input("in", channels=1) >> pan >> mix["in1"]
    graph.connect("pan", "mix.in2")
    mix >> graph.output("out", channels=2)
    graph.connect("lfo", "pan.position")
    graph.connect("lfo", "mix.gain2_db", -0.3)
    reference = ng.render(graph, NOISE, RATE, block=64)
    for block in BLOCKS:
        same_bits(ng.render(graph, NOISE, RATE, block=block), reference)


def test_an_envelope_may_move_the_level_of_the_same_signal() -> None:
    graph = rack(EnvelopeFollower(), Gain(), "gain_db", -0.5)
    played = ng.render(graph, NOISE, RATE)
    assert abs(played[3200:]).max() < 0.2 * abs(NOISE).max()


def test_a_node_on_a_device_refuses_with_the_next_step() -> None:
    op = Op("process", (0, 1), (2,), node="node")
    record: Any = None
    row = NodeRow(op, Memory(), 0, record, node=Gain(), code=(), widths=([1], [1]), device=object())
    moved = modulations_of(rack(Lfo(), Gain(), "gain_db", 1.0), "node")
    io: Any = None
    message = r"node\.gain_db cannot be moved by source\.out: node plays on a device"
    with pytest.raises(ng.EngineError, match=message):
        with_modulation(row, io, moved)
