"""Automation lanes: points, arrays and control nodes on parameters, mixes and bypasses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes import Curve, Delay, Gain, Lfo, Map, Pan, Tremolo
from namgraph.nodes.testing import same_bits

RATE = 48_000
ONES = np.ones(9600, np.float32)
NOISE = np.random.default_rng(2).uniform(-0.5, 0.5, 6400).astype(np.float32)
BLOCKS = (1, 7, 31, 32, 33, 64, 1000)


def play(lanes: Any, node: ng.Node | None = None, x: Any = ONES, **options: Any) -> Any:
    graph = ng.Graph.chain(Gain() if node is None else node)
    return ng.render(graph, x, RATE, automation=lanes, tail=False, **options)


def frames(*points: tuple[int, float]) -> Curve:
    return Curve(points, unit="frames")


def smoothed(goals: Any) -> Any:
    """Return a gain that follows a goal per tick as the smoothing of modulated parameters does."""
    share, level, found = 1 - np.exp(-3 / 32), goals[0], []
    for goal in goals:
        for _ in range(32):
            level += share * (goal - level)
            found.append(level)
    return np.array(found)


def test_points_are_joined_by_lines_in_seconds() -> None:
    points = [(0.0, 0.0), (0.1, -20.0), (0.2, 0.0)]
    ticks = np.arange(0, 9600, 32) / RATE
    goal = 10 ** (np.interp(ticks, [0, 0.1, 0.2], [0, -20, 0]) / 20)
    np.testing.assert_allclose(play({"gain.gain_db": points}), smoothed(goal), atol=1e-6)


def test_times_are_seconds_unless_a_curve_says_frames() -> None:
    found = play({"gain.gain_db": frames((0, 0.0), (4800, -20.0))})
    same_bits(found, play({"gain.gain_db": [(0, 0), (0.1, -20)]}))
    same_bits(found, play({"gain.gain_db": np.array([(0, 0), (0.1, -20)])}))


def test_a_value_is_that_of_the_parameter_to_the_bit() -> None:
    played = play({"gain.gain_db": frames((0, -12.0), (3200, 0.0))})
    assert (played[4000:] == 1.0).all()
    same_bits(play({"gain.gain_db": [(0, -7.25)]}), play({}, Gain(gain_db=-7.25)))


def test_an_array_has_a_value_for_each_frame() -> None:
    curve = np.linspace(-40, 0, 9600)
    goal = 10 ** (curve[::32] / 20)
    np.testing.assert_allclose(play({"gain.gain_db": curve}), smoothed(goal), atol=1e-5)


def test_a_step_keeps_each_value_until_the_next() -> None:
    lane = Curve(((0, 0.0), (1600, -20.0), (4800, -6.0)), mode="step", unit="frames")
    played = play({"gain.gain_db": lane})
    np.testing.assert_allclose(played[[1599, 4799, 9599]], [1.0, 0.1, 10**-0.3], rtol=1e-6)


def test_a_control_node_moves_the_parameter_around_its_value() -> None:
    graph = ng.Graph.chain(Gain(gain_db=-10.0))
    graph.add("lfo", Lfo(rate_hz=5.0, depth=0.05))
    graph.connect("lfo", "gain.gain_db")
    same_bits(
        play({"gain.gain_db": Lfo(rate_hz=5.0, depth=0.05)}, Gain(gain_db=-10.0)),
        ng.render(graph, ONES, RATE),
    )


@pytest.mark.parametrize("key", ["mix", "bypass"])
def test_a_mix_and_a_bypass_follow_lanes(key: str) -> None:
    lanes = {f"node.{key}": frames((0, 0.0), (3200, 0.0), (3200, 1.0))}
    graph = ng.Graph()
    node = graph.add("node", Gain(gain_db=-20.0))
    graph.input("in", channels=1) >> node >> graph.output("out", channels=1)
    played = ng.render(graph, ONES, RATE, automation=lanes)
    first, last = (1.0, 0.1) if key == "mix" else (0.1, 1.0)
    np.testing.assert_allclose(
        played[[100, 3199, 4000, 9599]], [first, first, last, last], rtol=1e-6
    )
    assert abs(np.diff(played)).max() < 0.15


def test_a_mix_is_aligned_with_the_latency_of_the_node(tmp_path: Path) -> None:
    graph = ng.Graph.chain(ng.Limiter(), channels=1)
    lanes = {"limiter.mix": [(0, 0.0)]}
    engine = ng.Engine(ng.automated(graph, lanes), sample_rate=RATE, max_frames=64)
    late = engine.latency
    assert late == ng.Limiter().latency(ng.Spec(RATE, 64)) > 0
    played = engine.process(NOISE[None])[0]
    same_bits(played[late:], NOISE[: len(NOISE) - late])


def test_a_mix_of_a_node_that_feeds_a_sum_keeps_its_order() -> None:
    graph = ng.Graph()
    end, start = graph.output("out", channels=1), graph.input("in", channels=1)
    for name in ("a", "b", "c"):
        start >> graph.add(name, Gain(gain_db=-3.0)) >> end
    made = ng.automated(graph, {"b.mix": [(0, 1.0)]})
    same_bits(ng.render(made, NOISE, RATE), ng.render(graph, NOISE, RATE))


@pytest.mark.parametrize(
    ("node", "lanes"),
    [
        (Gain(), {"gain.gain_db": frames((0, 0.0), (3001, -30.0), (3002, 6.0))}),
        (Delay(time_ms=2.0), {"delay.feedback": [(0.0, 0.0), (0.1, 0.9)]}),
        (Tremolo(), {"tremolo.depth": np.linspace(0, 1, 6400), "tremolo.mix": Lfo(rate_hz=9.0)}),
    ],
    ids=["gain", "delay", "tremolo"],
)
def test_cuts_do_not_show(node: ng.Node, lanes: dict[str, Any]) -> None:
    reference = play(lanes, node, NOISE, block=64)
    for block in BLOCKS:
        same_bits(play(lanes, node, NOISE, block=block), reference)


def test_the_result_is_a_graph_that_can_be_saved_and_played_live(tmp_path: Path) -> None:
    lanes = {"gain.gain_db": [(0.0, 0.0), (0.05, -20.0)], "gain.bypass": [(0.0, 0), (0.15, 1)]}
    graph = ng.automated(ng.Graph.chain(Gain()), lanes)
    assert [type(node).__name__ for node in graph.nodes.values()] == [
        "Gain",
        "Curve",
        "Blend",
        "Curve",
    ]
    ng.save_preset(graph, tmp_path / "automated.json")
    again = ng.load_preset(tmp_path / "automated.json")
    assert again == graph
    same_bits(ng.render(again, ONES, RATE), play(lanes))
    assert play(lanes)[-1] == 1.0


def test_a_reset_starts_the_lanes_again() -> None:
    graph = ng.automated(Gain(), {"gain.gain_db": [(0.0, 0.0), (0.1, -20.0)]})
    engine = ng.Engine(graph, sample_rate=RATE, max_frames=64)
    first = engine.process(ONES[None])
    engine.reset()
    same_bits(engine.process(ONES[None]), first)


@pytest.mark.parametrize(
    ("lanes", "error", "message"),
    [
        ({"gain.gain": [(0, 0.0)]}, ng.UnknownNameError, "no parameter 'gain.gain'.*gain.gain_db"),
        ({"x.gain_db": [(0, 0.0)]}, ng.UnknownNameError, "no parameter 'x.gain_db'"),
        ({3: [(0, 0.0)]}, ng.UnknownNameError, "no parameter 3"),
        ({"gain.gain_db": [(0, 99.0)]}, ng.ParamError, "gain.gain_db at 0 s: value is 99.0"),
        ({"gain.gain_db": []}, ng.ParamError, "must be a list of .seconds, value."),
        ({"gain.gain_db": {"points": [(0, 0.0)], "step": 1}}, ng.ParamError, "mode and unit"),
        ({"gain.gain_db": {"mode": "step"}}, ng.ParamError, "must be a list"),
        ({"gain.gain_db": [(0, "loud")]}, ng.ParamError, "at 0: value is 'loud': must be a number"),
        ({"gain.gain_db": "x"}, ng.ParamError, "gain.gain_db is 'x': must be a list"),
        ({"gain.gain_db": 3.0}, ng.ParamError, "must be a list"),
        ({"gain.gain_db": [(0, 0.0, 1)]}, ng.ParamError, "automation of gain.gain_db: points is"),
        ({"gain.gain_db": [(2, 0.0), (1, 0.0)]}, ng.ParamError, r"points\[1\] is .1.0, 0.0."),
        ({"gain.gain_db": [(-1, 0.0)]}, ng.ParamError, r"points\[0\]"),
        ({"gain.gain_db": [(0, float("nan"))]}, ng.ParamError, r"points\[0\]"),
        ({"gain.gain_db": [("a", 0.0)]}, ng.ParamError, "points is"),
        ({"gain.gain_db": np.zeros((2, 3))}, ng.ParamError, "a number for each frame"),
        ({"gain.gain_db": np.zeros(0)}, ng.ParamError, "a number for each frame"),
        ({"gain.gain_db": Gain()}, ng.GraphError, "must be a source with one control output"),
        ({"gain.gain_db": Map()}, ng.GraphError, "must be a source with one control output"),
        ({"gain.mix": [(0, 2.0)]}, ng.ParamError, "value is 2.0"),
        ([("gain.gain_db", [(0, 0.0)])], ng.ParamError, "automation is"),
    ],
)
def test_wrong_lanes(lanes: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        play(lanes)


@pytest.mark.parametrize("key", ["mix", "bypass"])
def test_both_sides_of_a_node_that_makes_stereo_get_the_dry_signal(key: str) -> None:
    graph = ng.Graph.chain(node=Pan(position=-0.3))
    wet, dry = (1.0, 0.0) if key == "mix" else (0.0, 1.0)
    alone = ng.render(graph, NOISE, RATE)
    same_bits(ng.render(graph, NOISE, RATE, automation={f"node.{key}": [(0, wet)]}), alone)
    lanes = {f"node.{key}": frames((0, dry), (3200, dry), (3200, wet))}
    made = ng.render(graph, NOISE, RATE, automation=lanes)
    same_bits(made[:, :3200], np.array([NOISE, NOISE])[:, :3200])
    same_bits(made[:, 5000:], alone[:, 5000:])
    for block in (7, 64):
        same_bits(ng.render(graph, NOISE, RATE, automation=lanes, block=block), made)


def test_a_port_that_takes_any_channels_is_widened_where_it_gets_one() -> None:
    reverb = ng.Graph.chain(room=ng.Reverb(mix=1.0), channels=1)
    twice = {"room.bypass": [(0, 1)]}
    same_bits(ng.render(reverb, NOISE, RATE, automation=twice, tail=False), np.array([NOISE] * 2))
    wide = ng.Graph.chain(room=ng.Reverb(mix=1.0), channels=2)
    both = np.array([NOISE, -NOISE])
    same_bits(ng.render(wide, both, RATE, automation=twice, tail=False), both)


def test_a_node_that_makes_other_widths_cannot_be_mixed() -> None:
    bank = ng.NamBank([ng.asset("crunch-lstm.nam")] * 3)
    graph = ng.Graph.chain(bank=bank)
    said = "bank cannot be mixed or bypassed: it has 3 channels out and 1 in: must be as many, or 2"
    with pytest.raises(ng.GraphError, match=said):
        ng.automated(graph, {"bank.mix": [(0, 0.5)]})
    click = ng.Graph()
    click.add("click", ng.Click()) >> click.output("out", channels=1)
    with pytest.raises(ng.GraphError, match="click cannot be mixed or bypassed: that takes an aud"):
        ng.automated(click, {"click.mix": [(0, 0.5)]})


def test_labels_are_numbers_of_a_lane() -> None:
    named = {"delay.freeze": [(0.0, "off"), (0.05, "on")]}
    numbers = {"delay.freeze": [(0.0, 0), (0.05, 1)]}
    options = {"delay.freeze": {"points": [(0, "off"), (2400, "on")], "unit": "frames"}}
    wanted = play(numbers, Delay(time_ms=5.0, mix=0.5), NOISE)
    for lanes in (named, options):
        same_bits(play(lanes, Delay(time_ms=5.0, mix=0.5), NOISE), wanted)
    assert not np.array_equal(play({}, Delay(time_ms=5.0, mix=0.5), NOISE), wanted)
    for value in ("maybe", 2):
        with pytest.raises(ng.ParamError, match=r"delay\.freeze at 0 ?s?: value is "):
            play({"delay.freeze": [(0, value)]}, Delay(), NOISE)


def test_a_rack_is_bypassed_whole() -> None:
    graph = ng.Graph()
    inner = graph.add("amp", ng.Graph.chain(Gain(gain_db=-20.0)))
    graph.input("in", channels=1) >> inner >> graph.output("out", channels=1)
    played = ng.render(graph, ONES, RATE, automation={"amp.bypass": [(0, 0), (0.1, 1)]})
    np.testing.assert_allclose(played[[100, 9599]], [0.1, 1.0], rtol=1e-6)
    with pytest.raises(ng.UnknownNameError, match=r"no parameter 'amp\.gain_db'"):
        ng.automated(graph, {"amp.gain_db": [(0, 0.0)]})


def test_a_snapshot_does_not_mix_once_more_what_follows_a_lane() -> None:
    graph = ng.Graph.chain(Gain(gain_db=-20.0), Delay())
    graph.mix("gain", 0.5)
    graph.bypass("delay", True)
    graph.store("A")
    lanes = {"gain.mix": [(0, 0.5)], "delay.bypass": [(0, 1)]}
    made = ng.automated(graph, lanes)
    wanted = ng.render(made, NOISE, RATE)
    assert {"gain.gain_db", "gain.bypass", "delay.dry_wet"} <= set(made.snapshots["A"].values)
    made.recall("A")
    same_bits(ng.render(made, NOISE, RATE), wanted)
    assert graph.snapshots["A"].values["gain.dry_wet"] == 0.5


def test_the_mix_of_a_node_has_its_name_of_presets_and_a_shorter_one() -> None:
    graph = ng.Graph.chain(Gain(gain_db=-20.0))
    long, short = ({f"gain.{key}": [(0, 0.3)]} for key in ("dry_wet", "mix"))
    wanted = ng.render(graph, NOISE, RATE, automation=long)
    same_bits(ng.render(graph, NOISE, RATE, automation=short), wanted)
    assert np.abs(wanted / NOISE - 0.73).max() < 1e-6
    for name in ("gain.dry_wet", "gain.mix", "gain.bypass"):
        with pytest.raises(ng.UnknownNameError, match=r"mix\(\) and bypass\(\) are of a node"):
            ng.render(graph, NOISE, RATE, changes=[(0, name, 0.5)])


def test_names_of_lanes_are_free_beside_racks() -> None:
    inner = ng.Graph.chain(ng.Gain())
    song = ng.Graph()
    rack, other = song.add("amp", inner), song.add("amp dry_wet", inner)
    song.input("in", channels=1) >> rack >> other >> song.output("out", channels=1)
    made = ng.automated(song, {"amp.dry_wet": [(0.0, 0.5)]})
    assert set(made) - set(song) == {"amp dry_wet'", "amp blend"}
