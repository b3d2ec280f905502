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
LEVELLED = [name for name in shipped_presets() if name not in ("crunch", "plugin")]
"""Those of one loudness: "crunch" is older, and "plugin" has the NAM plugin's level."""


@cache
def played(name: str) -> Any:
    sound = ng.read_audio(ng.asset("di.wav"))
    return ng.render(name, sound.samples, sound.rate)


@pytest.mark.parametrize("name", LEVELLED)
def test_all_are_equally_loud_and_below_their_ceiling(name: str) -> None:
    y = played(name)
    found = ng.loudness(y, RATE)
    assert found.integrated_lufs == pytest.approx(-18.0, abs=1.0)
    assert found.sample_peak_db <= -2.0
    assert found.true_peak_dbtp <= -2.0
    assert y.shape[0] == 2


@pytest.mark.parametrize("name", shipped_presets())
def test_they_end_in_silence(name: str) -> None:
    """The tail is honest: what is rendered ends more than 80 dB below the peak."""
    y = played(name)
    assert abs(y[..., -480:]).max() < 1e-4 * abs(y).max()


@pytest.mark.parametrize("name", shipped_presets())
def test_they_play_the_same_bits_in_blocks_of_any_length(name: str) -> None:
    x = ng.read_audio(ng.asset("di.wav")).samples[:, 4800:9600]
    graph = ng.load_preset(name)
    reference = ng.render(graph, x, RATE, tail=False, block=64)
    for block in (1, 1000):
        same_bits(ng.render(graph, x, RATE, tail=False, block=block), reference)


@pytest.mark.parametrize("name", shipped_presets())
def test_they_are_whole_and_of_few_nodes(name: str) -> None:
    preset = read_preset(shipped_presets()[name])
    assert preset.graph.check() == ()
    assert len(preset.graph) <= 16
    assert preset.graph.latency(RATE) == (0 if name in ("crunch", "plugin") else 80)
    assert dict(preset.graph.inputs) == {"guitar": 1}
    assert np.isfinite(played(name)).all()
