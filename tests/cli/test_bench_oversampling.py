"""``namgraph bench --suite oversampling``: figures of a model, measured another way."""

import json
from pathlib import Path

import numpy as np
import pytest

from namgraph.cli.benchmarks.oversampling import alias_db, format_row, steps
from namgraph.cli.main import main

from ..nodes.nam import nets
from ..nodes.nam.captures.files import dense, keras, layer
from ..nodes.nam.features import CASES
from .command import refused

CLIP = {
    "version": "0.5.4",
    "architecture": "ConvNet",
    "sample_rate": 48_000,
    "config": {"channels": 1, "dilations": [1], "batchnorm": False, "activation": "Hardtanh"},
    "weights": [0.0, 4.0, 0.0, 1.0, 0.0],
}
"""One layer: y = clip(4 x)."""


def test_aliases_of_a_known_spectrum() -> None:
    n = np.arange(4096)
    y = np.sin(2 * np.pi * 101 * n / 4096) + 0.1 * np.sin(2 * np.pi * 150 * n / 4096) + 3.0
    assert alias_db(y, 101, 48_000) == pytest.approx(-20.0, abs=1e-6)
    assert alias_db(y, 150, 48_000) == pytest.approx(20.0, abs=1e-6)


def test_the_figures_of_a_clipper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "clip.nam"
    path.write_text(json.dumps(CLIP))
    assert main(["bench", str(path), "--suite", "oversampling", "--quick", "--json"]) == 0
    once, twice = json.loads(capsys.readouterr().out)["rows"]
    assert (once["file"], once["times"], once["latency"], once["images_db"]) == (
        "clip.nam", 1, 0, None,
    )  # fmt: skip
    assert (twice["times"], twice["latency"]) == (2, 47)
    # The curve has no memory: what its harmonics above 24 kHz were as aliases they are as images.
    assert twice["images_db"] == pytest.approx(once["alias_db"]["1245"], abs=3.0)
    for tone in ("1245", "4978"):
        assert twice["alias_db"][tone] < once["alias_db"][tone] - 6.0
        assert once["harmonics_db"][tone] < -200.0
        assert twice["harmonics_db"][tone] < -100.0
    assert twice["response_db"] < 1e-3
    assert twice["quiet_db"] < -80.0


def test_a_capture_of_another_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "amp.json"
    path.write_text(json.dumps(keras(layer("lstm", 1, 4), dense(4))))
    assert main(["bench", str(path), "--suite", "oversampling", "--quick"]) == 0
    assert "amp.json 2x: aliases" in capsys.readouterr().out


def test_both_models_that_ship_have_rows(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row for _, row in steps(True)]
    assert [(row["file"], row["times"]) for row in rows] == [
        (f"crunch-{kind}.nam", times) for kind in ("wavenet", "lstm") for times in (1, 2)
    ]
    lines = [format_row("model", row) for row in rows]
    assert lines[0].startswith("crunch-wavenet.nam 1x: aliases -")
    assert "images" in lines[1]
    assert not capsys.readouterr().out


def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.nam").write_text("{")
    missing, bad = str(tmp_path / "missing.nam"), str(tmp_path / "bad.nam")
    for name in (missing, bad):
        assert name in refused(capsys, "bench", name, "--suite", "oversampling")
    said = refused(capsys, "bench", bad, "--suite", "oversampling", "--block", "64")
    assert "--block does nothing with --suite oversampling" in said
    wide = nets.write(tmp_path, CASES["film groups"], "wide.nam")
    assert "must be mono" in refused(capsys, "bench", wide, "--suite", "oversampling")
