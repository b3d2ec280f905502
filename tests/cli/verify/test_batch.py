"""``verify`` plays the input that a capture has, and compares with its output."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.cli.main import main

from ...nodes.nam.captures.files import dense, keras, layer, play_keras, signal
from ..command import GUITAR, read, wav

X = signal(500)
FILE = keras(layer("gru", 1, 6), dense(6), in_skip=1, in_gain=3.0, out_gain=-6.0)


def written(folder: Path, wanted: Any, name: str = "amp.aidax") -> str:
    path = folder / name
    batch = {"input_batch": X.tolist(), "output_batch": np.asarray(wanted).tolist()}
    path.write_text(json.dumps(FILE | batch))
    return str(path)


def test_the_batch_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", written(tmp_path, play_keras(FILE, X)), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["output_batch"]
    assert found["holds"]
    assert (found["frames"], found["tolerance"]) == (500, 1e-5)
    assert 0.0 < found["max_error"] < 1e-6


def test_a_wrong_batch_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = play_keras(FILE, X)
    wrong[77] += 1e-3
    assert main(["verify", written(tmp_path, wrong)]) == 1
    out = capsys.readouterr().out
    assert "output_batch of the file, 500 frames" in out
    assert "at frame 77" in out
    assert out.rstrip().endswith("FAILS")


def test_a_silent_batch_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", written(tmp_path, np.zeros(500))]) == 2
    assert "output_batch: is silent" in capsys.readouterr().err


def test_info_and_render_take_a_capture_by_its_content(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, X, "amp.json")
    assert main(["info", path]) == 0
    out = capsys.readouterr().out
    for words in ("a Keras model for RTNeural (AIDA-X)", "GRU", "48000 Hz assumed"):
        assert words in out
    given, made = wav(tmp_path / "in.wav", GUITAR[:2000]), tmp_path / "out.wav"
    assert main(["render", path, given, str(made), "--subtype", "float"]) == 0
    silence = np.zeros(24_000, np.float32)
    wanted = play_keras(FILE, np.concatenate([silence, GUITAR[:2000]]))[24_000:]
    assert np.abs(read(made)[0][0] - wanted).max() < 1e-5 * np.abs(wanted).max()
