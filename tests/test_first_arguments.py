"""Arguments in the wrong place, and things given where a graph is meant: one line that helps."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph.arguments import as_number, as_whole, format_value

LSTM = ng.asset("crunch-lstm.nam")
X = np.zeros((1, 64), np.float32)


def rack() -> ng.Graph:
    graph = ng.Graph()
    amp = graph.input("in", channels=1) >> graph.add("amp", ng.Gain())
    amp >> graph.output("out", channels=1)
    return graph


TAKES: list[Callable[[Any], object]] = [
    lambda graph: ng.render(graph, X, 48_000),
    lambda graph: ng.play(graph, X, 48_000),
    lambda graph: ng.Engine(graph, sample_rate=48_000),
    lambda graph: ng.Stepper(graph, 48_000),
    lambda graph: ng.NullStream(graph),
    lambda graph: ng.LiveStream(graph),
    lambda graph: ng.save_preset(graph, "rack.json"),
    lambda graph: ng.export_nam(graph, "rack.nam"),
    lambda graph: ng.match_levels(graph),
    lambda graph: ng.Engine(rack(), sample_rate=48_000).swap(graph),
    lambda graph: ng.NullStream(rack()).swap(graph),
]
ALLOWED = "must be a Graph, a node, a model, or the path of a preset or a .nam file"


@pytest.mark.parametrize("take", TAKES)
@pytest.mark.parametrize(
    ("given", "says"),
    [
        (ng.Graph, f"{ALLOWED}: an instance, not the class"),
        (ng.Gain, f"{ALLOWED}: an instance, not the class"),
        (None, f"graph is None: {ALLOWED}"),
        (b"x.nam", f"graph is b'x.nam': {ALLOWED}"),
        (48_000, f"graph is 48000: {ALLOWED}"),
        ([ng.Gain()], ALLOWED),
        (X, f"graph is array([[0., 0., 0., 0., 0., ...., 0.]], dtype=float32): {ALLOWED}"),
    ],
)
def test_what_is_no_graph_says_what_may_be_given(
    take: Callable[[Any], object], given: Any, says: str
) -> None:
    with pytest.raises(ng.GraphError, match=re.escape(says)) as caught:
        take(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("take", TAKES)
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("x.nam", "x.nam: cannot be read"),
        (Path("y.NAM"), "y.NAM: cannot be read"),
        ("rack2.json", "rack2.json"),
        ("loud", "no preset 'loud' ships with namgraph; there is acoustic"),
        ("in.wav", "in.wav"),
        ("", "empty"),
        ("a\0b", "path"),
    ],
)
def test_a_file_that_is_not_there_is_named(
    take: Callable[[Any], object],
    given: Any,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ng.FileError, match=re.escape(says)) as caught:
        take(given)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_engine_or_a_stream_has_a_graph_to_pass(tmp_path: Path) -> None:
    made: list[Any] = [
        ng.Engine(rack(), sample_rate=48_000),
        ng.NullStream(rack()),
        ng.Stepper(rack(), 48_000),
    ]
    for one in made:
        with pytest.raises(ng.GraphError, match=r"graph is .*: pass its \.graph"):
            ng.save_preset(one, tmp_path / "rack.json")
        ng.save_preset(one.graph, tmp_path / "rack.json")
        assert ng.load_preset(tmp_path / "rack.json") == rack()


def test_arguments_that_changed_places_are_put_right() -> None:
    swapped: list[tuple[Callable[[], object], str]] = [
        (lambda: ng.render(X, rack(), 48_000), "render(graph, audio, sample_rate)"),  # type: ignore[call-overload]
        (lambda: ng.play(X, rack(), 48_000), "play(graph, audio, sample_rate)"),  # type: ignore[arg-type]
        (lambda: ng.Stepper(48_000, rack()), "Stepper(graph, sample_rate, frames)"),  # type: ignore[arg-type]
        (lambda: ng.match_levels(12.0, rack()), "match_levels(graph, interface_dbu)"),  # type: ignore[arg-type]
    ]
    for call, order in swapped:
        with pytest.raises(ng.GraphError, match=re.escape(f"the order is {order}")):
            call()
    with pytest.raises(ng.FileError, match=r"r\.json"):
        ng.save_preset("r.json", rack())  # type: ignore[arg-type]


BY_KEYWORD: list[tuple[Any, tuple[Any, ...], str]] = [
    (ng.Engine, (rack(), 48_000), "Engine takes graph by position, and by keyword sample_rate="),
    (ng.render, (rack(), X, 48_000, 64), "audio, sample_rate by position, and by keyword ir="),
    (
        ng.play,
        (rack(), X, 48_000, 1),
        "audio, sample_rate by position, and by keyword ir=, device=",
    ),
    (ng.plot, (rack(), "x.png", X), "plot takes thing, path by position, and by keyword against="),
    (ng.Stepper, (rack(), 48_000, 1, 2), "sample_rate, frames by position, and by keyword streams"),
    (rack().input, ("x", 1), "Graph.input takes name by position, and by keyword channels="),
    (rack().output, ("x", 1), "Graph.output takes name by position, and by keyword channels="),
    (ng.Gain, (3.0,), "Gain takes nothing by position, and by keyword gain_db="),
    (ng.Nam, (LSTM, LSTM, 0.5), "right by position, and by keyword slim="),
    (ng.NullStream, (rack(), 64, 48_000), "blocksize by position, and by keyword sample_rate="),
    (ng.LiveStream, (rack(), 64, 0), "blocksize by position, and by keyword device="),
    (ng.Meter, (1,), "Meter takes nothing by position, and nothing more"),
    (ng.render_models, ([LSTM], X, 48_000, 1.0), "by position, and by keyword slim="),
]


@pytest.mark.parametrize(("function", "given", "says"), BY_KEYWORD)
def test_an_argument_that_goes_by_keyword_is_named(
    function: Callable[..., object], given: tuple[Any, ...], says: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(says)):
        function(*given)


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(TypeError, match="sample_rate"):
        ng.Engine(rack())  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="path"):
        ng.Nam()  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amp.gain_db": 3.0}, "changes is {'amp.gain_db': 3.0}: must be a list of (frame, "),
        ("amp.gain_db", "changes is 'amp.gain_db': must be a list of (frame, "),
        ([("amp.gain_db", 3.0)], "changes has ('amp.gain_db', 3.0): must be a list of (frame, "),
        ([(0, "amp.gain_db")], "changes has (0, 'amp.gain_db'): must be"),
        (3, "changes is 3: must be a list"),
        ([(0, 5, 1.0)], "no parameter 5; there is amp.gain_db"),
    ],
)
def test_changes_are_triples(changes: Any, says: str) -> None:
    with pytest.raises(ng.NamgraphError, match=re.escape(says)):
        ng.render(rack(), X, 48_000, changes=changes)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    same = ng.render(rack(), X, 48_000, block=64)
    np.testing.assert_array_equal(same, ng.render(rack(), X, 48_000.0, block=64.0))  # type: ignore[call-overload]
    assert ng.Spec(48_000, 64.0).max_frames == 64  # type: ignore[arg-type]
    assert ng.Mix(2.0).count == 2  # type: ignore[arg-type]
    assert isinstance(ng.Mix(2.0).count, int)  # type: ignore[arg-type]
    found = [
        as_whole(v) for v in (64, 64.0, np.int8(3), np.float32(7), 2.5, True, "3", None, 1e400)
    ]
    assert found == [64, 64, 3, 7, None, None, None, None, None]
    numbers = [
        as_number(v) for v in (1, 1.5, np.float32(0.5), np.array(2.0), True, "1", 1j, 10**400)
    ]
    assert numbers == [1.0, 1.5, 0.5, 2.0, None, None, None, None]


def test_what_is_shown_of_a_value_is_short_and_on_one_line() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    shown = [
        format_value(v) for v in (np.zeros((9, 9)), "x" * 999, list(range(999)), 10**5000, Odd())
    ]
    assert all(len(one) <= 80 and "\n" not in one for one in shown)
    assert "Odd" in shown[-1]
