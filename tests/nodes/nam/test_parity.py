"""Output of NeuralAmpModelerCore (exact tanh, prewarmed) on public models, compared with ours."""

import functools
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from namgraph.nodes.nam.format.load import load_nam
from namgraph.nodes.nam.model.model import Model
from namgraph.nodes.nam.model.networks import Lstm
from namgraph.nodes.nam.model.wavenet import WaveNet
from namgraph.nodes.testing import same_bits
from namgraph.runtime.simd.activations import ACTIVATIONS, TANH44, Activation, Rational, tanh

from ...reference import MODELS, needs_models
from . import oracle
from .playing import Playing, error

pytestmark = needs_models

CASES = [
    ("wavenet", 1.0, "wavenet"),
    ("wavenet_a1_standard", 1.0, "wavenet_a1_standard"),
    ("A2", 0.0, "A2@0.0"),
    ("A2", 1.0, "A2"),
    ("slimmable_container", 0.4, "slimmable_container@0.4"),
    ("slimmable_container", 1.0, "slimmable_container"),
    ("slimmable_container", 0.0, "lstm"),  # the same network is its smallest size
    ("slimmable_wavenet", 0.0, "slimmable_wavenet@0.0"),
    ("slimmable_wavenet", 1.0, "slimmable_wavenet"),
    ("lstm", 1.0, "lstm"),
    ("wavenet_condition_dsp", 1.0, "wavenet_condition_dsp"),
    ("wavenet_a2_max", 1.0, "wavenet_a2_max"),
]
every_case = pytest.mark.parametrize(("name", "slim", "wanted"), CASES)
WAVENET, LSTM = 1e-5, 2e-5
"""Largest errors as a share of the reference's peak."""
OWN_ERROR = 2.0
"""Largest error to the oracle, as a multiple of the reference's own.

A1 standard amplifies rounding: the reference itself is off by 2.5e-5 of its peak.
"""


def read(name: str) -> Any:
    return np.fromfile(MODELS / "ref" / f"{name}.f32", np.float32)


def model(name: str, slim: float) -> Model:
    return load_nam(MODELS / f"{name}.nam").select(slim)


@functools.cache
def truth(name: str) -> Any:
    """Return the output of the float64 oracle."""
    file = json.loads((MODELS / f"{name}.nam").read_text())
    silence = np.zeros(model(name, 1.0).prewarm, np.float32)
    return oracle.play(file, np.concatenate([silence, read("input")]))[silence.size :]


def check(found: Any, name: str, slim: float, wanted: str) -> None:
    """Assert that the error is within the limit, or about that of the reference to the oracle."""
    reference = read(wanted)
    recurrent = isinstance(model(name, slim).network, Lstm)
    if error(found, reference) <= (LSTM if recurrent else WAVENET):
        return
    assert name == "wavenet_a1_standard"
    meant = truth(name)
    assert error(reference, meant) > 2 * WAVENET
    assert error(found, meant) <= OWN_ERROR * error(reference, meant)
    rms = np.sqrt(np.mean((found - reference) ** 2)) / abs(reference).max()
    assert rms <= WAVENET / 5


@every_case
def test_parity(name: str, slim: float, wanted: str) -> None:
    check(Playing(model(name, slim), primed=True)(read("input")), name, slim, wanted)


@every_case
@pytest.mark.parametrize("width", [4, 8, 16])
def test_parity_with_vectors_of_any_width(name: str, slim: float, wanted: str, width: int) -> None:
    check(Playing(model(name, slim), width, primed=True)(read("input")), name, slim, wanted)


@every_case
def test_blocks_give_the_same_bits(name: str, slim: float, wanted: str) -> None:
    signal = read("input")[:20_000]
    first = Playing(model(name, slim), primed=True)(signal, 64)
    for block in (1, 17, 4096):
        same_bits(Playing(model(name, slim), primed=True)(signal, block), first)


def test_the_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of 0.01 % in tanh is detected."""
    wrong = Rational((TANH44.above[0] * 1.0001, *TANH44.above[1:]), TANH44.below, TANH44.limit)
    monkeypatch.setitem(ACTIVATIONS, "off", Activation(lambda lanes, x, _: tanh(lanes, x, wrong)))
    right = model("wavenet", 1.0)
    assert isinstance(right.network, WaveNet)
    arrays = tuple(
        replace(
            array,
            layers=tuple(
                replace(la, activation=replace(la.activation, name="off")) for la in array.layers
            ),
        )
        for array in right.network.arrays
    )
    off = replace(right, network=replace(right.network, arrays=arrays))
    with pytest.raises(AssertionError):
        check(Playing(off, primed=True)(read("input")), "wavenet", 1.0, "wavenet")
