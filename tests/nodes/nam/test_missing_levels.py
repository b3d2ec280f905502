"""Levels missing from a file: one warning per file, from every entry point; and gains in banks."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import same_bits
from namgraph.presets.batch.job import read_job
from namgraph.presets.batch.run import run_job
from namgraph.presets.rig import format_levels, open_rig

from . import nets

X = np.random.default_rng(3).uniform(-0.5, 0.5, 3000).astype(np.float32)
KNOWN = {"loudness": -20.0, "input_level_dbu": 14.0, "output_level_dbu": 10.0}
MODES = [
    {"levels": "normalized"},
    {"levels": "calibrated", "interface_dbu": 3.0},
    {"levels": "raw", "calibrate_input": True},
    {"levels": "normalized", "calibrate_input": True},
]


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Two models with levels, two without, and one with other levels."""
    models = [nets.wavenet(nets.array(2, [1, 3]), seed=k) for k in range(4)]
    models.append(nets.lstm(3, 1, seed=4))
    said: list[Any] = [KNOWN, None, KNOWN, {"name": "mute"}, KNOWN | {"input_level_dbu": 8.5}]
    rows = enumerate(zip(models, said, strict=True))
    return [nets.write(tmp_path, m | {"metadata": s}, f"{k}.nam") for k, (m, s) in rows]


def rack(*nodes: ng.Node) -> ng.Graph:
    graph = ng.Graph()
    end = graph.input("in", channels=1)
    for k, node in enumerate(nodes):
        end = end >> graph.add(f"n{k}", node)
    end >> graph.output("out", channels=nodes[-1].outputs[0].channels or 1)
    return graph


def told(call: Any) -> list[str]:
    """Return the warnings of a call, and the lines they point at."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert all(w.category is ng.LevelsWarning and w.filename == __file__ for w in caught)
    return [str(w.message) for w in caught]


def test_a_missing_level_is_one_warning_when_the_graph_is_built(paths: list[str]) -> None:
    graph = rack(ng.Nam(paths[1], levels="normalized"))
    line = f"{paths[1]}: no loudness in the file: output raw (levels normalized)"
    assert told(lambda: ng.render(graph, X, 48_000, block=7)) == [line], "not one a block"
    engine = None

    def build() -> None:
        nonlocal engine
        engine = ng.Engine(graph, sample_rate=48_000, max_frames=64)

    assert told(build) == [line]
    assert engine is not None
    assert told(lambda: engine.process(X[:64])) == []
    with pytest.raises(ng.LevelsWarning, match="no loudness"):
        ng.render(graph, X, 48_000)  # this project's tests make every warning an error


def test_levels_in_the_file_or_not_requested_give_no_warning(paths: list[str]) -> None:
    """Positive control."""
    for how in MODES:
        assert told(lambda how=how: ng.render(rack(ng.Nam(paths[0], **how)), X, 48_000)) == []
    assert told(lambda: ng.render(rack(ng.Nam(paths[1])), X, 48_000)) == []


@pytest.mark.parametrize(
    ("how", "missing"),
    [
        ({"levels": "normalized"}, "no loudness in the file: output raw (levels normalized)"),
        (
            {"levels": "calibrated"},
            "no input_level_dbu in the file: input raw; "
            "no output_level_dbu in the file: output raw (levels calibrated)",
        ),
        (
            {"levels": "raw", "calibrate_input": True},
            "no input_level_dbu in the file: input raw (levels raw)",
        ),
    ],
)
def test_every_entry_point_warns_once(paths: list[str], how: Any, missing: str) -> None:
    some = [paths[0], paths[1], paths[1], paths[3]]
    lines = [f"{paths[1]}: {missing}", f"{paths[3]}: {missing}"]
    assert told(lambda: ng.render_models(some, X, 48_000, **how)) == lines, "once a file"
    assert told(lambda: ng.render(rack(ng.NamBank(some, **how)), X, 48_000)) == lines


@pytest.mark.parametrize("how", MODES)
def test_models_in_a_bank_equal_single_models(paths: list[str], how: Any) -> None:
    some = [paths[0], paths[4], paths[2]]
    rows = [ng.render(rack(ng.Nam(path, **how)), X, 48_000, tail=False) for path in some]
    made = ng.render_models(some, X, 48_000, **how)
    bank = ng.render(rack(ng.NamBank(some, **how)), X, 48_000, tail=False)
    for k, row in enumerate(rows):
        same_bits(made[k], row)
        same_bits(bank[k], row)
    raw = ng.render_models(some, X, 48_000)
    assert (abs(raw - made).max(axis=1) > 1e-3 * abs(raw).max(axis=1)).all()
    for block in (1, 17):
        found = ng.render(rack(ng.NamBank(some, **how)), X[:500], 48_000, block=block, tail=False)
        same_bits(found, np.ascontiguousarray(bank[:, :500]))


def test_a_bank_with_a_channel_each_scales_each(paths: list[str]) -> None:
    some = [paths[0], paths[4]]
    graph = ng.Graph()
    bank = graph.add("bank", ng.NamBank(some, shared=False, levels="calibrated"))
    graph.input("in", channels=2) >> bank >> graph.output("out", channels=2)
    both = np.stack([X, X[::-1]])
    found = ng.render(graph, both, 48_000, tail=False)
    for k, path in enumerate(some):
        alone = rack(ng.Nam(path, levels="calibrated"))
        same_bits(found[k], ng.render(alone, both[k], 48_000, tail=False))


def test_bad_modes_are_refused(paths: list[str]) -> None:
    def batch(**how: Any) -> Any:
        return ng.render_models(paths, X, 48_000, **how)

    def bank(**how: Any) -> Any:
        return ng.NamBank(paths, **how)

    for call in (batch, bank):
        with pytest.raises(ng.ParamError, match="levels is 'loud': must be one of raw, norm"):
            call(levels="loud")
        with pytest.raises(ng.ParamError, match=r"interface_dbu is 100: must be a number in"):
            call(interface_dbu=100)
        with pytest.raises(ng.ParamError, match="calibrate_input is 'yes': must be "):
            call(calibrate_input="yes")


def test_matching_reaches_banks(paths: list[str]) -> None:
    graph = rack(ng.NamBank([paths[0], paths[4]]))
    made = ng.match_levels(graph, 5.0)
    node = made.nodes["n0"]
    assert isinstance(node, ng.NamBank)
    assert (node.levels, node.interface_dbu) == ("calibrated", 5.0)
    assert format_levels(made) == (
        "n0[0]: calibrated, input -9.0 dB, output +5.0 dB; "
        "n0[1]: calibrated, input -3.5 dB, output +5.0 dB"
    )


def test_the_command_sets_banks_too(paths: list[str], tmp_path: Path) -> None:
    ng.save_preset(rack(ng.NamBank([paths[0]])), tmp_path / "bank.json")
    found = open_rig(tmp_path / "bank.json", levels="normalized", interface_dbu=4.0).graph
    assert format_levels(found) == "n0[0]: normalized, input +0.0 dB, output +2.0 dB"
    assert ng.load_preset(tmp_path / "bank.json") == rack(ng.NamBank([paths[0]]))


def test_a_job_warns_once_per_kind(paths: list[str], tmp_path: Path) -> None:
    job = {
        "namgraph_job": 1,
        "inputs": ng.asset("di.wav"),
        "models": [Path(p).name for p in paths],
        "settings": {"amp.levels": ["raw", "normalized"]},
        "subtype": "float",
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    lines = list[str]()
    assert told(lambda: run_job(read_job(tmp_path / "job.json"), warn=lines.append)) == []
    said = [line for line in lines if "loudness" in line]
    assert said == [f"no loudness in the file: output raw: {paths[1]} and 1 more"]
    entries = json.loads((tmp_path / "renders" / "manifest.json").read_text())["files"]
    levels = {e["file"]: e["levels"] for e in entries}
    assert levels["1/di-amp.levels=normalized.wav"].endswith("raw")
    loud = {e["file"]: e["rms_db"] for e in entries}
    gain = loud["0/di-amp.levels=normalized.wav"] - loud["0/di-amp.levels=raw.wav"]
    assert gain == pytest.approx(2.0, abs=1e-3)
