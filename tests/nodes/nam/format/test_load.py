"""Bad .nam files: each is refused with one line that names the place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.graph import NamFileError
from namgraph.nodes.nam import load_nam
from namgraph.nodes.nam.format import load as reading
from namgraph.nodes.nam.format.load import parse_nam
from namgraph.nodes.nam.model.networks import Lstm
from namgraph.nodes.nam.model.wavenet import WaveNet

from .. import nets
from ..playing import parse
from .bad_files import BAD, BOTH, LSTM, TALL, WAVENET, changed, slim


@pytest.mark.parametrize(("model", "path", "value", "words"), BAD)
def test_bad_values(model: Any, path: str, value: Any, words: str) -> None:
    with pytest.raises(NamFileError) as caught:
        parse(changed(model, path, value))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_files_that_are_changed_are_good() -> None:
    """Positive control of ``test_bad_values``."""
    for model in (WAVENET, TALL, LSTM, BOTH):
        assert parse(model).weight_count > 50


BYTES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is an empty file, not a NAM model"),
    "truncated": (json.dumps(WAVENET).encode()[:-20], "is not JSON"),
    "no object": (b"[1, 2]", "the file is a list of 2: must be a JSON object"),
    "null": (b"null", "the file is None"),
    "binary": (bytes(range(256)), "is not UTF-8 text"),
    "NaN": (
        json.dumps(changed(WAVENET, "config.head_scale", np.nan)).encode(),
        r"config\.head_scale is NaN: must be a number JSON has",
    ),
    "infinity": (
        json.dumps(changed(WAVENET, "weights.3", -np.inf)).encode(),
        r"weights\[3\] is -Infinity: must be a number JSON has",
    ),
    "deep": (b"[" * 200_000, "is nested too deeply"),
    "digits": (b'{"version": ' + b"9" * 5000 + b"}", "is not JSON this package reads"),
    "trailing": (json.dumps(WAVENET).encode() + b"}", "is not JSON"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bad_bytes(name: str) -> None:
    content, words = BYTES[name]
    with pytest.raises(NamFileError, match=words):
        parse_nam(content)


def test_sizes_are_bounded_before_memory_is_asked_for() -> None:
    wide = changed(TALL, "config.layers.0.channels", 512)
    wide = changed(wide, "config.layers.0.kernel_size", 4096)
    with pytest.raises(NamFileError, match="config needs more than"):
        parse(wide)
    far = nets.wavenet(nets.array(2, [131_072] * 9, taps=2))
    with pytest.raises(NamFileError, match="look back 1179649 frames: at most"):
        parse(far)
    large = nets.wavenet(nets.array(40, [131_072] * 4, taps=2))
    with pytest.raises(NamFileError, match="need a history of 21099520 numbers: at most"):
        parse(large)
    deep = nets.container(LSTM, limits=[1.0])
    for _ in range(4):
        deep = nets.container(deep, limits=[1.0])
    with pytest.raises(NamFileError, match="models are nested more than"):
        parse(deep)


def _missing(folder: Path) -> Path:
    return folder / "no such file"


def _too_large(folder: Path) -> Path:
    path = folder / "large.nam"
    with path.open("wb") as large:
        large.write(b'{"weights": ')
        large.truncate(reading.MAX_BYTES + 1)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_missing, "cannot be read: No such file"),
        (lambda folder: folder, "it is a folder, not a NAM model"),
        (_too_large, "at most"),
        (lambda folder: "/dev/zero", "it is a device, not a NAM model"),
    ],
)
def test_files_that_cannot_be_read(make: Callable[[Path], Any], words: str, tmp_path: Path) -> None:
    name = make(tmp_path)
    with pytest.raises(NamFileError, match=words) as caught:
        load_nam(name)
    assert str(name) in str(caught.value)


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = nets.write(tmp_path, WAVENET)
    first = load_nam(path)
    assert load_nam(path) is first
    nets.write(tmp_path, LSTM)
    assert load_nam(path).architecture == "LSTM"
    (tmp_path / "model.nam").unlink()
    with pytest.raises(NamFileError, match=r"model\.nam: cannot be read"):
        load_nam(path)


def test_properties_of_a_model() -> None:
    known = {"loudness": -20.5, "input_level_dbu": 18, "output_level_dbu": None, "name": "Plexi"}
    model = parse(WAVENET | {"metadata": known})
    assert model.loudness == -20.5
    assert model.input_level_dbu == 18.0
    assert model.output_level_dbu is None
    assert model.metadata["name"] == "Plexi"
    assert model.sample_rate == 48_000
    assert model.weight_count == len(WAVENET["weights"])
    assert isinstance(model.network, WaveNet)
    assert parse(WAVENET | {"metadata": None}).loudness is None
    assert not model.sample_rate_is_assumed
    unsaid = parse({k: v for k, v in WAVENET.items() if k != "sample_rate"})
    assert (unsaid.sample_rate, unsaid.sample_rate_is_assumed) == (48_000, True)


@pytest.mark.parametrize("key", ["loudness", "input_level_dbu", "output_level_dbu"])
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_levels_that_are_no_numbers_are_named(key: str, value: float) -> None:
    with pytest.raises(NamFileError, match=rf"^metadata\.{key} is (NaN|-Infinity): must be a n"):
        parse(WAVENET | {"metadata": {"gain": 0.5, key: value}})
    inner = WAVENET | {"metadata": {key: value}}
    with pytest.raises(NamFileError, match=rf"submodels\[1\]\.model\.metadata\.{key} is"):
        parse(nets.container(LSTM, inner))


def test_unused_metadata_may_be_nan() -> None:
    """Python's json writes NaN for measurements that failed."""
    said = {"gain": np.nan, "training": {"validation_esr": np.inf, "loudness": np.nan}, "a.b": 1}
    model = parse(WAVENET | {"metadata": said})
    assert model.metadata["gain"] is None
    assert model.metadata["training"] == {"validation_esr": None, "loudness": None}
    with pytest.raises(NamFileError, match=r"^notes is NaN"):
        parse(WAVENET | {"notes": np.nan})


@pytest.mark.parametrize(
    ("model", "weights", "multiply_adds", "field"),
    [
        (nets.a1("standard"), 13_802, 13_320, 4093),
        (nets.a1("lite"), 6_554, 6_228, 4093),
        (nets.a1("feather"), 3_026, 2_808, 4093),
        (nets.a1("nano"), 842, 732, 4093),
        (nets.a2(3), 1_871, 1_731, 6347),
        (nets.a2(8), 12_146, 11_776, 6347),
        (nets.lstm(16, 1), 1_201, None, None),
        (nets.lstm(8, 2), 905, None, None),
    ],
)
def test_published_sizes(
    model: Any, weights: int, multiply_adds: int | None, field: int | None
) -> None:
    """Sizes from nam-format.md, 2.10 and 2.11, and of NeuralAudio's models."""
    read = parse(model)
    assert read.weight_count == weights
    assert read.receptive_field == field
    assert multiply_adds in (None, read.multiply_adds)
    assert read.prewarm == (24_000 if field is None else field)


def test_containers_choose_the_first_size_above() -> None:
    model = parse(BOTH)
    kinds = {slim: type(model.select(slim).network) for slim in (0.0, 0.49, 0.5, 0.51, 1.0)}
    assert kinds == {0.0: Lstm, 0.49: Lstm, 0.5: WaveNet, 0.51: WaveNet, 1.0: WaveNet}
    assert model.receptive_field == parse(WAVENET).receptive_field
    assert model.weight_count == len(WAVENET["weights"]) + len(LSTM["weights"])


@pytest.mark.parametrize(
    ("allowed", "widths"),
    [([1, 2, 4], {0: 1, 0.33: 1, 0.34: 2, 0.67: 4, 1: 4}), ([2, 4], {0: 2, 0.5: 4}), ([4], {0: 4})],
)
def test_networks_that_can_be_cut_down(allowed: list[int], widths: dict[float, int]) -> None:
    whole = nets.wavenet(nets.array(4, [1, 2], head=3), nets.array(3, [8], inputs=4))
    model = parse(changed(whole, "config.layers.0.slimmable", slim(allowed)))
    assert model.select() is model
    for value, width in widths.items():
        network = model.select(value).network
        assert isinstance(network, WaveNet)
        first, second = network.arrays
        assert [c.weight.shape for c in first.convs] == [
            (width, 1, 1),
            *[(width, width, 3), (width, 1, 1), (width, width, 1)] * 2,
            (3, width, 1),
        ]
        assert second.rechannel.weight.shape == (3, width, 1)
        assert second.layers[0].conv.weight.shape == (3, 3, 3)


@pytest.mark.parametrize("version", ["0.5.0", "0.5.99", "0.6.5", "0.7.0", "0.7.1"])
def test_known_versions(version: str) -> None:
    assert parse(WAVENET | {"version": version}).version == version


def test_harmless_deviations_are_accepted() -> None:
    model = WAVENET | {"notes": "keep", "metadata": {"unknown": [1, {"a": None}]}}
    model = changed(model, "config.layers.0.channels", 3.0)
    for key in ("conv_pre_film", "head1x1_post_film"):
        model = changed(model, f"config.layers.0.{key}", False)
    model = changed(model, "config.layers.0.layer1x1", {"active": True, "groups": 1})
    model = changed(model, "config.layers.0.head1x1", {"active": False})
    model = changed(model, "config.layers.0.bottleneck", 3)
    model = changed(model, "config.layers.0.gating_mode", ["none", "none"])
    model = changed(model, "config.layers.0.secondary_activation", None)
    assert parse(model).weight_count == len(WAVENET["weights"])
    assert parse_nam(b"\xef\xbb\xbf" + json.dumps(model).encode()).version == "0.5.4"


def test_weights_cannot_be_changed() -> None:
    network = parse(WAVENET).running
    assert isinstance(network, WaveNet)
    with pytest.raises(ValueError, match="read-only"):
        network.arrays[0].rechannel.weight[...] = np.float32(0)


def test_models_too_costly_to_prewarm_are_refused() -> None:
    slow = nets.wavenet(nets.array(12, [2_000], taps=500))
    with pytest.raises(NamFileError, match="multiply-adds to prewarm: at most 5e"):
        parse(slow)
    long = nets.container(
        *[nets.wavenet(*[nets.array(1, [1] * 255)] * 4)] * 3, limits=(0.2, 0.5, 1)
    )
    with pytest.raises(NamFileError, match=r"has 9204 convolutions .* at most 6144"):
        parse(long)
    many = nets.wavenet(*[nets.array(1, [1] * 256)] * 5)
    with pytest.raises(NamFileError, match=r"config\.layers have 1280 layers: at most 1024"):
        parse(many)


def test_models_are_cached_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [nets.write(tmp_path, nets.lstm(4, 1), f"{k}.nam") for k in range(4)]
    monkeypatch.setattr(reading, "_cache", {})
    monkeypatch.setattr(reading, "MAX_CACHE_WEIGHTS", 3 * reading.MIN_CACHE_WEIGHTS)
    first = [load_nam(path) for path in paths[:3]]
    assert all(load_nam(p) is m for p, m in zip(paths, first, strict=False))
    load_nam(paths[3])
    assert load_nam(paths[2]) is first[2]
    assert load_nam(paths[0]) is not first[0], "the oldest went"
    monkeypatch.setattr(reading, "MAX_CACHE_WEIGHTS", 0)
    assert load_nam(paths[1]) is load_nam(paths[1]), "the last one stays, however large"
