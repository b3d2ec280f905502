"""Parameters with the attributes of pedalboard's own, read and set as there."""

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.adapters.pedalboard.hosting.raw_value import from_raw, to_raw

from ..nodes.nam.parametric.files import concat_lstm
from .graphs import RATE, around, echo_graph, noise, rendered

pb = pytest.importorskip("pedalboard")
from namgraph.runtime.adapters.pedalboard import GraphEffect, GraphPlugin  # noqa: E402

KINDS: list[Any] = [GraphPlugin, GraphEffect]


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_describes_itself(kind: Any) -> None:
    made = kind(echo_graph()).parameters["amp_gain_db"]
    assert (made.name, made.python_name, made.index) == ("amp.gain_db", "amp_gain_db", 0)
    assert (made.units, made.label, made.type) == ("dB", "dB", float)
    assert made.range == (made.min_value, made.max_value, made.step_size) == (-80.0, 36.0, None)
    assert made.approximate_step_size == pytest.approx(0.116)
    assert (made.value, made.string_value, float(made)) == (-6.0, "-6", -6.0)
    assert made.raw_value == pytest.approx(74 / 116)
    assert made.default == 0.0
    assert made.default_raw_value == pytest.approx(80 / 116)
    assert len(made.valid_values) == 1001
    assert made.valid_values[:2] == pytest.approx([-80.0, -79.884])
    assert made.valid_values[-1] == 36.0
    assert made.ranges[(0.0, 0.001)] == -80.0
    assert made.ranges[(1.0, 1.0)] == 36.0
    assert made.get_name(3) == "amp"
    assert made.get_text_for_raw_value(1.0) == "36"
    assert made.get_raw_value_for_text("-80 dB") == 0.0
    assert made.get_raw_value_for(36) == 1.0
    flags = (made.is_automatable, made.is_boolean, made.is_discrete, made.is_meta_parameter)
    assert flags == (True, False, False, False)
    assert not made.is_orientation_inverted
    assert repr(made) == "<amp.gain_db = -6 dB in [-80, 36]>"
    assert kind(echo_graph()).parameters["echo_feedback"].units is None


def test_every_attribute_of_pedalboards_parameters_is_there() -> None:
    made = GraphPlugin(echo_graph()).parameters["amp_gain_db"]
    from pedalboard_native import _AudioProcessorParameter as Native

    python = {"approximate_step_size", "max_value", "min_value", "python_name", "range", "ranges",
              "step_size", "type", "units", "valid_values", "get_raw_value_for"}  # fmt: skip
    wanted = python | {name for name in dir(Native) if not name.startswith("_")}
    assert wanted - {name for name in dir(made) if not name.startswith("_")} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_switch_is_a_boolean(kind: Any) -> None:
    made = kind(echo_graph())
    switch = made.parameters["bypass"]
    assert (switch.type, switch.range, switch.valid_values) == (
        bool,
        (False, True, 1),
        [False, True],
    )
    assert (switch.value, switch.string_value, bool(switch)) == (False, "Off", False)
    switch.raw_value = 0.75
    assert (made.bypass, switch.value, switch.raw_value, switch.string_value) == (
        True,
        True,
        1.0,
        "On",
    )
    switch.value = False
    assert made.bypass is False
    assert switch.get_raw_value_for("on") == 1.0
    assert switch.ranges == {(0.0, 0.5): False, (0.5, 1.0): True}
    assert repr(switch) == "<bypass = Off in [Off, On]>"
    assert switch.num_steps == 2


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_set_by_raw_value_value_and_text(kind: Any) -> None:
    made = kind(echo_graph(), sample_rate=RATE)
    knob = made.parameters["amp_gain_db"]
    knob.raw_value = 0.5
    assert made.amp_gain_db == knob.value == -22.0
    knob.value = "-3 dB"
    assert made.amp_gain_db == -3.0
    for text, value in (("-4dB", -4.0), ("-5", -5.0), (" -6.5 db ", -6.5)):
        made.amp_gain_db = text
        assert made.graph.nodes["amp"] == ng.Gain(gain_db=value)
    made.mix = "0.25"
    assert made.mix == made.parameters["mix"].raw_value == 0.25


def test_a_raw_value_is_heard() -> None:
    x, plugin = noise(2, 500), GraphPlugin(around(ng.Gain()))
    plugin.parameters["fx_gain_db"].raw_value = 0.0
    np.testing.assert_array_equal(plugin(x, RATE), rendered(around(ng.Gain(gain_db=-80.0)), x))


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_values_are_refused(kind: Any) -> None:
    made = kind(echo_graph())
    knob, switch = made.parameters["amp_gain_db"], made.parameters["bypass"]
    for one, name, value, says in (
        (knob, "raw_value", 1.5, "raw_value of amp.gain_db is 1.5"),
        (knob, "raw_value", "x", "raw_value of amp.gain_db is 'x'"),
        (knob, "raw_value", float("nan"), "raw_value of amp.gain_db is nan"),
        (knob, "value", "99 dB", "gain_db is 99.0"),
        (knob, "value", "nan", "gain_db is 'nan'"),
        (knob, "value", None, "gain_db is None"),
        (switch, "value", "yes", "bypass is 'yes'"),
        (switch, "value", 0.5, "bypass is 0.5"),
        (made, "amp_gain_db", "3 Hz", "gain_db is '3 Hz'"),
    ):
        with pytest.raises(ng.ParamError, match=says):
            setattr(one, name, value)
    with pytest.raises(ng.ParamError, match=r"must be a number in \[-80, 36\] dB"):
        knob.get_raw_value_for(99)
    for name in ("range", "units", "rawvalue"):
        with pytest.raises(AttributeError):
            setattr(knob, name, 1.0)
    with pytest.raises(TypeError):
        made.parameters["amp_gain_db"] = 3.0
    assert made.amp_gain_db == -6.0


@pytest.mark.parametrize("kind", KINDS)
def test_an_attribute_is_a_number_with_the_attributes_of_its_parameter(kind: Any) -> None:
    made = kind(echo_graph())
    value: Any = made.amp_gain_db
    assert issubclass(type(value), float)
    assert (value, value + 1, f"{value:.1f}", json.dumps(value)) == (-6.0, -5.0, "-6.0", "-6.0")
    assert (value.units, value.min_value, value.type) == ("dB", -80.0, float)
    value.raw_value = 1.0
    assert (made.amp_gain_db, float(value)) == (36.0, -6.0)
    assert {"units", "raw_value", "is_integer"} <= set(dir(value))
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert (type(again), again) == (float, -6.0)
    with pytest.raises(AttributeError):
        _ = value.loudness
    with pytest.raises(AttributeError):
        value.loudness = 1.0


@pytest.mark.parametrize(
    "row",
    [
        ng.Param(0.0, -80.0, 36.0),
        ng.Param(20.0, 20.0, 20_000.0, taper="log"),
        ng.Param(0.0, 0.0, 5.0, taper="log"),  # no logarithm of 0: linear
        ng.Param(3.0, 3.0, 3.0),
    ],
)
def test_raw_values_are_positions_in_the_range(row: ng.Param) -> None:
    assert (from_raw(row, 0.0), from_raw(row, 1.0)) == (row.low, row.high)
    for raw in (0.0, 0.1, 0.5, 0.999, 1.0):
        value = from_raw(row, raw)
        assert row.low <= value <= row.high
        if row.high > row.low:
            assert to_raw(row, value) == pytest.approx(raw)
    log = ng.Param(20.0, 20.0, 20_000.0, taper="log")
    assert from_raw(log, 1 / 3) == pytest.approx(200.0)


def test_steps_and_their_labels() -> None:
    capture = ng.load_capture(concat_lstm())
    made = GraphPlugin(ng.Graph.chain(amp=ng.Nam(capture), delay=ng.Delay()))
    mode = made.parameters["amp_mode"]
    assert (mode.string_value, mode.num_steps, mode.is_discrete) == ("crunch", 3, True)
    assert mode.range == (0.0, 2.0, 1.0)
    assert mode.valid_values == [0.0, 1.0, 2.0]
    assert list(mode.ranges.values()) == mode.valid_values
    made.amp_mode = "lead"
    assert (mode.value, mode.raw_value, str(mode)) == (
        2.0,
        1.0,
        "<amp.mode = lead in [clean, lead]>",
    )
    heard = [mode.get_text_for_raw_value(raw) for raw in (0.0, 0.2, 0.3, 0.7, 0.8)]
    assert heard == ["clean", "clean", "crunch", "crunch", "lead"]
    for text, raw in (("clean", 0.0), ("crunch", 0.5), ("2", 1.0)):
        assert mode.get_raw_value_for_text(text) == raw
    mode.raw_value = 0.1
    assert mode.value == 0.0
    with pytest.raises(ng.ParamError, match="must be one of clean, crunch, lead"):
        made.amp_mode = "leed"
    assert made.parameters["delay_freeze"].string_value == "off"
