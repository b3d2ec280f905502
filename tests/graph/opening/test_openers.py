"""Names that become graphs: the hook that ``presets`` fills in."""

import subprocess
import sys
from pathlib import Path

import pytest

import namgraph as ng
from namgraph.graph import bundled_presets, open_graph


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
    assert (done.stdout, done.stderr) == ("crunch guitar\n", "")
