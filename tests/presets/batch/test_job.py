"""Reading jobs: their items, and errors."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.presets.batch import items
from namgraph.presets.batch.check import check_job
from namgraph.presets.batch.job import Job, read_job
from namgraph.presets.batch.run import run_job

LSTM, WAVENET = map(ng.asset, ("crunch-lstm.nam", "crunch-wavenet.nam"))


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three takes and two models; the process is elsewhere."""
    for name in ("takes/b.wav", "takes/a.wav", "takes/deep/c.wav", "x[1].wav"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(target, np.zeros(480, np.float32), 48_000)
    for source in (LSTM, WAVENET):
        (tmp_path / Path(source).name).write_bytes(Path(source).read_bytes())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return tmp_path


def job(folder: Path, **keys: Any) -> Job:
    given = {"namgraph_job": 1, "inputs": "takes/*.wav", "models": ["crunch-lstm.nam"], **keys}
    (folder / "job.json").write_text(json.dumps({k: v for k, v in given.items() if v is not ...}))
    return read_job(folder / "job.json")


def files(folder: Path, **keys: Any) -> list[str]:
    return [item.file for item in job(folder, **keys).items]


def test_every_input_goes_through_every_model_in_every_rack(there: Path) -> None:
    assert files(there) == ["crunch-lstm/a.wav", "crunch-lstm/b.wav"]
    assert files(there, models=..., racks="crunch") == ["crunch/a.wav", "crunch/b.wav"]
    made = files(there, models="*.nam", racks=["crunch"], settings={"amp.input_db": [-6, 0.5]})
    assert len(made) == 8
    assert made[0] == "crunch/crunch-lstm/a-amp.input_db=-6.wav"
    assert made[-1] == "crunch/crunch-wavenet/b-amp.input_db=0.5.wav"


def test_patterns_are_sorted_recursive_and_may_be_names(there: Path) -> None:
    sources = [Path(i.source).name for i in job(there, inputs="takes/**/*.wav").items]
    assert sources == ["a.wav", "b.wav", "c.wav"]
    assert files(there, inputs=["x[1].wav", "x[1].wav"]) == ["crunch-lstm/x[1].wav"]


def test_results_are_not_inputs(there: Path) -> None:
    before = files(there, inputs="**/*.wav", name="{n}")
    for one in job(there).items:
        (there / "renders" / one.file).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(there / "renders" / one.file, np.zeros(480), 48_000)
    assert files(there, inputs="**/*.wav", name="{n}") == before


def test_names_are_made_of_what_is_given(there: Path) -> None:
    assert files(there, name="{n}-{input}.flac") == ["1-a.flac", "2-b.flac"]
    settings = {"amp.path": ["crunch-lstm.nam", "crunch-wavenet.nam"]}
    made = files(there, models=..., racks="crunch", settings=settings, name="{amp.path} {input}")
    assert made[:3] == ["crunch-lstm a.wav", "crunch-lstm b.wav", "crunch-wavenet a.wav"]


def test_a_rig_is_the_rack_with_what_the_item_says(there: Path) -> None:
    made = job(there, racks="crunch", settings={"amp.input_db": 2.5, "cab.gain_rule": "peak"})
    nodes = made.rig(made.items[0]).graph.nodes
    plain = ng.load_preset("crunch").nodes
    assert nodes["amp"].input_db == 2.5  # type: ignore[attr-defined]
    assert nodes["amp"].path == str(there / "crunch-lstm.nam")  # type: ignore[attr-defined]
    assert nodes["cab"].gain_rule == "peak"  # type: ignore[attr-defined]
    assert nodes["slap"] == plain["slap"]
    bare = job(there, settings={"amp.output_db": -3})
    assert bare.rig(bare.items[0]).bare


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"namgraph_job": ...}, 'the key "namgraph_job" is missing'),
        ({"namgraph_job": 2}, "namgraph_job is 2: must be 1"),
        ({"namgraph_job": True}, "namgraph_job is True: must be 1"),
        ({"input": "a.wav"}, "the job has the key 'input': known keys are"),
        ({"inputs": ...}, "inputs: is empty"),
        ({"models": ...}, "models and racks: both are empty"),
        ({"inputs": 3}, "inputs is 3: must be a list of files"),
        ({"inputs": [3]}, "inputs[0] is 3: must be the name of a file"),
        ({"inputs": ["no.wav"]}, "inputs[0] is 'no.wav': there is no such file in"),
        ({"inputs": ["no/*.wav"]}, "inputs[0] is 'no/*.wav': there is no such file in"),
        ({"models": "takes/a.wav"}, "a.wav is no .nam or .aidax or .namb or .json file"),
        ({"racks": "crunch-lstm.nam"}, "crunch-lstm.nam is no .json or .zip file"),
        ({"racks": "no"}, "no preset 'no' ships with namgraph"),
        ({"racks": "no.json"}, "'no.json': there is no such file"),
        ({"subtype": "mp3"}, "subtype is 'mp3': must be one of float"),
        ({"tail": 1}, "tail is 1: must be true or false or null"),
        ({"resample": None}, "resample is None: must be true or false"),
        ({"settings": []}, "settings is a list of 0: must be an object"),
        ({"settings": {"input_db": 1}}, "a key of settings is 'input_db': must be a node and"),
        ({"settings": {"amp.input_db": []}}, "settings.amp.input_db is a list of 0: must be"),
        ({"output": ""}, "output is '': must be a text that is not empty, and"),
        ({"output": 3}, "output is 3: must be a text"),
        ({"name": "{take}"}, "name has {take}: must be one of {model}, {input}, {n}"),
        ({"name": "{rack}"}, "name has {rack}: must be one of"),
        ({"name": "same"}, "same.wav would be two files: "),
        ({"name": "../{n}"}, "must be a file below the output folder"),
        ({"name": "/tmp/{n}"}, "must be a file below the output folder"),
        ({"name": "C:{n}"}, "must be a file below the output folder"),
        ({"name": "."}, "must be a file below the output folder"),
        ({"name": "/"}, "must be a file below the output folder"),
        ({"name": "{n}/"}, "must be a file below the output folder"),
        ({"name": "\ud800{n}"}, "may be part of a path"),
        ({"output": "\ud800"}, "may be part of a path"),
        ({"inputs": "\ud800"}, "must be the name of a file"),
        ({"name": "{n}" + "x" * 300}, "is too long"),
        ({"inputs": "y" * 300 + "*"}, "there is no such file"),
        ({"racks": "y" * 300 + ".json"}, "there is no such file"),
        ({"racks": ["crunch", "no.json"]}, "racks[1] is 'no.json'"),
        ({"model_node": "amp"}, "model_node: no model is replaced"),
        ({"subtype": []}, "subtype is a list of 0: must be one of"),
        ({"subtype": {}}, "subtype is an object of 0: must be one of"),
        ({"namgraph_job": 1.0}, "namgraph_job is 1.0: must be 1"),
        ({"settings": {f"amp.k{n}": list(range(10)) for n in range(9)}}, "would make 2000000000"),
        ({"output": "takes"}, "no such file in"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(there: Path, keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ng.JobError) as error:
        job(there, **keys)
    assert str(error.value).startswith(f"{there / 'job.json'}: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "the job is a list of 0: must be a JSON object"),
        ("{", "is not JSON: Expecting property name"),
        ('{"namgraph_job": 1, "namgraph_job": 1}', "the key 'namgraph_job' is there twice"),
        ("\ud800", "is not UTF-8"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_file_that_is_no_job(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "job.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ng.JobError, match=said):
        read_job(path)


def test_a_deeply_nested_setting_is_an_error(there: Path) -> None:
    deep = "[" * 900 + "]" * 900
    text = json.dumps({"namgraph_job": 1, "inputs": "takes/*.wav", "models": "crunch-lstm.nam"})
    (there / "job.json").write_text(f'{text[:-1]}, "settings": {{"amp.levels": [{deep}]}}}}')
    with pytest.raises(ng.JobError, match=r"settings.amp.levels is nested too deeply|levels"):
        check_job(read_job(there / "job.json"))


def test_a_key_among_many_is_found_at_once(tmp_path: Path) -> None:
    keys = ", ".join(f'"k{n}": 0' for n in range(200_000))
    (tmp_path / "job.json").write_text(f'{{{keys}, "k199999": 1}}')
    with pytest.raises(ng.JobError, match="the key 'k199999' is there twice"):
        read_job(tmp_path / "job.json")


def test_linked_inputs_are_used_once(there: Path) -> None:
    (there / "takes" / "loop").symlink_to(there / "takes")
    assert len(files(there, inputs="takes/**/*.wav")) == 3


@pytest.mark.parametrize("output", [".", "renders", "../renders", "linked"])
def test_results_are_not_inputs_in_any_folder(there: Path, output: str) -> None:
    (there / "linked").symlink_to(there / "elsewhere")
    home = there / "jobs"
    home.mkdir()
    shutil.copy(there / "crunch-lstm.nam", home)
    for name in ("a", "b"):
        shutil.copy(there / "takes" / "a.wav", home / f"{name}.wav")
    wide = {"inputs": "../**/*.wav", "name": "{n}-{model}", "output": output}
    near = {"inputs": "*.wav", "name": "{input}-{model}", "output": output}
    for keys in (near, wide):
        made = job(home, **keys)
        run_job(made)
        assert [i.source for i in job(home, **keys).items] == [i.source for i in made.items]


def test_a_folder_may_have_the_name_of_a_preset(there: Path) -> None:
    (there / "crunch").mkdir()
    assert len(files(there, racks="crunch")) == 2


def test_a_dot_inside_a_name_is_no_suffix(there: Path) -> None:
    shutil.copy(there / "takes" / "a.wav", there / "take.mp3.wav")
    assert files(there, inputs="take.mp3.wav", name="{input}") == ["take.mp3.wav"]
    assert files(there, inputs="take.mp3.wav", name="{input}.flac") == ["take.mp3.flac"]


def test_numbers_that_differ_are_named_apart(there: Path) -> None:
    made = files(there, inputs="takes/a.wav", settings={"amp.input_db": [0.1234567, 0.1234568]})
    assert len(set(made)) == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "no.json", tmp_path):
        with pytest.raises(ng.JobError, match=f"^{path}: cannot be read: "):
            read_job(path)


def test_two_names_that_differ_in_case_alone(there: Path) -> None:
    soundfile.write(there / "takes" / "A.wav", np.zeros(480), 48_000)
    if len(list((there / "takes").glob("*.wav"))) < 3:
        pytest.skip("this file system knows no case")
    with pytest.raises(ng.JobError, match=r"crunch-lstm/a\.wav would be two files"):
        job(there)


def test_too_many_files_are_an_error(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MAX_FILES", 3)
    with pytest.raises(ng.JobError, match="the job would make 4 files: at most 3"):
        job(there, models="*.nam")
