"""Running a job again: which files are rendered, and what the manifest holds meanwhile."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.batch import run as job_run
from namgraph.presets.batch.execution import executor
from namgraph.presets.batch.manifest import write_manifest
from namgraph.presets.rendering.file_render import FileRender
from namgraph.runtime.io.atomic_write import alone_in

from .jobs import GUITAR, RATE, do, entries, read, write


def touch_rack(takes: Path) -> None:
    write(settings={"amp.input_db": 1}, name="{model}/{input}")


def touch_model(takes: Path) -> None:
    text = Path("crunch-lstm.nam").read_text()
    Path("crunch-lstm.nam").write_text(text.replace('"weights": [', '"weights": [ ', 1) + " ")


def touch_take(takes: Path) -> None:
    soundfile.write("a.wav", GUITAR[:4800], RATE, subtype="FLOAT")


def lose_one(takes: Path) -> None:
    Path("out/crunch-lstm/a.wav").unlink()


def cut_one(takes: Path) -> None:
    Path("out/crunch-lstm/a.wav").write_bytes(b"RIFF")


@pytest.mark.parametrize(
    ("change", "made"),
    [(touch_rack, 4), (touch_model, 2), (touch_take, 2), (lose_one, 1), (cut_one, 1)],
)
def test_a_second_run_renders_what_has_changed(
    takes: Path, change: Callable[[Path], None], made: int
) -> None:
    write()
    do()
    assert do().made == 0
    change(takes)
    again = do()
    assert (again.made, again.kept) == (made, 4 - made)
    assert do().made == 0
    assert do(again=True).made == 4
    assert set(entries()) == {
        f"crunch-{kind}/{take}.wav" for kind in ("lstm", "wavenet") for take in "ab"
    }


@pytest.mark.parametrize("how", ["edited", "stale"])
def test_a_changed_output_file_is_rendered_again(takes: Path, how: str) -> None:
    write(models="crunch-lstm.nam", settings={"amp.input_db": 0}, name="{input}")
    do()
    right = Path("out/a.wav").read_bytes()
    if how == "edited":  # as long as it was
        Path("out/a.wav").write_bytes(right[:-9] + b"!" + right[-8:])
    else:  # made with another setting by a run that was killed
        manifest = Path("out/manifest.json").read_bytes()
        write(models="crunch-lstm.nam", settings={"amp.input_db": 6}, name="{input}")
        do()
        Path("out/manifest.json").write_bytes(manifest)
        write(models="crunch-lstm.nam", settings={"amp.input_db": 0}, name="{input}")
    assert do().made == {"edited": 1, "stale": 2}[how]
    assert Path("out/a.wav").read_bytes() == right


@pytest.mark.parametrize("content", ["sound", "text"])
def test_what_no_job_made_is_not_replaced(takes: Path, content: str) -> None:
    write(models="crunch-lstm.nam", name="{input}")
    Path("out").mkdir()
    mine = Path("a.wav").read_bytes() if content == "sound" else b"mine"
    Path("out/a.wav").write_bytes(mine)
    said = r"out/a\.wav: is there already, and manifest\.json does not know it: .*--again replaces"
    for _ in range(2):
        with pytest.raises(ng.JobError, match=said):
            do()
    assert [p.name for p in Path("out").iterdir()] == ["a.wav"], "nothing is made"
    assert Path("out/a.wav").read_bytes() == mine
    assert do(again=True).made == 2
    assert do().kept == 2
    Path("out/manifest.json").unlink()
    with pytest.raises(ng.JobError, match=r"a\.wav \(and 1 more file\): is there already"):
        do()


KILLED = """
import os, sys
from namgraph.presets.batch import run as job_run
from namgraph.presets.batch.job import read_job
def keep(self, *rest):
    kept(self, *rest)
    if len(self.made) == 2:
        os._exit(9)
kept, job_run._Run._add = job_run._Run._add, keep
job_run.run_job(read_job("job.json"), threads=1, again=True)
"""


def test_a_killed_run_leaves_no_wrong_manifest_entry(takes: Path) -> None:
    write(name="{model}-{input}", settings={"amp.input_db": 0})
    do()
    sounds = {p.name: p.read_bytes() for p in Path("out").glob("*.wav")}
    write(name="{model}-{input}", settings={"amp.input_db": 6})
    assert subprocess.run([sys.executable, "-c", KILLED], check=False).returncode == 9
    assert {p.name: p.read_bytes() for p in Path("out").glob("*.wav")} != sounds
    left = json.loads(Path("out/manifest.json").read_text())
    assert len(left["files"]) + len(left["begun"]) == 4
    write(name="{model}-{input}", settings={"amp.input_db": 0})
    do()
    assert {p.name: p.read_bytes() for p in Path("out").glob("*.wav")} == sounds


def test_the_manifest_is_written_during_the_run(
    takes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_run, "MANIFEST_S", 0.0)
    monkeypatch.setattr(job_run, "MANIFEST_SHARE", 1e9)
    counts = list[int]()
    real = write_manifest

    def counted(path: Path, job: Any, files: list[Any], begun: Any) -> None:
        counts.append(len(files))
        real(path, job, files, begun)

    monkeypatch.setattr(job_run, "write_manifest", counted)
    write()
    do(threads=1)
    assert counts == [0, 1, 2, 3, 4, 4]


def test_an_unwritable_manifest_is_an_error_before_rendering(takes: Path) -> None:
    Path("out/manifest.json").mkdir(parents=True)
    write()
    with pytest.raises(ng.JobError, match="cannot be written: it is a folder"):
        do()
    with pytest.raises(ng.JobError, match="it is a folder"):
        do(again=True)
    assert not list(takes.rglob("out/**/*.wav"))


@pytest.mark.skipif(os.name != "posix", reason="there is no flock")
def test_two_runs_do_not_share_a_folder(takes: Path) -> None:
    write()
    with (
        alone_in(takes / "out"),
        pytest.raises(ng.JobError, match=r"out: another run is at work there"),
    ):
        do()
    assert do().made == 4


def test_a_rack_has_a_tail_and_a_bare_model_has_none(takes: Path) -> None:
    graph = ng.Graph()
    amp = graph.add("amp", ng.Nam("crunch-wavenet.nam"))
    graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
    ng.save_preset(graph, "amp.json")
    write(inputs="a.wav", models="crunch-wavenet.nam", name="{input}")
    do()
    short = read("out/a.wav").shape[1]
    write(inputs="a.wav", models=..., racks="amp.json", name="{input}")
    assert do().made == 1
    assert read("out/a.wav").shape[1] > short
    write(inputs="a.wav", models=..., racks="amp.json", name="{input}", tail=True)
    assert do().made == 0, "it rang on as it was"


def test_files_in_the_settings_of_a_plugin_count(takes: Path) -> None:
    pytest.importorskip("pedalboard")
    soundfile.write("ir.wav", GUITAR[:4800], RATE)
    effect = {"type": "pedalboard_effect", "effect": "Convolution"}
    effect["settings"] = [["impulse_response_filename", str(takes / "ir.wav")]]  # type: ignore[assignment]
    rack = {"namgraph": 1, "inputs": {"in": 1}, "outputs": {"out": 1}, "nodes": {"hall": effect}}
    wires = [["in.out", "hall.in"], ["hall.out", "out.in"]]
    Path("hall.json").write_text(json.dumps({**rack, "connections": wires}))
    write(models=..., racks="hall.json")
    assert do().made == 2
    assert do().made == 0
    soundfile.write("ir.wav", GUITAR[4800:9600], RATE)
    assert do().made == 2


def test_entries_of_another_job_stay_in_the_manifest(takes: Path) -> None:
    write(models="crunch-lstm.nam", name="{model}-{input}")
    do()
    write(models="crunch-wavenet.nam", name="{model}-{input}")
    do()
    assert len(entries()) == 4
    Path("out/crunch-lstm-a.wav").unlink()
    do(again=True)
    assert len(entries()) == 3


def test_an_error_ends_it_and_the_next_run_goes_on(
    takes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    real, calls = FileRender.pieces, [0]

    def breaks(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise ng.AudioFileError("disk gone")
        return real(*args, **kwargs)

    monkeypatch.setattr(FileRender, "pieces", breaks)
    with pytest.raises(ng.JobError, match="disk gone"):
        do(threads=1, stop_on_error=True)
    assert len(entries()) == 3
    again = do(threads=1)
    assert (again.made, again.kept) == (2, 2)
    assert len(entries()) == 4


def test_an_interrupt_stops_every_thread_in_the_midst(
    takes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write("a.wav", np.tile(GUITAR, 20)[: 200 * RATE], RATE)
    soundfile.write("b.wav", np.tile(GUITAR, 20)[: 200 * RATE], RATE)
    begun = threading.active_count()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(executor, "wait", interrupt)
    assert main(["batch", write(), "--threads", "2"]) == 130
    assert threading.active_count() == begun
    assert not list(takes.rglob("out/**/*.wav"))
    assert not list(takes.rglob("*.part"))


def test_a_foreign_table_is_not_overwritten(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write()
    Path("out").mkdir()
    Path("out/manifest.csv").write_text("name,take\n")
    assert main(["batch", "job.json"]) == 2
    said = capsys.readouterr().err
    assert "manifest.csv: is no manifest of this package: give another output folder" in said
    assert [path.name for path in Path("out").iterdir()] == ["manifest.csv"]
    assert Path("out/manifest.csv").read_text() == "name,take\n"
    assert main(["batch", "job.json", "--again"]) == 0
    assert Path("out/manifest.csv").read_text().startswith("file,error,input")
    for made in (Path("out/manifest.json"), *Path("out").rglob("*.wav")):
        made.unlink()  # its own table alone is replaced
    assert main(["batch", "job.json"]) == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"namgraph_manifest": 2, "files": []}'])
def test_a_foreign_manifest_is_not_overwritten(
    takes: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    Path("out").mkdir()
    Path("out/manifest.json").write_text(text)
    assert main(["batch", write()]) == 2
    assert "--again makes everything anew" in capsys.readouterr().err
    assert Path("out/manifest.json").read_text() == text
    assert main(["batch", "job.json", "--again"]) == 0
    assert len(entries()) == 4
