"""Nodes of models in memory: sound, equality, swaps, presets, plugins, banks."""

import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.nam import Nam, NamBank
from namgraph.nodes.testing import same_bits
from namgraph.presets.preset import files_of
from namgraph.presets.rig import format_levels, model_rates

from . import nets
from .captures.files import guitarml
from .captures.namb import blocks
from .playing import engine, play_blocks

SIGNAL = np.random.default_rng(2).uniform(-0.5, 0.5, 500).astype(np.float32)
LSTM, NANO = nets.lstm(3, 2), nets.a1("nano")


def rack(node: ng.Node, name: str = "amp", outputs: int = 1) -> ng.Graph:
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add(name, node)
    end >> graph.output("out", channels=outputs)
    return graph


def played(node: ng.Node, **options: Any) -> Any:
    return ng.render(rack(node), SIGNAL, 48_000, tail=False, **options)


@pytest.mark.parametrize("file", [LSTM, NANO, nets.container(LSTM, NANO)])
def test_it_sounds_as_the_file_does(tmp_path: Path, file: Any) -> None:
    model, path = ng.load_nam(file), nets.write(tmp_path, file)
    for options in ({}, {"slim": 0.0}, {"input_db": 3.0}, {"resample": True}):
        same_bits(played(Nam(model, **options)), played(Nam(path, **options)))


def test_the_node_keeps_the_model_and_reads_nothing(tmp_path: Path) -> None:
    path = Path(nets.write(tmp_path, LSTM))
    node = Nam(ng.load_nam(path))
    path.unlink()
    assert node.path is node.resolved.file_model
    assert node.model.architecture == "LSTM"
    assert node.own_rate() == 48_000
    assert len(repr(node)) < 400


def test_equal_nodes_copies_and_pickles() -> None:
    node = Nam(ng.load_nam(LSTM), output_db=3.0)
    same = Nam(ng.load_nam(LSTM), output_db=3.0)
    assert node == same
    assert hash(node) == hash(same)
    assert node != Nam(ng.load_nam(NANO), output_db=3.0)
    assert node != Nam("amp.nam", output_db=3.0)
    for made in (
        copy.copy(node), copy.deepcopy(node), pickle.loads(pickle.dumps(node)),
        dataclasses.replace(node), rack(node).copy().nodes["amp"],
    ):  # fmt: skip
        assert made == node
    same_bits(played(pickle.loads(pickle.dumps(node))), played(node))
    graph = pickle.loads(pickle.dumps(rack(node)))
    same_bits(ng.render(graph, SIGNAL, 48_000, tail=False), played(node))


def test_a_swap_to_an_equal_model_keeps_the_state() -> None:
    made, whole = (engine(Nam(ng.load_nam(LSTM))) for _ in range(2))
    play_blocks(made, SIGNAL)
    play_blocks(whole, SIGNAL)
    made.swap(rack(Nam(ng.load_nam(LSTM))))
    kept = play_blocks(made, SIGNAL)
    same_bits(kept, play_blocks(whole, SIGNAL))
    made.swap(rack(Nam(ng.load_nam(nets.lstm(3, 2, seed=9)))))
    assert not np.array_equal(play_blocks(made, SIGNAL), kept)


@pytest.mark.parametrize("slim", [0.0, 1.0])
def test_a_bank_of_models_and_paths(tmp_path: Path, slim: float) -> None:
    both = nets.container(LSTM, NANO)
    several: list[Any] = [ng.load_nam(both), nets.write(tmp_path, NANO), ng.load_nam(LSTM)]
    bank = NamBank(several, slim=slim)
    found = ng.render(rack(bank, "bank", 3), SIGNAL, 48_000, tail=False)
    again = ng.render_models(several, SIGNAL, 48_000, slim=slim)
    for row, other, source in zip(found, again, several, strict=True):
        same_bits(row, played(Nam(source, slim=slim)))
        same_bits(row, other)
    assert pickle.loads(pickle.dumps(bank)) == bank
    assert bank != NamBank([several[1]] * 3, slim=slim)


def test_a_preset_refuses_it_and_says_what_to_do(tmp_path: Path) -> None:
    path = nets.write(tmp_path, LSTM | {"metadata": {"name": "Plexi"}}, "plexi.nam")
    model, read = ng.load_nam(Path(path).read_bytes()), ng.load_nam(path)
    target = tmp_path / "rack.json"
    with pytest.raises(ng.PresetError) as caught:
        ng.save_preset(rack(Nam(model)), target)
    assert str(caught.value) == (
        "amp.path is <Model 'Plexi': LSTM 3x2, 160 weights, 48000 Hz>, in memory, and a preset "
        'names files: save it, namgraph.save_nam(model, "amp.nam"), and give the node that path'
    )
    with pytest.raises(ng.PresetError, match=rf"files: give the node .* read from, '{path}'$"):
        ng.save_preset(rack(Nam(read)), target)
    with pytest.raises(ng.PresetError, match=r"^bank\.paths\[1\] is <Model 'Plexi': .* in memory"):
        ng.save_preset(rack(NamBank([path, model]), "bank", 2), target)
    for file, name in ((guitarml(4), "amp.json"), (blocks(LSTM), "amp.namb")):
        with pytest.raises(ng.PresetError, match=rf'save_nam\(model, "{name}"\)'):
            ng.save_preset(rack(Nam(ng.load_capture(file))), target)
    assert not target.exists()
    ng.save_nam(model, tmp_path / "amp.nam")  # as it says
    ng.save_preset(rack(Nam(tmp_path / "amp.nam")), target)
    same_bits(ng.render(ng.load_preset(target), SIGNAL, 48_000, tail=False), played(Nam(model)))


def test_what_lists_files_leaves_it_out(tmp_path: Path) -> None:
    path = nets.write(tmp_path, LSTM)
    graph = rack(NamBank([path, ng.load_nam(LSTM)]), "bank", 2)
    assert files_of(graph) == {path: "a file that node bank reads"}
    assert files_of(rack(Nam(ng.load_nam(LSTM)))) == {}
    assert model_rates(rack(Nam(ng.load_nam(LSTM)))) == {"amp": 48_000.0}


def test_warnings_and_levels_name_the_source() -> None:
    node = Nam(ng.load_nam(LSTM), levels="normalized")
    assert format_levels(rack(node)).startswith("amp: normalized")
    with pytest.warns(ng.LevelsWarning, match=r"^<dict>: no loudness in the file: output raw"):
        played(node)
    with pytest.warns(ng.LevelsWarning, match=r"^<dict>: no loudness"):
        ng.render_models([ng.load_nam(LSTM)], SIGNAL, 48_000, levels="normalized")


WIDE = nets.lstm(3, 1, channels=(2, 2))


def test_errors_name_the_source() -> None:
    with pytest.raises(ng.UnsupportedFeatureError, match=r"^<dict>: has 2 channels in and 2 out"):
        ng.render(rack(NamBank([ng.load_nam(WIDE)])), SIGNAL, 48_000)
    with pytest.raises(ng.SampleRateError, match=r"^<dict>: the model runs at 48000 Hz"):
        ng.render(rack(Nam(ng.load_nam(LSTM))), SIGNAL, 44_100)


def test_what_is_neither_a_path_nor_a_model() -> None:
    said = r"path is bytes \(1 of them\): must be the path of a file .* or a Model, as load_nam ret"
    with pytest.raises(ng.NamFileError, match=said):
        Nam(b"x")  # type: ignore[arg-type]
    with pytest.raises(ng.NamFileError, match="path is an ImpulseResponse: must be the path"):
        Nam(ng.Cab(np.ones(3), 48_000).path)  # type: ignore[arg-type]
    with pytest.raises(ng.ParamError, match=r"paths\[1\] is None: must be .* or a Model"):
        NamBank(["a.nam", None])  # type: ignore[list-item]
    for one in (NamBank, lambda m: ng.render_models(m, SIGNAL, 48_000)):
        with pytest.raises(ng.ParamError, match="paths is a Model: must be a list of files"):
            one(ng.load_nam(LSTM))  # type: ignore[arg-type]


def test_batches_of_a_plugin_are_told_apart_by_the_model() -> None:
    """The identity of a hosted graph depends on the model, and is the same in every process."""
    hosted = pytest.importorskip("namgraph.runtime.adapters.pedalboard.hosted_graph")
    one, same, other = (
        hosted.HostedGraph(rack(Nam(ng.load_nam(file)))).digest for file in (LSTM, LSTM, NANO)
    )
    assert one == same != other
    again = pickle.loads(pickle.dumps(rack(Nam(ng.load_nam(LSTM)))))
    assert hosted.HostedGraph(again).digest == one
    banks = [
        hosted.HostedGraph(rack(NamBank([ng.load_nam(file)]), "bank")).digest
        for file in (LSTM, LSTM, NANO)
    ]
    assert banks[0] == banks[1] != banks[2]
