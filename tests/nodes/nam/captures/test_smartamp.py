"""SmartAmp and SmartAmpPro models: against float64, in every block size; what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.graph import errors
from namgraph.nodes.testing import same_bits

from .files import Json, signal
from .smartamp import play_smartamp, play_smartamp_pro, smartamp, smartamp_pro
from .test_captures import BLOCKS, TOLERANCE, play
from .test_refusals import REMOVED, check_refused

FRAMES = 700
AMPS: dict[str, Json] = {
    "gated": smartamp(6, [1, 2, 4, 8, 16]),
    "numbers": smartamp(3, [1, 9], text=False),
    **{
        name: smartamp(5, [1, 3, 7], name, seed=n)
        for n, name in enumerate(("softgated", "tanh", "sigmoid", "relu", "softsign", "linear"))
    },
    "one tap": smartamp(4, [1, 1], taps=1),
}
PROS: dict[str, Json] = {
    "as trained": smartamp_pro(120, (12, 12), (12, 12), (4, 4), 24),
    "small": smartamp_pro(),
    "padded": smartamp_pro(23, (5, 7), (5, 7), (2, 3), 4, 1),
    "a longer kernel": smartamp_pro(24, (4, 6), (9, 5), (3, 2), 3, 2),
    "one sample": smartamp_pro(1, (1, 1), (1, 1), (1, 1), 1, 3),
}
SMALL, PRO = smartamp(2, [1, 2]), smartamp_pro()


@pytest.mark.parametrize("name", [*AMPS, *PROS])
def test_against_float64(name: str) -> None:
    file, x = {**AMPS, **PROS}[name], signal(FRAMES)
    wanted = (play_smartamp if name in AMPS else play_smartamp_pro)(file, x)
    found = play(file, x)
    peak = np.abs(wanted).max()
    assert peak > 0.01
    # A node starts from a history of zeros in every layer, a file's from zeros at its input.
    settled = ng.load_capture(file).receptive_field or 0
    assert np.abs(found - wanted)[settled:].max() <= TOLERANCE * peak
    for block in BLOCKS:
        same_bits(play(file, x, block), found)


def test_what_a_file_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    amp, pro = ng.load_capture(AMPS["gated"]), ng.load_capture(PROS["as trained"])
    assert (amp.kind, amp.architecture) == ("a model of GuitarML (SmartAmp)", "WaveNet")
    assert (amp.receptive_field, amp.sample_rate, amp.given_rate) == (63, 44_100, None)
    assert (pro.kind, pro.receptive_field) == ("a model of GuitarML (SmartAmpPro)", 120)
    for name, file in (("amp.json", AMPS["gated"]), ("pro.dat", PRO)):
        (tmp_path / name).write_text(json.dumps(file))
        assert main(["info", str(tmp_path / name)]) == 0
        assert "of GuitarML (SmartAmp" in capsys.readouterr().out
    assert ng.load_capture(tmp_path / "amp.json").digest == amp.digest
    with pytest.raises(errors.NamFileError, match="load_capture reads it"):
        ng.load_nam(tmp_path / "amp.json")


BAD: list[tuple[Json, str, Any, type[Exception], str]] = [
    (SMALL, "activation", "swish", errors.ActivationError, "activation is 'swish': must be one of"),
    (SMALL, "input_channels", 2, errors.FieldValueError, "input_channels is 2: must be 1"),
    (SMALL, "residual_channels", 3, errors.WeightCountError, "config needs exactly"),
    (SMALL, "residual_channels", 10**9, errors.ConfigTooLargeError, "residual_channels is 10"),
    (SMALL, "filter_width", REMOVED, errors.MissingFieldError, "filter_width is missing"),
    (SMALL, "dilations", [], errors.FieldValueError, "dilations is a list of 0"),
    (SMALL, "dilations", [1, 0], errors.FieldValueError, "dilations[1] is 0"),
    (SMALL, "dilations", [1 << 17] * 40, errors.ConfigTooLargeError, "look back"),
    (SMALL, "variables/2/data/3", "x", errors.FieldValueError, "variables[2].data[3] is 'x'"),
    (SMALL, "variables/2/data/3", "nan", errors.FieldValueError, "beyond the range of float32"),
    (SMALL, "variables/2/data", "1", errors.FieldValueError, "variables[2].data is '1'"),
    (SMALL, "variables/2", REMOVED, errors.MissingFieldError, "has no 'W_conv' of layer 0"),
    (SMALL, "variables/2/layer_idx", 1, errors.FieldValueError, "a second time"),
    (PRO, "input_size", 10**6, errors.ConfigTooLargeError, "input_size is 1000000"),
    (PRO, "conv1d_stride", 0, errors.FieldValueError, "conv1d_stride is 0"),
    (PRO, "conv1d_1_stride", 1, errors.UnsupportedFeatureError, "make 6 frames"),
    (PRO, "conv1d/kernel:0", [], errors.FieldValueError, "conv1d.kernel:0 is a list of 0"),
    (PRO, "conv1d_1/kernel:0/0", [[1.0]], errors.WeightCountError, "conv1d_1.kernel:0[0] has 1"),
    (PRO, "conv1d_1", REMOVED, errors.MissingFieldError, "conv1d_1 is missing"),
    (PRO, "lstm/bias:0", [0.0] * 21, errors.FieldValueError, "lstm.bias:0 is 21"),
    (PRO, "dense/kernel:0/0", [1.0, 2.0], errors.WeightCountError, "dense.kernel:0[0] has 2"),
    (PRO, "dense/bias:0/0", 1e39, errors.FieldValueError, "beyond the range of float32"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_values(number: int) -> None:
    assert "|" not in BAD[number][-1]  # which would allow alternatives
    check_refused(*BAD[number])
