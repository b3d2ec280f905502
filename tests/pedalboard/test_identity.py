"""Name, version and identifier of a plugin; errors for unknown attributes."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng

pb = pytest.importorskip("pedalboard")

from namgraph.runtime.adapters.pedalboard import GraphPlugin  # noqa: E402
from namgraph.runtime.adapters.pedalboard.effect import GraphEffect  # noqa: E402

KINDS = [GraphPlugin, GraphEffect]


def chain(*nodes: ng.Node, name: str = "") -> ng.Graph:
    graph = ng.Graph()
    graph.name = name
    end = graph.input("in", channels=1)
    for k, node in enumerate(nodes):
        end = end >> graph.add(f"n{k}", node)
    end >> graph.output("out", channels=1)
    return graph


def test_a_plugin_is_named_after_its_preset_or_its_nodes(tmp_path: Path) -> None:
    graph = chain(ng.Gain(), ng.DcBlock())
    assert GraphPlugin(graph).name == "n0 > n1"
    ng.save_preset(graph, tmp_path / "mine.json", name="My tone")
    plugin = GraphPlugin(ng.load_preset(tmp_path / "mine.json"))
    assert plugin.name == plugin.descriptive_name == "My tone"
    assert pb.VST3Plugin.name.fget(plugin) == "My tone"  # as the host has read it from the binary
    assert "My tone" in plugin.identifier


@pytest.mark.parametrize(
    ("given", "shown"),
    [("a" * 63, "a" * 63), ("a" * 64, "a" * 60 + "..."), ("é" * 40, "é" * 28 + "..."), ("\n", " ")],
)
def test_a_name_of_any_kind_fits(given: str, shown: str) -> None:
    plugin = GraphPlugin(chain(ng.Gain(), name=given))
    assert plugin.name == shown
    assert len(plugin.name.encode()) <= 63


def test_a_plugin_has_a_name_of_its_own() -> None:
    plugin = GraphPlugin(chain(ng.Gain(), name="graph"), name="Mine")
    assert pb.VST3Plugin.name.fget(plugin) == plugin.name == plugin.descriptive_name == "Mine"
    effect = GraphEffect(chain(ng.Gain(), name="graph"), name="Mine")
    plain = GraphEffect(chain(ng.Gain(), name="graph"))
    assert (effect.name, plain.name) == ("Mine", "graph")
    assert plugin.identifier.split("-")[1:] == effect.identifier.split("-")[1:]
    assert plain.identifier.split("-")[2:] == effect.identifier.split("-")[2:]
    assert pickle.loads(pickle.dumps(effect)).name == "Mine"
    effect.swap(chain(ng.DcBlock(), name="other"))
    plain.swap(chain(ng.DcBlock(), name="other"))
    assert (effect.name, plain.name) == ("Mine", "other")


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_is_ours(kind: type) -> None:
    made = kind(chain(ng.Gain()))
    assert (made.version, made.manufacturer_name) == (ng.__version__, "namgraph")
    assert (made.is_effect, made.is_instrument, made.category) == (True, False, "Fx")


def test_the_identifier_is_the_graphs(tmp_path: Path) -> None:
    plugin = GraphPlugin(chain(ng.Gain(), ng.Delay()))
    known = plugin.identifier
    assert GraphPlugin(chain(ng.Gain(), ng.Delay())).identifier == known
    plugin.n0_gain_db = -3.0
    assert plugin.identifier == pickle.loads(pickle.dumps(plugin)).identifier == known
    others = [
        GraphPlugin(chain(ng.Delay(), ng.Gain())),
        GraphPlugin(chain(ng.Gain(), ng.Delay(), ng.Gain())),
        GraphPlugin(chain(ng.Gain(), ng.Delay()), fit="each"),
        GraphPlugin(chain(ng.Gain(), ng.Nam(ng.asset("crunch-lstm.nam")))),
    ]
    assert len({known, *(p.identifier for p in others)}) == 5
    script = (
        "import namgraph as ng\ng = ng.Graph()\n"
        "g.input('in', channels=1) >> g.add('n0', ng.Gain(gain_db=2)) >> g.add('n1', ng.Delay()) "
        ">> g.output('out', channels=1)\nprint(ng.GraphPlugin(g).identifier)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == known


def test_two_plugins_of_one_graph_are_two() -> None:
    one, two = (GraphPlugin(chain(ng.Gain())) for _ in range(2))
    two.n0_gain_db = 6.0
    assert one.n0_gain_db == 0.0
    x = np.full((1, 4800), 0.25, np.float32)
    assert one(x, 48_000)[0, -1] == pytest.approx(0.25)
    assert two(x, 48_000)[0, -1] == pytest.approx(0.25 * 10**0.3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["has_shared_gui", "_repr_html_", "__array__", "foo", "slim"])
def test_an_unknown_attribute_is_refused(kind: type, name: str) -> None:
    plugin = kind(chain(ng.Gain()))
    with pytest.raises(AttributeError) as caught:
        getattr(plugin, name)
    assert str(caught.value) == f"{kind.__name__!r} object has no attribute {name!r}"
    assert not hasattr(plugin, name)
    with pytest.raises(AttributeError, match=f"no attribute {name!r}$"):
        setattr(plugin, name, 1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["n0_gain", "n0_gain_dB", "gain_db", "gain"])
def test_a_mistyped_attribute_is_answered_with_similar_names(kind: type, name: str) -> None:
    plugin = kind(chain(ng.Gain()))
    with pytest.raises(AttributeError, match=r"; did you mean n0_gain_db\?$"):
        setattr(plugin, name, 1.0)
