"""What the documentation and the messages of a plugin tell users to do works as they say."""

import inspect
import pydoc
import re
import warnings
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.runtime.adapters.pedalboard.channels import find_layouts

from .graphs import LAG, RATE, Audio, echo_graph, noise, rendered
from .test_channels import spread

pb = pytest.importorskip("pedalboard")
from namgraph.runtime.adapters.pedalboard import GraphPlugin  # noqa: E402


def three_wide() -> ng.Graph:
    """Three channels in and out."""
    return echo_graph(3)


@pytest.mark.parametrize("shape", ["(frames,)", "(1, frames)"])
@pytest.mark.parametrize(
    ("rack", "fit"), [(spread, "auto"), (spread, "first"), (three_wide, "auto")]
)
def test_the_advice_for_a_mono_file_gives_every_output(rack: Any, fit: Any, shape: str) -> None:
    mono = noise(1) if shape == "(1, frames)" else noise(1)[0]
    plugin = GraphPlugin(rack(), fit=fit)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said = ""
            assert pb.Pedalboard([pb.Gain(0), plugin])(mono, RATE).shape == mono.shape
        except ng.PortError as refused:
            said = str(refused)
    said += "".join(str(one.message) for one in caught)
    advised = re.search(
        r"give it \d channels, (np\.vstack\(\[.*?\]\))(?:, with fit='(\w+)')?", said
    )
    assert advised is not None, said
    wide = eval(advised[1], {"np": np, "x": mono})
    again = GraphPlugin(rack(), fit=advised[2] or fit)  # type: ignore[arg-type]
    heard = pb.Pedalboard([pb.Gain(0), again])(wide, RATE)  # a warning would be an error here
    given = np.atleast_2d(mono) if rack is spread else wide
    np.testing.assert_array_equal(heard, rendered(rack(), given))


def test_what_no_channel_count_can_play_gets_no_advice() -> None:
    graph = ng.Graph()
    graph.input("in", channels=3)
    graph.output("out", channels=2)
    layouts = find_layouts(graph, "auto")
    assert list(layouts) == [1]
    assert layouts[1].said.endswith("that one gets the mean of its outputs")


def parts_of(plugin: Any, x: Audio, cuts: list[int]) -> Audio:
    parts = [plugin.process(part, RATE, reset=False) for part in np.split(x, cuts, axis=1)]
    return np.concatenate(parts, axis=1)


def test_the_parts_of_a_stream_are_the_whole() -> None:
    x = noise(2, 9000)
    cuts = sorted({int(n) for n in np.random.default_rng(1).integers(1, 9000, 40)} | {64, 65})
    plugin = GraphPlugin(echo_graph())
    whole = plugin.process(x, RATE)
    plugin.reset()
    np.testing.assert_array_equal(parts_of(plugin, x, cuts), whole)
    plugin.reset()  # another stream, cut otherwise
    np.testing.assert_array_equal(parts_of(plugin, x, [4000]), whole)
    np.testing.assert_array_equal(plugin.process(x, RATE, buffer_size=100), whole)
    joined = parts_of(plugin, x, [4000])  # without a reset: what was before rings on
    assert not np.array_equal(joined, whole)


def test_silence_brings_out_what_latency_holds_back() -> None:
    x = noise(2, 3000)
    plugin = GraphPlugin(echo_graph(lag=LAG))
    whole = plugin.process(x, RATE)
    plugin.reset()
    parts = parts_of(plugin, x, [64, 128, 1000])
    assert plugin.latency == LAG
    assert parts.shape == (2, 3000 - LAG)
    rest = plugin.process(np.zeros((2, plugin.latency), np.float32), RATE, reset=False)
    np.testing.assert_array_equal(np.concatenate([parts, rest], axis=1), whole)


def test_silence_after_the_input_has_the_tail() -> None:
    x = noise(2, 3000)
    plugin = GraphPlugin(echo_graph())
    assert pb.Pedalboard([plugin])(x, RATE).shape == x.shape
    padded = np.pad(x, ((0, 0), (0, plugin.tail_samples)))
    heard = pb.Pedalboard([plugin])(padded, RATE)
    np.testing.assert_array_equal(heard, ng.render(echo_graph(), x, RATE))
    assert np.abs(heard[:, 3000:]).max() > 0.01  # there is one


def test_help_tells_of_attributes_channels_parts_and_tails() -> None:
    text = " ".join(pydoc.plain(pydoc.render_doc(GraphPlugin)).replace("|", " ").split())
    for told in ("plugin.amp_input_db", "plugin.parameters", 'fit="first"', "plugin.tail_samples",
                 "reset=False", "buffer_size: int = 8192", "keep their state"):  # fmt: skip
        assert told in text, told
    own = {n: v for k in GraphPlugin.__mro__[:2] for n, v in vars(k).items() if n[0] != "_"}
    without = [n for n, v in own.items() if not inspect.getdoc(v)]
    assert without == []
    assert {"swap", "process", "mix", "bypass", "parameters", "tail_samples", "latency"} <= {*own}


def test_the_attributes_are_those_of_the_rack_that_plays() -> None:
    plugin = GraphPlugin("crunch", fit="first")
    assert {*plugin.parameters} <= {*dir(plugin)}
    assert plugin.parameters["amp_input_db"].range == (-60.0, 60.0, None)
    plugin.swap(echo_graph())
    assert "amp_gain_db" in dir(plugin)
    assert "amp_input_db" not in dir(plugin)
    with pytest.raises(AttributeError, match="no attribute 'amp_gainn_db'; did you mean amp_gain"):
        plugin.amp_gainn_db = 3.0
