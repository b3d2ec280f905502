"""The racks that ship, with the guitar that ships: loudness, peaks, cuts, latency, tails."""

from functools import cache
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits
from namgraph.presets.bundled import shipped_presets
from namgraph.presets.preset import read_preset

RATE = 48_000
MONO = ("plugin", "reamp")
LATENCY = {"crunch": 0, "plugin": 0, "reamp": 0}
LATENCY |= {"ambient": 80 + 768, "bass": 80 + 55 + 15, "tight": 80 + 55, "two-amps": 80 + 1}
"""Frames; of the others that of a limiter, 80.  The pitch shifter of "ambient" adds 768, an
overdrive 55; branches of "bass" and "two-amps" were measured 15 frames and 1 frame apart."""


def into(graph: ng.Graph, x: Any) -> Any:
    """Return the signals of all inputs: the guitar into the first, silence into others."""
    (first, _), *rest = graph.inputs.items()
    return {first: x, **{name: np.zeros((width, x.shape[1])) for name, width in rest}}


@cache
def played(name: str) -> dict[str, Any]:
    graph = ng.load_preset(name)
    x = into(graph, ng.read_audio(ng.asset("di.wav")).samples)
    y: dict[str, Any] = ng.render(graph, x, RATE)
    return y


@pytest.mark.parametrize("name", shipped_presets())
def test_all_are_equally_loud_and_below_their_ceiling(name: str) -> None:
    y = next(iter(played(name).values()))
    found = ng.loudness(y, RATE)
    assert found.integrated_lufs == pytest.approx(-18.0, abs=0.3)
    assert found.sample_peak_db <= -2.0
    assert found.true_peak_dbtp <= -2.0
    assert y.shape[0] == (1 if name in MONO else 2)


@pytest.mark.parametrize("name", shipped_presets())
def test_they_end_in_silence_without_a_click_or_an_offset(name: str) -> None:
    """The tail is honest: what is rendered ends more than 80 dB below the peak."""
    for y in played(name).values():
        peak = abs(y).max()
        assert 0.01 < peak < 1.0
        assert abs(y[..., -480:]).max() < 1e-4 * peak
        assert abs(y.mean(-1)).max() < 1e-3 * peak
        assert abs(np.diff(y)).max() < 0.6 * peak


@pytest.mark.parametrize("name", sorted({*shipped_presets()} - {*MONO}))
def test_both_sides_are_heard(name: str) -> None:
    left, right = (y**2 for y in next(iter(played(name).values())))
    assert abs(10.0 * np.log10(left.mean() / right.mean())) < 3.0
    assert np.corrcoef(*next(iter(played(name).values())))[0, 1] > -0.1, "it survives in mono"


@pytest.mark.parametrize("name", shipped_presets())
def test_they_play_the_same_bits_in_blocks_of_any_length(name: str) -> None:
    graph = ng.load_preset(name)
    x = into(graph, ng.read_audio(ng.asset("di.wav")).samples[:, 4800:9600])
    reference = ng.render(graph, x, RATE, tail=False, block=64)
    for block in (1, 1000):
        found = ng.render(graph, x, RATE, tail=False, block=block)
        for end, y in found.items():
            same_bits(y, reference[end])


@pytest.mark.parametrize("name", shipped_presets())
def test_they_are_whole_and_of_few_nodes(name: str) -> None:
    preset = read_preset(shipped_presets()[name])
    assert preset.graph.check() == ()
    assert len(preset.graph) <= 16
    assert preset.graph.latency(RATE) == LATENCY.get(name, 80)
    assert next(iter(preset.graph.inputs.items())) == ("guitar", 1)
    assert len(shipped_presets()[name].read_text().splitlines()) <= 70, "it fits on a screen"


def test_there_are_the_ten_and_two_amps_has_its_wet_and_dry_sides() -> None:
    assert len(shipped_presets()) >= 12
    assert {end: y.shape[0] for end, y in played("two-amps").items()} == {
        "out": 2,
        "wet": 2,
        "dry": 1,
    }


@pytest.mark.parametrize(
    ("name", "ends"), [("bass", ("low", "cut")), ("two-amps", ("cab a", "cab b"))]
)
def test_what_was_measured_between_branches_is_still_so(name: str, ends: tuple[str, str]) -> None:
    graph = ng.load_preset(name)
    stored = [graph[f"{end}_align"] for end in ends]
    assert graph.align(*ends).applied
    assert [graph[f"{end}_align"] for end in ends] == stored


def test_a_backing_track_is_heard_beside_the_guitar() -> None:
    graph = ng.load_preset("practice")
    x = into(graph, np.zeros((1, 9_600)))
    assert dict(graph.inputs) == {"guitar": 1, "track": 2}
    x["track"] = 0.1 * np.random.default_rng(0).standard_normal((2, 9_600)).clip(-2.0, 2.0)
    y = ng.render(graph, x, RATE, tail=False)["out"]
    np.testing.assert_allclose(y, x["track"] * 10 ** (-6.0 / 20.0), atol=1e-3)
