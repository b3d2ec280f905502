"""Fixture: a folder with inputs and models for jobs."""

from pathlib import Path

import pytest
import soundfile

from .jobs import GUITAR, LSTM, RATE, WAVENET


@pytest.fixture
def takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two takes and two models."""
    monkeypatch.chdir(tmp_path)
    for name, start in (("a", 0), ("b", 48_000)):
        soundfile.write(f"{name}.wav", GUITAR[start : start + 9600], RATE, subtype="FLOAT")
    for source in (LSTM, WAVENET):
        (tmp_path / Path(source).name).write_bytes(Path(source).read_bytes())
    return tmp_path
