"""GraphPlugin, GraphEffect, Board: saved parameter values; errors for wrong arguments."""

import gc
import re
from pathlib import Path
from typing import Any

import numpy as np
import pedalboard as pb
import pytest

import namgraph as ng
from namgraph.runtime.adapters.pedalboard import Board, GraphEffect, GraphPlugin
from namgraph.runtime.adapters.pedalboard.shim.binding import release_unused

from .graphs import RATE, around, echo_graph, noise, rendered

MAKERS: list[Any] = [GraphPlugin, GraphEffect]


def gain_of(made: Any) -> float:
    value: float = made.graph.nodes["amp"].gain_db
    return value


def play(made: Any, x: Any) -> Any:
    return Board([made])(x, RATE, reset=False) if isinstance(made, GraphEffect) else made(
        x, RATE, reset=False)  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
def test_parameter_values_are_saved(make: Any, tmp_path: Path) -> None:
    x, made = noise(2, 2000), make(echo_graph())
    made.amp_gain_db = -3.0
    play(made, x)
    made.set("echo.feedback", 0.25)
    ng.save_preset(made.graph, tmp_path / "preset.json")
    loaded = ng.load_preset(tmp_path / "preset.json")
    assert loaded == made.graph
    wanted = echo_graph(gain_db=-3.0)
    wanted.replace("echo", ng.Delay(time_ms=3.0, feedback=0.25))
    np.testing.assert_array_equal(rendered(loaded, x), rendered(wanted, x))


@pytest.mark.parametrize("make", MAKERS)
def test_a_timed_change_is_saved_once_its_frame_is_processed(make: Any) -> None:
    made = make(echo_graph(), sample_rate=RATE)
    made.set("amp.gain_db", -20.0, at=1000)
    assert gain_of(made) == made.get("amp.gain_db") == made.amp_gain_db == -6.0
    play(made, noise(2, 900))
    assert gain_of(made) == -6.0
    play(made, noise(2, 200))
    assert gain_of(made) == made.amp_gain_db == -20.0
    made.set("amp.gain_db", -1.0, at=5000)
    made.set("amp.gain_db", -2.0)
    assert gain_of(made) == made.amp_gain_db == -2.0


@pytest.mark.parametrize("wide", [2, 3, 8])
def test_a_mono_graph_in_a_wider_stream_names_fit(wide: int) -> None:
    x = noise(wide, 500)
    says = f"a {wide}-channel stream: the graph plays 1 channel; fit='each' plays a copy of it"
    for fit in ("exact", "first"):
        plugin = GraphPlugin(echo_graph(1), fit=fit)
        for call in (
            plugin,
            pb.Pedalboard([pb.Gain(0), plugin]),
            GraphPlugin(echo_graph(1), fit=fit),
        ):
            with pytest.raises(ng.PortError, match=says):
                call(x, RATE)
            with pytest.raises(ValueError, match=says):  # as pedalboard's own plugins
                call(x, RATE)
        np.testing.assert_array_equal(plugin(x[:1], RATE), rendered(echo_graph(1), x[:1]))
    with pytest.raises(ng.PortError, match=says):
        Board([GraphEffect(echo_graph(1), fit="exact")])(x, RATE)
    each = pb.Pedalboard([GraphPlugin(echo_graph(1), fit="each")])(x, RATE)
    np.testing.assert_array_equal(each[1], rendered(echo_graph(1), x[1:2])[0])


def test_a_refused_plugin_does_not_stay_for_its_error() -> None:
    gc.collect()
    before = release_unused()
    for _ in range(3):
        with pytest.raises(ng.PortError, match="2-channel stream"):
            GraphPlugin(echo_graph(1), fit="exact")(noise(2, 100), RATE)
    gc.collect()
    assert release_unused() == before


def test_a_stereo_graph_in_a_mono_stream_names_the_input_to_give() -> None:
    with pytest.raises(
        ng.PortError, match=r"1-channel stream: the graph plays 2 .*np.vstack\(\[x, x"
    ):
        GraphPlugin(echo_graph(2), fit="exact")(noise(1, 500), RATE)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("x.nam",), "x.nam: cannot be read"),
        (
            (ng.Gain,),
            "must be a Graph, a node, a model, or the path of a preset or a .nam file: an i",
        ),
        ((None,), "graph is None: must be a Graph, a node, a model, or the path"),
        (
            (echo_graph(1), "each"),
            "takes graph by position, and by keyword fit=, sample_rate=, name=",
        ),
    ],
)
def test_wrong_first_arguments_are_one_line(make: Any, given: tuple[Any, ...], says: str) -> None:
    with pytest.raises((ng.GraphError, ng.FileError, TypeError), match=re.escape(says)):
        make(*given)


@pytest.mark.parametrize("make", MAKERS)
def test_wrong_values_are_named(make: Any, tmp_path: Path) -> None:
    for how, says in (
        ({"fit": 5}, "fit is 5"),
        ({"fit": ["each"]}, "fit is"),
        ({"sample_rate": "48k"}, "sample_rate is '48k'"),
        ({"sample_rate": 0}, "sample_rate is 0"),
        ({"name": 5}, "name is 5"),
        ({"name": " "}, "name is ' '"),
    ):
        with pytest.raises(ng.ParamError, match=re.escape(says)):
            make(echo_graph(), **how)
    made = make(echo_graph())
    for name, value, at, says in (
        ("amp.gain_db", "loud", None, "gain_db is 'loud'"),
        ("amp.gain_db", None, None, "gain_db is None"),
        ("amp.gain_db", -1.0, "now", "at is 'now'"),
        ("amp.gain_db", -1.0, -1, "at is -1"),
        (5, -1.0, None, "no parameter 5"),
        ([], -1.0, None, "no parameter []"),
    ):
        with pytest.raises(ng.NamgraphError, match=re.escape(says)):
            made.set(name, value, at=at)
    with pytest.raises(ng.NamgraphError, match="no parameter None"):
        made.get(None)
    for state in (None, 5, b"\xff", b"[1]", b'{"amp.gain_db": "x"}', b"[" * 100_000):
        with pytest.raises(ng.NamgraphError, match=r"state|gain_db"):
            made.raw_state = state
    for path in (None, b"x", tmp_path, tmp_path / "none", "a\0b"):
        with pytest.raises(ng.FileError):
            made.load_preset(path)
    assert gain_of(made) == -6.0


def test_a_boards_arguments_are_named() -> None:
    x, board = noise(2, 64), Board([echo_graph()])
    played: Any = board.process
    wrong: tuple[Any, ...] = ("rack.json", 5, [5], [echo_graph(), b"x.nam"])
    for plugins in wrong:
        with pytest.raises(TypeError, match="plugins"):
            Board(plugins)
    with pytest.raises(ng.FileError, match=r"x\.nam: cannot be read"):
        Board([echo_graph(), "x.nam"])
    for how, says in (
        ({"input_array": "x"}, "input_array: samples are"),
        ({"input_array": [[1.0], [1.0, 2.0]]}, "input_array cannot be read as an array"),
        ({"sample_rate": None}, "sample_rate is None"),
        ({"buffer_size": 0}, "buffer_size is 0"),
        ({"buffer_size": "big"}, "buffer_size is 'big'"),
        ({"reset": "yes"}, "reset is 'yes'"),
    ):
        with pytest.raises((ng.NamgraphError, TypeError), match=re.escape(says)):
            played(**{"input_array": x, "sample_rate": RATE, **how})
    np.testing.assert_array_equal(board(x, RATE), rendered(echo_graph(), x))


def test_a_silent_graph_warns_once_when_the_plugin_is_created() -> None:
    graph = around(ng.Gain())
    graph.add("spare", ng.Gain())
    for make in MAKERS:
        with pytest.warns(ng.GraphWarning, match="spare gets no input") as caught:
            made = make(graph)
        assert len(caught) == 1
        play(made, noise(2, 64))
