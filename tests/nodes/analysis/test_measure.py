"""``measure``: delays and polarities that were put in, of models that ship and of public ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.analysis.measure import probe
from namgraph.nodes.dsp.correlation import correlate, judge

from ...reference import MODELS, needs_models

RATE = 48_000
SHIPPED = ("crunch-lstm.nam", "crunch-wavenet.nam")


def late(frames: int, sign: float = 1.0, rate: int = RATE) -> ng.Cab:
    """A delay of whole frames in the response of a cabinet, which declares none."""
    taps = np.zeros(frames + 1)
    taps[frames] = sign
    return ng.Cab(taps, rate, gain_rule="none")


def found_again(model: str, delays: tuple[int, ...]) -> None:
    own = ng.measure(ng.Graph.chain(ng.Nam(model), late(0)))
    if own.unclear or own.ambiguous:
        assert own.doubt
        return
    for frames in delays:
        for sign in (1.0, -1.0):
            made = ng.measure(ng.Graph.chain(ng.Nam(model), late(frames, sign)))
            assert made.frames == own.frames + frames
            assert made.inverted is (own.inverted is (sign > 0))
            assert not made.doubt


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_models(name: str) -> None:
    own = ng.measure(ng.asset(name))
    assert (own.frames, own.inverted, own.doubt, own.rate) == (2, True, "", RATE)
    found_again(ng.asset(name), (0, 1, 17, 480))


@needs_models
@pytest.mark.parametrize("name", sorted(p.name for p in MODELS.glob("*.nam")))
def test_public_models(name: str) -> None:
    found_again(str(MODELS / name), (480,))


def test_a_model_that_does_nothing(tmp_path: Path) -> None:
    config = {"receptive_field": 1, "bias": False}
    model = {"version": "0.5.4", "architecture": "Linear", "config": config, "sample_rate": RATE}
    for sign in (1.0, -1.0):
        (tmp_path / "same.nam").write_text(json.dumps({**model, "weights": [sign]}))
        made = ng.measure(tmp_path / "same.nam")
        assert (made.frames, made.inverted, made.doubt) == (0, sign < 0, "")


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_nodes_without_a_delay_of_their_own(rate: int) -> None:
    for node in (ng.Gain(gain_db=-20.0), ng.Pan(position=-1.0), ng.Meter()):
        made = ng.measure(node, rate)
        assert (made.frames, made.inverted, made.doubt, made.rate) == (0, False, "", rate)
    # A declared latency is not measured: the graph knows it.
    assert ng.measure(ng.Limiter(lookahead_ms=3.0), rate).frames == 0
    assert ng.measure(late(77, -1.0, rate), rate).frames == 77
    assert ng.measure(late(77, -1.0, rate), ng.Spec(rate, 64)).inverted


def test_what_has_no_clear_delay_is_said_to_have_none() -> None:
    two = np.zeros(200)
    two[10], two[150] = 1.0, 0.9
    made = ng.measure(ng.Cab(two, RATE, gain_rule="none"))
    assert (made.frames, made.inverted) == (0, False)
    assert made.unclear
    assert "no clear delay (the peak is 1.11 times the next, 2 is needed)" in repr(made)
    near = np.zeros(40)
    near[10], near[30] = 1.0, -0.98
    made = ng.measure(ng.Cab(near, RATE, gain_rule="none"))
    assert made.ambiguous
    assert not made.unclear
    assert made.frames in (8, 9, 10)  # the onset, where the correlation is 30 % of its peak
    assert "polarity is ambiguous (lobes 1.02 to 1, 1.1 is needed)" in str(made)
    silent = ng.measure(ng.Cab(np.zeros(9), RATE, gain_rule="none"))
    assert "one of them is silent" in silent.doubt


def test_a_part_of_a_graph() -> None:
    graph = ng.Graph.chain(first=late(5), second=late(7, -1.0), third=late(100))
    for end, frames, inverted in (("first", 5, False), ("second.out", 12, True)):
        made = ng.measure(graph, RATE, end=end)
        assert (made.frames, made.inverted) == (frames, inverted)
    with pytest.raises(ng.UnknownNameError, match="nothing called 'fourth'"):
        ng.measure(graph, RATE, end="fourth")
    with pytest.raises(ng.GraphError, match="in has no input: there is nothing"):
        ng.measure(graph, RATE, end="in")


def test_the_probe() -> None:
    x = probe(RATE, 0.01)
    assert len(x) == 4_800 + 480
    assert np.all(x[4_800:] == 0.0)
    assert 0.099 < np.abs(x).max() <= 0.1
    assert np.abs(x[:24]).max() < 0.01
    cycles = np.count_nonzero(np.diff(np.signbit(x[:4_800].astype(np.float64)))) / 2
    assert cycles == pytest.approx(20_000 / 2 * 0.1, rel=0.01)  # the mean frequency of the sweep


def test_correlations_against_numpy() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((2, 2, 300))
    wanted = np.sum([np.correlate(y, x, "full") for x, y in zip(a, b, strict=True)], axis=0)
    assert np.allclose(correlate(a, b, 40), wanted[299 - 40 : 299 + 41])
    values = np.zeros(101)
    values[60] = -2.0
    found = judge(values, RATE, -50)
    assert (found.frames, found.sign, found.doubt) == (10, -1, "")


def test_what_cannot_be_measured() -> None:
    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("gain", ng.Gain()) >> graph.output("a", channels=1)
    graph.connect("gain", graph.output("b", channels=1))
    with pytest.raises(ng.GraphError, match="measure: the graph has the inputs in and the outputs"):
        ng.measure(graph)
    wrong: Any = 3
    with pytest.raises(ng.GraphError, match="graph is 3"):
        ng.measure(wrong)
    with pytest.raises(ng.ParamError, match="sample_rate"):
        ng.measure(ng.Gain(), 0)
