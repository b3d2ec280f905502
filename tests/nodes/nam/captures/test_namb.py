"""A .namb plays with the bits of the .nam it was made of; damaged ones are refused in one line."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.graph import errors
from namgraph.nodes.testing import same_bits

from ..nets import a1, lstm
from ..shapes import fill, layer_array, random_wavenet
from .namb import blocks, layouts

Json = dict[str, Any]
X = np.random.default_rng(1).uniform(-0.5, 0.5, 200).astype(np.float32)
PLAIN: dict[str, Json] = {
    "A1 nano": a1("nano"),
    "LSTM": lstm(5, 2),
    "ConvNet": fill({"channels": 4, "dilations": [1, 2, 8], "batchnorm": True,
                     "activation": {"type": "LeakyReLU", "negative_slope": 0.2}}, "ConvNet"),
    "Linear": fill({"receptive_field": 9, "bias": True}, "Linear"),
}  # fmt: skip
GATED = fill({"head_scale": 1.0, "layers": [layer_array(6, [1, 2, 8], gated=True)]})


def featured(seed: int) -> Json:
    """A WaveNet of random options, with those that .namb has."""
    config = random_wavenet(seed)["config"] | {"head": None}
    for row in config["layers"]:
        head = row.pop("head")
        row |= {"head_size": head["out_channels"], "head_bias": head["bias"]}
    return fill(config, seed=seed, loud=0.8)


def played(file: Any) -> Any:
    """The output of a model for the test signal on all its inputs."""
    model = ng.load_capture(file)
    inputs, outputs = model.channels
    engine = ng.Engine(ng.Graph.chain(ng.Nam(model)), sample_rate=48_000, max_frames=64)
    y = np.zeros((outputs, X.size), np.float32)
    engine.play([X] * inputs, list(y), X.size, 64)
    return y


@pytest.mark.parametrize("name", PLAIN)
def test_both_forms_have_the_bits_of_the_nam(name: str) -> None:
    file = PLAIN[name] | {"metadata": {"loudness": -18.5, "output_level_dbu": 3.0}}
    wanted = played(file)
    for content in (blocks(file), layouts(file), layouts(file, 1), layouts(file, 1, checksum=0)):
        same_bits(played(content), wanted)
        model = ng.load_capture(content)
        assert (model.kind, model.architecture) == ("a .namb model", file["architecture"])
        assert (model.loudness, model.input_level_dbu, model.sample_rate) == (-18.5, None, 48_000)
        assert model.weight_count == len(file["weights"])


@pytest.mark.parametrize("seed", range(8))
def test_every_option_of_a_wavenet(seed: int) -> None:
    file = featured(seed)
    same_bits(played(blocks(file)), played(file))


def test_other_orders_of_the_weights() -> None:
    for file, layout in ((lstm(5, 2), 1), (a1("nano"), 2), (GATED, 2)):
        content = layouts(file, layout=layout)
        assert content != layouts(file)
        same_bits(played(content), played(file))


def test_a_file_by_any_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for n, content in enumerate((blocks(a1("nano")), layouts(a1("nano")))):
        path = tmp_path / f"{n}.dat"
        path.write_bytes(content)
        same_bits(played(path), played(a1("nano")))
        assert main(["info", str(path)]) == 0
        assert "a .namb model" in capsys.readouterr().out
        with pytest.raises(errors.NamFileError, match="load_capture reads it"):
            ng.load_nam(path)
        ng.save_nam(ng.load_capture(path), tmp_path / "copy.namb")
        with pytest.raises(ng.NamFileError, match=r"is a \.namb model: namgraph\.bake writes it"):
            ng.save_nam(ng.load_capture(path), tmp_path / "copy.nam")
        assert (tmp_path / "copy.namb").read_bytes() == content


def edited(content: bytes, at: int, letter: str, value: Any, mend: bool = True) -> bytes:
    """The file with another number at a byte, and by default the checksum mended."""
    import zlib

    made = bytearray(content)
    struct.pack_into("<" + letter, made, at, value)
    if mend:
        struct.pack_into("<I", made, 24, zlib.crc32(made[28:], zlib.crc32(made[:24])))
    return bytes(made)


BLOCKS, LAYOUTS = blocks(lstm(3, 1)), layouts(lstm(3, 1))
BAD: list[tuple[bytes, type[Exception], str]] = [
    (BLOCKS[:60], errors.NamReadError, "has 60 bytes: a .namb must have 80 at least"),
    (BLOCKS[:-4], errors.NamReadError, "get the whole file again"),
    (edited(BLOCKS, 200, "B", 9, False), errors.NamReadError, "it is damaged"),
    (edited(BLOCKS, 4, "H", 9), errors.UnsupportedVersionError, "form is 9: must be 1"),
    (edited(BLOCKS, 12, "I", 1 << 30), errors.NamReadError, "its weights begin at byte"),
    (edited(BLOCKS, 16, "I", 5000), errors.WeightCountError, "of 5000 weights: must have all"),
    (edited(BLOCKS, 16, "I", 1 << 30), errors.ConfigTooLargeError, "weights: at most"),
    (edited(BLOCKS, 16, "I", 3), errors.WeightCountError, "has 3 numbers: config needs exactly"),
    (edited(BLOCKS, 80, "B", 7), errors.UnsupportedArchitectureError, "number 7: must be one of 0"),
    (edited(BLOCKS, 88, "H", 60_000), errors.ConfigTooLargeError, "config.hidden_size is 60000"),
    (edited(BLOCKS, 36, "d", -3.0), errors.FieldValueError, "sample_rate is -3"),
    (edited(BLOCKS, 33, "B", 99), errors.UnsupportedVersionError, "0.99"),
    (edited(LAYOUTS, 4, "H", 3), errors.UnsupportedVersionError, "form is 3: must be 1 or 2"),
    (edited(LAYOUTS, 90, "B", 9, False), errors.NamReadError, "it is damaged"),
    (layouts(lstm(3, 1), flags=0), errors.NamReadError, "has no checksum"),
    (edited(LAYOUTS, 7, "B", 3), errors.UnsupportedFeatureError, "are quantized"),
    (edited(LAYOUTS, 80, "B", 0), errors.UnsupportedFeatureError, "no description of its network"),
    (edited(LAYOUTS, 81, "B", 0x7B), errors.NamJsonError, "is not JSON"),
    (layouts(lstm(3, 1), 1, checksum=5), errors.NamReadError, "its checksum is 00000005"),
    (layouts({**lstm(3, 1), "weights": lstm(3, 1)["weights"][:-1]}), errors.WeightCountError,
     "config needs exactly"),
    (layouts({**featured(1)}, layout=0)[:-2], errors.NamReadError, ""),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_files(number: int) -> None:
    content, kind, said = BAD[number]
    with pytest.raises(errors.NamFileError) as caught:
        ng.load_capture(content)
    assert isinstance(caught.value, kind), repr(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_order_that_is_not_described_is_refused() -> None:
    file = featured(3)
    text = json.loads(json.dumps(file))
    with pytest.raises(errors.NamFileError, match=r"must be in the order of a \.nam"):
        ng.load_capture(edited(layouts(text), 6, "B", 2))
