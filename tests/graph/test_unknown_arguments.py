"""An argument that there is not is one line: what has no such argument, and the nearest names."""

from collections.abc import Callable
from typing import Any

import pytest

import namgraph as ng
from namgraph.graph.arguments import by_keyword

LSTM = ng.asset("crunch-lstm.nam")
ANY: Any = ng  # type checkers know the arguments
CALLS: list[tuple[Callable[[], Any], str]] = [
    (lambda: ANY.Gain(gain=3.0), "Gain has no argument 'gain'; nearest: gain_db"),
    (lambda: ANY.Nam(LSTM, knob1=0.3),
     "Nam has no argument 'knob1'; knobs of a capture are given as knobs={'knob1': 0.3}"),
    (lambda: ANY.Nam(LSTM, tone="a"), "Nam has no argument 'tone'; knobs of a capture are"),
    (lambda: ANY.Nam(LSTM, inputdb=1.0), "Nam has no argument 'inputdb'; nearest: input_db"),
    (lambda: ANY.render(LSTM, [0.0], 48_000, tails=True), "render has no argument 'tails'; near"),
    (lambda: ANY.Graph().input("in", chanels=1), "Graph.input has no argument 'chanels'; near"),
    (lambda: ANY.NullStream(LSTM, zz=1), "NullStream has no argument 'zz'; there is graph"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "says"), CALLS)
def test_an_unknown_argument_names_the_nearest(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(TypeError) as refused:
        call()
    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)


def test_a_function_of_any_arguments_takes_any() -> None:
    assert len(ng.Graph.chain(ng.Gain(), anything=ng.Gain())) == 2

    def positional(a: int, /, **more: int) -> int:
        return a + more["a"]

    assert by_keyword(positional)(1, a=2) == 3
