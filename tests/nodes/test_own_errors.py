"""A file that cannot be used raises its own error when its node is added."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import CudaError, EngineError, Spec

LSTM = ng.asset("crunch-lstm.nam")
X = np.zeros(64, np.float32)

BAD: list[tuple[Callable[[str], ng.Node], str, type[ng.FileError]]] = [
    (lambda path: ng.Nam(path), "cannot be read: No such file", ng.NamFileError),
    (lambda path: ng.Nam(path, backend="auto"), "cannot be read: No such", ng.NamFileError),
    (lambda path: ng.Nam(path, backend="cuda"), "cannot be read: No such", ng.NamFileError),
    (lambda path: ng.Nam(path, resample=True), "cannot be read: No such", ng.NamFileError),
    (lambda path: ng.NamBank([LSTM, path]), "cannot be read: No such", ng.NamFileError),
    (lambda path: ng.NamBank([path], backend="auto"), "cannot be read: No", ng.NamFileError),
    (lambda path: ng.NamBank([path], backend="cuda"), "cannot be read: No", ng.NamFileError),
    (lambda path: ng.Cab(path), "cannot be read: No such file", ng.AudioFileError),
    (lambda path: ng.Cab(path, layout="stereo"), "cannot be read: No such", ng.AudioFileError),
]


@pytest.mark.parametrize(("make", "says", "kind"), BAD)
def test_the_files_own_error_is_raised_when_its_node_is_added(
    make: Callable[[str], ng.Node], says: str, kind: type[ng.FileError]
) -> None:
    made = make("/nope")  # a description: nothing is read yet
    graph = ng.Graph()
    graph.input("in", channels=2)
    with pytest.raises(kind, match=f"/nope:? ?{says}"):
        graph.add("amp", made)
    assert not graph.nodes
    whole = ng.Graph()
    whole.add("amp", ng.Gain())
    with pytest.raises(kind, match="/nope"):
        whole.replace("amp", made)
    assert whole.nodes == {"amp": ng.Gain()}


def test_the_file_behind_the_symptom_is_named_in_a_stereo_graph(tmp_path: Path) -> None:
    """The width of a model that cannot be read is not guessed: it used to be taken for mono."""
    bad = tmp_path / "bad.nam"
    bad.write_text("{")
    graph = ng.Graph()
    guitar = graph.input("in", channels=2)
    with pytest.raises(ng.NamFileError, match=r"bad\.nam: is not JSON"):
        guitar >> graph.add("amp", ng.Nam(str(bad))) >> graph.output("out", channels=2)


def test_a_bad_file_is_no_reason_against_a_device() -> None:
    for node in (ng.Nam("/nope.nam"), ng.NamBank(["/nope.nam"])):
        with pytest.raises(ng.NamFileError, match=r"/nope\.nam: cannot be read"):
            node.device_refusal()
    assert isinstance(ng.Nam(LSTM).device_refusal(), str)
    with pytest.raises(ng.NamFileError, match=r"/nope\.nam: cannot be read"):
        ng.render_models([LSTM, "/nope.nam"], X, 48_000, backend="auto")


def test_a_device_that_is_missing_is_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Any:
        raise CudaError("no CUDA driver here")

    monkeypatch.setattr("namgraph.runtime.cuda.driver.device.open_library", none)
    monkeypatch.setattr("namgraph.runtime.cuda.driver.device._opened", {})
    node = ng.Nam(LSTM, backend="cuda")
    assert node.device_refusal() == "no CUDA driver here"
    graph = ng.Graph()
    amp = graph.input("in", channels=1) >> graph.add("amp", node)
    amp >> graph.output("out", channels=1)
    with pytest.raises(CudaError, match="no CUDA driver here"):
        ng.Engine(graph, sample_rate=48_000)


def test_a_rate_that_does_not_fit_names_the_argument_to_give() -> None:
    graph = ng.Graph()
    amp = graph.input("in", channels=1) >> graph.add("amp", ng.Nam(LSTM))
    amp >> graph.output("out", channels=1)
    says = (
        r"runs at 48000 Hz, the stream at 44100 Hz: play it at 48000 \(sample_rate=48000\), "
        r"or let the node resample: Nam\(\.\.\., resample=True\)$"
    )
    with pytest.raises(ng.NamFileError, match=says):
        ng.render(graph, X, 44_100)
    ng.render(graph, X, 48_000)


@pytest.mark.parametrize(
    ("stereo", "mono", "says"),
    [
        (EngineError("gives back ever less"), None, "^gives back ever less$"),
        (ValueError("not in stereo"), EngineError("needs 9 s"), "^needs 9 s$"),
        (ValueError("not in stereo"), ValueError("nor mono"), "in stereo: not in stereo; in mono"),
    ],
)
def test_what_a_hosted_plugin_says_is_not_covered_by_the_other_width(
    monkeypatch: pytest.MonkeyPatch, stereo: Exception, mono: Exception | None, says: str
) -> None:
    def measured(what: Any, settings: Any, rate: float, channels: int) -> Any:
        raise stereo if channels == 2 or mono is None else mono

    pytest.importorskip("pedalboard")
    monkeypatch.setattr("namgraph.nodes.pedalboard_effect.measured", measured)
    with pytest.raises(EngineError, match=says):
        ng.PedalboardEffect("Gain").latency(Spec(48_000, 64))
