"""Clipped, silent and muted files of a job: one line for each kind, and the exit code."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from namgraph.cli.main import main
from namgraph.presets.batch import run as job_run
from namgraph.presets.batch.execution import executor
from namgraph.presets.batch.execution.executor import ThreadExecutor
from namgraph.presets.batch.faults import faults_of, warn_of_faults
from namgraph.presets.rendering.render import levels_of
from namgraph.runtime.io.atomic_write import _part, whole_file

from .jobs import GUITAR, RATE, do, entries, write

LOUD = np.full(4800, 3e38, np.float32)


def takes_of(**sounds: Any) -> None:
    for name, samples in sounds.items():
        soundfile.write(f"{name}.wav", samples, RATE, subtype="FLOAT")


def gain_rack(db: float) -> None:
    nodes = {"gain": {"type": "gain", "gain_db": db}}
    rack: dict[str, Any] = {
        "namgraph": 1,
        "inputs": {"in": 1},
        "outputs": {"out": 1},
        "nodes": nodes,
    }
    rack["connections"] = [["in.out", "gain.in"], ["gain.out", "out.in"]]
    Path("rack.json").write_text(json.dumps(rack))


@pytest.mark.parametrize(
    ("samples", "clipped", "silent"),
    [
        (np.zeros(9), 0, True),
        (np.full(9, 1.0), 9, True),
        (np.full(9, -0.5), 0, True),
        (np.array([0.0, 1e-4, 0.0]), 0, False),
        (np.array([0.5, -1.0, 1.5, 0.999]), 2, False),
        (np.zeros(0), 0, True),
    ],
)
def test_clipped_and_silent_files_are_found(samples: Any, clipped: int, silent: bool) -> None:
    found = levels_of(samples[None].astype(np.float32), 48_000)
    assert (found.clipped, found.silent) == (clipped, silent)


def test_a_file_with_one_silent_channel_is_not_silent() -> None:
    both = np.array([[0.5, 0.5, 0.5], [0.0, 0.1, 0.0]], np.float32)
    assert not levels_of(both, 48_000).silent


@pytest.fixture
def mixed(takes: Path) -> Path:
    """Five takes: one good, two clipped, one silent, one constant at full scale."""
    for name in ("a.wav", "b.wav"):
        Path(name).unlink()
    loud = GUITAR[:4800] / np.abs(GUITAR[:4800]).max()
    takes_of(a=loud * 0.1, b=loud, c=loud, d=np.zeros(4800), e=np.full(4800, 0.51))
    gain_rack(6.0)
    write(models=..., racks="rack.json", name="{input}", tail=False)
    return takes


def test_a_line_for_each_kind_and_not_for_each_file(mixed: Path) -> None:
    told: list[str] = []
    done = do(warn=told.append)
    assert done.faults.clipped == ["b.wav", "c.wav", "e.wav"]
    assert done.faults.silent == ["d.wav", "e.wav"]
    assert done.faults.non_finite == []
    assert told == [
        "clipped (samples at full scale: lower the level, or store subtype float): "
        "3 of 5 files: b.wav, c.wav, e.wav",
        "silent, or one constant: 2 of 5 files: d.wav, e.wav",
    ]
    found = entries()
    assert [found[f"{name}.wav"]["silent"] for name in "abcde"] == [False] * 3 + [True] * 2
    assert found["e.wav"]["clipped"] == 4800
    assert found["a.wav"]["clipped"] == found["a.wav"]["muted"] == 0


def test_strict_counts_kept_files_too(mixed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "job.json"]) == 0
    assert capsys.readouterr().err.count("\n") == 2
    assert main(["batch", "job.json", "--strict", "--json"]) == 1
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert (found["made"], found["kept"]) == (0, 5)
    assert found["faults"]["silent"] == ["d.wav", "e.wav"]
    assert said.err.count("\n") == 2
    assert "\n" not in said.out.rstrip("\n")
    takes_of(**dict.fromkeys("abcde", GUITAR[:4800] * 0.1))
    assert main(["batch", "job.json", "--strict"]) == 0
    assert capsys.readouterr().err == ""


def test_files_of_floats_are_not_clipped(mixed: Path) -> None:
    write(models=..., racks="rack.json", name="{input}", tail=False, subtype="float")
    done = do()
    assert (done.faults.clipped, done.faults.silent) == ([], ["d.wav", "e.wav"])
    assert entries()["b.wav"]["peak_db"] > 0.0


def test_muted_files_are_counted(takes: Path) -> None:
    takes_of(a=LOUD, b=LOUD)
    write(models="crunch-wavenet.nam", settings={"amp.input_db": 24.0}, name="{input}")
    told: list[str] = []
    done = do(warn=told.append)
    assert done.faults.non_finite == ["a.wav", "b.wav"]
    assert all(entry["muted"] > 0 for entry in entries().values())
    assert sum("muted" in line for line in told) == 1


def test_entries_without_fault_checks_are_rendered_again(mixed: Path) -> None:
    do()
    path = Path("out/manifest.json")
    data = json.loads(path.read_text())
    for entry in data["files"]:
        del entry["clipped"]
    path.write_text(json.dumps(data))
    assert do().made == 5
    assert do().made == 0


def test_other_warnings_are_printed_once_for_each_kind() -> None:
    listed: list[dict[str, Any]] = [
        {"file": f"{n}.wav", "warnings": [f"amp: plays on the CPU since frame {n}: gone"]}
        for n in range(60)
    ]
    listed[3]["warnings"].append("3.wav: another thing")
    listed += [{"file": "x.wav", "clipped": 1}] * 9
    told: list[str] = []
    warn_of_faults(faults_of(listed), listed, told.append)
    assert told[0].endswith("x.wav, x.wav, x.wav and 6 more")
    assert told[1:] == [
        "0.wav: amp: plays on the CPU since frame 0: gone (and 59 more files like it)",
        "3.wav: another thing",
    ]


# --- threads, and what a killed run left


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_as_many_threads_as_this_process_may_use(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Counted(ThreadExecutor):
        def __init__(self, threads: int) -> None:
            asked.append(threads)
            super().__init__(threads)

    monkeypatch.setattr(job_run, "ThreadExecutor", Counted)
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        do()
    finally:
        os.sched_setaffinity(0, allowed)
    do(again=True)
    assert asked == [1, len(allowed)]


def test_the_next_run_removes_what_a_killed_one_left_and_nothing_else(mixed: Path) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from namgraph.presets.batch import run as job_run\n"
        "from namgraph.presets.batch.job import read_job\n"
        "from namgraph.presets.rendering import file_render\n"
        "def dies(*args, **kwargs):\n    os._exit(9)\n"
        "file_render.FileRender.pieces = dies\n"
        "job_run.run_job(read_job('job.json'), threads=2)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    left = [p.name for p in Path("out").glob("*.part")]
    assert left
    other = Path("out/.namgraph-0123456789abcdef.part")
    other.write_text("of nobody we know")
    os.utime(other, (0, time.time() - 1e6))
    with whole_file("out/sibling.wav") as part:  # another command at work in the same folder
        assert do().made == 5
        assert {p.name for p in Path("out").glob("*.part")} == {other.name, part.name}
        part.write_text("whole")
    assert Path("out/sibling.wav").read_text() == "whole"


def test_part_files_are_removed_even_if_the_next_run_fails(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("out").mkdir()
    left = _part(Path("out/e.wav"))
    left.write_text("half")

    def fails(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(executor, "wait", fails)
    with pytest.raises(KeyboardInterrupt):
        do(threads=1)
    assert not left.exists()
