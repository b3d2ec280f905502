"""A model at another rate than the stream: refused, or run between two resamplers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.graph import Graph, NamFileError, Spec
from namgraph.nodes.dsp.resample import rates
from namgraph.nodes.nam import Nam
from namgraph.nodes.testing import same_bits
from namgraph.runtime import Engine, render

from . import nets
from .test_levels import SIGNAL, Json, play


def test_latency_is_declared_where_there_is_any(tmp_path: Path) -> None:
    name = nets.write(tmp_path, nets.wavenet(nets.array(2, [1, 2]), rate=44_100))
    node = Nam(name, resample=True)
    assert node.latency(Spec(48_000, 64)) == rates(48_000, 44_100).latency
    assert node.latency(Spec(44_100, 64)) == 0
    same_bits(play(node, rate=44_100), play(Nam(name), rate=44_100))
    with pytest.raises(NamFileError, match=r"44100 Hz, the stream at 48000 Hz.*resample"):
        play(Nam(name))


def harmonic(y: Any, rate: int, number: int) -> complex:
    """A multiple of 500 Hz in whole periods of a settled signal."""
    n = np.arange(rate // 10, rate // 10 * 4)
    return complex(np.mean(y[n] * np.exp(-2j * np.pi * 500 * number * n / rate)))


def test_a_resampled_model_sounds_as_at_its_own_rate_and_is_not_late(tmp_path: Path) -> None:
    file = nets.wavenet(nets.array(4, [1, 4, 16]), rate=44_100)
    node = Nam(nets.write(tmp_path, file), resample=True)
    found = {}
    for rate in (44_100, 48_000):
        time = np.arange(rate // 2) / rate
        y = play(node, (0.5 * np.sin(2 * np.pi * 500 * time)).astype(np.float32), rate)
        found[rate] = [harmonic(y, rate, number) for number in range(5)]
    assert abs(found[44_100][2]) > 1e-4  # it distorts
    np.testing.assert_allclose(found[48_000], found[44_100], rtol=1e-3, atol=2e-6)


@pytest.mark.parametrize("file", [nets.lstm(3, 1, rate=44_100), nets.lstm(3, 1, rate=96_000)])
def test_blocks_resets_and_snapshots_change_no_bit(tmp_path: Path, file: Json) -> None:
    graph = Graph()
    told = file | {"metadata": {"input_level_dbu": 14.0, "output_level_dbu": 10.0}}
    node = Nam(nets.write(tmp_path, told), resample=True, levels="calibrated")
    graph.input("in", channels=1) >> graph.add("amp", node) >> graph.output("out", channels=1)
    outs = [render(graph, SIGNAL, 48_000, block=block, tail=False) for block in (1, 17, 64, 4096)]
    for out in outs[1:]:
        same_bits(out, outs[0])
    made = Engine(graph, sample_rate=48_000, max_frames=256)
    first = [made.process(SIGNAL[None, :200]).copy() for _ in range(2)]
    made.reset()
    again = [made.process(SIGNAL[None, :200]).copy() for _ in range(2)]
    for a, b in zip(first, again, strict=True):
        same_bits(a, b)


def test_a_reset_begins_at_the_size_that_is_set(tmp_path: Path) -> None:
    sizes = nets.container(
        nets.lstm(2, 1, rate=44_100), nets.wavenet(nets.array(2, [1]), rate=44_100)
    )
    name = nets.write(tmp_path, sizes | {"sample_rate": 44_100})
    graph = Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", Nam(name, resample=True))
    end >> graph.output("out", channels=1)
    made = Engine(graph, sample_rate=48_000, max_frames=256)
    made.set("amp.slim", 0.0)
    made.reset()
    y = np.zeros_like(SIGNAL)
    made.play([SIGNAL], [y], SIGNAL.size)
    late = rates(48_000, 44_100).latency
    same_bits(y[late:], play(Nam(name, slim=0.0, resample=True))[: y.size - late])


def test_a_rate_that_cannot_be_resampled_is_named(tmp_path: Path) -> None:
    name = nets.write(tmp_path, nets.lstm(2, 1, rate=44_101))
    with pytest.raises(NamFileError, match=r"model\.nam: cannot resample from 48000 Hz to 44101"):
        play(Nam(name, resample=True))
