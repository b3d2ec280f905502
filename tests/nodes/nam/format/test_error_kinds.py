"""Kinds of ``NamFileError``, with fields: raised, cached, pickled, and named by their source."""

import copy
import copyreg
import inspect
import pickle
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng
from namgraph.graph import errors
from namgraph.nodes.nam.format import load as reading

from .. import nets
from .bad_files import BOTH, GONE, LSTM, WAVENET, changed

LAYER = "config.layers.0"
UNSLIM = changed(WAVENET, f"{LAYER}.slimmable", {"method": "slice_channels_uniform"})
KINDS: dict[str, tuple[Any, str, Any, type[ng.NamFileError], dict[str, Any]]] = {
    "missing": (WAVENET, "config", GONE, ng.MissingFieldError, {"field": "config"}),
    "missing inside": (
        LSTM, "config.hidden_size", GONE, ng.MissingFieldError, {"field": "config.hidden_size"},
    ),
    "value": (
        WAVENET, f"{LAYER}.channels", 0, ng.FieldValueError,
        {"field": "config.layers[0].channels", "allowed": "a whole number in [1, 512]"},
    ),
    "type": (
        WAVENET, "version", 5, ng.FieldValueError, {"field": "version", "allowed": "a string"},
    ),
    "weight": (
        WAVENET, "weights.3", 1e39, ng.FieldValueError,
        {"field": "weights[3]", "allowed": "in the range of float32"},
    ),
    "malformed version": (
        WAVENET, "version", "new", ng.FieldValueError,
        {"field": "version", "allowed": "three numbers with dots, such as 0.5.4"},
    ),
    "version": (
        WAVENET, "version", "1.0.0", ng.UnsupportedVersionError,
        {"version": "1.0.0", "supported": "0.5.0 up to 0.7"},
    ),
    "architecture": (
        WAVENET, "architecture", "Transformer", ng.UnsupportedArchitectureError,
        {
            "architecture": "Transformer",
            "supported": (
                "WaveNet", "LSTM", "ConvNet", "Linear", "SlimmableContainer", "Sequential",
                "ConcatWaveNet", "ConcatLSTM", "FiLMWaveNet", "HyperWaveNet", "ParametricWaveNet",
            ),
        },
    ),
    "activation": (
        WAVENET, f"{LAYER}.activation", "Swish", ng.ActivationError,
        {
            "activation": "Swish",
            "supported": (
                "Tanh", "Fasttanh", "Hardtanh", "ReLU", "Sigmoid", "SiLU", "Hardswish", "Softsign",
                "LeakyReLU", "PReLU", "LeakyHardtanh",
            ),
        },
    ),
    "weights": (
        LSTM, "weights", [0.0] * 7, ng.WeightCountError,
        {"expected": len(LSTM["weights"]), "found": 7},
    ),
    "channels": (
        WAVENET, f"{LAYER}.channels", 10**9, ng.ConfigTooLargeError,
        {"what": "config.layers[0].channels", "found": 10**9, "limit": 512},
    ),
    "field": (
        WAVENET, f"{LAYER}.dilations", [1 << 17] * 10, ng.ConfigTooLargeError,
        {"what": "receptive field", "found": 2 * 10 * (1 << 17) + 17, "limit": 1 << 20},
    ),
    "rate of a submodel": (
        BOTH, "config.submodels.0.model.sample_rate", 44_100, ng.SampleRateError,
        {"found": 44_100.0, "expected": 48_000.0},
    ),
    "groups": (UNSLIM, f"{LAYER}.groups_input", 3, ng.UnsupportedFeatureError, {}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_cache", {})


@pytest.mark.parametrize("name", KINDS)
def test_type_and_fields_survive_the_cache_and_a_pickle(name: str, tmp_path: Path) -> None:
    model, place, value, kind, fields = KINDS[name]
    file = changed(model, place, value)
    path = nets.write(tmp_path, file, "amp.nam")
    found = list[ng.NamFileError]()
    for source in (path, path, file):  # read, from the cache, and from memory
        with pytest.raises(ng.NamFileError) as caught:
            ng.load_nam(source)
        found.append(caught.value)
    found += [pickle.loads(pickle.dumps(found[0])), copy.copy(found[1])]
    for error in found:
        assert type(error) is kind
        assert vars(error) == fields
        assert "\n" not in str(error)
    text = str(found[2]).removeprefix("<dict>: ")
    assert {str(e) for e in found} == {f"{path}: {text}", f"<dict>: {text}"}


def test_what_cannot_be_read_or_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(ng.NamReadError, match="No such file"):
        ng.load_nam(tmp_path / "none.nam")
    with pytest.raises(ng.NamReadError, match="it is a folder"):
        ng.load_nam(tmp_path)
    (tmp_path / "amp.nam").write_bytes(b"")
    for source in (tmp_path / "amp.nam", b""):
        with pytest.raises(ng.NamReadError, match="is an empty file, not a NAM model"):
            ng.load_nam(source)
    for content in (b"{", b"\xff", b"\x89PNG\r\n", b'{"weights": [NaN]}'):
        (tmp_path / "amp.nam").write_bytes(content)
        for _ in range(2):
            with pytest.raises(ng.NamJsonError, match=r"amp\.nam: "):
                ng.load_nam(tmp_path / "amp.nam")


def test_a_stream_at_another_rate_says_both() -> None:
    graph = ng.Graph()
    end = graph.input("in", channels=1) >> graph.add("amp", ng.Nam(ng.load_nam(LSTM)))
    end >> graph.output("out", channels=1)
    with pytest.raises(
        ng.SampleRateError, match="<dict>: the model runs at 48000 Hz, the"
    ) as caught:
        ng.Engine(graph, sample_rate=44_100, max_frames=64)
    assert (caught.value.found, caught.value.expected) == (48_000.0, 44_100.0)


def test_a_cached_error_holds_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback would keep the bytes of the file in memory, in its frames.

    Also where copies of errors keep theirs, as they do once Dask has been imported.
    """
    reduced = {ng.WeightCountError: lambda error: (copied, (error,))}

    def copied(error: ng.WeightCountError) -> ng.WeightCountError:
        return type(error)(*error.args).with_traceback(error.__traceback__)

    table: dict[Any, Any] = {**copyreg.dispatch_table, **reduced}
    monkeypatch.setattr("copy.dispatch_table", table)
    path = nets.write(tmp_path, changed(LSTM, "weights", []), "amp.nam")
    for _ in range(2):
        with pytest.raises(ng.WeightCountError):
            ng.load_nam(path)
    (known,) = (entry[1] for entry in reading._cache.values())
    assert isinstance(known, ng.WeightCountError)
    assert known.__traceback__ is None
    assert known.__context__ is None


def test_every_kind_is_public_documented_and_made_of_a_message() -> None:
    kinds = {
        name: kind
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.NamFileError)
    }
    assert len(kinds) == 12
    for name, kind in kinds.items():
        assert getattr(ng, name) is kind
        assert f"{name} " in (errors.__doc__ or "")
        assert issubclass(kind, ng.FileError)
        assert issubclass(kind, ValueError)
        assert str(pickle.loads(pickle.dumps(kind("said").within("amp.nam")))) == "amp.nam: said"
