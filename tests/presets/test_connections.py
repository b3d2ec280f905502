"""Control signals in presets: written and read, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

import namgraph as ng
from namgraph.presets.preset import dumps, loads


def rack() -> ng.Graph:
    graph = ng.Graph()
    graph.add("lfo", ng.Lfo(rate_hz=2.5, sync="1/8."))
    gain = graph.add("gain", ng.Gain())
    graph.input("in", channels=1) >> gain >> graph.output("out", channels=1)
    graph.connect("lfo", "gain.gain_db", amount=-0.125)
    return graph


def test_a_modulated_rack_survives_a_file(tmp_path: Path) -> None:
    ng.save_preset(rack(), tmp_path / "rack.json")
    assert '["lfo.out", "gain.gain_db", {"amount": -0.125}]' in (tmp_path / "rack.json").read_text()
    assert ng.load_preset(tmp_path / "rack.json") == rack()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('["lfo.out", "gain.gain_db", 0.5]', "is 0.5: must be an amount, such as"),
        ('["lfo.out", "gain.gain_db", {}]', "must be an amount"),
        ('["lfo.out", "gain.gain_db", {"amount": "x"}]', "amount is .x."),
        ('["lfo.out", "gain.gain_db", {"amount": 2}]', "amount is 2.0: must be a number in"),
        ('["lfo.out", "gain.gain_db", {"curve": 2}]', "curve"),
        ('["lfo.out", "gain.in", {"amount": 1}]', "amount is 1.0: goes with a parameter"),
        ('["gain.out", "gain.gain_db", {"amount": 1}]', "gain.out is audio"),
        ('["lfo.out", "gain.gain_db", {"amount": 1}, 4]', "is a list of 4: must be a pair"),
    ],
)
def test_a_wrong_connection_is_one_line(row: str, message: str) -> None:
    text = dumps(rack()).replace('["lfo.out", "gain.gain_db", {"amount": -0.125}]', row)
    with pytest.raises(ng.PresetError, match=rf"connections\[2\].*{message}"):
        loads(text)


def test_pictures_show_control_signals_dashed(tmp_path: Path) -> None:
    svg, chart = ng.svg(rack()), ng.mermaid(rack())
    assert svg.count('<path class="control"') == 1
    assert svg.count('<path class="audio"') == 2
    assert ">gain_db by -0.125</text>" in svg
    assert '-.->|"gain_db by -0.125"|' in chart


def test_the_identity_of_a_plugin_includes_them() -> None:
    pedalboard: Any = pytest.importorskip("namgraph.runtime.adapters.pedalboard.rack")
    plain = rack()
    plain.disconnect("lfo", "gain.gain_db")
    assert pedalboard._digest(plain) != pedalboard._digest(rack())
