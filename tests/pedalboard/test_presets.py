"""Presets, programs and states of a plugin, by its own methods."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng

from .graphs import RATE, Audio, around, echo_graph, noise, rendered

pb = pytest.importorskip("pedalboard")
from namgraph.runtime.adapters.pedalboard import Board, GraphEffect, GraphPlugin  # noqa: E402

KINDS: list[Any] = [GraphPlugin, GraphEffect]


def play(made: Any, x: Audio) -> Audio:
    out: Audio = (Board([made]) if isinstance(made, GraphEffect) else made)(x, RATE)
    return out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("played", [False, True])
def test_a_preset_file_is_loaded(kind: Any, played: bool, tmp_path: Path) -> None:
    x, made = noise(2, 1000), kind(echo_graph())
    ng.save_preset(echo_graph(gain_db=-9.0), tmp_path / "near.json")
    ng.save_preset(around(ng.Gain(gain_db=3.0)), tmp_path / "far.json", name="Far")
    if played:
        play(made, x)
    made.amp_gain_db = made.echo_feedback = 0.0
    made.load_preset(tmp_path / "near.json")  # the same graph: values alone
    assert (made.amp_gain_db, made.echo_feedback) == (-9.0, 0.5)
    np.testing.assert_array_equal(play(made, x)[:, -1], rendered(made.graph, x)[:, -1])
    made.load_preset(str(tmp_path / "far.json"))
    assert (made.name, made.program) == ("Far", None)
    np.testing.assert_array_equal(play(made, x), rendered(around(ng.Gain(gain_db=3.0)), x))


@pytest.mark.parametrize("kind", KINDS)
def test_programs_are_listed_and_chosen(kind: Any) -> None:
    made = kind(echo_graph(2))
    assert "crunch" in made.programs
    assert made.program is None
    made.program = "crunch"
    assert (made.program, made.name) == ("crunch", "Crunch")
    assert made.graph == ng.load_preset("crunch")
    made.amp_input_db = -3.0
    made.load_preset("crunch")
    assert made.graph == ng.load_preset("crunch")
    made.swap(echo_graph(2))
    assert made.program is None
    with pytest.raises(ng.PresetError, match=r"program is 'loud': must be one of .*crunch"):
        made.program = "loud"
    with pytest.raises(ng.PresetError, match="program is None"):
        made.program = None
    assert made.graph == echo_graph(2)
    assert kind("crunch").program == "crunch"
    assert kind(ng.load_preset("crunch")).program is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_loaded(kind: Any) -> None:
    x, made = noise(1, 1000), kind(echo_graph(1))
    play(made, x)
    made.load_preset(ng.asset("crunch-lstm.nam"))
    assert made.name == "crunch-lstm"
    np.testing.assert_array_equal(play(made, x), rendered(made.graph, x))


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_are_no_preset_are_refused(kind: Any, tmp_path: Path) -> None:
    made = kind(echo_graph())
    x = noise(2, 100)
    play(made, x)
    files = {
        "empty.json": b"",
        "list.json": b"[1]",
        "other.json": b'{"a": {}}',
        "deep.json": b"[" * 100_000,
        "wide.json": b'{"namgraph": 1, "name": "x"}',
        "sound.wav": Path(ng.asset("di.wav")).read_bytes()[:1000],
        "model.nam": b"{}",
        "state.json": b'{"amp.gain_db": 99}',
        "named.json": b'{"amp.loudness": 1}',
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ng.NamgraphError, match=name) as caught:
            made.load_preset(tmp_path / name)
        assert "\n" not in str(caught.value)
    for name in ("none", "none.json", "none.nam"):
        with pytest.raises(ng.FileError, match=name):
            made.load_preset(tmp_path / name)
    ng.save_preset(echo_graph(3), tmp_path / "three.json")
    with pytest.raises(ng.PortError, match="a 2-channel stream: the graph plays 1, 3"):
        made.load_preset(tmp_path / "three.json")
    assert made.graph == echo_graph()
    np.testing.assert_array_equal(play(made, x), rendered(echo_graph(), x))


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_holds_all_settings_and_the_identity(kind: Any, tmp_path: Path) -> None:
    made = kind(echo_graph(), name="One")
    made.amp_gain_db, made.mix, made.bypass = -12.3456789, 0.25, True
    made.bypass_node("echo")
    state = made.raw_state
    data = json.loads(state)
    assert (data["name"], data["version"]) == ("One", ng.__version__)
    other = kind(echo_graph(gain_db=3.0), name="Two", fit="exact")
    other.mix_node("amp", 0.5)
    other.raw_state = state
    assert other.graph == made.graph
    assert (other.mix, other.bypass, other.name) == (0.25, True, "Two")
    play(other, noise(2, 100))
    mixes = {node.name: (node.mix, node.bypassed) for node in other.stats().nodes}
    assert mixes == {"amp": (1.0, False), "echo": (1.0, True)}
    (tmp_path / "mine.state").write_bytes(state)
    third = kind(echo_graph())
    third.load_preset(tmp_path / "mine.state")
    assert third.preset_data == third.raw_state
    assert (third.graph, third.mix) == (made.graph, 0.25)


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_of_another_rack_is_refused(kind: Any, tmp_path: Path) -> None:
    made = kind(echo_graph(), name="Mine")
    others = (
        around(ng.Gain()),
        echo_graph(1),
        around(ng.Nam(ng.asset("crunch-lstm.nam")), 1),
    )
    for graph in others:
        with pytest.raises(ng.ParamError, match=r"the state is of another rack, 'Hers' \('") as one:
            made.raw_state = kind(graph, name="Hers").raw_state
        assert "this is 'Mine' ('" in str(one.value)
        assert "\n" not in str(one.value)
    (tmp_path / "hers.json").write_bytes(kind(others[0], name="Hers").raw_state)
    with pytest.raises(ng.ParamError, match=r"hers\.json: the state is of another rack"):
        made.load_preset(tmp_path / "hers.json")
    assert made.graph == echo_graph()


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_of_values_alone_is_read(kind: Any, tmp_path: Path) -> None:
    made = kind(echo_graph())
    made.raw_state = b'{"amp.gain_db": -12.5, "echo.mix": 1}'
    assert (made.amp_gain_db, made.echo_mix) == (-12.5, 1.0)
    (tmp_path / "old.json").write_bytes(b'{"amp.gain_db": -3.5}')
    made.load_preset(tmp_path / "old.json")
    assert made.amp_gain_db == -3.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"namgraph_state": 2}, "the state's namgraph_state is 2: must be 1"),
        ({"namgraph_state": True}, "namgraph_state is True"),
        ({"graph": None}, "of another rack"),
        ({"params": [1]}, r"the state's params is \[1\]: must be a JSON object"),
        ({"params": {"amp.gain_db": 99}}, "gain_db is 99"),
        ({"params": {"amp.loudness": 1}}, "no parameter 'amp.loudness'"),
        ({"mix": 2}, "the state's mix is 2"),
        ({"bypass": "x"}, "the state's bypass is 'x'"),
        ({"nodes": 5}, "the state's nodes is 5"),
        ({"nodes": {"gone": {}}}, "no node 'gone'"),
        ({"nodes": {"amp": 5}}, "the state's amp is 5"),
        ({"nodes": {"amp": {"mix": "x"}}}, "the state's mix of amp is 'x'"),
        ({"nodes": {"amp": {"bypassed": 2}}}, "the state's bypass of amp is 2"),
    ],
)
def test_a_wrong_state_changes_nothing(kind: Any, change: dict[str, Any], says: str) -> None:
    made = kind(echo_graph())
    data = json.loads(made.raw_state) | {"params": {"amp.gain_db": 7.0}, "mix": 0.5}
    with pytest.raises(ng.NamgraphError, match=says):
        made.raw_state = json.dumps(data | change).encode()
    assert (made.amp_gain_db, made.mix) == (-6.0, 1.0)
    made.raw_state = json.dumps(data).encode()
    assert (made.amp_gain_db, made.mix) == (7.0, 0.5)


def test_the_identity_is_that_of_the_files_content(tmp_path: Path) -> None:
    content = Path(ng.asset("crunch-lstm.nam")).read_bytes()
    (tmp_path / "sub").mkdir()
    for name in ("a.nam", "sub/b.nam"):
        (tmp_path / name).write_bytes(content)
    one, two = (GraphPlugin(around(ng.Nam(str(tmp_path / n)), 1)) for n in ("a.nam", "sub/b.nam"))
    assert one.identifier == two.identifier
    two.raw_state = one.raw_state
    (tmp_path / "a.nam").write_bytes(content + b" ")
    assert GraphPlugin(around(ng.Nam(str(tmp_path / "a.nam")), 1)).identifier != two.identifier
