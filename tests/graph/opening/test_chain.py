"""``Graph.chain``: names, widths that are joined, and what is refused; ``Graph.disconnect``."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import namgraph as ng

RATE = 48_000
LSTM = ng.asset("crunch-lstm.nam")
CHAIN: Any = ng.Graph.chain
"""For arguments that a type checker refuses."""
X = (0.2 * np.random.default_rng(8).standard_normal((2, 700))).astype(np.float32)


class Wide(ng.Gain):
    """A gain of two channels."""

    inputs = (ng.Port("in", 2),)
    outputs = (ng.Port("out", 2),)


def feeds(graph: ng.Graph) -> list[str]:
    return [f"{c.source} > {c.target}" for c in graph.connections]


def test_nodes_are_joined_in_order_and_named_by_type() -> None:
    graph = ng.Graph.chain(ng.Gain(gain_db=1.0), ng.DcBlock(), ng.Gain(gain_db=2.0))
    assert list(graph) == ["gain", "dc_block", "gain2"]
    assert feeds(graph) == [
        "in.out > gain.in",
        "gain.out > dc_block.in",
        "dc_block.out > gain2.in",
        "gain2.out > out.in",
    ]
    assert (dict(graph.inputs), dict(graph.outputs)) == ({"in": 1}, {"out": 1})
    assert graph.check() == ()
    by_hand = ng.Graph()
    end = by_hand.input("in", channels=1) >> by_hand.add("gain", ng.Gain(gain_db=1.0))
    end = end >> by_hand.add("dc_block", ng.DcBlock()) >> by_hand.add("gain2", ng.Gain(gain_db=2.0))
    end >> by_hand.output("out", channels=1)
    assert graph == by_hand


def test_names_are_those_given_and_others_avoid_them() -> None:
    gain = ng.Gain(gain_db=-3.0)
    graph = ng.Graph.chain(gain, gain, gain2=ng.Meter(), cab=gain)
    assert list(graph) == ["gain", "gain3", "gain2", "cab"]
    assert graph["gain"] is graph["gain3"], "one node may be used twice, each with its own state"
    for name in ("cls", "self", "nodes", "dry/wet é", "x" * 64):
        assert list(CHAIN(**{name: gain})) == [name]


def test_one_node_used_twice_keeps_two_states() -> None:
    echo = ng.Delay(time_ms=1.0, feedback=0.5, mix=0.5)
    twice = ng.render(ng.Graph.chain(echo, echo), X[0], RATE, tail=False)
    once = ng.render(ng.Graph.chain(echo), X[0], RATE, tail=False)
    np.testing.assert_array_equal(twice, ng.render(ng.Graph.chain(echo), once, RATE, tail=False))


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_without_nodes_the_input_is_passed_on(channels: int) -> None:
    graph = ng.Graph.chain(channels=channels)
    assert feeds(graph) == ["in.out > out.in"]
    x = np.ones((channels, 9), np.float32)
    np.testing.assert_array_equal(ng.render(graph, x, RATE), x)


def test_the_input_has_the_channels_of_the_first_node_or_those_given() -> None:
    gain = ng.Gain()
    assert dict(ng.Graph.chain(gain, channels=3).outputs) == {"out": 3}
    assert dict(ng.Graph.chain(Wide()).inputs) == {"in": 2}
    assert dict(ng.Graph.chain(ng.Nam(LSTM), channels=2).inputs) == {"in": 1}
    assert dict(ng.Graph.chain(ng.Pan(), gain).outputs) == {"out": 2}


def chained(*nodes: ng.Node, **options: Any) -> tuple[ng.Graph, list[str]]:
    """Return a chain, and what it warns of, all for the line that called it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        graph = ng.Graph.chain(*nodes, **options)
    assert all(w.filename == __file__ and w.category is ng.GraphWarning for w in caught)
    return graph, [str(w.message) for w in caught]


def test_one_channel_becomes_two_by_a_pan_in_the_middle() -> None:
    graph, said = chained(ng.Nam(LSTM), wide=Wide())
    assert said == ["in the chain pan (Pan) places the one channel of nam in the two of wide"]
    assert list(graph) == ["nam", "pan", "wide"]
    heard = ng.render(graph, X[0], RATE, tail=False)
    alone = ng.render(ng.Nam(LSTM), X[0], RATE, tail=False)
    np.testing.assert_array_equal(heard[0], heard[1])
    np.testing.assert_array_equal(heard, ng.render(ng.Pan(), alone, RATE))
    np.testing.assert_allclose(heard[0], alone * np.sqrt(0.5), rtol=1e-5, atol=1e-7)


def test_two_channels_become_their_mean() -> None:
    graph, said = chained(ng.Gain(), ng.Nam(LSTM), channels=2)
    assert said == [
        "in the chain split (Split) and mix (Mix) make the mean of the two channels of gain for "
        "the one of nam"
    ]
    assert list(graph) == ["gain", "split", "mix", "nam"]
    graph.remove("nam")
    graph.connect("mix", "out")
    heard = ng.render(graph, X, RATE)
    np.testing.assert_allclose(heard, X.mean(axis=0, keepdims=True), rtol=3e-7, atol=1e-8)
    same = ng.render(graph, np.stack([X[0], X[0]]), RATE)
    np.testing.assert_allclose(same[0], X[0], rtol=3e-7, err_msg="equal channels keep their level")


def test_widths_are_joined_wherever_they_differ_under_names_that_are_free() -> None:
    graph, said = chained(ng.Nam(LSTM), Wide(), ng.Nam(LSTM), Wide(), pan=ng.Gain(), mix=Wide())
    assert len(said) == 3
    kinds = [type(graph[name]).__name__ for name in graph]
    assert kinds == ["Nam", "Pan", "Wide", "Split", "Mix", "Nam", "Pan", "Wide", "Gain", "Wide"]
    assert len(set(graph)) == 10
    assert type(graph["pan"]) is ng.Gain
    assert type(graph["mix"]) is Wide
    assert graph.check() == ()
    assert ng.render(graph, X[0], RATE).shape[0] == 2


def test_widths_that_fit_are_joined_in_silence() -> None:
    assert chained(ng.Pan(), Wide(), ng.Gain(), ng.Cab(ng.asset("cab.wav")))[1] == []


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda: CHAIN(ng.Mix(2)), ng.PortError, "mix (Mix) has 2 inputs: a chain takes"),
        (lambda: CHAIN(ng.Gain(), ng.Split(2)), ng.PortError, "split (Split) has 2 outp"),
        (
            lambda: CHAIN(ng.Gain(), ng.Nam(LSTM), channels=3),
            ng.PortError,
            "gain has 3 channels, nam takes 1: no node makes one from the other",
        ),
        (lambda: CHAIN(ng.Gain), ng.ParamError, "must be nodes (an instance, not the c"),
        (lambda: CHAIN("amp.nam"), ng.ParamError, "'amp.nam': must be nodes (ng.Nam(pa"),
        (lambda: CHAIN(ng.load_nam(LSTM)), ng.ParamError, "must be nodes (ng.Nam(model)"),
        (lambda: CHAIN([ng.Gain()]), ng.ParamError, "must be nodes"),
        (lambda: CHAIN(None), ng.ParamError, "a chain has None: must be nodes"),
        (lambda: CHAIN(amp=3), ng.ParamError, "a chain has 3: must be nodes"),
        (lambda: CHAIN(channels=0), ng.PortError, "has 0 channels"),
        (lambda: CHAIN(channels="2"), ng.PortError, "has '2' channels"),
        (lambda: CHAIN(**{"in": ng.Gain()}), ng.DuplicateNameError, "'in' is already"),
        (lambda: CHAIN(out=ng.Gain()), ng.DuplicateNameError, "'out' is already"),
        (lambda: CHAIN(**{"a.b": ng.Gain()}), ng.GraphError, "'a.b' is no name"),
        (lambda: CHAIN(**{"": ng.Gain()}), ng.GraphError, "'' is no name"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_chain_is_one_line(
    make: Callable[[], ng.Graph], kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=re.escape(says)) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_a_connection_is_removed_as_it_was_made() -> None:
    graph = ng.Graph.chain(a=ng.Gain(), b=ng.Gain())
    graph.disconnect("a", "b")
    assert feeds(graph) == ["in.out > a.in", "b.out > out.in"]
    assert graph.check() == ("a is heard nowhere", "b gets no input")
    graph.connect("a.out", "b.in")
    assert feeds(graph)[-1] == "a.out > b.in"
    graph.disconnect(graph.handle("a"), graph.handle("b"))
    graph.disconnect("in", "a.in")
    assert feeds(graph) == ["b.out > out.in"]


def test_of_a_sum_one_part_is_disconnected() -> None:
    graph = ng.Graph.chain(a=ng.Gain())
    graph.connect("in", "out")
    np.testing.assert_array_equal(ng.render(graph, X[:1], RATE), 2 * X[:1])
    graph.disconnect("in", "out")
    np.testing.assert_array_equal(ng.render(graph, X[:1], RATE), X[:1])


@pytest.mark.parametrize(
    ("ends", "kind", "says"),
    [
        (("b", "a"), ng.GraphError, "b.out does not feed a.in; it feeds out.in"),
        (("in", "b"), ng.GraphError, "in.out does not feed b.in; it feeds a.in"),
        (("none", "a"), ng.UnknownNameError, "nothing called 'none'"),
        (("a.left", "b"), ng.UnknownNameError, "a has no output 'left'"),
        ((None, "a"), ng.NamgraphError, "None"),
    ],
)
def test_what_is_not_connected_cannot_be_disconnected(
    ends: Any, kind: type[Exception], says: str
) -> None:
    graph = ng.Graph.chain(a=ng.Gain(), b=ng.Gain())
    before = graph.copy()
    with pytest.raises(kind, match=re.escape(says)):
        graph.disconnect(*ends)
    assert graph == before


def test_an_engine_that_is_rewired_keeps_what_was_set_and_its_state() -> None:
    graph = ng.Graph.chain(
        amp=ng.Delay(time_ms=1.0, feedback=0.9, mix=0.5), drive=ng.Gain(gain_db=12.0)
    )
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64, fade_s=0.0)
    engine.set("amp.mix", 1.0)
    engine.process(X[:1, :500])
    straight = graph.copy()
    straight.disconnect("amp", "drive")
    straight.disconnect("drive", "out")
    straight.connect("amp", "out")
    with pytest.warns(ng.GraphWarning, match="drive"):
        engine.swap(straight)
    assert engine.get("amp.mix") == 1.0
    quiet = engine.process(np.zeros((1, 200), np.float32))
    assert np.abs(quiet).max() > 0.01, "the echo goes on without the gain after it"
