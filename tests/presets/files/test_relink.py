"""Relink: moved files are found, and the preset is written again; info says what is missing."""

import json
import shutil
from pathlib import Path

import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.files.relink import needed_files, relink_preset

from .conftest import RATE, move_away


def test_relink(rack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = rack.read_bytes()
    move_away(rack)
    assert main(["relink", "rack.json"]) == 2  # there is nothing to be found
    assert not Path("rack-relinked.json").exists()
    assert main(["relink", "rack.json", "--search", "c"]) == 2
    out, err = capsys.readouterr()
    assert "nodes.amp.path a/my amp.nam -> " in out
    assert "rack-relinked.json: written" in out
    assert "nodes.cab2.path is 'b/cab.wav': there is no file" in err
    assert "nodes.amp" not in err.splitlines()[-1]
    assert rack.read_bytes() == before
    assert main(["relink", "rack.json", "--search", "c"]) == 2  # not over the first one
    assert "rack-relinked.json: is there already" in capsys.readouterr().err
    ng.write_audio("found.wav", [[0.9, 0.2]], RATE, subtype="float")
    assert main(["relink", "rack.json", "--search", "c", "-o", "rack.json"]) == 0
    data = json.loads(rack.read_text())
    assert data["nodes"]["amp"]["path"]["path"] == "c/my amp.nam"
    assert data["nodes"]["cab2"]["path"]["path"] == "found.wav"
    assert data["description"] == "what it is for"
    assert ng.load_preset("rack.json")


def test_relink_keeps_what_is_missing_as_seen_from_the_new_place(rack: Path) -> None:
    move_away(rack)
    Path("other").mkdir()
    done = relink_preset("rack.json", "other/rack.json", search="c")
    assert "nodes.cab2.path" in done.missing
    nodes = json.loads(Path("other/rack.json").read_text())["nodes"]
    assert nodes["cab2"]["path"]["path"] == "../b/cab.wav"
    assert nodes["cab"]["path"]["path"] == "../c/cab.wav"


def test_relink_refuses_to_replace_files_of_the_preset(rack: Path) -> None:
    shutil.copy("a/my amp.nam", "a/amp.json")
    data = json.loads(rack.read_text())
    data["nodes"]["amp"]["path"] = "a/amp.json"
    rack.write_text(json.dumps(data))
    with pytest.raises(ng.PresetError, match="which would be replaced"):
        relink_preset("rack.json", "a/amp.json")


def test_info_says_where_files_are_and_what_is_missing(
    rack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree("b")
    assert main(["info", "rack.json", "--json"]) == 2
    out, err = capsys.readouterr()
    files = {f["field"]: f for f in json.loads(out)["files"][0]["files"]}
    assert files["amp.path"]["found"] == str(rack.parent / "a" / "my amp.nam")
    assert files["amp.path"]["how"] == "as written"
    assert files["cab2.path"] == {"field": "cab2.path", "written": "b/cab.wav", "how": "missing"}
    assert files["ships.path"]["written"] == "asset:cab.wav"
    assert "rack.json: cannot run: nodes.cab2.path is 'b/cab.wav'" in err
    assert len(needed_files("crunch").files) == 2
