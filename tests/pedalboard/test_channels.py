"""``fit``: how the channels of a stream and of a graph are joined, and the warning for it."""

import warnings
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.adapters.pedalboard.channels import find_layouts

from .graphs import RATE, Audio, echo_graph, noise, rendered

pb = pytest.importorskip("pedalboard")
from namgraph.runtime.adapters.pedalboard import Board, GraphEffect, GraphPlugin  # noqa: E402

KINDS: list[Any] = [GraphPlugin, GraphEffect]


def play(made: Any, x: Audio, rate: float = RATE) -> Audio:
    out: Audio = (Board([made]) if isinstance(made, GraphEffect) else made)(x, rate)
    return out


def spread(position: float = 0.5) -> ng.Graph:
    """One channel in, two out."""
    graph = ng.Graph()
    graph.input("in", channels=1) >> graph.add("pan", ng.Pan(position=position))
    graph.handle("pan") >> graph.output("out", channels=2)
    return graph


def narrow() -> ng.Graph:
    """Two channels in, one out: the left one."""
    graph = ng.Graph()
    graph.input("in", channels=2) >> graph.add("split", ng.Split(2, mode="channels"))
    graph.add("gain", ng.Gain(gain_db=-6.0))
    graph.connect("split.left", "gain")
    graph.connect("gain", graph.output("out", channels=1))
    graph.connect("split.right", graph.add("meter", ng.Meter()))
    return graph


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wide", [2, 3, 8])
def test_a_mono_amp_plays_each_channel_and_says_so_once(kind: Any, wide: int) -> None:
    x, made = noise(wide, 1000), kind(echo_graph(1))
    says = f"takes 1 and gives 1 channels, the stream has {wide}: a copy of it plays each"
    with pytest.warns(ng.ChannelsWarning, match=says) as caught:
        heard = play(made, x)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(heard, [rendered(echo_graph(1), side) for side in x])
    play(made, x, 44_100)  # once: warnings are errors here
    np.testing.assert_array_equal(play(made, x[:1]), rendered(echo_graph(1), x[:1]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_of_one_input_plays_the_mean_of_both_sides(kind: Any) -> None:
    x, made = noise(2, 1000), kind(spread())
    with pytest.warns(ng.ChannelsWarning, match="it plays their mean"):
        heard = play(made, x)
    mean = ((x[0] + x[1]) * np.float32(0.5)).astype("f4")
    np.testing.assert_array_equal(heard, rendered(spread(), mean))
    same = np.stack([x[0], x[0]])
    np.testing.assert_array_equal(play(made, same), rendered(spread(), x[0]))
    made.bypass = True
    np.testing.assert_array_equal(play(made, x), x)  # both sides, not their mean


@pytest.mark.parametrize("kind", KINDS)
def test_the_sum_and_the_first_are_chosen_without_a_warning(kind: Any) -> None:
    x = noise(2, 1000)
    mean = ((x[0] + x[1]) * np.float32(0.5)).astype("f4")
    wanted = rendered(echo_graph(1), mean)
    np.testing.assert_array_equal(play(kind(echo_graph(1), fit="sum"), x), [wanted, wanted])
    np.testing.assert_array_equal(play(kind(spread(), fit="sum"), x), rendered(spread(), mean))
    np.testing.assert_array_equal(play(kind(spread(), fit="first"), x), rendered(spread(), x[0]))
    np.testing.assert_array_equal(
        play(kind(echo_graph(1), fit="sum"), x[:1]), rendered(echo_graph(1), x[:1])
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_stereo_graph_in_a_mono_stream(kind: Any) -> None:
    x, made = noise(1, 1000), kind(echo_graph(2))
    says = "each of its inputs gets that one, and that one gets the mean of its outputs"
    with pytest.warns(ng.ChannelsWarning, match=says):
        heard = play(made, x)
    np.testing.assert_array_equal(heard, rendered(echo_graph(1), x))
    made.bypass = True
    np.testing.assert_array_equal(play(made, x), x)


def test_one_output_goes_to_every_channel() -> None:
    x, made = noise(2, 1000), GraphPlugin(narrow())
    with pytest.warns(ng.ChannelsWarning, match="the stream has 2: each gets its output"):
        heard = made(x, RATE)
    wanted = rendered(narrow(), x)[0]
    np.testing.assert_array_equal(heard, [wanted, wanted])


@pytest.mark.parametrize("kind", KINDS)
def test_channels_that_fit_are_played_as_they_are(kind: Any) -> None:
    for channels in (1, 2, 5):
        x = noise(channels, 500)
        found = play(kind(echo_graph(channels), sample_rate=RATE), x)
        np.testing.assert_array_equal(found, rendered(echo_graph(channels), x))


@pytest.mark.parametrize("kind", KINDS)
def test_widths_that_cannot_be_joined_are_refused(kind: Any) -> None:
    x = noise(3, 500)
    with pytest.raises(ng.PortError, match="a 3-channel stream: the graph plays 1, 2 channels"):
        play(kind(echo_graph(2)), x)
    for graph, fit, says in (
        (echo_graph(2), "sum", "fit='sum' plays the mean of a stream's channels"),
        (echo_graph(2), "each", "fit='each' plays a copy on each channel, and needs 1 and 1"),
        (spread(), "exact", "takes 1 and gives 2 channels: fit='exact' needs as many out as in"),
        (narrow(), "first", "needs no more in than out"),
    ):
        with pytest.raises(ng.PortError, match=says):
            kind(graph, fit=fit)
    with pytest.raises(ng.ParamError, match="fit is 'mono': must be one of auto, exact, each"):
        kind(echo_graph(), fit="mono")


def test_a_warning_made_an_error_is_raised_where_the_board_was_called() -> None:
    board = pb.Pedalboard([GraphPlugin(echo_graph(1))])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ng.ChannelsWarning)
        with pytest.raises(ng.ChannelsWarning, match="a copy of it plays each"):
            board(noise(2, 500), RATE)
    assert board(noise(2, 500), RATE).any()


def test_layouts_by_fit() -> None:
    assert list(find_layouts(echo_graph(1), "auto")) == [*range(1, 9)]
    assert list(find_layouts(echo_graph(2), "auto")) == [1, 2]
    assert list(find_layouts(spread(), "auto")) == [1, 2]
    assert list(find_layouts(spread(), "first")) == [2]
    assert list(find_layouts(spread(), "sum")) == [2]
    assert list(find_layouts(echo_graph(1), "sum")) == [*range(1, 9)]
    assert [n for n, row in find_layouts(echo_graph(2), "auto").items() if not row.said] == [2]
