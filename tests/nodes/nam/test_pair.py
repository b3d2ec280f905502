"""A pair of captures: each side has the bits of a mono ``Nam`` of its file, in every block size."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.benchmarks.models import gru
from namgraph.cli.main import main
from namgraph.nodes.testing import same_bits

from .captures.files import dense, keras, layer
from .nets import a1, a2, container, lstm, write

Floats = np.ndarray[Any, Any]
X = np.random.default_rng(3).normal(0.0, 0.2, (2, 900)).astype(np.float32)
BLOCKS = (1, 17, 64, 900)


def play(node: ng.Node, x: Floats, block: int = 64, **settings: Any) -> Floats:
    """The output of a graph of the node; settings are made before the first block."""
    graph = ng.Graph.chain(amp=node, channels=len(x))
    engine = ng.Engine(graph, sample_rate=48_000, max_frames=block, fade_s=0.0)
    for name, value in settings.items():
        engine.set(f"amp.{name}", value)
    y = np.zeros((graph.outputs["out"], x.shape[1]), np.float32)
    engine.play(list(x), list(y), x.shape[1], block)
    assert engine.stats().faults == 0
    return y


def levels(model: Any, **found: float) -> Any:
    """The model with levels in its metadata."""
    return {**model, "metadata": found}


KNOB = keras(layer("lstm", 2, 6), dense(6), in_shape=[None, None, 2])
PAIRS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "lstms side by side": (lstm(16, 1, 1), lstm(16, 1, 2), {}),
    "with gains": (lstm(12, 1, 1), lstm(12, 1, 2), {"input_db": 3.0, "output_db": -4.0}),
    "with half a vector": (lstm(20, 1, 1), lstm(20, 1, 2), {}),
    "two layers": (lstm(8, 2, 1), lstm(8, 2, 2), {}),
    "grus side by side": (gru(12, 1, 1), gru(12, 1, 2), {"input_db": 3.0}),
    "wavenets": (a1("nano", 1), a1("nano", 2), {}),
    "other shapes": (a2(3, 1), lstm(16, 1, 2), {}),
    "a longer prewarm on the left": (lstm(8, 1, 1), a1("nano", 2), {}),
    "without prewarm": (lstm(16, 1, 1), lstm(16, 1, 2), {"prewarm": False}),
    "oversampled": (a1("nano", 1), lstm(8, 1, 2), {"oversample": 2}),
    "resampled": (levels(lstm(16, 1, 1), loudness=-20.0) | {"sample_rate": 44_100},
                  lstm(16, 1, 2) | {"sample_rate": 44_100}, {"resample": True}),
    "calibrated": (levels(lstm(16, 1, 1), input_level_dbu=18.0, output_level_dbu=10.0),
                   levels(lstm(16, 1, 2), input_level_dbu=12.5, output_level_dbu=4.0),
                   {"levels": "calibrated"}),
    "normalized": (levels(lstm(16, 1, 1), loudness=-20.0), levels(a1("nano"), loudness=-9.0),
                   {"levels": "normalized"}),
    "slimmed": (container(lstm(4, 1, 1), lstm(8, 1, 2)), lstm(8, 1, 3), {"slim": 0.2}),
    "one with a knob": (KNOB, lstm(6, 1, 1), {"knobs": {"knob1": 0.9}}),
    "both with a knob": (KNOB, KNOB | {"in_skip": 1}, {"knobs": {"knob1": 0.9}}),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_each_side_has_the_bits_of_a_node_of_its_file(name: str) -> None:
    first, second, options = PAIRS[name]
    left, right = ng.load_capture(first), ng.load_capture(second)
    wanted = []
    for n, model in enumerate((left, right)):
        own = {key: v for key, v in options.items() if key != "knobs" or model.knobs}
        wanted.append(play(ng.Nam(model, **own), X[n : n + 1])[0])
    pair = ng.Nam(left, right, **options)
    for block in BLOCKS:
        same_bits(play(pair, X, block), np.stack(wanted))
    assert not np.array_equal(*wanted)


def test_one_channel_feeds_both_sides() -> None:
    left, right = ng.load_nam(a1("nano", 1)), ng.load_nam(lstm(16, 1, 2))
    wanted = [play(ng.Nam(model), X[:1])[0] for model in (left, right)]
    same_bits(play(ng.Nam(left, right), X[:1]), np.stack(wanted))
    graph = ng.Graph.chain(ng.Nam(left, right))
    assert (graph.inputs["in"], graph.outputs["out"]) == (2, 2)
    with pytest.raises(ng.GraphError, match="a pair has 3 channels in: must have 1"):
        play(ng.Nam(left, right), np.zeros((3, 8), np.float32))


def test_parameters_are_those_of_both_sides() -> None:
    left, right = ng.load_nam(a1("nano", 1)), ng.load_nam(lstm(16, 1, 2))
    changes: list[dict[str, Any]] = [{"input_db": 6.0}, {"output_db": -9.0}]
    for values in changes:
        wanted = [play(ng.Nam(m), X[n : n + 1], **values)[0] for n, m in enumerate((left, right))]
        same_bits(play(ng.Nam(left, right), X, **values), np.stack(wanted))
    late = [(300, "amp.input_db", 9.0)]
    alone = [
        ng.render(ng.Graph.chain(amp=ng.Nam(m)), X[n : n + 1], 48_000, changes=late, tail=False)[0]
        for n, m in enumerate((left, right))
    ]
    graph = ng.Graph.chain(amp=ng.Nam(left, right))
    same_bits(ng.render(graph, X, 48_000, changes=late, tail=False), np.stack(alone))


def test_a_knob_that_moves_moves_both_sides() -> None:
    left, right = ng.load_capture(KNOB), ng.load_capture(KNOB | {"in_skip": 1})
    late = [(100, "amp.knob1", 1.0), (500, "amp.knob1", 0.0)]
    alone = [
        ng.render(ng.Graph.chain(amp=ng.Nam(m)), X[n : n + 1], 48_000, changes=late, tail=False)[0]
        for n, m in enumerate((left, right))
    ]
    pair = ng.Graph.chain(amp=ng.Nam(left, right))
    for block in BLOCKS:
        made = ng.render(pair, X, 48_000, changes=late, tail=False, block=block)
        same_bits(made, np.stack(alone))
    assert pair["amp"].knob1 == 0.5  # type: ignore[attr-defined]


def test_reset_and_state_of_a_pair() -> None:
    node = ng.Nam(ng.load_nam(a1("nano", 1)), ng.load_nam(lstm(16, 1, 2)))
    engine = ng.Engine(ng.Graph.chain(amp=node), sample_rate=48_000, max_frames=64)
    first = engine.process(X[:, :64]).copy()
    state = engine.save_state()
    second = engine.process(X[:, 64:128]).copy()
    engine.restore_state(state)
    same_bits(engine.process(X[:, 64:128]), second)
    engine.reset()
    same_bits(engine.process(X[:, :64]), first)


def test_a_pair_in_a_preset(tmp_path: Path) -> None:
    paths = [write(tmp_path, lstm(8, 1, n), name) for n, name in enumerate(("l.nam", "r.nam"))]
    graph = ng.Graph.chain(amp=ng.Nam(*paths, input_db=2.0))
    ng.save_preset(graph, tmp_path / "rack.json")
    stored = json.loads((tmp_path / "rack.json").read_text())["nodes"]["amp"]
    assert stored["right"]["path"] == "r.nam"
    again = ng.load_preset(tmp_path / "rack.json")
    assert again["amp"] == graph["amp"]
    same_bits(ng.render(again, X, 48_000), ng.render(graph, X, 48_000))
    assert graph["amp"] != ng.Nam(paths[0], paths[0], input_db=2.0)
    for alone in (ng.Nam(paths[0]), ng.CabMics(ng.asset("cab.wav"))):  # files that are left out
        ng.save_preset(ng.Graph.chain(one=alone), tmp_path / "one.json")
        assert ng.load_preset(tmp_path / "one.json")["one"] == alone


def test_what_is_refused(tmp_path: Path) -> None:
    left, slow = lstm(8, 1, 1), lstm(8, 1, 2) | {"sample_rate": 44_100}
    with pytest.raises(ng.SampleRateError, match="the right model runs at 44100 Hz, the left one"):
        ng.Graph.chain(ng.Nam(ng.load_nam(left), ng.load_nam(slow)))
    wide = lstm(4, 1, channels=(1, 2))
    with pytest.raises(ng.UnsupportedFeatureError, match="must be mono on the right of a pair"):
        ng.Graph.chain(ng.Nam(ng.load_nam(left), ng.load_nam(wide)))
    with pytest.raises(ng.NamFileError, match="right is 5: must be the path"):
        ng.Nam(ng.load_nam(left), 5)  # type: ignore[arg-type]
    with pytest.raises(ng.NamFileError, match=r"none\.nam"):
        ng.Graph.chain(ng.Nam(ng.load_nam(left), tmp_path / "none.nam"))
    with pytest.raises(ng.ParamError, match="there is no knob 'bass': it has no knobs"):
        ng.Graph.chain(ng.Nam(ng.load_nam(left), ng.load_nam(left), knobs={"bass": 1.0}))
    refused = ng.Nam(ng.load_nam(left), ng.load_nam(left), backend="auto").device_refusal()
    assert refused == "a pair of captures is for the CPU"


def test_levels_and_rates_are_told_of_both_sides() -> None:
    from namgraph.presets.rig import levels_of_models

    left = ng.load_nam(levels(lstm(8, 1, 1), loudness=-20.0))
    right = ng.load_nam(levels(lstm(8, 1, 2), loudness=-12.0))
    graph = ng.Graph.chain(amp=ng.Nam(left, right, levels="normalized"))
    found = [(name, gains.output_db) for name, _, gains in levels_of_models(graph)]
    assert found == [("amp (left)", 2.0), ("amp (right)", -6.0)]


def test_a_pair_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left, right = (write(tmp_path, lstm(8, 1, n), f"{n}.nam") for n in range(2))
    guitar, out = tmp_path / "in.wav", tmp_path / "out.wav"
    ng.write_audio(guitar, X[:1], 48_000, subtype="float")
    command = ["render", str(left), str(guitar), str(out), "--right", str(right)]
    assert main([*command, "--subtype", "float"]) == 0
    found = ng.read_audio(out).samples  # a mono file plays on both sides
    for n, path in enumerate((left, right)):
        same_bits(found[n], play(ng.Nam(path), X[:1])[0])
    ng.write_audio(guitar, X, 48_000, subtype="float")
    assert main([*command, "--subtype", "float"]) == 0
    same_bits(ng.read_audio(out).samples[1], play(ng.Nam(right), X[1:])[0])
    assert main(["render", "crunch", str(guitar), str(out), "--right", str(right)]) == 2
    assert "--right goes with a model" in capsys.readouterr().err
    assert main(["render", str(left), str(guitar), str(right), "--right", str(right)]) == 2
    assert "is a file that node amp reads" in capsys.readouterr().err
