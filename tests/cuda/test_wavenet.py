"""WaveNet kernels in the emulator against the oracle: every shape, gate and activation."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from namgraph.graph.errors import ParamError
from namgraph.nodes.nam.cuda.wavenet import cuda_wavenet, refuse_wavenet
from namgraph.nodes.nam.format.load import load_nam
from namgraph.nodes.nam.model.wavenet import WaveNet

from ..nodes.nam import nets, oracle
from ..nodes.nam.features import CASES
from ..nodes.nam.playing import parse
from ..nodes.nam.shapes import KINDS, fill, layer_array
from ..reference import MODELS, needs_models
from .random_wavenet import random_wavenet
from .streaming import Streaming, network_of, streaming

TOLERANCE = 3e-6
"""Of the peak."""
OWN_ERROR = 2.0
SIGNAL = np.random.default_rng(3).uniform(-0.7, 0.7, 1500).astype(np.float32)
GENERATIONS = {name: nets.a1(name) for name in nets.A1} | {
    "A2 lite": nets.a2(3),
    "A2 full": nets.a2(8),
}
MIXED = ["Tanh", "ReLU", KINDS[-1]]


def one(**keys: Any) -> Any:
    row = layer_array(5, [1, 2, 4], **keys)
    return fill({"layers": [row], "head_scale": 0.5}, seed=7)


def loud(kinds: list[Any]) -> Any:
    row = layer_array(5, [1] * len(kinds), activation=kinds)
    return fill({"layers": [row], "head_scale": 0.5}, seed=4, loud=1.5)


SHAPES = {
    "every activation": loud([*KINDS, {"type": "PReLU", "negative_slopes": [0.1, 0.5, 1.5, -1.0]}]),
    "gates of all kinds": one(
        gating_mode=["blended", "none", "gated"],
        activation=MIXED,
        secondary_activation=["Sigmoid", None, "Hardtanh"],
        bottleneck=6,
    ),
    "no way out": one(layer1x1={"active": False, "groups": 1}),
    "a single layer": fill({"layers": [layer_array(1, [0])], "head_scale": 1}, seed=2),
} | {f"random {seed}": random_wavenet(seed) for seed in (0, 7)}

TENSORS = [
    ("feather", "tf32x3", TOLERANCE),  # only its first array is on tensor cores
    ("A2 full", "tf32x3", TOLERANCE),
    ("random 7", "tf32x3", TOLERANCE),
    ("standard", "tf32", 2e-3),
]


def error(found: Any, wanted: Any) -> float:
    peak = abs(wanted).max()
    assert peak > 1e-3
    return float(abs(found - wanted).max() / peak)


def device(name: str, precision: str = "exact") -> Streaming:
    file = (GENERATIONS | SHAPES)[name]
    return Streaming([cuda_wavenet(network_of(file), precision)])


def check_close(found: Any, wanted: Any) -> None:
    assert error(found, wanted) <= TOLERANCE


@pytest.fixture(scope="module")
def built() -> None:
    """All kernels compiled, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        cases = [*[(name,) for name in GENERATIONS | SHAPES], *[case[:2] for case in TENSORS]]
        list(pool.map(lambda case: device(*case), cases))


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("name", [*GENERATIONS, *SHAPES])
def test_output_equals_the_oracles(name: str) -> None:
    """Also however it is cut, to the bit, in another order of threads and with late copies."""
    file = (GENERATIONS | SHAPES)[name]
    whole = streaming(file)(SIGNAL)
    check_close(whole[0], oracle.play(file, SIGNAL))
    pieces = streaming(file, seed=5).cut(SIGNAL, [200, 1, 64, 17])
    np.testing.assert_array_equal(pieces, whole)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(("name", "precision", "tolerance"), TENSORS)
def test_tensor_cores(name: str, precision: str, tolerance: float) -> None:
    file = (GENERATIONS | SHAPES)[name]
    network = cuda_wavenet(network_of(file), precision)
    found = Streaming([network])(SIGNAL)
    assert error(found[0], oracle.play(file, SIGNAL)) <= tolerance
    pieces = Streaming([network], seed=6).cut(SIGNAL, [130, 1, 63])
    np.testing.assert_array_equal(pieces, found)
    assert network.kernel != cuda_wavenet(network_of(file)).kernel


def test_what_has_no_eights_is_exact_on_tensor_cores_too() -> None:
    network = network_of(GENERATIONS["nano"])
    rough = Streaming([cuda_wavenet(network, "tf32")])(SIGNAL)
    np.testing.assert_array_equal(rough, streaming(GENERATIONS["nano"])(SIGNAL))


@pytest.mark.parametrize("which", ["tap", "bias", "scale"])
def test_the_check_can_fail(which: str) -> None:
    """A hundredth off in one number must not pass."""
    file = GENERATIONS["nano"]
    wrong = file | {"weights": list(file["weights"])}
    wrong["weights"][{"tap": 30, "bias": 52, "scale": -1}[which]] += 1e-2
    with pytest.raises(AssertionError):
        check_close(streaming(wrong)(SIGNAL)[0], oracle.play(file, SIGNAL))


@needs_models
@pytest.mark.parametrize(
    ("name", "slim", "wanted"),
    [
        ("wavenet", 1.0, "wavenet"),
        ("wavenet_a1_standard", 1.0, "wavenet_a1_standard"),
        ("A2", 0.0, "A2@0.0"),
        ("A2", 1.0, "A2"),
        ("slimmable_wavenet", 1.0, "slimmable_wavenet"),
    ],
)
def test_public_models(name: str, slim: float, wanted: str) -> None:
    """From a start as the files' own player makes it, on the signal of the reference.

    A1 standard amplifies rounding: there the reference, too, is far from what the file means, and
    we may be twice as far (as in tests/nodes/nam/test_parity.py).
    """
    path = MODELS / f"{name}.nam"
    model = load_nam(path).select(slim)
    assert isinstance(model.network, WaveNet)
    signal = np.fromfile(MODELS / "ref" / "input.f32", np.float32)[:6000]
    playing = Streaming([cuda_wavenet(model.network)])
    found = playing(signal, past=np.zeros(playing.warm, np.float32))[0]
    file = json.loads(path.read_text())
    if "submodels" in file["config"]:
        file = file["config"]["submodels"][int(slim)]["model"]
    start = np.zeros(playing.warm, np.float32)
    meant = oracle.play(file, np.concatenate([start, signal]))[start.size :]
    reference = np.fromfile(MODELS / "ref" / f"{wanted}.f32", np.float32)[: signal.size]
    assert error(found, meant) <= max(TOLERANCE, OWN_ERROR * error(reference, meant))


REASONS = {
    "film groups": "must be one each",
    "mixin groups": "must be one each",
    "outputs": "must be one each",
    "condition ": "a condition network (condition_dsp)",
    "model head": "a head after the last array",
    "head1x1 groups": "head1x1",
    "layer1x1 groups": "groups",
    "groups_input": "groups",
    "depthwise": "groups",
    "three arrays": "head1x1",
    "_film": "FiLM",
    "head1x1": "head1x1",
    "LSTM": "Lstm is not a WaveNet",
    "ConvNet": "ConvNet is not a WaveNet",
    "Linear": "Linear is not a WaveNet",
    "Sequential": "Sequential is not a WaveNet",
    "container": "",
}
"""By a part of a model's name, the first that fits; everything else is played."""


@pytest.mark.parametrize("name", CASES)
def test_unsupported_networks_are_refused_by_name(name: str) -> None:
    network = parse(CASES[name]).running
    found = refuse_wavenet(network)
    reason = next((r for part, r in REASONS.items() if part in name), "")
    assert reason in found
    assert bool(reason) == bool(found)
    if isinstance(network, WaveNet) and found:
        with pytest.raises(ParamError, match="cannot run on a CUDA device"):
            cuda_wavenet(network)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (layer_array(33, [1]), "more than 32 channels"),
        (layer_array(32, [1], kernel_size=60), "more shared memory than 227 KiB"),
        (layer_array(32, [1000] * 4, gated=True), ""),
    ],
)
def test_what_is_too_large_is_refused(row: Any, reason: str) -> None:
    network = network_of(fill({"layers": [row], "head_scale": 0.5}))
    found = refuse_wavenet(network)
    assert reason in found
    assert bool(reason) == bool(found)


def test_precisions_are_known_by_name() -> None:
    with pytest.raises(ParamError, match=r"'half': must be one of exact, fast, tf32, tf32x3$"):
        cuda_wavenet(network_of(one()), "half")


def test_weights_do_not_change_the_text() -> None:
    """Networks of one shape share a kernel, and its compilation."""
    first, second = (cuda_wavenet(network_of(nets.a1("nano", seed))) for seed in (1, 2))
    assert first.kernel == second.kernel
    assert (first.weights != second.weights).any()
