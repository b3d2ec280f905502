"""Helpers of the tests of the command."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main

__all__ = ["CAB", "DI", "GUITAR", "LSTM", "RATE", "WAVENET", "read", "refused", "rows", "wav"]

LSTM, WAVENET, CAB, DI = map(
    ng.asset, ("crunch-lstm.nam", "crunch-wavenet.nam", "cab.wav", "di.wav")
)
RATE = 48_000
GUITAR = soundfile.read(DI, dtype="float32")[0][:9600]


def wav(path: Path, samples: Any, rate: int = RATE, subtype: str = "FLOAT") -> str:
    soundfile.write(path, np.asarray(samples, np.float32).T, rate, subtype=subtype)
    return str(path)


def read(path: Path | str) -> tuple[Any, int]:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.T, rate


def rows(found: Any, step: str) -> list[Any]:
    """Return the rows of one step of a suite's figures."""
    return [row for row in found["rows"] if row["step"] == step]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command, which must fail with one line on stderr; return that line."""
    before = sorted(p.name for p in Path().iterdir())
    try:
        code: Any = main(arguments)
    except SystemExit as stop:  # argparse has its own way out
        code = stop.code
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("namgraph: error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert sorted(p.name for p in Path().iterdir()) == before
    return err
