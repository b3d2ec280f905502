"""Names that become graphs: the hook that ``presets`` fills in."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Graph, bundled_presets, open_graph

RATE = 48_000


def test_presets_models_and_bundled_names_are_opened(tmp_path: Path) -> None:
    assert open_graph("crunch") == ng.load_preset("crunch")
    assert "crunch" in bundled_presets()
    ng.save_preset(ng.load_preset("crunch"), tmp_path / "mine.json")
    assert open_graph(tmp_path / "mine.json") == ng.load_preset("crunch")
    assert open_graph(str(bundled_presets()["crunch"])).name == "Crunch"
    amp = open_graph(ng.asset("crunch-lstm.nam"))
    assert amp.nodes == {"amp": ng.Nam(ng.asset("crunch-lstm.nam"))}
    assert (dict(amp.inputs), dict(amp.outputs)) == ({"in": 1}, {"out": 1})
    assert amp.name == "crunch-lstm"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("loud", "no preset 'loud'"),
        ("none.json", "none.json"),
        ("none.nam", "none.nam"),
        ("rack.txt", "rack.txt"),
        ("", "empty"),
        (None, "path is None"),
        (b"x", "path is bytes"),
    ],
)
def test_what_is_none_of_these_is_one_error(
    path: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ng.FileError, match=says) as caught:
        open_graph(path)
    assert "\n" not in str(caught.value)


def test_an_adapter_imported_alone_opens_presets() -> None:
    script = (
        "from namgraph.graph import bundled_presets, open_graph\nimport sys\n"
        "assert 'namgraph.presets' not in sys.modules\n"
        "print(*bundled_presets(), *open_graph('crunch').inputs)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    *names, end = done.stdout.split()
    assert end == "guitar"
    assert {"crunch", "plugin"} <= set(names)


def test_a_model_is_followed_by_a_cabinet() -> None:
    model, path = ng.asset("crunch-lstm.nam"), ng.asset("cab.wav")
    x = np.random.default_rng(1).standard_normal(300).astype(np.float32) * 0.1
    expected = ng.render(Graph.chain(ng.Nam(model), ng.Cab(path)), x, RATE)
    sound = ng.read_audio(path)
    for ir in (path, sound, ng.Cab(path), ng.Cab(sound.samples, sound.rate)):
        np.testing.assert_array_equal(ng.render(model, x, RATE, ir=ir), expected)
    with pytest.raises(ng.GraphError, match="is a rack: put a Cab into it"):
        ng.render("crunch", x, RATE, ir=path)


def test_what_is_no_node_is_refused_with_the_call_that_makes_one() -> None:
    model = ng.load_nam(ng.asset("crunch-lstm.nam"))
    for value, call in ((model, r"ng\.Nam\(model\)"), ("amp.nam", r"ng\.Nam\(path\)")):
        with pytest.raises(ng.ParamError, match=f"must be nodes .*{call}"):
            Graph.chain(value)  # type: ignore[arg-type]
        with pytest.raises(ng.GraphError, match=f"must be a Node .*{call}"):
            Graph().add("amp", value)  # type: ignore[arg-type]
