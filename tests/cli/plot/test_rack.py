"""Levels and latencies beside the signals of a rack."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.plot.rack import measure_rack, rack_lines, rack_notes, write_rack
from namgraph.graph import AudioFileError, CycleError
from namgraph.graph.connection import PortRef
from namgraph.runtime.io.audio_file import AudioFile

RATE = 48_000
TONE = np.sin(2 * np.pi * 997.0 * np.arange(RATE) / RATE).astype(np.float32)[None] * 0.1


def audio(samples: np.ndarray, rate: int = RATE) -> AudioFile:
    return AudioFile(np.asarray(samples, np.float32), rate, "FLOAT")


def rack() -> ng.Graph:
    """A gain, a limiter that looks ahead, and a gain that ends in silence."""
    graph = ng.Graph()
    guitar, out = graph.input("guitar", channels=1), graph.output("out", channels=1)
    limiter = graph.add("limiter", ng.Limiter(ceiling_db=0.0))
    off = graph.add("down", ng.Gain(gain_db=-80.0)) >> graph.add("off", ng.Gain(gain_db=-80.0))
    guitar >> graph.add("level", ng.Gain(gain_db=6.0)) >> limiter >> out
    guitar >> graph.handle("down")
    off >> out
    return graph


def test_the_level_at_every_output_is_measured() -> None:
    found = measure_rack(rack(), audio(TONE), RATE)
    assert found.ports[PortRef("guitar", "out")].peak_db == pytest.approx(-20.0, abs=0.01)
    assert found.ports[PortRef("level", "out")].peak_db == pytest.approx(-14.0, abs=0.01)
    loud = found.ports[PortRef("level", "out")].integrated_lufs
    assert loud == pytest.approx(-14.0 - 3.01, abs=0.05)  # BS.1770: a sine of 997 Hz at 0 dBFS
    late = ng.Limiter(ceiling_db=0.0).latency(ng.Spec(RATE, 512))
    assert found.latency == found.lags["limiter"] == late > 0
    notes = rack_notes(found)
    assert notes[PortRef("level", "out")] == ["-14.0 dBFS", "-17.0 LUFS"]
    assert notes[PortRef("limiter", "out")] == ["-14.0 dBFS", "-17.0 LUFS", f"{late} frames"]
    assert notes[PortRef("off", "out")] == ["silent"]
    assert rack_lines(found, "a sine")[1].startswith(
        f"out: -14.0 dBFS, -17.0 LUFS; latency {late} frames ({1000 * late / RATE:.1f} ms); tail"
    )


def test_the_picture_has_them(tmp_path: Path) -> None:
    graph = rack()
    found = measure_rack(graph, audio(TONE), RATE)
    write_rack(graph, rack_notes(found), ["Name", "About"], tmp_path / "rack.svg")
    texts = [
        t.text for t in ET.parse(tmp_path / "rack.svg").iter("{http://www.w3.org/2000/svg}text")
    ]
    assert texts[:2] == ["Name", "About"]
    assert texts.count("-14.0 dBFS") == 2
    assert "silent" in texts


def test_mono_goes_to_the_first_input_at_any_rate() -> None:
    graph = ng.Graph()
    both = graph.add("mix", ng.Mix(count=2))
    graph.input("a", channels=2) >> both["in1"]
    graph.input("b", channels=2) >> both["in2"]
    both >> graph.output("out", channels=2)
    found = measure_rack(graph, audio(TONE, 44_100), RATE)
    assert found.outputs["out"].peak_db == pytest.approx(-20.0, abs=0.1)
    assert found.outputs["out"].channels == 2


def test_a_name_of_ours_may_be_taken() -> None:
    graph = ng.Graph.chain(level0=ng.Gain(), level1=ng.Gain(gain_db=-6.0))
    found = measure_rack(graph, audio(TONE), RATE)
    assert found.ports[PortRef("level1", "out")].peak_db == pytest.approx(-26.0, abs=0.01)


def test_what_cannot_be_measured_or_drawn(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"x\.wav: is silent: no level can be measured"):
        measure_rack(rack(), audio(np.zeros((1, 100))), RATE, "x.wav")
    with pytest.raises(AudioFileError, match="has 2 channels, the rack's input guitar takes 1"):
        measure_rack(rack(), audio(np.array([[1.0], [0.5]]) * np.ones(100)), RATE)
    loop = ng.Graph()
    a, b = loop.add("a", ng.Gain()), loop.add("b", ng.Gain())
    a >> b >> a
    with pytest.raises(CycleError, match="a -> b -> a"):
        write_rack(loop, {}, ["x"], tmp_path / "x.svg")
    assert not list(tmp_path.iterdir())
