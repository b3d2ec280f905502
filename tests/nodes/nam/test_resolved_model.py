"""A model file is read once per node, and the model that was read is the one that plays."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Graph, NamFileError, Node
from namgraph.nodes.nam import Nam, NamBank, load_nam, resolved_model

from . import nets

SIGNAL = np.random.default_rng(8).uniform(-0.5, 0.5, 512).astype(np.float32)
FIRST, SECOND = nets.a1("nano", seed=1), nets.a1("nano", seed=2)
MAKE: list[Callable[[str], Node]] = [
    Nam,
    lambda path: Nam(path, levels="calibrated"),
    lambda path: Nam(path, backend="auto"),
    lambda path: NamBank([path]),
    lambda path: NamBank([path, path], backend="auto"),
]


def graph_of(node: Node) -> Graph:
    graph = Graph()
    graph.add("amp", node)
    graph.connect(graph.input("in", channels=1), "amp.in")
    graph.connect("amp.out", graph.output("out", channels=node.outputs[0].channels or 1))
    return graph


def engine_of(node: Node) -> Any:
    return ng.Engine(graph_of(node), sample_rate=48_000, max_frames=64, fade_s=0.0)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return nets.write(tmp_path, FIRST)


@pytest.mark.filterwarnings("ignore::namgraph.LevelsWarning")
@pytest.mark.parametrize("make", MAKE)
def test_a_node_reads_its_file_once(
    make: Callable[[str], Node], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []

    def counted(name: str) -> Any:
        reads.append(name)
        return load_nam(name)

    monkeypatch.setattr(resolved_model, "load_capture", counted)
    node = make(path)
    assert not reads, "a description reads nothing"
    engine = engine_of(node)
    engine.process(SIGNAL)
    node.own_rate(), node.tail(ng.Spec(48_000, 64)), node.latency(ng.Spec(48_000, 64))
    assert reads == [path]


@pytest.mark.filterwarnings("ignore::namgraph.LevelsWarning")
@pytest.mark.parametrize("make", MAKE)
def test_a_file_replaced_after_its_node_was_added_does_not_change_the_node(
    make: Callable[[str], Node], path: str
) -> None:
    wanted = engine_of(make(path)).process(SIGNAL)
    graph = graph_of(make(path))
    wide = nets.wavenet(nets.array(4, [1, 2], inputs=1), seed=3)
    nets.write(Path(path).parent, wide)
    found = ng.Engine(graph, sample_rate=48_000, max_frames=64, fade_s=0.0).process(SIGNAL)
    np.testing.assert_array_equal(found, wanted)
    assert (engine_of(make(path)).process(SIGNAL) != wanted).any(), "a new node reads the new file"


def test_a_file_may_be_deleted_after_its_node_was_added(path: str) -> None:
    graph = graph_of(Nam(path))
    Path(path).unlink()
    ng.render(graph, SIGNAL, 48_000)
    with pytest.raises(NamFileError, match="No such file"):
        graph_of(Nam(path))


def test_a_file_that_could_not_be_read_is_tried_again(tmp_path: Path) -> None:
    node = Nam(str(tmp_path / "model.nam"))
    with pytest.raises(NamFileError, match="No such file"):
        graph_of(node)
    assert nets.write(tmp_path, FIRST) == node.path
    graph_of(node)


@pytest.mark.parametrize("make", [Nam, lambda path: NamBank([path])])
def test_nodes_that_read_different_content_are_not_equal(
    make: Callable[[str], Node], path: str
) -> None:
    before, unread = make(path), make(path)
    assert before.outputs
    assert before == unread
    assert hash(before) == hash(unread)
    Path(path).touch()
    same = make(path)
    assert same.outputs
    assert before == same, "the same bytes are the same model"
    nets.write(Path(path).parent, SECOND)
    after = make(path)
    assert after.outputs
    assert after != before
    assert after == unread, "what has read nothing is compared by its fields"
    assert before != Nam(path, slim=0.5)
    assert before != ng.Gain()


def test_a_new_file_behind_the_same_path_does_not_continue_the_old_state(path: str) -> None:
    engine = engine_of(Nam(path))
    engine.process(SIGNAL)
    nets.write(Path(path).parent, SECOND)
    fresh = engine_of(Nam(path))
    engine.swap(graph_of(Nam(path)))
    found = engine.process(SIGNAL[:64])
    np.testing.assert_array_equal(found, fresh.process(SIGNAL[:64]))


def test_the_same_file_continues_its_state(path: str) -> None:
    engine, plain = engine_of(Nam(path)), engine_of(Nam(path))
    engine.process(SIGNAL)
    plain.process(SIGNAL)
    engine.swap(graph_of(Nam(path)))
    np.testing.assert_array_equal(engine.process(SIGNAL), plain.process(SIGNAL))


def test_copies_and_pickles_carry_fields_only(path: str) -> None:
    for node in (Nam(path, slim=0.5), NamBank([path])):
        plain = repr(node)
        assert node.outputs
        assert repr(node) == plain
        content = pickle.dumps(node)
        assert len(content) < 1_000
        for other in (pickle.loads(content), copy.copy(node), copy.deepcopy(node)):
            assert other == node
            assert "resolved" not in vars(other)
        changed: Any = dataclasses.replace(node, levels="calibrated")
        assert "resolved" not in vars(changed)


def test_presets_store_the_path(path: str, tmp_path: Path) -> None:
    file = tmp_path / "rig.json"
    graph = graph_of(Nam(path))
    ng.save_preset(graph, file)
    assert "digest" not in file.read_text()
    assert "weights" not in file.read_text()
    assert ng.load_preset(file) == graph


def test_other_parameters_keep_the_model(path: str) -> None:
    node = Nam(path)
    assert "resolved" not in vars(node.with_params({"slim": 0.5}))
    model = node.model
    nets.write(Path(path).parent, SECOND)
    assert node.with_params({"input_db": 3.0}).model is model
    assert node.with_params({"input_db": 3.0}) == Nam(path, input_db=3.0)


def test_other_sizes_come_from_the_file_that_was_read(tmp_path: Path) -> None:
    path = nets.write(tmp_path, nets.container(FIRST, SECOND))
    node = Nam(path)
    sizes = [each.model for each in load_nam(path).sizes]
    assert node.model is sizes[1]
    Path(path).unlink()
    assert node.with_params({"slim": 0.2}).model is sizes[0]


def test_the_cpu_takes_over_with_the_model_of_the_device(path: str) -> None:
    for node in (Nam(path, backend="auto"), NamBank([path], backend="auto")):
        assert node.outputs
    Path(path).unlink()
    host: Any = node.on_cpu()
    assert host.backend == "cpu"
    assert host.outputs
    assert host.resolved is node.resolved


@pytest.mark.filterwarnings("ignore::namgraph.LevelsWarning")
def test_match_levels_keeps_the_models(path: str) -> None:
    graph = graph_of(Nam(path))
    graph.add("bank", NamBank([path]))
    Path(path).unlink()
    matched: Any = ng.match_levels(graph).nodes
    assert matched["amp"].levels == matched["bank"].levels == "calibrated"
    for name, node in matched.items():
        before: Any = graph.nodes[name]
        assert node.resolved is before.resolved


def test_the_graph_of_an_engine_keeps_the_model_that_plays(path: str) -> None:
    engine = engine_of(Nam(path))
    engine.set("amp.input_db", 3.0)
    playing: Any = engine.graph.nodes["amp"]
    nets.write(Path(path).parent, SECOND)
    current: Any = engine.graph.nodes["amp"]
    assert current.input_db == 3.0
    assert current.model is playing.model
    other = graph_of(Nam(path, input_db=3.0))
    assert other.nodes["amp"] != current, "the new file is not what plays"
