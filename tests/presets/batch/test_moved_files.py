"""Racks of jobs whose files lie elsewhere: in search folders and bundles, here and on a cluster."""

import pickle
import shutil
from pathlib import Path

import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.batch.execution.racks import RackSource
from namgraph.presets.batch.job import read_job
from namgraph.presets.files.search import searched_first

from .jobs import GUITAR, LSTM, RATE, write


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rack whose model was moved to ``amps``, a bundle of the same, and an input."""
    monkeypatch.chdir(tmp_path)
    Path("amps").mkdir()
    shutil.copy(LSTM, "amp.nam")
    graph = ng.Graph.chain(amp=ng.Nam("amp.nam"), cab=ng.Cab(ng.asset("cab.wav")))
    graph.mix("cab", 0.5)
    ng.save_preset(graph, "rack.json")
    ng.save_preset(graph, "packed.zip")
    shutil.move("amp.nam", "amps")
    soundfile.write("a.wav", GUITAR[:9_000], RATE, subtype="FLOAT")
    return tmp_path


def test_a_rack_as_plain_values_knows_the_search_folders_of_its_job(folders: Path) -> None:
    job = read_job(write(models=..., racks="rack.json"))
    with searched_first(["amps"]):
        sent = pickle.dumps(job.source(job.items[0]))
    source: RackSource = pickle.loads(sent)
    with pytest.warns(RuntimeWarning, match="found elsewhere"):
        rig = source.open()
    assert rig.graph.nodes["amp"] == ng.Nam(str(folders / "amps/amp.nam"))
    with pytest.raises(ng.PresetError, match=r"amp\.nam"):
        job.rig(job.items[0])  # without --search


def test_search_folders_that_another_machine_lacks_are_no_fault(folders: Path) -> None:
    job = read_job(write(models=..., racks="rack.json"))
    Path("gone").mkdir()
    with searched_first(["gone", "amps"]):
        source = job.source(job.items[0])
    Path("gone").rmdir()
    with pytest.warns(RuntimeWarning, match="found elsewhere"):
        assert source.open().graph.mixes["cab"].mix == 0.5


def test_the_manifest_names_both_sides_of_a_pair_and_their_bundle(folders: Path) -> None:
    shutil.copy(ng.asset("clean-wavenet.nam"), "right.nam")
    graph = ng.Graph.chain(amp=ng.Nam("amps/amp.nam", "right.nam"))
    ng.save_preset(graph, "pair.zip")
    soundfile.write("a.wav", GUITAR[:9_000, None].repeat(2, 1), RATE, subtype="FLOAT")
    done = ng.batch(racks="pair.zip", inputs="a.wav", output="out", tail=False)
    (entry,) = done.entries.values()
    told = [(m["node"], m["file"], m["sha256"]) for m in entry["models"]]
    assert told == [
        (f"amp ({side})", f"../pair.zip/files/{name}", ng.load_nam(path).digest)
        for side, name, path in (
            ("left", "amp.nam", LSTM),
            ("right", "right.nam", ng.asset("clean-wavenet.nam")),
        )
    ]


@pytest.mark.filterwarnings("default")
def test_a_cluster_finds_them_too(folders: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    racks = ["--racks", "rack.json", "packed.zip", "--inputs", "a.wav", "--search", "amps"]
    here, there = ["--out", "here"], ["--out", "there", "--scheduler", "local", "--workers", "1"]
    for output in (here, there):
        assert main(["batch", *racks, *output]) == 0
        told = capfd.readouterr().err
        assert told.count("found elsewhere") == 1  # by the command, not by its workers
    for name in ("rack/a.wav", "packed/a.wav", "manifest.json", "manifest.csv"):
        assert Path("there", name).read_bytes() == Path("here", name).read_bytes()
