"""Files rendered by several threads have the bytes of those rendered by one."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.batch import run as batch
from namgraph.presets.batch.execution import task
from namgraph.presets.batch.job import read_job
from namgraph.presets.rendering import render as rendering
from namgraph.presets.rendering.render import render_file
from namgraph.presets.rig import open_rig
from namgraph.runtime.adapters.parallel import parallel_render as parallel

NOISE = np.random.default_rng(8).uniform(-0.3, 0.3, (2, 90_000)).astype(np.float32)


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "LEAST_CHUNK", 1 << 12)
    monkeypatch.setattr(parallel, "MOST_CHUNK", 1 << 14)


def written(path: Path, channels: int, rate: int = 48_000) -> str:
    soundfile.write(path, NOISE[:channels].T, rate, subtype="FLOAT")
    return str(path)


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


CASES: dict[str, tuple[str, int, int, dict[str, Any]]] = {
    "mono": ("crunch", 1, 48_000, {}),
    "each side": ("plugin", 2, 48_000, {"channel": "both"}),
    "loudness": ("crunch", 1, 48_000, {"loudness_lufs": -20.0, "tail": False}),
    "another rate": ("plugin", 1, 44_100, {"resampled": True}),
    "several outputs": ("two-amps", 1, 48_000, {"block": 333, "tail": False}),
}


@pytest.mark.parametrize("case", CASES)
def test_same_bytes(case: str, tmp_path: Path) -> None:
    rack, channels, rate, options = CASES[case]
    rig, source = open_rig(rack), written(tmp_path / "in.wav", channels, rate)
    made = []
    for threads in (1, 2, 5):
        folder = tmp_path / str(threads)
        folder.mkdir()
        levels = render_file(rig, source, folder / "out.wav", threads=threads, **options)
        made.append((content(folder), levels))
    assert made[1] == made[0]
    assert made[2] == made[0]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path / "in.wav", 1)
    for threads in ("1", "2"):
        out = str(tmp_path / f"{threads}.wav")
        assert main(["render", "crunch", source, out, "--threads", threads]) == 0
    assert (tmp_path / "1.wav").read_bytes() == (tmp_path / "2.wav").read_bytes()
    capsys.readouterr()
    wrong_out = tmp_path / "wrong.wav"
    for wrong in ("0", "999"):
        assert main(["render", "crunch", source, str(wrong_out), "--threads", wrong]) == 2
        told = capsys.readouterr().err
        assert f"--threads is {wrong}: must be a whole number in [1, 256]" in told
        assert not wrong_out.exists()


@pytest.mark.parametrize(("threads", "files", "each"), [(1, 2, 1), (2, 2, 1), (5, 2, 2), (8, 1, 8)])
def test_jobs_share_threads_among_files(
    threads: int, files: int, each: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def note(*args: Any, **options: Any) -> Any:
        told.append(options["threads"])
        return rendering.render_file(*args, **options | {"threads": 1})

    monkeypatch.setattr(task, "render_file", note)
    for k in range(files):
        written(tmp_path / f"{k}.wav", 1)
    job = {"namgraph_job": 1, "inputs": "?.wav", "models": [ng.asset("crunch-lstm.nam")]}
    (tmp_path / "job.json").write_text(json.dumps(job | {"output": "out"}), encoding="utf-8")
    batch.run_job(read_job(tmp_path / "job.json"), threads=threads)
    assert told == [each] * files


def test_interrupted_render_leaves_nothing(tmp_path: Path) -> None:
    source = written(tmp_path / "in.wav", 1)

    def interrupt(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_file(open_rig("crunch"), source, tmp_path / "out.wav", threads=2, progress=interrupt)
    assert [p.name for p in tmp_path.iterdir()] == ["in.wav"]


def test_by_default_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default decides by time; the bytes do not tell."""
    monkeypatch.setattr(parallel, "processors", lambda: 3)
    monkeypatch.setattr(parallel, "SHORTEST", 1)
    monkeypatch.setattr(parallel, "SECONDS_EACH", 1e-9)
    monkeypatch.setattr(parallel, "BUILDING", 1e9)
    di = ng.asset("di.wav")
    for threads in (1, None):
        render_file(open_rig("crunch"), di, tmp_path / f"{threads}.wav", threads=threads)
    assert (tmp_path / "1.wav").read_bytes() == (tmp_path / "None.wav").read_bytes()
