"""Levels: the gains that follow from a file, that they are applied, and what is reported."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from namgraph.graph import Graph, ParamError
from namgraph.nodes import Delay, Gain
from namgraph.nodes.nam import Nam, load_nam
from namgraph.nodes.nam.level_matching import junctions, match_levels
from namgraph.nodes.nam.levels import applied
from namgraph.nodes.testing import same_bits
from namgraph.runtime import render

from . import nets
from .playing import Playing, parse

Json = dict[str, Any]
FULL = {"loudness": -21.5, "input_level_dbu": 14.0, "output_level_dbu": 9.5}
SIGNAL = np.random.default_rng(3).uniform(-0.5, 0.5, 2000).astype(np.float32)


def small(**metadata: Any) -> Json:
    made = nets.wavenet(nets.array(2, [1, 2], activation="Tanh"), seed=4)
    return made | {"metadata": metadata}


def model(**metadata: Any) -> Any:

    return parse(small(**metadata))


def play(node: Nam, signal: Any = SIGNAL, rate: float = 48_000) -> Any:
    graph = Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", node)
    end >> graph.output("out", channels=1)
    return render(graph, signal, rate, tail=False)


# --- arithmetic (nam-format.md, 7.1)


@pytest.mark.parametrize(
    ("mode", "calibrate_input", "into", "out"),
    [
        ("raw", False, 0.0, 0.0),
        ("raw", True, -1.0, 0.0),
        ("normalized", False, 0.0, 3.5),
        ("normalized", True, -1.0, 3.5),
        ("calibrated", False, -1.0, -3.5),
        ("calibrated", True, -1.0, -3.5),
    ],
)
def test_gains_follow_from_the_file(
    mode: str, calibrate_input: bool, into: float, out: float
) -> None:
    found = applied(model(**FULL), mode, 13.0, calibrate_input)
    assert (found.input_db, found.output_db, found.missing) == (into, out, ())


@pytest.mark.parametrize(
    ("mode", "missing"),
    [
        ("raw", ()),
        ("normalized", ("no loudness in the file: output raw",)),
        (
            "calibrated",
            (
                "no input_level_dbu in the file: input raw",
                "no output_level_dbu in the file: output raw",
            ),
        ),
    ],
)
def test_missing_levels_stay_raw_and_are_reported(mode: str, missing: tuple[str, ...]) -> None:
    for silent in (model(), model(loudness=None, input_level_dbu=None, output_level_dbu=None)):
        found = applied(silent, mode)
        assert (found.input_db, found.output_db) == (0.0, 0.0)
        assert found.missing == missing
        assert all(line in str(found) for line in missing)


def test_one_level_is_enough_for_its_own_end() -> None:
    found = applied(model(input_level_dbu=18.0), "calibrated", 12.0)
    assert (found.input_db, found.output_db) == (-6.0, 0.0)
    assert found.missing == ("no output_level_dbu in the file: output raw",)


@pytest.mark.parametrize("loudness", [-300.0, 3e38, -3e38, 80.0])
def test_implausible_levels_are_ignored(loudness: float) -> None:
    found = applied(model(loudness=loudness), "normalized")
    assert found.output_db == 0.0
    assert "would mean" in found.missing[0]


@given(st.floats(-60, 60), st.sampled_from(["raw", "normalized", "calibrated"]), st.booleans())
def test_gains_are_always_sane(interface: float, mode: str, calibrate: bool) -> None:
    for file in (model(**FULL), model(loudness=-1e30, input_level_dbu=1e30, output_level_dbu=40)):
        found = applied(file, mode, interface, calibrate)
        for gain in (found.input_db, found.output_db):
            assert math.isfinite(gain)
            assert abs(gain) <= 60.0


# --- what is heard


def test_raw_is_the_networks_bits_whatever_the_file_says(tmp_path: Path) -> None:
    name = nets.write(tmp_path, small(**FULL))
    same_bits(play(Nam(name)), Playing(load_nam(name), primed=True)(SIGNAL))
    assert Nam(name).levels_applied().output_db == 0.0


@pytest.mark.parametrize("mode", ["normalized", "calibrated"])
@pytest.mark.parametrize("calibrate_input", [False, True])
def test_reported_gains_are_applied(tmp_path: Path, mode: str, calibrate_input: bool) -> None:
    name = nets.write(tmp_path, small(**FULL))
    node = Nam(name, levels=mode, interface_dbu=3.0, calibrate_input=calibrate_input)
    gains = node.levels_applied()
    assert gains.output_db != 0.0
    by_hand = Nam(name, input_db=gains.input_db, output_db=gains.output_db)
    same_bits(play(node), play(by_hand))
    assert (play(node) != play(Nam(name))).any()


def test_parameters_come_on_top(tmp_path: Path) -> None:
    name = nets.write(tmp_path, small(**FULL))
    node = Nam(name, levels="calibrated", input_db=2.0, output_db=-5.0)
    gains = node.levels_applied()
    by_hand = Nam(name, input_db=gains.input_db + 2.0, output_db=gains.output_db - 5.0)
    same_bits(play(node), play(by_hand))


def test_a_parameter_that_cancels_a_level_leaves_the_networks_bits(tmp_path: Path) -> None:
    name = nets.write(tmp_path, small(loudness=-24.0))
    same_bits(play(Nam(name, levels="normalized", output_db=-6.0)), play(Nam(name)))


def test_a_containers_own_levels_count_whatever_the_size(tmp_path: Path) -> None:
    inner = [small(loudness=-30.0), small(loudness=-40.0)]
    whole = nets.container(*inner) | {"metadata": {"loudness": -20.0}}
    name = nets.write(tmp_path, whole)
    for slim in (0.0, 0.7, 1.0):
        assert Nam(name, slim=slim, levels="normalized").levels_applied().output_db == 2.0


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("levels", "loud", "must be one of raw, normalized, calibrated"),
        ("interface_dbu", 61.0, r"must be a number in \[-60, 60\] dBu"),
        ("interface_dbu", float("nan"), "must be a number"),
        ("interface_dbu", "12", "must be a number"),
        ("interface_dbu", True, "must be a number"),
        ("calibrate_input", "yes", "must be one of False, True"),
        ("resample", None, "must be one of False, True"),
    ],
)
def test_options_are_checked(option: str, value: Any, said: str) -> None:
    with pytest.raises(ParamError, match=f"{option} is .*{said}"):
        dataclasses.replace(Nam("any.nam"), **{option: value})


# --- from model to model


def chain(tmp_path: Path, first: Json, second: Json) -> Graph:
    graph = Graph()
    one = graph.add("pedal", Nam(nets.write(tmp_path, first, "pedal.nam")))
    two = graph.add("amp", Nam(nets.write(tmp_path, second, "amp.nam")))
    between = graph.add("gain", Gain(gain_db=0.0))
    graph.input("in", channels=1) >> one >> between >> two >> graph.output("out", channels=1)
    return graph


@pytest.mark.parametrize("interface_dbu", [-20.0, 0.0, 12.0, 17.5])
def test_between_two_models_the_interface_cancels(tmp_path: Path, interface_dbu: float) -> None:
    graph = chain(tmp_path, small(**FULL), small(**FULL | {"input_level_dbu": 4.0}))
    (before,) = junctions(graph)
    assert (before.first, before.second, before.applied_db) == ("pedal", "amp", 0.0)
    (found,) = junctions(match_levels(graph, interface_dbu))
    assert found.exact_db == 9.5 - 4.0
    assert found.applied_db == pytest.approx(found.exact_db, abs=1e-12)
    assert str(found) == "pedal -> amp: +5.5 dB, exact +5.5 dB"


def test_match_levels_changes_the_output(tmp_path: Path) -> None:
    graph = chain(tmp_path, small(**FULL), small(**FULL | {"input_level_dbu": 4.0}))
    made = match_levels(graph, 12.0)
    by_hand = graph.copy()
    for name in ("pedal", "amp"):
        node: Any = made.nodes[name]
        gains = node.levels_applied()
        plain = Nam(node.path, input_db=gains.input_db, output_db=gains.output_db)
        by_hand.replace(name, plain)
    same_bits(render(made, SIGNAL, 48_000), render(by_hand, SIGNAL, 48_000))


def test_a_junction_without_levels_is_unknown(tmp_path: Path) -> None:
    graph = match_levels(chain(tmp_path, small(), small(**FULL)))
    (found,) = junctions(graph)
    assert found.exact_db is None
    assert "exact unknown" in str(found)


def test_branches_and_loops_are_walked(tmp_path: Path) -> None:
    graph = chain(tmp_path, small(**FULL), small(**FULL))
    graph.add("echo", Delay())
    graph.connect("gain", "echo")
    graph.connect("echo", "gain")
    graph.add("other", graph.nodes["amp"])
    graph.connect("pedal", "other")
    found = {(j.first, j.second) for j in junctions(graph)}
    assert found == {("pedal", "amp"), ("pedal", "other")}
