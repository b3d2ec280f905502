"""Files that cannot be made cost only themselves: manifest, last lines and exit code."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.batch import run as job_run
from namgraph.presets.batch.execution import task
from namgraph.presets.batch.execution.executor import ThreadExecutor
from namgraph.presets.batch.faults import failure_lines
from namgraph.presets.batch.job import read_job
from namgraph.presets.batch.manifest import write_manifest
from namgraph.presets.rendering.render import render_file
from namgraph.runtime.io import atomic_write

from .jobs import GUITAR, RATE, do, entries, read, write
from .thousand import contents, prepare, run_killed, spoil


def test_bad_files_among_many_cost_only_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = prepare(tmp_path / "good", 16), prepare(tmp_path / "bad", 16)
    kinds = spoil(bad.parent, 7, seed=3)
    assert ng.batch(good).made == 16
    assert main(["batch", str(bad)]) == 1
    out, err = capsys.readouterr()
    assert "9 files made" in out
    assert "7 failed" in out
    lines = err.splitlines()
    assert len(lines) == 7
    assert all(any(f"/{name}.wav: " in line for line in lines) for name in kinds)
    a, b = (contents(job.parent / "out") for job in (good, bad))
    made = {name for name in a if name.endswith(".wav") and name[-13:-9] not in kinds}
    assert {name: a[name] for name in made} == {n: s for n, s in b.items() if n.endswith(".wav")}
    listed = {e["file"]: e for e in json.loads(b["manifest.json"])["files"]}
    assert len(listed) == 16
    assert {name[-13:-9] for name, e in listed.items() if "error" in e} == set(kinds)
    wrong = next(name for name, kind in kinds.items() if kind == "wrong rate")
    assert "44100 Hz" in listed[f"crunch/{wrong}-v001.wav"]["error"]


def test_a_batch_that_is_killed_three_times_equals_an_unbroken_one(tmp_path: Path) -> None:
    whole, broken = prepare(tmp_path / "whole", 24), prepare(tmp_path / "broken", 24)
    assert ng.batch(whole).made == 24
    assert len(run_killed(broken, 24, 3, seed=5)) == 3
    assert ng.batch(broken).failures == {}
    assert contents(whole.parent / "out") == contents(broken.parent / "out")


def test_a_bad_model_costs_only_its_files_and_is_tried_again(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Path("crunch-lstm.nam").read_bytes()
    Path("crunch-lstm.nam").write_text("{")
    assert main(["batch", write(), "--json"]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert (found["made"], found["kept"], len(found["failures"])) == (2, 0, 2)
    assert err.count("\n") == 1, "one line for one reason"
    assert "crunch-lstm.nam: " in err
    assert "(2 files: crunch-lstm/a.wav, crunch-lstm/b.wav)" in err
    again = do()
    assert (again.made, again.kept, len(again.failures)) == (0, 2, 2)
    Path("crunch-lstm.nam").write_bytes(whole)
    assert do().made == 2
    assert not any("error" in entry for entry in entries().values())


def test_what_fails_while_it_renders_costs_only_itself(
    takes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(rig: Any, source: Any, *args: Any, **options: Any) -> Any:
        if source.endswith("a.wav"):
            raise ZeroDivisionError("by zero")
        return render_file(rig, source, *args, **options)

    monkeypatch.setattr(task, "render_file", failing)
    write(models="crunch-lstm.nam")
    done = do()
    assert done.failures == {"crunch-lstm/a.wav": f"{takes}/a.wav: ZeroDivisionError: by zero"}
    assert list(done.entries) == ["crunch-lstm/a.wav", "crunch-lstm/b.wav"]
    with pytest.raises(ng.JobError, match="by zero"):
        do(stop_on_error=True, again=True)


def test_an_input_that_changes_while_the_job_runs_is_a_failure(takes: Path) -> None:
    class Late(ThreadExecutor):
        def run(self, groups: Any, progress: Any) -> Any:
            soundfile.write("a.wav", GUITAR[:480], RATE)
            return super().run(groups, progress)

    write(models="crunch-lstm.nam")
    done = do(executor=Late(1))
    assert "is not what it was when the job was checked" in done.failures["crunch-lstm/a.wav"]
    assert do().made == 1


def test_a_full_disk_ends_the_run_as_an_error(
    takes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise ng.AudioFileError("out/a.wav: cannot be written: No space left on device")

    monkeypatch.setattr(task, "render_file", full)
    monkeypatch.setattr(atomic_write, "why_not", lambda part: "No space left on device")
    assert main(["batch", write(), "--threads", "1"]) == 2
    assert capsys.readouterr().err == (
        f"namgraph: error: {takes / 'out'}: cannot be written: No space left on device\n"
    )
    assert not list(takes.rglob("*.part"))
    monkeypatch.undo()
    os.chdir(takes)
    assert do().made == 4


def test_what_progress_raises_ends_the_run(takes: Path) -> None:
    def stop(done: Any) -> None:
        if done.files == 1:
            raise KeyError("enough")

    write()
    with pytest.raises(KeyError, match="enough"):
        do(threads=2, progress=stop)
    assert not list(takes.rglob("*.part"))
    assert do().made >= 1


def test_a_task_renders_the_same_in_another_process(
    takes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = list[Any]()

    class Kept(ThreadExecutor):
        def run(self, groups: Any, progress: Any) -> Any:
            kept.extend(groups)
            return super().run(groups, progress)

    settings = {"amp.input_db": {"uniform": [-6, 6]}}
    write(racks="crunch", settings=settings, automation={"out.gain_db": [[0, -6], [0.1, 0]]})
    if "out" not in ng.load_preset("crunch").nodes:
        write(racks="crunch", settings=settings)
    do(executor=Kept(1))
    made, listed = read("out/crunch/crunch-lstm/a-v001.wav"), entries()
    Path("tasks").write_bytes(pickle.dumps(kept))
    Path("out/crunch/crunch-lstm/a-v001.wav").unlink()
    script = (
        "import json, pickle\n"
        "from namgraph.presets.batch.execution.task import render_tasks\n"
        "groups = pickle.load(open('tasks', 'rb'))\n"
        "print(json.dumps([entry for group in groups for entry in render_tasks(group)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=takes
    )
    assert {e["file"]: e for e in json.loads(done.stdout)} == listed
    np.testing.assert_array_equal(read("out/crunch/crunch-lstm/a-v001.wav"), made)


class Together(ThreadExecutor):
    """Renders tasks of one input as a bank, as those on a GPU are."""

    def run(self, groups: Any, progress: Any) -> Any:
        tasks = [one for group in groups for one in group]
        for source in dict.fromkeys(one.source for one in tasks):
            yield task.render_tasks([one for one in tasks if one.source == source], progress)


def test_a_bank_of_models_gives_the_files_and_entries_of_each_alone(takes: Path) -> None:
    write(subtype="float")
    do()
    before = contents(Path("out"))
    assert do(again=True, executor=Together(1)).made == 4
    assert contents(Path("out")) == before
    write(subtype="float", loudness=-20.0)
    done = do(executor=Together(1))
    assert len(done.failures) == 4, "each alone says why"
    assert all("shorter than 0.4 s" in reason for reason in done.failures.values())


@pytest.mark.parametrize("rack", ["crunch", "motion", "bass", "reamp"])
def test_a_rack_that_is_prepared_once_starts_afresh_for_each_file(takes: Path, rack: str) -> None:
    soundfile.write("b.wav", GUITAR[48_000:72_000], RATE, subtype="FLOAT")
    write(models=..., racks=rack, subtype="float", name="{input}")
    do(threads=1)
    for name in "ab":
        graph = ng.load_preset(rack)
        wanted = ng.render(graph, read(f"{name}.wav"), RATE)
        np.testing.assert_array_equal(read(f"out/{name}.wav"), wanted)


def test_a_muted_file_does_not_change_the_next(takes: Path) -> None:
    soundfile.write("a.wav", np.full(9600, 3e38, np.float32), RATE, subtype="FLOAT")
    write(models="crunch-wavenet.nam", settings={"amp.input_db": 24.0}, subtype="float")
    do(threads=1)
    found = entries()
    assert [found[f"crunch-wavenet/{n}.wav"]["muted"] > 0 for n in "ab"] == [True, False]


def test_missing_names_are_failures_if_there_are_others(takes: Path) -> None:
    write(inputs=["a.wav", "no.wav"], models="crunch-lstm.nam")
    done = do()
    assert list(done.failures) == ["crunch-lstm/no.wav"]
    assert "no.wav: cannot be read: No such file" in done.failures["crunch-lstm/no.wav"]
    write(inputs=["no.wav", "none.wav"], models="crunch-lstm.nam")
    with pytest.raises(ng.JobError, match=r"inputs\[0\] is 'no.wav': there is no such file"):
        read_job("job.json")


def test_failures_have_a_line_for_each_reason() -> None:
    failures = {f"{k}.wav": f"{k}: bad" for k in range(60)}
    lines = failure_lines(failures, "m.json")
    assert len(lines) == 51
    assert lines[-1] == "and 10 more reasons: see m.json"
    assert failure_lines(dict.fromkeys("abcde", "x"), "") == ["x (5 files: a, b, c and 2 more)"]


def test_the_manifest_of_many_files_is_written_less_often(
    takes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_run, "MANIFEST_S", 0.0)
    monkeypatch.setattr(job_run, "MANIFEST_SHARE", 1e-9)
    written = list[int]()

    def counted(path: Path, job: Any, files: list[Any], begun: Any) -> None:
        written.append(len(files))
        write_manifest(path, job, files, begun)

    monkeypatch.setattr(job_run, "write_manifest", counted)
    write()
    do(threads=1)
    assert written == [0, 4]
