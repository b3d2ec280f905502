"""Helpers of the tests of jobs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import soundfile

import namgraph as ng
from namgraph.presets.batch.job import read_job
from namgraph.presets.batch.run import BatchResult, run_job

__all__ = ["GUITAR", "LSTM", "RATE", "do", "entries", "read", "write"]

LSTM, WAVENET, DI = map(ng.asset, ("crunch-lstm.nam", "crunch-wavenet.nam", "di.wav"))
GUITAR, RATE = soundfile.read(DI, dtype="float32")
Write = Callable[..., Path]


def write(**keys: Any) -> str:
    given = {"namgraph_job": 1, "inputs": "?.wav", "models": "*.nam", "output": "out", **keys}
    Path("job.json").write_text(json.dumps({k: v for k, v in given.items() if v is not ...}))
    return "job.json"


def do(**options: Any) -> BatchResult:
    return run_job(read_job("job.json"), **options)


def read(path: str) -> Any:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def entries() -> dict[str, Any]:
    listed = json.loads(Path("out/manifest.json").read_text())["files"]
    return {e["file"]: e for e in listed}
