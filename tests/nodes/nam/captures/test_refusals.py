"""Captures that are refused: one line that names the place, and an error of the right kind."""

import copy
import json
from typing import Any

import pytest

import namgraph as ng
from namgraph.graph import errors
from namgraph.nodes.nam.cuda import refusal

from .files import Json, dense, guitarml, keras, layer

CONV: Any = {"kernel_size": [3], "dilation": [5]}
LSTM = keras(layer("lstm", 1, 4), dense(4))
GRU = keras(layer("gru", 1, 4), dense(4))
STACK = keras(layer("conv1d", 1, 4, **CONV), layer("batchnorm", 4, 4, epsilon=0.1), dense(4))
PROTEUS = guitarml(4)
REMOVED: Any = object()


def changed(file: Json, path: str, value: Any) -> Json:
    """The file with another value at a path such as ``layers.0.type``; ``REMOVED`` removes it."""
    made: Any = copy.deepcopy(file)
    *way, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    place = made
    for key in way:
        place = place[key]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
    result: Json = made
    return result


BAD: list[tuple[Json, str, Any, type[Exception], str]] = [
    (LSTM, "layers/0/type", "conv2d", errors.UnsupportedArchitectureError,
     "layers[0].type is 'conv2d', a layer that is not played"),
    (LSTM, "layers/0/type", None, errors.FieldValueError, "layers[0].type is None"),
    (LSTM, "layers/0/type", REMOVED, errors.NamFileError, "NAM model|layers"),
    (LSTM, "layers/0/weights/0/0", [0.0] * 15, errors.WeightCountError,
     "layers[0].weights[0][0] has 15 entries: must have 16"),
    (LSTM, "layers/0/weights/1", [], errors.WeightCountError, "layers[0].weights[1] has 0 entries"),
    (LSTM, "layers/0/weights", [[]], errors.FieldValueError, "a list of 3 arrays"),
    (LSTM, "layers/0/weights/2/3", "x", errors.FieldValueError, "layers[0].weights[2][3] is 'x'"),
    (LSTM, "layers/0/weights/2/3", 1e39, errors.FieldValueError, "beyond the range of float32"),
    (LSTM, "layers/0/weights/2/3", 10**400, errors.FieldValueError, "beyond the range of float32"),
    (LSTM, "layers/0/weights/2/3", True, errors.FieldValueError, "is True: must be a number"),
    (LSTM, "layers/0/shape", [None, None, 10**9], errors.ConfigTooLargeError, "layers[0].shape[2]"),
    (LSTM, "layers/0/shape", [None, None, 0], errors.FieldValueError, "layers[0].shape[2] is 0"),
    (LSTM, "layers/0/activation", "relu", errors.ActivationError, "must be tanh"),
    (LSTM, "layers/1/activation", "swish", errors.ActivationError, "'swish': must be one of tanh"),
    (LSTM, "layers", [], errors.NamFileError, "layers is a list of 0"),
    (LSTM, "layers", [dense(1)] * 257, errors.FieldValueError, "a list of 1 to 256"),
    (LSTM, "in_shape", [None, None, 2], errors.WeightCountError, "layers[0].weights[0] has 1"),
    (LSTM, "in_skip", 2, errors.ConfigTooLargeError, "in_skip is 2"),
    (LSTM, "in_gain", "loud", errors.FieldValueError, "in_gain is 'loud'"),
    (LSTM, "out_gain", 1e9, errors.FieldValueError, "out_gain is 1000000000.0"),
    (LSTM, "samplerate", "fast", errors.FieldValueError, "samplerate is 'fast'"),
    (LSTM, "samplerate", 1, errors.FieldValueError, "samplerate is 1"),
    (LSTM, "metadata", {"samplerate": "nan"}, errors.FieldValueError, "metadata.samplerate is nan"),
    (GRU, "layers/0/weights/2", [0.0] * 12, errors.UnsupportedFeatureError, "reset_after=True"),
    (STACK, "layers/0/kernel_size", [9], errors.WeightCountError, "has 3 entries: must have 9"),
    (STACK, "layers/0/dilation", [1 << 30], errors.ConfigTooLargeError, "layers[0].dilation[0]"),
    (STACK, "layers/0/groups", 3, errors.FieldValueError, "a divisor of 1 channels"),
    (STACK, "layers/0/strides", [2], errors.UnsupportedFeatureError, "strides is above 1"),
    (STACK, "layers/1/weights/3", [-1.0] * 4, errors.FieldValueError, "variances above 0"),
    (STACK, "layers/1/weights/3", [-0.1] * 4, errors.FieldValueError, "variances above 0"),
    (PROTEUS, "model_data/model", "GatedConvNet", errors.UnsupportedArchitectureError,
     "model_data.model is 'GatedConvNet': must be SimpleRNN"),
    (PROTEUS, "model_data/unit_type", "RNN", errors.UnsupportedArchitectureError, "LSTM or GRU"),
    (PROTEUS, "model_data/hidden_size", REMOVED, errors.MissingFieldError, "size is missing"),
    (PROTEUS, "model_data/hidden_size", 10**6, errors.ConfigTooLargeError, "size is 1000000"),
    (PROTEUS, "model_data/hidden_size", 5, errors.WeightCountError, "must have 20"),
    (PROTEUS, "model_data/num_layers", 2, errors.MissingFieldError, "rec.weight_ih_l1 is missing"),
    (PROTEUS, "model_data/input_size", 40, errors.ConfigTooLargeError, "input_size is 40"),
    (PROTEUS, "model_data/output_size", 2, errors.FieldValueError, "output_size is 2: must be 1"),
    (PROTEUS, "model_data/skip", 5, errors.ConfigTooLargeError, "skip is 5"),
    (PROTEUS, "state_dict", [], errors.FieldValueError, "state_dict is a list of 0"),
    (PROTEUS, "state_dict/lin.weight", REMOVED, errors.MissingFieldError, "lin.weight is missing"),
    (PROTEUS, "state_dict/lin.weight", [[1.0], 2], errors.WeightCountError, "lin.weight has 2"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_values(number: int) -> None:
    check_refused(*BAD[number])


def check_refused(file: Json, path: str, value: Any, kind: type[Exception], said: str) -> None:
    """Check the error of a file with one value changed; ``said``: texts in it, parted by ``|``."""
    with pytest.raises(errors.NamFileError) as caught:
        ng.load_capture(changed(file, path, value))
    text = str(caught.value)
    assert isinstance(caught.value, kind), text
    assert any(part in text for part in said.split("|")), text
    assert text.startswith("<dict>: ")
    assert "\n" not in text


def test_an_error_has_its_fields() -> None:
    with pytest.raises(errors.WeightCountError) as caught:
        ng.load_capture(changed(PROTEUS, "state_dict/lin.bias", [1.0, 2.0]))
    assert (caught.value.expected, caught.value.found) == (1, 2)
    with pytest.raises(errors.UnsupportedArchitectureError) as other:
        ng.load_capture(changed(LSTM, "layers/0/type", "conv2d"))
    assert other.value.architecture == "conv2d"
    assert "lstm" in other.value.supported


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is an empty file"),
        (b"{}", "is missing"),
        (b"[1]", "must be a JSON object"),
        (b'{"layers": [{"type": "lstm", "shape": []', "is not JSON"),
        (b'{"state_dict": {}}', "model_data is missing"),
        (b"RIFF\0\0\0\0WAVE", "is audio (WAV), not a NAM model"),
        (b'{"residual_channels": 1, "dilations": [1]}', "input_channels is missing"),
    ],
)
def test_content_that_is_no_capture(content: bytes, said: str) -> None:
    with pytest.raises(errors.NamFileError) as caught:
        ng.load_capture(content)
    assert said in str(caught.value)


def test_load_nam_reads_nam_files_alone() -> None:
    for file, what in ((LSTM, "a Keras model for RTNeural (AIDA-X)"), (PROTEUS, "of GuitarML")):
        with pytest.raises(errors.NamFileError, match="load_capture reads it") as caught:
            ng.load_nam(json.dumps(file))
        assert what in str(caught.value)


def test_a_batch_that_does_not_fit_is_refused() -> None:
    with pytest.raises(errors.FieldValueError, match="output_batch has 2 numbers: must have 3"):
        ng.load_capture(LSTM | {"input_batch": [0.0, 1, 2], "output_batch": [0.0, 1]})
    with pytest.raises(errors.FieldValueError, match="input_batch is 'x'"):
        ng.load_capture(LSTM | {"input_batch": "x", "output_batch": [0.0, 1]})


def test_convolutions_that_look_back_too_far_are_refused() -> None:
    far = layer("conv1d", 1, 1, kernel_size=[4000], dilation=[1 << 17])
    with pytest.raises(errors.ConfigTooLargeError, match="look back"):
        ng.load_capture(keras(far, dense(1)))


def test_a_device_is_refused_by_name() -> None:
    for file in (GRU, STACK, PROTEUS):
        assert refusal(ng.load_capture(file).running) == "this capture runs on the CPU alone"
    assert not refusal(ng.load_capture(LSTM).running)  # as any LSTM
