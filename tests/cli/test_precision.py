"""``--precision fast`` of the verbs that play a rack: the same as ``--set NODE.precision=fast``."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main

from ..nodes.nam import nets
from .command import GUITAR, read, refused, wav

MODEL = "nano.nam"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a take, a model whose activations are tanh, and racks."""
    monkeypatch.chdir(tmp_path)
    wav(Path("in.wav"), GUITAR[:4800])
    Path(MODEL).write_text(json.dumps(nets.a1("nano")))
    amp = ng.Nam(MODEL)
    ng.save_preset(ng.Graph.chain(amp=amp, second=amp), "two.json")
    ng.save_preset(ng.Graph.chain(ng.Gain(), channels=1), "none.json")


def rendered(rack: str, *options: str) -> np.ndarray[Any, Any]:
    assert main(["render", rack, "in.wav", "out.wav", "--subtype", "float", *options]) == 0
    samples: np.ndarray[Any, Any] = read("out.wav")[0]
    return samples


def test_it_is_short_for_a_setting_of_each_model() -> None:
    fast = rendered("two.json", "--precision", "fast")
    each = rendered("two.json", "--set", "amp.precision=fast", "--set", "second.precision=fast")
    one = rendered("two.json", "--precision", "fast", "--set", "amp.precision=exact")
    other = rendered("two.json", "--set", "second.precision=fast")
    exact = rendered("two.json")
    np.testing.assert_array_equal(fast, each)
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(rendered("two.json", "--precision", "exact"), exact)
    assert not np.array_equal(fast, exact)
    assert not np.array_equal(fast, one)
    alone = rendered(MODEL, "--precision", "fast")
    assert not np.array_equal(alone, rendered(MODEL))


def test_a_rack_without_a_model_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in (["render", "none.json", "in.wav", "out.wav"], ["bench", "none.json"]):
        said = refused(capsys, *verb, "--precision", "fast")
        assert "--precision is 'fast': the rack has no model to set it in; leave it out" in said


@pytest.mark.parametrize("again", [False, True])
def test_a_job_renders_with_it_or_combines_both(again: bool) -> None:
    data: dict[str, Any] = {"namgraph_job": 1, "inputs": "in.wav", "racks": "two.json"}
    options = ["--precision", "fast"] if again else []
    if not again:
        data["settings"] = {"precision": ["exact", "fast"]}
    Path("job.json").write_text(json.dumps({**data, "subtype": "float"}))
    assert main(["batch", "job.json", *options]) == 0
    entries = json.loads(Path("renders/manifest.json").read_text())["files"]
    made = {entry["settings"]["precision"]: entry["file"] for entry in entries}
    assert sorted(made) == (["fast"] if again else ["exact", "fast"])
    for precision, file in made.items():
        wanted = rendered("two.json", "--precision", precision)
        np.testing.assert_array_equal(read(f"renders/{file}")[0], wanted)


def test_a_suite_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "bench", "--suite", "start", "--precision", "fast")
    assert "--precision does nothing with --suite start: must be left out" in said
