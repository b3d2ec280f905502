"""``Graph.align``: measured delays and polarities are balanced, printed and stored in presets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.describe import describe, format_description
from namgraph.nodes.analysis.align import stale_alignments
from namgraph.nodes.testing import same_bits

RATE = 48_000
LSTM = ng.asset("crunch-lstm.nam")
X = np.random.default_rng(27).uniform(-0.3, 0.3, (1, 6_000)).astype(np.float32)


def impulse(folder: Path, frames: int, sign: float) -> str:
    taps = np.zeros((1, frames + 1), np.float32)
    taps[0, frames] = sign
    path = folder / f"late{frames}{'+' if sign > 0 else '-'}.wav"
    ng.write_audio(path, taps, RATE, subtype="float")
    return str(path)


def rack(folder: Path, frames: int = 17, sign: float = -1.0, subtract: bool = True) -> ng.Graph:
    """Two equal amps, the second with a delay and a polarity baked in; their difference or sum."""
    graph = ng.Graph()
    guitar = graph.input("in", channels=1)
    mix = graph.add("mix", ng.Mix(2, invert=(2,) if subtract else ()))
    for k, (late, polarity) in enumerate(((0, 1.0), (frames, sign)), 1):
        cab = ng.Cab(impulse(folder, late, polarity), gain_rule="none")
        amp = graph.add(f"amp{k}", ng.Nam(LSTM))
        guitar >> amp >> graph.add(f"cab{k}", cab) >> mix[f"in{k}"]
    mix >> graph.output("out", channels=1)
    return graph


def level(y: Any) -> float:
    return 20 * float(np.log10(max(float(np.abs(y).max()), 1e-12)))


@pytest.mark.parametrize(("frames", "sign"), [(17, 1.0), (17, -1.0), (0, -1.0), (480, -1.0)])
def test_two_equal_amps_cancel(tmp_path: Path, frames: int, sign: float) -> None:
    graph = rack(tmp_path, frames, sign)
    before = level(ng.render(graph, X, RATE))
    made = graph.align("cab1", "cab2")
    assert made.applied
    assert made.measured["cab2"].frames - made.measured["cab1"].frames == frames
    assert before > -20.0
    assert level(ng.render(graph, X, RATE)) < -100.0
    assert graph.latency(RATE) == frames
    assert graph.latency(2 * RATE) == 2 * frames


def test_nothing_happens_unasked(tmp_path: Path) -> None:
    graph = rack(tmp_path)
    assert graph.latency(RATE) == 0
    assert not [n for n in graph.nodes.values() if n.type_name == "align"]


def test_it_is_told_everywhere(tmp_path: Path) -> None:
    graph = rack(tmp_path)
    made = graph.align("cab1", "cab2")
    assert str(made).splitlines() == [
        "cab1: 2 frames late (0.04 ms), inverted",
        "cab2: 19 frames late (0.40 ms), not inverted",
        "cab1_align: 0 frames late",
        "cab2_align: 17 frames late, inverted",
    ]
    assert "cab1_align is 0 frames late; cab2_align is 17 frames late, inverted>" in repr(graph)
    picture = ng.svg(graph)
    assert "cab2_align" in picture
    assert "frames 17" in picture
    assert "invert on" in picture
    align: Any = graph["cab2_align"]
    assert align.measured not in picture
    ng.save_preset(graph, tmp_path / "two.json")
    told = describe(tmp_path / "two.json")
    assert told["alignments"] == {
        "cab1_align": "cab1 is 0 frames late, balanced by the graph",
        "cab2_align": "cab2 is 17 frames late, inverted, balanced by the graph",
    }
    assert "cab2 is 17 frames late, inverted" in format_description(told)
    model = describe(LSTM)
    assert (model["delay_frames"], model["inverted"]) == (2, True)
    assert "2 frames late (0.04 ms), inverted" in format_description(model)


def test_a_preset_keeps_it_exactly(tmp_path: Path) -> None:
    graph = rack(tmp_path, subtract=False)
    graph.align("cab1", "cab2")
    ng.save_preset(graph, tmp_path / "two.json")
    loaded = ng.load_preset(tmp_path / "two.json")
    assert loaded == graph
    same_bits(ng.render(loaded, X, RATE), ng.render(graph, X, RATE))
    ng.save_preset(loaded, tmp_path / "again.json", name="two")
    assert (tmp_path / "again.json").read_text() == (tmp_path / "two.json").read_text()


def test_a_measured_branch_may_play_with_another_precision() -> None:
    graph = ng.load_preset("two-amps")
    paths = {n: node.path for n, node in graph.nodes.items() if isinstance(node, ng.Nam)}
    for name, path in paths.items():
        graph.replace(name, ng.Nam(path, precision="fast"))
    assert not stale_alignments(graph)
    for name, path in paths.items():
        graph.replace(name, ng.Nam(path, oversample=2))
    assert stale_alignments(graph), "other options count"


def test_another_file_is_said_plainly(tmp_path: Path) -> None:
    graph = rack(tmp_path)
    graph.align("cab1", "cab2")
    ng.save_preset(graph, tmp_path / "two.json")
    late: Any = graph["cab2"]
    Path(late.path).write_bytes(Path(impulse(tmp_path, 30, -1.0)).read_bytes())
    said = "cab2_align: measured with another model, file or option than cab2 has now"
    file = pytest.warns(RuntimeWarning, match="changed since the preset was saved")
    with pytest.warns(ng.GraphWarning, match=said), file:
        loaded = ng.load_preset(tmp_path / "two.json")
    assert list(stale_alignments(loaded)) == ["cab2_align"]
    assert loaded.latency(RATE) == 17  # what is stored is applied until it is measured again
    file = pytest.warns(RuntimeWarning, match="changed since the preset was saved")
    with pytest.warns(ng.GraphWarning, match=said), file:
        told = describe(tmp_path / "two.json")["alignments"]
    assert "graph.align measures again" in told["cab2_align"]
    loaded.align("cab1", "cab2")
    assert loaded.latency(RATE) == 30
    assert not stale_alignments(loaded)
    with pytest.warns(ng.GraphWarning, match="cab2_align keeps the delay .* with another cab2"):
        loaded.replace("cab2", ng.Cab(impulse(tmp_path, 3, 1.0), gain_rule="none"))
    loaded = loaded.with_params({"amp1.input_db": 3.0, "cab2.level_db": -2.0})
    loaded.replace("cab1", ng.Cab(graph["cab1"].path, gain_rule="none", level_db=-3.0))  # type: ignore[attr-defined]
    assert list(stale_alignments(loaded)) == ["cab2_align"]


def test_aligning_again_changes_nothing(tmp_path: Path) -> None:
    graph = rack(tmp_path)
    graph.align("cab1", "cab2")
    once = graph.copy()
    graph.align("cab1_align", "cab2_align")
    assert graph == once
    graph.align("cab2", "cab1")
    assert sorted(graph.nodes) == sorted(once.nodes)
    flipped: Any = graph["cab1_align"]
    assert flipped.invert  # the first is the one that others are turned to
    assert level(ng.render(graph, X, RATE)) < -100.0


def test_in_racks_and_after_renames(tmp_path: Path) -> None:
    graph = ng.Graph()
    guitar, out = graph.input("in", channels=1), graph.output("out", channels=1)
    for name, (frames, sign) in {"clean": (3, 1.0), "lead": (40, -1.0)}.items():
        cab = ng.Cab(impulse(tmp_path, frames, sign), gain_rule="none")
        guitar >> graph.add(name, ng.Graph.chain(amp=ng.Nam(LSTM), cab=cab)) >> out
    graph.align("clean", "lead")
    assert graph.latency(RATE) == 37
    graph.rename("lead", "solo")
    assert not stale_alignments(graph)
    outer = ng.Graph()
    outer.input("in", channels=1) >> outer.add("all", graph) >> outer.output("out", channels=1)
    assert not stale_alignments(outer)
    same_bits(ng.render(outer, X, RATE), ng.render(graph, X, RATE))


def test_engines_swaps_and_plugins_keep_it(tmp_path: Path) -> None:
    graph = rack(tmp_path)
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    graph.align("cab1", "cab2")
    engine.swap(graph)
    assert engine.latency == 17
    for k in range(0, 6_000 - 64, 64):
        y = engine.process(X[:, k : k + 64])
    assert level(y) < -100.0
    assert engine.graph == graph
    pytest.importorskip("pedalboard")
    plugin = ng.GraphPlugin(graph)
    assert level(plugin(X, RATE)) < -100.0


def test_a_live_stream_keeps_it(tmp_path: Path) -> None:
    graph = rack(tmp_path, subtract=False)
    graph.align("cab1", "cab2")
    stream = ng.NullStream(
        graph, 64, realtime=False, seconds=6_016 / RATE, source=X, record=6_016, sample_rate=RATE
    )
    with stream:
        assert stream.wait(30)
        wanted = ng.render(graph, X, RATE)[:, :5_900]
        same_bits(stream.recorded[:, 17 : 17 + 5_900], wanted)


def test_what_is_not_clear_is_not_applied(tmp_path: Path) -> None:
    graph = rack(tmp_path)
    two = np.zeros((1, 300), np.float32)
    two[0, 10], two[0, 250] = 1.0, 0.9
    ng.write_audio(tmp_path / "two.wav", two, RATE, subtype="float")
    graph.replace("cab2", ng.Cab(tmp_path / "two.wav", gain_rule="none"))
    before = graph.copy()
    with pytest.warns(ng.GraphWarning, match="align: nothing is applied: cab2: no clear delay"):
        made = graph.align("cab1", "cab2")
    assert not made.applied
    assert graph == before
    assert "nothing is applied" in str(made)
    two[0, 250], two[0, 40] = 0.0, -0.97
    ng.write_audio(tmp_path / "near.wav", two, RATE, subtype="float")
    graph.replace("cab2", ng.Cab(tmp_path / "near.wav", gain_rule="none"))
    with pytest.warns(
        ng.GraphWarning, match="only onsets are aligned: cab2: its polarity is ambig"
    ):
        made = graph.align("cab1", "cab2")
    node: Any = graph["cab2_align"]
    assert not node.invert
    assert 8 <= node.frames <= 12


def test_what_it_refuses(tmp_path: Path) -> None:
    graph = rack(tmp_path)
    graph.connect("in", graph.add("apart", ng.Gain()))
    refused: list[tuple[tuple[Any, ...], str]] = [
        ((), "align takes the names of two branches or more, not 0"),
        (("cab1",), "two branches or more, not 1"),
        (("cab1", "cab1"), "align: 'cab1' is there twice"),
        (("amp1", "cab1"), "amp1 feeds cab1: only parallel branches are aligned"),
        (("cab1", "in"), "in is an input of the graph: name the last node"),
        (("cab1", "cap2"), "nothing called 'cap2'"),
        (("cab1", 3), "cannot connect 3"),
        (("cab1", "apart"), "apart.out feeds nothing"),
        (("cab1", "out"), "out has no output port"),
    ]
    for ends, said in refused:
        with pytest.raises(ng.NamgraphError, match=said):
            graph.align(*ends)
    graph.input("other", channels=1) >> graph.add("alone", ng.Gain()) >> graph.handle("out")
    with pytest.raises(ng.GraphError, match="fed by nothing in common"):
        graph.align("cab1", "alone")
    for given in ({"frames": -1}, {"frames": 1.5}, {"rate": 0.0}, {"invert": 2}, {"measured": 3}):
        with pytest.raises((ng.ParamError, TypeError), match=next(iter(given))):
            ng.Align(**given)
