"""Running jobs: the audio, the manifest, and the command's output."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.batch.run import BatchProgress

from .jobs import GUITAR, RATE, do, entries, read, write


@pytest.mark.parametrize("threads", [1, 3])
def test_files_are_what_render_makes_of_them(takes: Path, threads: int) -> None:
    write(subtype="float", settings={"amp.input_db": [0, 6]})
    told: list[BatchProgress] = []
    done = do(threads=threads, progress=told.append)
    assert (done.made, done.kept) == (8, 0)
    assert (told[0].files, told[0].of_files, told[0].seconds) == (0, 8, 0.0)
    assert told[-1].files == 8
    assert told[-1].share == pytest.approx(1.0)
    assert told[-1].of_seconds == pytest.approx(8 * 9600 / RATE)
    assert done.seconds == pytest.approx(8 * 9600 / RATE)
    for name, entry in entries().items():
        graph = ng.Graph()
        level = entry["settings"]["amp.input_db"]
        amp = graph.add("amp", ng.Nam(entry["model"].removeprefix("../"), input_db=level))
        graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
        wanted = ng.render(graph, read(entry["input"].removeprefix("../")), RATE, tail=False)
        np.testing.assert_array_equal(read(f"out/{name}"), wanted)
    assert sorted(p.name for p in takes.rglob("*.part")) == []


def test_a_rack_renders_its_tail_by_default(takes: Path) -> None:
    for tail, longer in ((..., True), (False, False)):
        write(racks="crunch", models=..., tail=tail)
        do(again=True)
        assert (read("out/crunch/a.wav").shape[1] > 9600) == longer
    entry = entries()["crunch/a.wav"]
    sound = read("out/crunch/a.wav")
    assert (entry["channels"], entry["frames"]) == sound.shape
    assert entry["peak_db"] == pytest.approx(20 * np.log10(np.abs(sound).max()), abs=0.01)
    assert entry["input"] == "../a.wav"


def test_the_manifest_does_not_depend_on_thread_order(takes: Path) -> None:
    write()
    texts = []
    for threads in (1, 4):
        do(threads=threads, again=True)
        texts.append(Path("out/manifest.json").read_text())
    assert texts[0] == texts[1]


def test_muted_blocks_are_in_the_warning_and_the_manifest(takes: Path) -> None:
    soundfile.write("a.wav", np.full(9600, 3e38, np.float32), RATE, subtype="FLOAT")
    write(inputs="a.wav", models="crunch-wavenet.nam", settings={"amp.input_db": 24.0})
    told: list[str] = []
    do(warn=told.append)
    (entry,) = entries().values()
    assert len(entry["warnings"]) == 1
    assert "muted in" in entry["warnings"][0]
    (line,) = (line for line in told if "muted" in line)
    assert entry["file"] in line


def test_another_rate_is_resampled_if_asked(takes: Path) -> None:
    soundfile.write("cd.flac", GUITAR[:44_100], 44_100)
    write(inputs="cd.flac", resample=True)
    do()
    assert {(e["rate"], e["frames"]) for e in entries().values()} == {(44_100, 44_100)}


@pytest.mark.parametrize("rate", [192_000, 384_000])
def test_a_single_frame_can_be_resampled(takes: Path, rate: int) -> None:
    soundfile.write("one.wav", np.ones(1, np.float32), rate)
    write(inputs="one.wav", resample=True)
    assert do().made == 2
    assert {e["frames"] for e in entries().values()} == {1}


def test_backends_may_be_a_setting(takes: Path) -> None:
    write(models="crunch-lstm.nam", settings={"amp.backend": ["cpu", "auto"]})
    assert do().made == 4


def test_threads_are_limited_by_the_number_of_tasks(takes: Path) -> None:
    write()
    assert do(threads=10**20).made == 4


def test_the_command_says_what_it_made(takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", write()]) == 0
    out = capsys.readouterr().out
    assert out == f"4 files made, 0.8 s of sound; see {takes / 'out' / 'manifest.json'}\n"
    assert main(["batch", "job.json", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["made"], said["kept"]) == (0, 4)
    for threads in ("-1", "0"):
        assert main(["batch", "job.json", "--threads", threads]) == 2
        assert f"threads is {threads}: must be 1 or more" in capsys.readouterr().err
    assert main(["batch", "job.json", "--backend", "cpu"]) == 0


def test_a_folder_that_cannot_be_made(takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", write(output="a.wav/out")]) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err
