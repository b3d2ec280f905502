"""Missing connections: ``Graph.check``, the warning, the error."""

import subprocess
import sys
import warnings
from typing import ClassVar

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Graph, GraphError, GraphWarning, Kind, Port

from .racks import Box, chain


class Reading(Box):
    """A box with readings."""

    reports: ClassVar[tuple[str, ...]] = ("peak",)


def rack() -> Graph:
    graph = Graph()
    guitar, out = graph.input("guitar", channels=1), graph.output("out", channels=1)
    guitar >> graph.add("amp", ng.Gain()) >> graph.add("cab", ng.Gain()) >> out
    return graph


def test_a_whole_rack_has_nothing_to_say() -> None:
    assert rack().check() == chain(3).check() == rack().check(strict=True) == ()
    assert Graph().check() == ()


def test_what_was_removed_leaves_silence_that_is_named() -> None:
    graph = rack()
    graph.remove("amp")
    assert graph.check() == ("input guitar is connected to nothing", "cab gets no input")
    graph.remove("cab")
    assert graph.check() == ("input guitar is connected to nothing", "output out gets no input")
    graph.connect("guitar", "out")
    assert graph.check() == ()
    graph.remove("guitar")
    assert graph.check() == ("output out gets no input",)


def test_a_node_that_nobody_feeds_or_hears_is_named() -> None:
    graph = rack()
    graph.add("spare", ng.Gain())
    graph.handle("amp") >> graph.add("branch", ng.Gain()) >> graph.add("end", ng.Gain())
    assert graph.check() == (
        "spare gets no input",
        "spare is heard nowhere",
        "end is heard nowhere",
    )
    with pytest.raises(GraphError, match="spare gets no input, spare is heard nowhere, end is"):
        graph.check(strict=True)


def test_a_source_needs_no_input_and_a_meter_no_listener() -> None:
    graph = rack()
    graph.handle("amp") >> graph.add("level", ng.Gain()) >> graph.add("meter", ng.Meter())
    graph.handle("cab") >> graph.add("reading", Reading())
    source = graph.add("noise", Box(ins=(), outs=(Port("out", 1),)))
    source >> graph.handle("out")
    lfo = graph.add("lfo", Box(ins=(), outs=(Port("out", kind=Kind.CONTROL),)))
    wah = graph.add("wah", Box(ins=(Port("in"), Port("cutoff", kind=Kind.CONTROL))))
    lfo >> wah["cutoff"]
    graph.handle("cab") >> wah["in"]
    wah >> graph.handle("out")
    assert graph.check() == ()
    graph.add("alone", ng.Meter())
    assert graph.check() == ("alone gets no input",)


def test_render_and_engine_warn_once_or_raise() -> None:
    graph, x = rack(), np.zeros(64, np.float32)
    graph.add("spare", ng.Gain())
    said = "spare gets no input, spare is heard nowhere: connect what is missing, or remove it"
    for call in (
        lambda **how: ng.render(graph, x, 48_000, **how),
        lambda **how: ng.Engine(graph, sample_rate=48_000, **how),
    ):
        with pytest.warns(GraphWarning) as caught:
            call()
        assert [str(w.message) for w in caught] == [said]
        assert caught[0].filename == __file__, "it points at the line that called"
        with pytest.raises(GraphError, match=said):
            call(strict=True)
        call(strict=None)
    with pytest.warns(GraphWarning):
        stream = ng.NullStream(graph)
    stream.close()


def test_a_swap_is_looked_at_as_the_first_graph_was() -> None:
    graph, x = rack(), np.zeros(64, np.float32)
    graph.add("spare", ng.Gain())
    engine = ng.Engine(rack(), sample_rate=48_000)
    with pytest.warns(GraphWarning, match="spare"):
        engine.swap(graph)
    strict = ng.Engine(rack(), sample_rate=48_000, strict=True)
    with pytest.raises(GraphError, match="spare"):
        strict.swap(graph)
    np.testing.assert_array_equal(strict.process(x), x)


def test_a_loop_of_renders_warns_once_for_the_line_that_calls() -> None:
    code = """
import numpy as np, namgraph as ng
graph = ng.Graph()
graph.input("in", channels=1) >> graph.output("out", channels=1)
graph.add("spare", ng.Gain())
for _ in range(3):
    ng.render(graph, np.zeros(8, np.float32), 48_000)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.count("GraphWarning: spare gets no input") == 1
    assert done.stderr.startswith("<string>:7:")


def test_the_warning_can_be_silenced_by_its_category() -> None:
    graph = rack()
    graph.remove("cab")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ng.GraphWarning)
        ng.render(graph, np.zeros(8, np.float32), 48_000)
