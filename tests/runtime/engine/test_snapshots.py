"""Mixes of the graph, and snapshots, in an engine: with the bits of the same calls by hand."""

from pathlib import Path

import numpy as np
import pytest

import namgraph as ng

RATE = 48_000
NOISE = np.random.default_rng(7).uniform(-0.3, 0.3, 4_096).astype(np.float32)


def rack() -> ng.Graph:
    return ng.Graph.chain(
        drive=ng.Gain(gain_db=6.0), echo=ng.Delay(time_ms=5.0, mix=1.0), level=ng.Gain()
    )


def mixed() -> ng.Graph:
    graph = rack()
    graph.mix("echo", 0.3)
    graph.bypass("drive")
    return graph


def engine(graph: ng.Graph) -> ng.Engine:
    return ng.Engine(graph, sample_rate=RATE, max_frames=256)


@pytest.mark.parametrize("block", [1, 100, 4_096])
def test_an_engine_begins_with_the_mixes_of_its_graph(block: int) -> None:
    by_graph, by_hand = engine(mixed()), engine(rack())
    by_hand.mix("echo", 0.3)
    by_hand.bypass("drive")
    wanted = by_hand.process(NOISE)
    parts = [by_graph.process(NOISE[k : k + block]) for k in range(0, len(NOISE), block)]
    np.testing.assert_array_equal(np.hstack(parts), wanted)
    assert not np.array_equal(wanted, engine(rack()).process(NOISE))
    by_graph.reset()
    np.testing.assert_array_equal(by_graph.process(NOISE), wanted)


def test_a_dry_node_gives_its_input() -> None:
    graph = ng.Graph.chain(drive=ng.Gain(gain_db=6.0))
    graph.bypass("drive")
    np.testing.assert_array_equal(engine(graph).process(NOISE), NOISE)
    graph.bypass("drive", False)
    graph.mix("drive", 0.5)
    wanted = NOISE.astype(np.float64) * (0.5 + 0.5 * 10 ** (6 / 20))
    np.testing.assert_allclose(engine(graph).process(NOISE), wanted, atol=1e-6)


def test_a_recall_is_the_same_as_setting_each_value() -> None:
    graph = rack()
    graph.store("B", "Lead", {"drive.gain_db": -6.0, "echo.dry_wet": 0.5, "level.bypass": True})
    recalled, by_hand = engine(graph), engine(rack())
    for made in (recalled, by_hand):
        made.process(NOISE[:700])
    recalled.recall("B")
    by_hand.set("drive.gain_db", -6.0)
    by_hand.mix("echo", 0.5)
    by_hand.bypass("level")
    heard, wanted = recalled.process(NOISE), by_hand.process(NOISE)
    np.testing.assert_array_equal(heard, wanted)
    assert np.abs(np.diff(heard[:256] / 4)).max() < 0.5  # glides


def test_the_graph_of_an_engine_has_what_is_set() -> None:
    made = engine(mixed())
    assert made.graph == mixed()
    made.store("A", "start")
    made.bypass("drive", False)
    made.mix("echo", 0.75)
    made.process(NOISE)
    now = made.graph
    assert now.mixes == {"echo": (0.75, False)}
    assert now.snapshots["A"].values["drive.bypass"] == 1.0
    made.recall("A")
    made.process(NOISE)
    assert made.graph.mixes == mixed().mixes
    with pytest.raises(ng.ParamError, match=r"slot C is empty; filled: A \(start\)"):
        made.recall("C")


def test_a_tempo_in_a_snapshot_is_that_of_all_that_follows() -> None:
    graph = rack()
    graph.add("lfo", ng.Lfo(sync="1/4"))
    graph.connect("lfo", "level.gain_db", 0.1)
    graph.store("B", "slow", {"tempo_bpm": 60.0})
    made = engine(graph)
    made.recall("B")
    made.process(NOISE)
    assert made["lfo.tempo_bpm"] == made.get("tempo_bpm") == 60.0


def test_a_swap_brings_new_mixes_and_keeps_those_that_were_set() -> None:
    made = engine(rack())
    made.mix("echo", 0.5)
    made.swap(rack())  # the same graph: what was set stays
    made.process(NOISE)
    assert made.graph.mixes == {"echo": (0.5, False)}
    other = rack()
    other.mix("echo", 0.2)
    other.store("F", "of the other")
    made.swap(other)
    made.process(NOISE)
    assert made.graph.mixes == {"echo": (0.2, False)}
    assert list(made.snapshots) == ["F"]
    made.swap(rack())
    made.process(NOISE)
    assert made.graph.mixes == {}
    assert list(made.snapshots) == ["F"]


def test_mixes_behind_a_swap_that_waits_are_in_the_graph() -> None:
    made = engine(rack())
    made.process(NOISE[:64])
    first = rack()
    first.replace("level", ng.Gain(gain_db=-3.0))
    made.swap(first)
    made.process(NOISE[:8])  # fading
    made.swap(rack())
    made.mix("echo", 0.4)
    made.bypass("drive")
    assert made.graph.mixes == {"echo": (0.4, False), "drive": (1.0, True)}
    for _ in range(20):
        made.process(NOISE)
    assert made.graph.mixes == {"echo": (0.4, False), "drive": (1.0, True)}


def test_mixing_is_possible_while_a_swap_waits_for_its_first_block() -> None:
    made = engine(rack())
    made.process(NOISE)
    made.queue.has_audio_thread = True  # as in a host, whose thread is idle
    other = rack()
    other.replace("level", ng.Gain(gain_db=-3.0))
    made.swap(other)
    made.mix("echo", 0.4)
    made.queue.has_audio_thread = False
    assert np.isfinite(made.process(NOISE)).all()  # both plans are played with their mixes


def test_a_mix_that_cannot_be_is_refused() -> None:
    graph = ng.Graph()
    guitar = graph.input("in", channels=2)
    guitar >> graph.add("mid", ng.MidSide()) >> graph.output("out", channels=2)
    guitar >> graph.add("split", ng.Split(2, mode="channels"))
    graph.mix("mid", 0.5)
    with pytest.warns(ng.GraphWarning):
        assert engine(graph).graph.mixes == {"mid": (0.5, False)}
    with pytest.raises(ng.ParamError, match="split cannot be mixed or bypassed"):
        graph.bypass("split")


def test_many_streams_refuse_mixes() -> None:
    with pytest.raises(ng.EngineError, match="drive is mixed or bypassed, which takes streams=1"):
        ng.Stepper(mixed(), RATE, streams=2)
    one = ng.Stepper(mixed(), RATE, frames=64)
    np.testing.assert_array_equal(one.step(NOISE[:64]), engine(mixed()).process(NOISE[:64]))


def test_lanes_take_the_place_of_a_bypass_that_is_set() -> None:
    graph = ng.Graph.chain(drive=ng.Gain(gain_db=6.0))
    graph.bypass("drive")
    heard = ng.render(graph, NOISE, RATE, automation={"drive.bypass": [(0.0, 0)]})
    plain = ng.render(ng.Gain(gain_db=6.0), NOISE, RATE)
    np.testing.assert_allclose(heard, plain, atol=1e-6)


def test_what_plays_is_saved(tmp_path: Path) -> None:
    graph = mixed()
    graph.store("B", "Lead", {"drive.gain_db": 0.0})
    made = engine(graph)
    made.set("drive.gain_db", 3.0)
    made.set("tempo_bpm", 77.0)
    made.mix("echo", 0.9)
    path = tmp_path / "now.json"
    made.save(path, name="Now")
    assert ng.load_preset(path) == made.graph
    assert ng.load_preset(path).name == "Now"
    with ng.NullStream(path, blocksize=64, realtime=False, seconds=0.1) as stream:
        stream["drive.gain_db"] = -1.0
        stream.bypass("level")
        stream.store("D", "live")
        stream.wait(5.0)
        stream.save(tmp_path / "live.json")
        assert ng.load_preset(tmp_path / "live.json") == stream.graph
    saved = ng.load_preset(tmp_path / "live.json")
    assert getattr(saved["drive"], "gain_db") == -1.0  # noqa: B009
    assert saved.mixes["level"].bypassed
    assert list(saved.snapshots) == ["B", "D"]
