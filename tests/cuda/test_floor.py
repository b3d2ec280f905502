"""The benchmark's floors, for a device with given peak rates."""

from pathlib import Path

import pytest

import namgraph as ng
from namgraph.cli.benchmarks.gpu.floor import Floor, traffic

from ..nodes.nam import nets

H200 = Floor(128 * 1.98e9, 132, 4.8e12)


def test_the_floors_are_those_on_paper(tmp_path: Path) -> None:
    """For an H200, counted by hand: layers, taps, dilations."""
    model = ng.load_nam(nets.write(tmp_path, nets.a1("standard")))
    assert H200.block_us(model, 64) == pytest.approx(3.4, rel=0.03)
    assert traffic(model, 64) == pytest.approx(150e3, rel=0.05)
    found = H200.instances(model, 64, 48_000)
    assert found["by_arithmetic"] == pytest.approx(52_300, rel=0.03)
    assert found["by_memory"] == pytest.approx(37_300 * 4.8 / 4.3, rel=0.1)
    assert H200.x_realtime(model, 48_000) == found["by_arithmetic"]


def test_an_unknown_peak_has_no_floor(tmp_path: Path) -> None:
    model = ng.load_nam(nets.write(tmp_path, nets.a1("nano")))
    unknown = Floor(0.0, 132, 0.0)
    assert unknown.block_us(model, 64) is None
    assert unknown.x_realtime(model, 48_000) is None
    assert unknown.instances(model, 64, 48_000) == {"by_arithmetic": None, "by_memory": None}
