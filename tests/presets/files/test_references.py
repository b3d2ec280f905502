"""Files in presets: how they are written, found again, and refused."""

import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng
from namgraph.graph import open_graph
from namgraph.presets.bundled import shipped_presets
from namgraph.presets.files import folder_index, search as search_module
from namgraph.presets.files.references import reference_json, sha256_of, stored_path
from namgraph.presets.preset import dumps, loads, read_preset


def cab(path: Path, seed: int = 1) -> str:
    """Write an impulse response, another one for each seed; all have the same size."""
    taps = [[1.0, 0.5, 0.01 * seed]]
    path.parent.mkdir(parents=True, exist_ok=True)
    ng.write_audio(path, taps, 48_000, subtype="float")
    return str(path)


@pytest.fixture
def rack(tmp_path: Path) -> Path:
    """A preset with one file of its own, in racks/ beside it, and one that ships."""
    graph = ng.Graph.chain(
        own=ng.Cab(cab(tmp_path / "racks" / "irs" / "my cab.wav")),
        ships=ng.Cab(ng.asset("cab.wav")),
    )
    ng.save_preset(graph, tmp_path / "racks" / "rack.json")
    return tmp_path / "racks" / "rack.json"


def path_of(graph: ng.Graph, node: str = "own") -> str:
    found: Any = graph[node]
    return str(found.path)


def test_what_is_written(rack: Path) -> None:
    nodes = json.loads(rack.read_text())["nodes"]
    own = rack.parent / "irs" / "my cab.wav"
    assert nodes["own"]["path"] == {
        "path": "irs/my cab.wav",
        "size": own.stat().st_size,
        "sha256": sha256_of(own),
    }
    assert nodes["ships"]["path"] == "asset:cab.wav"


def test_saving_what_was_loaded_gives_the_same_bytes(rack: Path) -> None:
    before = rack.read_bytes()
    ng.save_preset(ng.load_preset(rack), rack)
    assert rack.read_bytes() == before
    ng.save_preset(ng.load_preset(rack), rack.with_name("again.json"), name="rack")
    assert rack.with_name("again.json").read_bytes() == before


@pytest.mark.parametrize("name", shipped_presets())
def test_bundled_presets_can_be_copied_anywhere(name: str, tmp_path: Path) -> None:
    copy = shutil.copy(shipped_presets()[name], tmp_path / "mine.json")
    assert ng.load_preset(copy) == ng.load_preset(name)
    for path in ("one.json", "two.json"):
        ng.save_preset(ng.load_preset(copy), tmp_path / path, name="same")
        copy = tmp_path / path
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_path_written_by_hand_stays_valid(rack: Path) -> None:
    data = json.loads(rack.read_text())
    data["nodes"]["own"]["path"] = "irs/my cab.wav"
    rack.write_text(json.dumps(data))
    assert path_of(ng.load_preset(rack)) == str(rack.parent / "irs" / "my cab.wav")


def test_a_file_called_like_an_asset_is_a_file(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("no file has a colon in its name on Windows")
    graph = ng.Graph.chain(cab=ng.Cab(cab(tmp_path / "asset:cab.wav")))
    ng.save_preset(graph, tmp_path / "rack.json")
    assert path_of(ng.load_preset(tmp_path / "rack.json"), "cab") == str(tmp_path / "asset:cab.wav")
    text = dumps(graph, folder=tmp_path, store=stored_path)
    assert loads(text, folder=tmp_path).graph == graph


@pytest.mark.parametrize("how", ["beside", "search=", "--search", "NAMGRAPH_PATH", "content"])
def test_a_moved_file_is_found_and_said(
    how: str, rack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, below = rack.parent / "my cab.wav", tmp_path / "irs" / "deep" / "my cab.wav"
    to = {"beside": beside, "content": below.with_name("other.wav")}.get(how, below)
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(rack.parent / "irs" / "my cab.wav", to)
    cab(rack.parent / "same size.wav", seed=2)  # not to be taken for it
    given = [tmp_path / "irs"] if how in ("search=", "content") else []
    if how == "NAMGRAPH_PATH":
        monkeypatch.setenv(how, os.pathsep.join(["", "/is/not/there", str(tmp_path / "irs")]))
    with search_module.searched_first([tmp_path / "irs"] if how == "--search" else []):
        said = "content" if how == "content" else "name"
        with pytest.warns(RuntimeWarning, match=f"own.path .*found by its {said}.*relink") as told:
            graph = ng.load_preset(rack, search=given)
        assert len(told) == 1
        command = f"namgraph relink {rack}"
        if how in ("search=", "--search", "content"):
            command += f" --search {tmp_path / 'irs'}"
        assert f": {command} writes the paths found" in str(told[0].message)
        with pytest.warns(RuntimeWarning):
            assert open_graph(rack, search=given) == graph
    assert path_of(graph) == str(to)


def test_a_file_of_the_same_name_and_another_content_is_not_taken(rack: Path) -> None:
    (rack.parent / "irs" / "my cab.wav").unlink()
    other = cab(rack.parent / "my cab.wav", seed=2)
    with pytest.raises(ng.PresetError, match=r"own.path is 'irs/my cab.wav': .* another content"):
        ng.load_preset(rack)
    cab(Path(other), seed=1)
    with pytest.warns(RuntimeWarning, match="found by its name"):
        ng.load_preset(rack)


def test_a_file_that_changed_at_its_place_is_taken_and_said(rack: Path) -> None:
    cab(rack.parent / "irs" / "my cab.wav", seed=2)
    with pytest.warns(RuntimeWarning, match=r"rack.json: nodes.own.path .* changed since") as told:
        graph = ng.load_preset(rack)
    assert len(told) == 1
    ng.save_preset(graph, rack)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ng.load_preset(rack) == graph


def test_all_missing_files_are_named_at_once(tmp_path: Path) -> None:
    graph = ng.Graph.chain(
        a=ng.Cab(cab(tmp_path / "a.wav")),
        b=ng.CabMics(cab(tmp_path / "b.wav"), cab(tmp_path / "c.wav")),
        d=ng.Oversample(ng.Cab(cab(tmp_path / "d.wav")), times=2),
    )
    ng.save_preset(graph, tmp_path / "rack.json")
    for name in "abcd":
        (tmp_path / f"{name}.wav").unlink()
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(ng.PresetError) as caught:
        ng.load_preset(tmp_path / "rack.json", search=tmp_path / "elsewhere")
    text = str(caught.value)
    assert "\n" not in text
    for words in ("4 files are missing", "nodes.a.path", "nodes.b.path_a", "nodes.b.path_b",
                  "nodes.d.node.path", str(tmp_path / "d.wav"), str(tmp_path / "elsewhere"),
                  f"namgraph relink {tmp_path / 'rack.json'} --search"):  # fmt: skip
        assert words in text


def test_looking_is_bounded(rack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (rack.parent / "irs" / "my cab.wav").rename(rack.parent / "irs" / "other name.wav")
    monkeypatch.setattr(folder_index.FolderIndex, "limit", 3)
    for n in range(5):
        (tmp_path / "many").mkdir(exist_ok=True)
        (tmp_path / "many" / f"{n}.wav").write_bytes(b"1")
    with pytest.raises(ng.PresetError, match="at the first 3 files"):
        ng.load_preset(rack, search=[tmp_path / "many", rack.parent / "irs"])
    monkeypatch.setattr(folder_index.FolderIndex, "limit", 100)
    hashed = list[str]()
    monkeypatch.setattr(search_module, "MAX_HASHED", 2)

    def hash_of(path: str) -> str:
        hashed.append(path)
        return ""

    monkeypatch.setattr(search_module, "sha256_of", hash_of)
    for n in range(5):
        cab(tmp_path / "many" / f"{n}.wav", seed=9)
    with pytest.raises(ng.PresetError, match="there is no file"):
        ng.load_preset(rack, search=tmp_path / "many")
    assert len(hashed) == 2


def test_search_folders_must_exist(rack: Path) -> None:
    with pytest.raises(ng.PresetError, match="search is nowhere: must be a folder that exists"):
        ng.load_preset(rack, search="nowhere")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7, "nodes.cab.path is 7: must be the path of a file"),
        ("", "must be the path of a file"),
        ("a\0b", "must be the path of a file"),
        ("asset:gone.wav", "no sound or model 'gone.wav' ships"),
        ("asset:", "no sound or model '' ships"),
        ("asset:../preset.py", "no sound or model '../preset.py' ships"),
        ({}, "nodes.cab.path.path is missing"),
        ({"path": "a.wav"}, "nodes.cab.path.size is missing"),
        ({"path": 1, "size": 1, "sha256": "0" * 64}, "nodes.cab.path.path is 1"),
        ({"path": "a", "size": -1, "sha256": "0" * 64}, "nodes.cab.path.size is -1"),
        ({"path": "a", "size": True, "sha256": "0" * 64}, "nodes.cab.path.size is True"),
        ({"path": "a", "size": 10**30, "sha256": "0" * 64}, "nodes.cab.path.size is 1000"),
        ({"path": "a", "size": 1, "sha256": "0" * 63}, "sha256 is .*must be 64 hexadecimal"),
        ({"path": "a", "size": 1, "sha256": None}, "sha256 is None"),
        ({"path": "a", "size": 1, "sha256": "0" * 64, "x": 1}, "has the key 'x'"),
    ],
)
def test_wrong_references_are_refused(value: Any, said: str) -> None:
    data = {"namgraph": 1, "inputs": {}, "outputs": {}, "connections": []}
    data["nodes"] = {"cab": {"type": "cab", "path": value}}
    with pytest.raises(ng.PresetError, match=said) as caught:
        loads(json.dumps(data))
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_saved_as_its_path(tmp_path: Path) -> None:
    with pytest.warns(RuntimeWarning, match="gone.wav: No such file .*without its size and SHA"):
        assert reference_json(tmp_path / "gone.wav", tmp_path) == "gone.wav"
    (tmp_path / "empty.wav").touch()
    with pytest.warns(RuntimeWarning, match="empty.wav: has 0 bytes"):
        assert reference_json(tmp_path / "empty.wav", tmp_path) == "empty.wav"


def test_racks_inside_racks(tmp_path: Path) -> None:
    song = ng.Graph()
    inner = ng.Graph.chain(cab=ng.Cab(cab(tmp_path / "deep.wav")))
    song.input("in", channels=1) >> song.add("amp", inner) >> song.output("out", channels=1)
    ng.save_preset(song, tmp_path / "song.zip")
    (tmp_path / "deep.wav").unlink()
    assert path_of(read_preset(tmp_path / "song.zip").graph, "amp.cab").endswith("files/deep.wav")
