"""WaveNets with every option, and the other architectures, against the oracle."""

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from namgraph.nodes.nam.model.model import Model
from namgraph.nodes.nam.model.wavenet import WaveNet
from namgraph.nodes.testing import same_bits

from .. import nets, oracle
from ..playing import Playing, parse
from ..shapes import fill, film, layer_array, random_wavenet

FRAMES = 600
TOLERANCE = 1e-5
SIGNAL = np.random.default_rng(5).uniform(-0.7, 0.7, (2, FRAMES)).astype(np.float32)
SEEDS = range(40)


def check(file: Any, width: int | None = None, tolerance: float = TOLERANCE) -> None:
    """Compare the output of a file with that of the oracle, which must not be silent."""
    model = parse(file)
    signal = SIGNAL[: model.channels[0]]
    wanted = np.atleast_2d(oracle.play(file, signal))
    peak = abs(wanted).max()
    assert peak > 1e-3
    found = np.atleast_2d(Playing(model, width)(signal))
    assert found.shape == wanted.shape
    assert abs(found - wanted).max() <= tolerance * peak


@pytest.mark.parametrize("seed", SEEDS)
def test_any_options(seed: int) -> None:
    check(random_wavenet(seed))


@pytest.mark.slow
@pytest.mark.parametrize("width", [4, 8, 16])
def test_any_vector(width: int) -> None:
    for seed in range(100, 108):
        check(random_wavenet(seed), width)


def test_vectors_of_all_widths_give_the_same_bits() -> None:
    for seed in range(200, 206):
        model = parse(random_wavenet(seed))
        narrow, medium, wide = (
            Playing(model, width)(SIGNAL[: model.channels[0]]) for width in (4, 8, 16)
        )
        same_bits(narrow, wide)
        same_bits(medium, wide)


@functools.cache
def _known(seed: int) -> tuple[Model, Any]:
    model = parse(random_wavenet(seed))
    return model, Playing(model)(SIGNAL[: model.channels[0]], 1)


@given(seed=st.integers(300, 312), cuts=st.lists(st.integers(1, 150), min_size=1, max_size=20))
def test_no_cut_changes_a_bit(seed: int, cuts: list[int]) -> None:
    model, wanted = _known(seed)
    same_bits(Playing(model)(SIGNAL[: model.channels[0]], cuts), wanted)


def test_memory_behind_a_block_does_not_affect_the_output() -> None:
    """Unused lanes and scratch memory hold garbage."""
    for seed in range(400, 410):
        model = parse(random_wavenet(seed))
        signal = SIGNAL[: model.channels[0], :200]
        clean, spoiled = Playing(model), Playing(model)
        for start, stop in ((0, 3), (3, 60), (60, 61), (61, 200)):
            for block in spoiled.memory.blocks:
                if block.region == "scratch" and block.content.dtype == np.float32:
                    block.content[...] = np.nan
            same_bits(spoiled(signal[:, start:stop]), clean(signal[:, start:stop]))


def test_a_bad_sample_is_gone_after_the_receptive_field() -> None:
    checked = 0
    for seed in range(500, 520):
        model = parse(random_wavenet(seed))
        field = model.receptive_field
        if field is None or field > 400:
            continue
        signal = SIGNAL[: model.channels[0]]
        bad = signal.copy()
        bad[0, 100] = np.nan
        wanted, found = (np.atleast_2d(Playing(model)(x, 37)) for x in (signal, bad))
        same_bits(found[:, :100], wanted[:, :100])
        same_bits(found[:, 100 + field :], wanted[:, 100 + field :])
        checked += not np.isfinite(found).all()
    assert checked > 5


CONVNETS = [
    {"channels": 4, "dilations": [1, 2, 4], "batchnorm": False, "activation": "Tanh"},
    {"channels": 6, "dilations": [1, 30], "batchnorm": True, "activation": "ReLU"},
    {"channels": 4, "dilations": [5], "batchnorm": True, "activation": "SiLU", "groups": 2}
    | {"in_channels": 2, "out_channels": 2},
]


@pytest.mark.parametrize("config", CONVNETS)
@pytest.mark.parametrize("seed", range(3))
def test_convnets(config: Any, seed: int) -> None:
    check(fill(config, "ConvNet", seed))


@pytest.mark.parametrize("implementation", [None, "direct", "fft"])
@pytest.mark.parametrize("taps", [1, 2, 40, 64, 255, 3000])
def test_linear(taps: int, implementation: str | None) -> None:
    config: Any = {"receptive_field": taps, "bias": bool(taps % 2)}
    if implementation is not None:
        config["implementation"] = implementation
    file = fill(config, "Linear", taps)
    check(file)
    network = parse(file).running
    fast = implementation == "fft" or (implementation is None and taps > 40)
    assert getattr(network, "fast") == fast  # noqa: B009
    wanted = Playing(parse(file))(SIGNAL[0], 1)
    for block in (17, 64, 500):
        same_bits(Playing(parse(file))(SIGNAL[0], block), wanted)


@pytest.mark.parametrize("channels", [(1, 2), (2, 1), (2, 3)])
@pytest.mark.parametrize(("hidden", "depth"), [(3, 1), (9, 2), (20, 3)])
def test_lstms_of_channels(hidden: int, depth: int, channels: tuple[int, int]) -> None:
    check(nets.lstm(hidden, depth, channels=channels), tolerance=2e-5)


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_a_head_after_all_arrays_may_have_several_outputs(outputs: int) -> None:
    head = {"channels": 3, "out_channels": outputs, "kernel_sizes": [2, 3], "activation": "ReLU"}
    config = {"layers": [layer_array(4, [1, 3], head_size=2)], "head_scale": 0.8, "head": head}
    file = fill(config, seed=4)
    assert parse(file).channels == (1, outputs)
    check(file)


def test_each_layer_array_is_fused_on_its_own() -> None:
    rows = [layer_array(3, [1], head_size=3), layer_array(3, [2], input_size=3, gated=True)]
    network = parse(fill({"layers": rows, "head_scale": 1})).running
    assert isinstance(network, WaveNet)
    assert [array.plain for array in network.arrays] == [True, False]
    check(fill({"layers": rows, "head_scale": 1}))


@pytest.mark.parametrize("which", range(0, 57, 7))
def test_the_check_can_fail(which: int) -> None:
    """An error of 0.1 % in one weight is detected."""
    row = layer_array(2, [1, 2], gating_mode="blended", conv_pre_film=film(), head1x1=HEAD1X1)
    file = fill({"layers": [row], "head_scale": 1.0}, seed=3)
    check(file)
    assert len(file["weights"]) == 117  # the first layer ends at 57; part of the last has no effect
    wrong = list(file["weights"])
    wrong[which] += 1e-3
    found = Playing(parse(file | {"weights": wrong}))(SIGNAL[0])
    wanted = oracle.play(file, SIGNAL[0])
    assert abs(found - wanted).max() > TOLERANCE * abs(wanted).max()


HEAD1X1 = {"active": True, "out_channels": 3, "groups": 1}
