"""Jobs as they are done: the sounds, the manifest, and what a second run makes again."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli import main
from namgraph.presets import job_run, render
from namgraph.presets.job import read_job
from namgraph.presets.job_run import run_job

LSTM, WAVENET, DI = map(ng.asset, ("crunch-lstm.nam", "crunch-wavenet.nam", "di.wav"))
GUITAR, RATE = soundfile.read(DI, dtype="float32")
Write = Callable[..., Path]


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two takes and two models."""
    monkeypatch.chdir(tmp_path)
    for name, start in (("a", 0), ("b", 48_000)):
        soundfile.write(f"{name}.wav", GUITAR[start : start + 9600], RATE, subtype="FLOAT")
    for source in (LSTM, WAVENET):
        (tmp_path / Path(source).name).write_bytes(Path(source).read_bytes())
    return tmp_path


def write(**keys: Any) -> str:
    given = {"namgraph_job": 1, "inputs": "?.wav", "models": "*.nam", "output": "out", **keys}
    Path("job.json").write_text(json.dumps({k: v for k, v in given.items() if v is not ...}))
    return "job.json"


def do(**options: Any) -> job_run.Done:
    return run_job(read_job("job.json"), **options)


def read(path: str) -> Any:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def entries() -> dict[str, Any]:
    listed = json.loads(Path("out/manifest.json").read_text())["files"]
    return {e["file"]: e for e in listed}


@pytest.mark.parametrize("threads", [1, 3])
def test_files_are_what_render_makes_of_them(there: Path, threads: int) -> None:
    write(subtype="float", settings={"amp.input_db": [0, 6]})
    shares: list[float] = []
    done = do(threads=threads, progress=shares.append)
    assert (done.made, done.kept) == (8, 0)
    assert shares[-1] == pytest.approx(1.0)
    assert done.seconds == pytest.approx(8 * 9600 / RATE)
    for name, entry in entries().items():
        graph = ng.Graph()
        level = entry["settings"]["amp.input_db"]
        amp = graph.add("amp", ng.Nam(entry["model"].removeprefix("../"), input_db=level))
        graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
        wanted = ng.render(graph, read(entry["input"].removeprefix("../")), RATE, tail=False)
        np.testing.assert_array_equal(read(f"out/{name}"), wanted)
    assert sorted(p.name for p in there.rglob("*.part")) == []


def test_a_rack_rings_on_unless_told(there: Path) -> None:
    for tail, longer in ((..., True), (False, False)):
        write(racks="crunch", models=..., tail=tail)
        do(again=True)
        assert (read("out/crunch/a.wav").shape[1] > 9600) == longer
    entry = entries()["crunch/a.wav"]
    sound = read("out/crunch/a.wav")
    assert (entry["channels"], entry["frames"]) == sound.shape
    assert entry["peak_db"] == pytest.approx(20 * np.log10(np.abs(sound).max()), abs=0.01)
    assert entry["input"] == "../a.wav"


def test_the_manifest_does_not_depend_on_who_was_first(there: Path) -> None:
    write()
    texts = []
    for threads in (1, 4):
        do(threads=threads, again=True)
        texts.append(Path("out/manifest.json").read_text())
    assert texts[0] == texts[1]


def touch_rack(there: Path) -> None:
    write(settings={"amp.input_db": 1}, name="{model}/{input}")


def touch_model(there: Path) -> None:
    text = Path("crunch-lstm.nam").read_text()
    Path("crunch-lstm.nam").write_text(text.replace('"weights": [', '"weights": [ ', 1) + " ")


def touch_take(there: Path) -> None:
    soundfile.write("a.wav", GUITAR[:4800], RATE, subtype="FLOAT")


def lose_one(there: Path) -> None:
    Path("out/crunch-lstm/a.wav").unlink()


def cut_one(there: Path) -> None:
    Path("out/crunch-lstm/a.wav").write_bytes(b"RIFF")


@pytest.mark.parametrize(
    ("change", "made"),
    [(touch_rack, 4), (touch_model, 2), (touch_take, 2), (lose_one, 1), (cut_one, 1)],
)
def test_a_second_run_makes_what_has_changed(
    there: Path, change: Callable[[Path], None], made: int
) -> None:
    write()
    do()
    assert do().made == 0
    change(there)
    again = do()
    assert (again.made, again.kept) == (made, 4 - made)
    assert do().made == 0
    assert do(again=True).made == 4
    assert set(entries()) == {
        f"crunch-{kind}/{take}.wav" for kind in ("lstm", "wavenet") for take in "ab"
    }


def test_what_another_job_made_stays_in_the_manifest(there: Path) -> None:
    write(models="crunch-lstm.nam", name="{model}-{input}")
    do()
    write(models="crunch-wavenet.nam", name="{model}-{input}")
    do()
    assert len(entries()) == 4
    Path("out/crunch-lstm-a.wav").unlink()
    do(again=True)
    assert len(entries()) == 3


def test_an_error_ends_it_and_the_next_run_goes_on(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    real, calls = ng.render, [0]

    def breaks(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise ng.AudioFileError("disk gone")
        return real(*args, **kwargs)

    monkeypatch.setattr(render, "render", breaks)
    with pytest.raises(ng.AudioFileError, match="disk gone"):
        do(threads=1)
    assert len(entries()) == 2
    again = do(threads=1)
    assert (again.made, again.kept) == (2, 2)
    assert len(entries()) == 4


def test_an_interrupt_stops_every_thread_in_the_midst(
    there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write("a.wav", np.tile(GUITAR, 20)[: 200 * RATE], RATE)
    soundfile.write("b.wav", np.tile(GUITAR, 20)[: 200 * RATE], RATE)
    begun = threading.active_count()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(job_run, "wait", interrupt)
    assert main(["batch", write(), "--threads", "2"]) == 130
    assert threading.active_count() == begun
    assert not list(there.rglob("out/**/*.wav"))
    assert not list(there.rglob("*.part"))


def test_what_was_muted_is_told_and_written_down(there: Path) -> None:
    soundfile.write("a.wav", np.full(9600, 3e38, np.float32), RATE, subtype="FLOAT")
    write(inputs="a.wav", models="crunch-wavenet.nam", settings={"amp.input_db": 24.0})
    told: list[str] = []
    do(warn=told.append)
    (entry,) = entries().values()
    assert len(told) == len(entry["warnings"]) > 0
    assert "muted" in told[0]
    assert entry["file"] in told[0]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"settings": {"bass.input_db": 1}}, "settings.bass.input_db: there is no node 'bass'"),
        ({"settings": {"amp.input_db": 99}}, "nodes.amp: input_db is 99"),
        ({"settings": {"amp.colour": 1}}, "nodes.amp has the key 'colour': known keys are"),
        ({"racks": "crunch", "model_node": "b"}, "model_node is 'b': crunch has amp"),
        ({"racks": "two.json"}, "has 2 models (one, two): model_node must say which one"),
        ({"racks": "none.json"}, "has 0 models (none): model_node must say which one"),
        ({"inputs": ["a.wav", "cd.flac"]}, "44100 Hz, the rack's models were made for 48000 Hz"),
        ({"inputs": ["a.wav", "stereo.flac"]}, "has 2 channels, the rack takes 1"),
        ({"inputs": ["a.wav", "job.json"]}, "is not an audio file"),
        ({"models": ["crunch-lstm.nam", "bad.nam"]}, "bad.nam: is not JSON"),
    ],
)
def test_nothing_is_made_before_all_is_checked(
    there: Path, capsys: pytest.CaptureFixture[str], keys: dict[str, Any], said: str
) -> None:
    soundfile.write("cd.flac", GUITAR[:9600], 44_100)
    soundfile.write("stereo.flac", np.stack([GUITAR, GUITAR], 1)[:9600], RATE)
    Path("bad.nam").write_text("{")
    for names in ((), ("one", "two")):
        graph = ng.Graph()
        end = graph.input("in", channels=1)
        for name in names:
            end = end >> graph.add(name, ng.Nam(LSTM))
        end >> graph.output("out", channels=1)
        ng.save_preset(graph, "two.json" if names else "none.json")
    assert main(["batch", write(**{"models": "crunch-lstm.nam", **keys})]) == 2
    out, err = capsys.readouterr()
    assert err.startswith("namgraph: error: job.json: ")
    assert said in err
    assert (out, err.count("\n")) == ("", 1)
    assert not Path("out").exists()


def test_another_rate_is_resampled_if_asked(there: Path) -> None:
    soundfile.write("cd.flac", GUITAR[:44_100], 44_100)
    write(inputs="cd.flac", resample=True)
    do()
    assert {(e["rate"], e["frames"]) for e in entries().values()} == {(44_100, 44_100)}


@pytest.mark.parametrize("text", ["{", "[]", '{"namgraph_manifest": 2, "files": []}'])
def test_a_manifest_of_somebody_else_is_not_overwritten(
    there: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    Path("out").mkdir()
    Path("out/manifest.json").write_text(text)
    assert main(["batch", write()]) == 2
    assert "--again makes everything anew" in capsys.readouterr().err
    assert Path("out/manifest.json").read_text() == text
    assert main(["batch", "job.json", "--again"]) == 0
    assert len(entries()) == 4


def test_the_command_says_what_it_made(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", write()]) == 0
    out = capsys.readouterr().out
    assert out == f"4 files made, 0.8 s of sound; see {there / 'out' / 'manifest.json'}\n"
    assert main(["batch", "job.json", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["made"], said["kept"]) == (0, 4)
    assert main(["batch", "job.json", "--threads", "-1"]) == 2
    assert "threads is -1: must be 0" in capsys.readouterr().err
    assert main(["batch", "job.json", "--backend", "cpu"]) == 0


def test_a_folder_that_cannot_be_made(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", write(output="a.wav/out")]) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err
