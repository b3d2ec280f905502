"""Bundles: packed, unpacked, and used wherever a preset is; the colleague's test."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.nodes.testing import same_bits
from namgraph.presets.bundled import shipped_presets
from namgraph.presets.files.bundle import open_bundle
from namgraph.presets.files.relink import pack_preset
from namgraph.presets.files.unpack import unpack_bundle
from namgraph.runtime.adapters.live.null import NullStream

from ..every_node import every_node
from .conftest import RATE, move_away

HEARD = """
import sys
import numpy as np
import namgraph as ng
x = np.load(sys.argv[1])
for path in sys.argv[2:]:
    graph = ng.load_preset(path)
    print([getattr(node, "path", "") for node in graph.nodes.values()])
    np.save(path + ".npy", ng.render(graph, x, 48_000, tail=False, block=64))
"""
"""The colleague's program: renders presets and bundles in a process of its own."""


def test_a_bundle_has_the_preset_and_its_files(rack: Path) -> None:
    members, left_out = pack_preset("rack.json", "rack.zip")
    assert members == ["rack.json", "files/cab-2.wav", "files/cab.wav", "files/my amp.nam"]
    assert left_out == []
    made = unpack_bundle("rack.zip", "out/deep")
    assert [os.path.relpath(p, rack.parent / "out" / "deep") for p in made] == members
    for name, source in (("my amp.nam", "a/my amp.nam"), ("cab-2.wav", "b/cab.wav")):
        assert Path("out/deep/files", name).read_bytes() == Path(source).read_bytes()
    data = json.loads(Path("out/deep/rack.json").read_text())
    assert data["description"] == "what it is for"
    assert data["nodes"]["ships"]["path"] == "asset:cab.wav"


def test_names_that_some_system_cannot_have_are_changed(tmp_path: Path) -> None:
    names = [
        "con.wav",
        "x" * 200 + ".wav",
        "\xe9.wav",
        "e\u0301.wav",
        ".wav",
        "cab.wav",
        "u/cab.wav",
    ]
    if os.name != "nt":
        names += ["CAB.WAV", "v/CAB.wav", " a .wav", "a\nb.wav", "a:b*?.wav", "a\\b.wav", "dot."]
    graph = ng.Graph()
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        ng.write_audio(tmp_path / "t.wav", [[1.0, (number % 10) / 64]], RATE, subtype="float")
        (tmp_path / "t.wav").rename(tmp_path / name)
        graph.add(f"n{number}", ng.Cab(tmp_path / name))
    if sys.platform == "linux":  # one content, two spellings
        shutil.copy(tmp_path / "cab.wav", tmp_path / "v" / "CAB.wav")
    ng.save_preset(graph, tmp_path / "rack.zip")
    unpack_bundle(tmp_path / "rack.zip", tmp_path / "out")
    opened = ng.load_preset(tmp_path / "out" / "rack.json")
    for name, node in graph.nodes.items():
        there: Any = opened[name]
        here: Any = node
        assert Path(there.path).read_bytes() == Path(here.path).read_bytes()


def test_a_file_of_mostly_zeros_is_no_zip_bomb(tmp_path: Path) -> None:
    taps = np.zeros((1, 500_000), np.float32)
    taps[0, 0] = 1.0
    ng.write_audio(tmp_path / "long.wav", taps, RATE, subtype="float")
    graph = ng.Graph.chain(cab=ng.Cab(tmp_path / "long.wav"))
    ng.save_preset(graph, tmp_path / "rack.zip")
    ng.write_audio(tmp_path / "short.wav", taps[:, :9600], RATE, subtype="float")
    ng.save_preset(ng.Graph.chain(cab=ng.Cab(tmp_path / "short.wav")), tmp_path / "short.zip")
    assert (tmp_path / "short.zip").stat().st_size < 2000  # that one is packed
    opened: Any = ng.load_preset(tmp_path / "rack.zip")["cab"]
    assert Path(opened.path).read_bytes() == (tmp_path / "long.wav").read_bytes()


def test_the_same_rack_gives_the_same_bytes(rack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack_preset("rack.json", "one.zip")
    for path in rack.parent.rglob("*"):
        os.utime(path, (10**9, 10**9))
    monkeypatch.chdir("/")
    pack_preset(rack, rack.with_name("two.zip"))
    pack_preset(rack.with_name("two.zip"), rack.with_name("three.zip"))
    one, two, three = (rack.with_name(f"{n}.zip").read_bytes() for n in ("one", "two", "three"))
    assert one == two == three


def test_a_bundle_is_used_wherever_a_preset_is(
    rack: Path, guitar: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = ng.render("rack.json", guitar, RATE, tail=False)
    assert abs(expected).max() > 1e-3
    pack_preset("rack.json", "rack.zip")
    move_away(rack)
    with pytest.raises(ng.PresetError, match="3 files are missing"):
        ng.load_preset("rack.json")
    same_bits(ng.render("rack.zip", guitar, RATE, tail=False), expected)
    same_bits(ng.Engine("rack.zip", sample_rate=RATE, max_frames=4096).process(guitar), expected)
    how: Any = {"realtime": False, "source": guitar, "record": 2400, "node_share": None}
    with NullStream("rack.zip", 64, seconds=0.06, **how) as stream:
        assert stream.wait(60)
    same_bits(stream.recorded[:, :2400], expected)
    ng.write_audio("in.wav", guitar, RATE, subtype="float")
    words = ["--no-tail", "--subtype", "float"]
    assert main(["render", "rack.zip", "in.wav", "out.wav", *words]) == 0
    same_bits(soundfile.read("out.wav", dtype="float32", always_2d=True)[0].T, expected)
    job = {"namgraph_job": 1, "inputs": "in.wav", "racks": "*.zip", "name": "{rack}"}
    Path("job.json").write_text(json.dumps({**job, "subtype": "float", "tail": False}))
    assert main(["batch", "job.json"]) == 0
    same_bits(soundfile.read("renders/rack.wav", dtype="float32", always_2d=True)[0].T, expected)
    capsys.readouterr()
    assert main(["info", "rack.zip"]) == 0
    assert "field amp.path, written files/my amp.nam, how in the bundle" in capsys.readouterr().out
    assert main(["bench", "rack.zip", "--seconds", "0.1"]) == 0
    assert main(["live", "rack.zip", "--null", "--fast", "--seconds", "0.05"]) == 0


def test_a_bundle_in_pedalboard_and_a_picture(rack: Path, guitar: Any) -> None:
    pack_preset("rack.json", "rack.zip")
    pytest.importorskip("matplotlib")
    assert main(["plot", "rack.zip", "-o", "rack.svg"]) == 0
    pytest.importorskip("pedalboard")
    plugin: Any = pytest.importorskip("namgraph.runtime.adapters.pedalboard").GraphPlugin
    expected = ng.render("rack.json", guitar, RATE, tail=False)
    same_bits(plugin("rack.zip")(guitar, RATE, 64), expected)


def test_a_bundle_is_unpacked_once(rack: Path) -> None:
    pack_preset("rack.json", "rack.zip")
    before = open_bundle("rack.zip")
    assert open_bundle("./rack.zip") == before
    os.utime("rack.zip", (10**9, 10**9))
    assert open_bundle("rack.zip") != before  # another file now


def test_a_graph_of_a_bundle_is_saved_as_a_bundle(rack: Path) -> None:
    pack_preset("rack.json", "rack.zip")
    graph = ng.load_preset("rack.zip").with_params({"amp.input_db": 3.0})
    with pytest.raises(ng.PresetError, match=r"is in the bundle rack.zip.*save as .zip"):
        ng.save_preset(graph, "mine.json")
    assert not Path("mine.json").exists()
    ng.save_preset(graph, "mine.zip")
    move_away(rack)
    unpack_bundle("mine.zip", "mine")
    again: Any = ng.load_preset("mine/mine.json")
    assert again["amp"].input_db == 3.0


def test_packing_looks_in_search_folders(rack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rack.parent.joinpath("a").rename(rack.parent / "c")
    assert main(["pack", "rack.json", "rack.zip"]) == 2
    assert "2 files are missing" in capsys.readouterr().err
    assert not Path("rack.zip").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["pack", "rack.json", "rack.zip", "--search", "c"]) == 0
    assert capsys.readouterr().err.count("found by its name") == 2  # in one line
    assert list(ng.load_preset("rack.zip").nodes) == ["amp", "cab", "cab2", "ships"]
    assert main(["pack", "rack.json", "rack.json"]) == 2
    assert "must end in .zip" in capsys.readouterr().err


@pytest.mark.parametrize(
    "verb",
    ["render", "live", "bench", "batch", "info", "plot", "pack", "relink", "migrate", "export-nam"],
)
def test_every_verb_that_opens_a_rack_looks_in_search_folders(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, "--help"]) == 0
    assert "--search DIR" in capsys.readouterr().out


def test_plugins_are_named_as_not_packed(rack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pedalboard")
    graph = ng.Graph.chain(
        room=ng.PedalboardEffect("Convolution", {"impulse_response_filename": ng.asset("cab.wav")})
    )
    ng.save_preset(graph, "plugin.json")
    assert main(["pack", "plugin.json", "plugin.zip"]) == 0
    said = capsys.readouterr().err
    assert "warning: room: " in said
    assert "is not packed" in said


@pytest.mark.parametrize("kind", ["file", "full folder", "link"])
def test_unpacking_replaces_nothing(kind: str, rack: Path) -> None:
    pack_preset("rack.json", "rack.zip")
    target = Path("out")
    if kind == "file":
        target.write_text("mine")
    elif kind == "link":
        target.symlink_to("nowhere")
    else:
        target.mkdir()
        (target / "rack.json").write_text("mine")
    with pytest.raises(ng.PresetError, match=r"is not empty|is a file"):
        unpack_bundle("rack.zip", "out")
    assert not Path("nowhere").exists()
    if kind == "full folder":
        assert (target / "rack.json").read_text() == "mine"
    assert not list(Path().glob(".namgraph*"))


def test_unpacking_into_the_current_folder(rack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack_preset("rack.json", "rack.zip")
    Path("empty").mkdir()
    monkeypatch.chdir("empty")
    unpack_bundle("../rack.zip", ".")
    assert sorted(p.name for p in Path().iterdir()) == ["files", "rack.json"]
    assert ng.load_preset("rack.json")


def test_unpacking_that_fails_at_the_end_leaves_nothing(
    rack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack_preset("rack.json", "rack.zip")
    Path("empty").mkdir()
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if self.name == "rack.json":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(ng.PresetError, match="empty: cannot be written: No space left"):
        unpack_bundle("rack.zip", "empty")
    assert not list(Path("empty").iterdir())


def test_the_colleague_hears_the_same_bits(tmp_path: Path, guitar: Any) -> None:
    """Pack here, move the originals away, unpack and render there, in another process."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    names, expected = ["every", "crunch"], {}
    shutil.copy(shipped_presets()["crunch"], here / "crunch.json")
    data = json.loads((here / "crunch.json").read_text())
    for node, key, asset in (("amp", "path", "crunch-wavenet.nam"), ("cab", "path", "cab.wav")):
        shutil.copy(ng.asset(asset), here / f"own-{asset}")
        data["nodes"][node][key] = f"own-{asset}"
    (here / "crunch.json").write_text(json.dumps(data))
    ng.save_preset(every_node(), here / "every.json")
    for name in names:
        expected[name] = ng.render(here / f"{name}.json", guitar, RATE, tail=False)
        pack_preset(here / f"{name}.json", there / f"{name}.zip")
    here.rename(tmp_path / "gone")
    for name in names:
        unpack_bundle(there / f"{name}.zip", there / name)
    np.save(there / "in.npy", guitar)
    presets = [str(there / f"{n}.zip") for n in names]
    presets += [str(there / n / f"{n}.json") for n in names]
    program = [sys.executable, "-c", HEARD, str(there / "in.npy"), *presets]
    (tmp_path / "temporary").mkdir()
    own = os.environ | {name: str(tmp_path / "temporary") for name in ("TMPDIR", "TEMP", "TMP")}
    done = subprocess.run(
        program, cwd=there, env=own, check=True, timeout=300, capture_output=True, text=True
    )
    assert str(tmp_path / "temporary" / "namgraph-every-") in done.stdout  # it lived there
    assert not list((tmp_path / "temporary").glob("namgraph-*"))
    for path in presets:
        same_bits(np.load(f"{path}.npy"), expected[Path(path).stem])
