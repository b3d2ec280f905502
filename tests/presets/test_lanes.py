"""Automation in jobs: lanes in JSON, rendered into every file of the batch."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes import Curve
from namgraph.nodes.testing import same_bits
from namgraph.presets.batch.job import read_job
from namgraph.presets.batch.run import run_job
from namgraph.presets.lanes import read_lanes


def write(folder: Path, automation: Any) -> Path:
    graph = ng.Graph.chain(ng.Gain())
    ng.save_preset(graph, folder / "rack.json")
    ng.write_audio(folder / "in.wav", np.full((1, 9600), 0.5, np.float32), 48_000, subtype="float")
    job = {"namgraph_job": 1, "inputs": "in.wav", "racks": ["rack.json"], "name": "out"}
    job |= {"subtype": "float", "automation": automation}
    (folder / "job.json").write_text(json.dumps(job))
    return folder / "job.json"


def test_a_job_renders_its_lanes(tmp_path: Path) -> None:
    lanes: dict[str, Any] = {
        "gain.gain_db": [[0, 0.0], [0.1, -20.0]], "gain.bypass": [[0, 0], [0.15, 1]]
    }  # fmt: skip
    job = read_job(write(tmp_path, lanes))
    run_job(job)
    found = ng.read_audio(tmp_path / "renders" / "out.wav").samples[0]
    points = {name: [(float(t), v) for t, v in lane] for name, lane in lanes.items()}
    wanted = ng.render(
        ng.Graph.chain(ng.Gain()), np.full(9600, 0.5, np.float32), 48_000, automation=points
    )
    same_bits(found[: len(wanted)], wanted)
    manifest = json.loads((tmp_path / "renders" / "manifest.json").read_text())
    before = manifest["files"][0]["fingerprint"] if "files" in manifest else str(manifest)
    lanes["gain.gain_db"][1][1] = -10.0
    run_job(read_job(write(tmp_path, lanes)))
    manifest = json.loads((tmp_path / "renders" / "manifest.json").read_text())
    assert before != (manifest["files"][0]["fingerprint"] if "files" in manifest else str(manifest))


def test_seconds_unless_the_lane_says_frames() -> None:
    lanes = read_lanes({"a.b": [[0, 1], [2, 3]], "c.d": {"points": [[0, 1]], "unit": "frames"}})
    assert lanes == {
        "a.b": Curve(((0.0, 1.0), (2.0, 3.0))), "c.d": Curve(((0.0, 1.0),), unit="frames")
    }  # fmt: skip
    assert read_lanes(None) == {}


@pytest.mark.parametrize(
    ("automation", "message"),
    [
        ([], "automation is a list"),
        ({"gain.gain_db": 3}, "automation.gain.gain_db is .*: must be a list"),
        ({"gain.gain_db": [[0]]}, r"automation.gain.gain_db\[0\] is .*a pair"),
        ({"gain.gain_db": [[0, [1]]]}, r"automation.gain.gain_db\[0\]"),
        ({"gain.gain_db": [["x", 1]]}, r"automation.gain.gain_db\[0\]"),
        ({"gain.bypass": [[0, "on"]]}, r"automation.gain.bypass\[0\] is 'on': must be a finite"),
        ({"gain.gain_db": [[1, 0], [0, 0]]}, r"automation.gain.gain_db: points"),
        ({"gain.gain_db": {"points": [[0, 0]], "x": 1}}, "x"),
        ({"gain.gain_db": {"points": [[0, 0]], "mode": "spline"}}, "mode is 'spline'"),
    ],
)
def test_wrong_lanes_are_one_line(tmp_path: Path, automation: Any, message: str) -> None:
    with pytest.raises(ng.JobError, match=message):
        read_job(write(tmp_path, automation))


def test_a_lane_of_no_parameter_stops_the_job_before_the_first_file(tmp_path: Path) -> None:
    job = read_job(write(tmp_path, {"amp.input_db": [[0, 0]]}))
    with pytest.raises(ng.NamgraphError, match=r"no parameter 'amp\.input_db'"):
        run_job(job)
    assert not (tmp_path / "renders" / "out.wav").exists()


def test_labels_are_read_and_a_bypass_is_true_or_false() -> None:
    points = [[0, "off"], [0.5, "on"], [1, 0]]
    lanes = read_lanes({"delay.freeze": points, "delay.bypass": [[0, True], [2, False]]})
    assert lanes == {
        "delay.freeze": {"points": [(0.0, "off"), (0.5, "on"), (1.0, 0.0)]},
        "delay.bypass": Curve(((0.0, 1.0), (2.0, 0.0)), mode="step"),
    }
    made = ng.automated(ng.Graph.chain(ng.Delay()), lanes)
    assert made["delay freeze"] == Curve(((0.0, 0.0), (0.5, 1.0), (1.0, 0.0)), mode="step")


def test_a_label_that_there_is_not_stops_the_job(tmp_path: Path) -> None:
    job = read_job(write(tmp_path, {"gain.gain_db": [[0.5, "loud"]]}))
    with pytest.raises(ng.JobError, match=r"gain\.gain_db at 0\.5: value is 'loud': must be a num"):
        run_job(job)
