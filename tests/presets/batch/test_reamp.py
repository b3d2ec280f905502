"""The preset "reamp" in a job: models before one cabinet, with the loudness in the manifest."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.bundled import shipped_models

from .jobs import GUITAR, RATE, entries, read, write


def test_every_model_is_rendered_at_its_loudness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    for path in shipped_models():
        shutil.copy(path, "models")
    soundfile.write("take.wav", GUITAR[: 2 * RATE], RATE)
    job = write(inputs="take.wav", models="models/*.nam", racks="reamp", subtype="float",
                name="{input}/{model}", tail=True)  # fmt: skip
    assert main(["batch", job]) == 0
    found = entries()
    assert len(found) == len(shipped_models())
    for file, entry in found.items():
        y = read(f"out/{file}")
        assert np.isfinite(y).all()
        assert y.shape[0] == 1
        assert y.shape[1] > 2 * RATE
        measured = ng.loudness(y, RATE).integrated_lufs
        assert entry["integrated_lufs"] == pytest.approx(measured, abs=0.01)
        assert -24.0 < measured < -14.0, "normalized models are about equally loud"
