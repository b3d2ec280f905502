"""The error of ``precision="fast"`` in ``namgraph verify`` and ``namgraph info``."""

import json
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main

from ...nodes.nam import nets
from .takes import DI, RATE, against, wav


def test_fast_is_compared_with_exact_and_both_with_the_reference(
    there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = against(precision="fast")
    assert found.holds
    values = found.values()
    fast = values["fast"]
    assert 1e-7 < fast["max_error"] == values["against"]["max_error"] < 1e-4
    assert fast["exact_max_error"] == 0.0
    assert fast["max_error_db"] == pytest.approx(20 * np.log10(fast["max_error"]))
    wav("fast.wav", ng.render(ng.Nam("model.nam", precision="fast"), DI, RATE, tail=False))
    assert not against("fast.wav", tolerance=1e-6).holds, "it would be exact"
    assert "fast" not in against().values()
    assert not against(precision="fast", tolerance=1e-7).holds
    assert main(["verify", "model.nam", "--input", "in.wav", "--precision", "fast"]) == 0
    assert "  precision fast, against exact: largest error " in capsys.readouterr().out


def test_info_tells_the_error_of_fast(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nets.write(there, nets.lstm(3, 1), "lstm.nam")
    rack = ng.Graph.chain(first=ng.Nam("model.nam"), second=ng.Nam("lstm.nam"))
    ng.save_preset(rack, "rack.json")
    names = ["model.nam", "rack.json", "in.wav"]
    assert main(["info", *names, "--precision", "fast", "--json"]) == 0
    model, preset, audio = json.loads(capsys.readouterr().out)["files"]
    assert -140 < model["fast_error_db"] < -80
    assert preset["fast_error_db"] == {"first": model["fast_error_db"], "second": None}
    assert "fast_error_db" not in audio
    assert main(["info", "lstm.nam", "--precision", "fast"]) == 0
    assert "  precision fast     has the bits of exact\n" in capsys.readouterr().out
    assert main(["info", "model.nam"]) == 0
    assert "precision" not in capsys.readouterr().out
