"""``engine["amp.input_db"]``, of engines, streams and steppers, and names that there are not."""

from typing import Any

import pytest

import namgraph as ng


def made() -> list[Any]:
    graph = ng.Graph.chain(ng.Gain(), ng.Meter())
    return [
        ng.Engine(graph, sample_rate=48_000),
        ng.NullStream(graph, sample_rate=48_000),
        ng.Stepper(graph, 48_000),
    ]


@pytest.mark.parametrize("number", range(3))
def test_parameters_by_name(number: int) -> None:
    one = made()[number]
    one["gain.gain_db"] = -3.0
    assert one["gain.gain_db"] == one.get("gain.gain_db") == -3.0
    assert "gain.gain_db" in one
    assert "gain" not in one
    assert "gain.gain" not in one
    assert None not in one
    assert list(one) == list(one.params()) == ["gain.gain_db"]


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("gain.gain", "gain.gain_db"),
        ("meter.pek", "meter.peak"),
        ("gain", "gain.gain_db"),
        ("", "gain.gain_db"),
        (None, "gain.gain_db"),
        (3, "gain.gain_db"),
        ("gain.gain_db ", "gain.gain_db"),
    ],
)
def test_an_unknown_name_is_one_line_with_those_that_are_near(
    number: int, name: Any, near: str
) -> None:
    with pytest.raises(ng.UnknownNameError, match=f"no parameter or reading .*{near}") as caught:
        made()[number][name]
    assert "\n" not in str(caught.value)
