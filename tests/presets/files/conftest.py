"""A preset with files of its own, for tests of bundles and of relink."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng

RATE = 48_000


@pytest.fixture
def rack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A preset of a model and two cabinets of one name, in a folder that is the current one."""
    here = tmp_path / "here"
    (here / "a").mkdir(parents=True)
    (here / "b").mkdir()
    monkeypatch.chdir(here)
    shutil.copy(ng.asset("crunch-lstm.nam"), here / "a" / "my amp.nam")
    shutil.copy(ng.asset("cab.wav"), here / "a" / "cab.wav")
    ng.write_audio(here / "b" / "cab.wav", [[0.9, 0.2]], RATE, subtype="float")
    graph = ng.Graph.chain(
        amp=ng.Nam("a/my amp.nam"),
        cab=ng.Cab("a/cab.wav"),
        cab2=ng.Cab("b/cab.wav"),
        ships=ng.Cab(ng.asset("cab.wav")),
    )
    ng.save_preset(graph, "rack.json")
    text = json.loads(Path("rack.json").read_text())
    Path("rack.json").write_text(json.dumps({**text, "description": "what it is for"}))
    return here / "rack.json"


@pytest.fixture
def guitar() -> Any:
    return ng.read_audio(ng.asset("di.wav")).samples[:, 24_000:26_400]


def move_away(rack: Path) -> None:
    rack.parent.joinpath("a").rename(rack.parent / "c")
    shutil.rmtree(rack.parent / "b")
