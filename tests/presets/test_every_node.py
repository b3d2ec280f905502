"""A preset with every node type plays the same bits through everything that can play it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.nodes.testing import same_bits
from namgraph.runtime.adapters.live.null import NullStream

from .every_node import every_node, shipped_types

RATE, FRAMES = 48_000, 4_800


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("every") / "every.json"
    ng.save_preset(every_node(), path)
    return str(path)


@pytest.fixture(scope="module")
def guitar() -> Any:
    x: Any = ng.read_audio(ng.asset("di.wav")).samples
    return x[:, 24_000 : 24_000 + FRAMES]


@pytest.fixture(scope="module")
def expected(preset: str, guitar: Any) -> Any:
    y = ng.render(preset, guitar, RATE, tail=False)
    assert y.shape == (2, FRAMES)
    assert np.isfinite(y).all()
    assert 1e-3 < abs(y).max() < 1.0, "below full scale: a file would clip"
    return y


def test_it_holds_every_type_and_each_is_heard(preset: str) -> None:
    graph = ng.load_preset(preset)
    there = {node.type_name for node in graph.nodes.values()}
    assert there >= set(shipped_types())
    assert len(there) >= 40
    assert graph.check(strict=True) == ()


@pytest.mark.parametrize("block", [17, 64])
def test_blocks_of_other_lengths(preset: str, guitar: Any, expected: Any, block: int) -> None:
    same_bits(ng.render(preset, guitar, RATE, tail=False, block=block), expected)


def test_the_command_line(preset: str, guitar: Any, expected: Any, tmp_path: Path) -> None:
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, guitar.T, RATE, subtype="FLOAT")
    words = ["render", preset, str(source), str(target), "--no-tail", "--subtype", "float"]
    assert main(words) == 0
    same_bits(soundfile.read(target, dtype="float32", always_2d=True)[0].T, expected)


def test_the_live_stream(preset: str, guitar: Any, expected: Any) -> None:
    latency = ng.load_preset(preset).latency(RATE)
    frames = FRAMES + latency
    x = np.pad(guitar, ((0, 0), (0, latency)))
    how: Any = {"realtime": False, "source": x, "record": frames, "node_share": None}
    with NullStream(preset, 64, seconds=(frames + 64) / RATE, **how) as stream:
        assert stream.wait(60)
    same_bits(stream.recorded[:, latency:], expected)


def test_pedalboard(preset: str, guitar: Any, expected: Any) -> None:
    pytest.importorskip("pedalboard")
    plugin: Any = pytest.importorskip("namgraph.runtime.adapters.pedalboard").GraphPlugin
    both = np.concatenate([guitar, guitar])
    same_bits(plugin(preset, fit="first")(both, RATE, 64), expected)
