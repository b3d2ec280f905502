"""What is measured of a node: gain, response, distortion, against figures computed otherwise."""

from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.plot.probe import LOUD_DB, SOFT_DB, graph_of_node, probe, sweep
from namgraph.graph import Node, ParamError

RATE = 48_000.0


def at(curve: tuple[Any, Any], hertz: float) -> float:
    return float(np.interp(hertz, *curve))


def test_a_gain_is_a_straight_line_without_distortion() -> None:
    found = probe(ng.Gain(gain_db=-6.0), RATE)
    assert np.abs(found.peaks_db - found.levels_db + 6.0).max() < 0.02
    assert found.thd_db.max() < -120.0
    assert found.latency == 0
    assert found.tone_hz == 220.0
    for curve in (found.soft, found.loud):
        heard = (curve[0] > 30.0) & (curve[0] < 15_000.0)
        assert np.abs(curve[1][heard] + 6.0).max() < 0.1


@pytest.mark.parametrize("rate", [44_100.0])
def test_a_filter_has_the_response_of_its_formula(rate: float) -> None:
    """Butterworth of order two at either end: -3 dB at its frequency, 12 dB to an octave."""
    found = probe(ng.Filter(low_cut_hz=200.0, high_cut_hz=4000.0), rate)
    middle = at(found.soft, 900.0)
    assert middle == pytest.approx(0.0, abs=0.2)
    assert at(found.soft, 200.0) == pytest.approx(middle - 3.0, abs=0.4)
    assert at(found.soft, 4000.0) == pytest.approx(middle - 3.0, abs=0.4)
    assert at(found.soft, 50.0) == pytest.approx(middle - 24.1, abs=0.6)
    assert np.abs(found.soft[1] - found.loud[1])[(found.soft[0] > 60)].max() < 0.2


def test_a_clipper_distorts_above_its_threshold_only() -> None:
    found = probe(ng.Clipper(drive_db=20.0), RATE)
    soft, loud = found.thd_db[found.levels_db == -60.0], found.thd_db[found.levels_db == 0.0]
    assert soft < -60.0
    assert loud > -30.0
    assert found.latency == ng.Clipper().latency(ng.Spec(RATE, 64)) > 0
    assert np.all(np.diff(found.peaks_db) > -0.5)


def test_the_distortion_of_a_square_wave() -> None:
    """A sine far into a hard clip is a square wave: its THD is sqrt(pi^2 / 8 - 1), 48.3 %."""
    found = probe(ng.Clipper(drive_db=48.0, curve="hard"), RATE)
    assert found.thd_db[-1] == pytest.approx(20 * np.log10(np.sqrt(np.pi**2 / 8 - 1)), abs=0.3)


def test_a_silent_node_has_no_figures() -> None:
    graph = ng.Gate(threshold_db=0.0, range_db=120.0)
    found = probe(graph, RATE)
    assert np.isnan(found.peaks_db[0])
    assert np.isnan(found.thd_db[0])


@pytest.mark.parametrize("node", [ng.Lfo(), ng.Random(), ng.Constant()])
def test_a_node_without_audio_is_refused(node: Node) -> None:
    with pytest.raises(ParamError, match=f"{node.type_name} has no audio input"):
        graph_of_node(node)


def test_a_node_of_other_widths_is_measured_too() -> None:
    assert graph_of_node(ng.Pan()).outputs == {"probe_out": 2}
    assert graph_of_node(ng.MidSide()).inputs == {"probe_in": 2}
    found = probe(ng.Pan(position=-1.0), RATE)
    assert np.ptp(found.peaks_db - found.levels_db) < 0.05


def test_a_constant_in_the_output_is_no_bass() -> None:
    """Many captures give a constant at silence, here a hundred times the small sweep."""
    model = {
        "version": "0.5.4",
        "architecture": "Linear",
        "sample_rate": 48_000,
        "config": {"receptive_field": 1, "bias": True},
        "weights": [1.0, 0.1],
    }
    found = probe(ng.Nam(ng.load_nam(model)), RATE)
    for curve in (found.soft, found.loud):
        heard = (curve[0] > 30.0) & (curve[0] < 15_000.0)
        assert np.abs(curve[1][heard]).max() < 0.1
    assert np.abs(found.heard[-1000:]).max() < 1e-6


def test_the_sweep_is_as_loud_as_it_says() -> None:
    x = sweep(RATE, 20_000.0, 10 ** (LOUD_DB / 20))
    assert np.abs(x).max() == pytest.approx(10 ** (LOUD_DB / 20), rel=1e-3)
    assert not x[-1000:].any()
    assert SOFT_DB < LOUD_DB
