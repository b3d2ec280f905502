"""Names of files in presets and jobs, and of presets: what is saved can be loaded."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng
from namgraph import PresetError, asset
from namgraph.presets.batch.job import read_job
from namgraph.presets.preset import loads

EMPTY: dict[str, Any] = {"namgraph": 1, "inputs": {}, "outputs": {}, "nodes": {}, "connections": []}


@pytest.mark.parametrize("name", ["myrack", "my.rack", "rack.nam", ".json", "rack.json "])
def test_a_preset_is_saved_under_a_name_that_can_be_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else "myrack" could be saved, and loading it would look for one that ships."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PresetError) as caught:
        ng.save_preset(ng.Graph(), name)
    assert str(caught.value) == f"{name}: a preset's name must end in .json: save it as {name}.json"
    assert not list(tmp_path.iterdir())
    for right in (f"{name}.json", f"./{name}.JSON"):
        ng.save_preset(ng.Graph(), right)
        assert ng.load_preset(right) == ng.Graph()


def test_a_bare_name_is_one_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what is found (a folder, a pipe); nothing is read from it."""
    monkeypatch.chdir(tmp_path)
    assert ng.load_preset("crunch").nodes
    Path("mine").write_text(json.dumps(EMPTY))
    Path("take").write_bytes(Path(ng.asset("di.wav")).read_bytes())
    Path("folder").mkdir()
    for name, kind in (("mine", "a namgraph preset"), ("take", "audio (WAV)"), ("folder", "a fo")):
        with pytest.raises(PresetError) as caught:
            ng.load_preset(name)
        said = f"(a file of your own ends in .json); what is called {name} here is {kind}"
        assert said in str(caught.value)
    assert ng.load_preset("./mine") == ng.Graph()
    with pytest.raises(PresetError, match=r"ends in \.json\)$"):
        ng.load_preset("nothing")


@pytest.mark.skipif(os.name == "nt", reason="there a backslash is what stands between folders")
@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("amps\\lead.nam", "(write / between folders)"),
        ("C:\\amps\\lead.nam", "(a drive of Windows: paths are relative to this file, with / betw"),
        ("D:/amps/lead.nam", "(a drive of Windows: paths are relative to this file"),
    ],
)
def test_windows_paths_get_advice(path: str, hint: str, tmp_path: Path) -> None:
    rack = EMPTY | {"nodes": {"amp": {"type": "nam", "path": path}}}
    with pytest.raises(PresetError, match=r"nodes\.amp\.path is .*: there is no file") as caught:
        loads(json.dumps(rack), folder=tmp_path)
    assert hint in str(caught.value)
    job = {"namgraph_job": 1, "inputs": path, "racks": "crunch"}
    (tmp_path / "job.json").write_text(json.dumps(job))
    with pytest.raises(ng.JobError, match=r"inputs\[0\] is .*: there is no such file") as refused:
        read_job(tmp_path / "job.json")
    assert hint in str(refused.value)


@pytest.mark.skipif(os.name == "nt", reason="there a backslash is what stands between folders")
def test_a_file_may_have_a_backslash_in_its_name(tmp_path: Path) -> None:
    shutil.copy(asset("crunch-lstm.nam"), tmp_path / "amps\\lead.nam")
    rack = EMPTY | {"nodes": {"amp": {"type": "nam", "path": "amps\\lead.nam"}}}
    with pytest.raises(PresetError) as caught:
        loads(json.dumps(rack | {"nodes": {"amp": {"type": "nam", "path": "lead.nam"}}}))
    assert "(" not in str(caught.value)
    assert loads(json.dumps(rack), folder=tmp_path).graph.nodes["amp"].path.endswith("\\lead.nam")  # type: ignore[attr-defined]
