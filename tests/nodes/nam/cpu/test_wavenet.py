"""WaveNets against the oracle: every shape, activation, width and block size."""

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from namgraph.nodes.nam.cpu.wavenet_layers import layers
from namgraph.nodes.nam.cpu.wavenet_short import short_layers
from namgraph.nodes.nam.model.model import Model
from namgraph.nodes.testing import same_bits

from .. import nets, oracle, playing
from ..playing import Playing, parse

FRAMES = 1500
TOLERANCE = 1e-5
SIGNAL = np.random.default_rng(3).uniform(-0.7, 0.7, FRAMES).astype(np.float32)
WIDTHS = [4, 8, 16]


check_close = functools.partial(playing.check_close, tolerance=TOLERANCE, quietest=1e-3)


def check_file(file: Any, width: int | None = None) -> None:
    check_close(Playing(parse(file), width)(SIGNAL), oracle.play(file, SIGNAL))


@pytest.mark.parametrize("name", nets.A1)
def test_first_generation(name: str) -> None:
    check_file(nets.a1(name))


@pytest.mark.parametrize("channels", [3, 8])
def test_second_generation(channels: int) -> None:
    check_file(nets.a2(channels))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16, 24])
def test_any_width(channels: int) -> None:
    check_file(nets.wavenet(nets.array(channels, [1, 3, 50]), seed=channels))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 7, 8])
def test_any_vector(width: int, channels: int) -> None:
    check_file(nets.wavenet(nets.array(channels, [1, 3, 50])), width)


ODD = nets.wavenet(nets.array(11, [1, 9], head=7), nets.array(7, [70], inputs=11))


@pytest.mark.parametrize("file", [nets.a1("feather"), ODD], ids=["feather", "odd"])
def test_vectors_of_all_widths_give_the_same_bits(file: Any) -> None:
    model = parse(file)
    narrow, medium, wide = (Playing(model, width)(SIGNAL) for width in WIDTHS)
    same_bits(narrow, wide)
    same_bits(medium, wide)


@pytest.mark.parametrize("taps", range(1, 17))
def test_any_kernel_size(taps: int) -> None:
    check_file(nets.wavenet(nets.array(3, [1, 2, 9], taps=taps), seed=taps))


@pytest.mark.parametrize("dilation", [0, 1, 2, 5, 15, 16, 17, 31, 63, 64, 65, 239, 512, 700])
def test_any_dilation(dilation: int) -> None:
    check_file(nets.wavenet(nets.array(8, [dilation, 1], taps=2), seed=dilation))


@pytest.mark.parametrize("taps", [2, 16])
@pytest.mark.parametrize("dilation", [1, 7])
def test_any_head(taps: int, dilation: int) -> None:
    head: Any = {"head_taps": taps, "head_dilation": dilation}
    check_file(nets.wavenet(nets.array(5, [1, 2], **head)))
    first = nets.array(6, [1, 4], head=5, **head)
    check_file(nets.wavenet(first, nets.array(5, [2], inputs=6, **head)))


KINDS = [
    *oracle.ACTIVATIONS,
    "LeakyReLU",
    {"type": "LeakyReLU", "negative_slope": 0.3},
    {"type": "PReLU", "negative_slope": -0.2},
    {"type": "PReLU", "negative_slopes": [0.1, 0.5, 1.5, -1.0, 0.2]},
    {"type": "PReLU", "negative_slopes": [0.1, 0.5]},
    "LeakyHardtanh",
    {"type": "LeakyHardTanh", "min_val": -0.1, "max_val": 0.05, "min_slope": 0.5},
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: "-".join(map(str, _flat(k))))
def test_any_activation(kind: Any) -> None:
    loud = 5 * SIGNAL
    file = nets.wavenet(nets.array(5, [1, 2], activation=kind), seed=4)
    check_close(Playing(parse(file))(loud), oracle.play(file, loud))


def _flat(kind: Any) -> list[Any]:
    return [kind] if isinstance(kind, str) else list(kind.values())


def test_activations_that_change_from_layer_to_layer() -> None:
    mixed = ["Tanh", "ReLU", "ReLU", {"type": "LeakyReLU", "negative_slope": 0.2}, "Tanh"]
    check_file(nets.wavenet(nets.array(4, [1, 2, 4, 8, 16], activation=mixed)))


@functools.cache
def _known() -> tuple[Model, Any]:
    model = parse(nets.wavenet(nets.array(3, [1, 700], head_taps=5), nets.array(1, [3], inputs=3)))
    return model, Playing(model)(SIGNAL, 1)


@given(cuts=st.lists(st.integers(1, 150), min_size=1, max_size=20))
def test_no_cut_changes_a_bit(cuts: list[int]) -> None:
    model, wanted = _known()
    same_bits(Playing(model)(SIGNAL, cuts), wanted)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("file", [nets.a1("nano"), ODD], ids=["nano", "odd"])
def test_no_block_size_changes_a_bit(file: Any, width: int) -> None:
    model = parse(file)
    wanted = Playing(model, width)(SIGNAL, 1)
    for block in (2, 7, 16, 17, 31, 33, 48, 64, 65, 100, 128, 1000):
        same_bits(Playing(model, width)(SIGNAL, block), wanted)


SLOPES = {"type": "LeakyReLU", "negative_slope": 0.2}
SHORT = {
    "a1 standard": nets.a1("standard"),
    "a1 lite": nets.a1("lite"),
    "6 and 5 channels, slopes": nets.wavenet(
        nets.array(6, [1, 2, 9], taps=[2, 6, 3], activation=[SLOPES, "ReLU", SLOPES], head=5),
        nets.array(5, [3], inputs=6, taps=1, activation="SiLU"),
    ),
    "32 channels": nets.wavenet(nets.array(32, [1, 4], head_taps=3)),
}


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("name", SHORT)
def test_kernels_for_short_blocks_have_the_same_bits(name: str, frames: int) -> None:
    """Also in longer blocks, as prewarming plays, and with histories that move."""
    model, signal = parse(SHORT[name]), np.tile(SIGNAL, 2)
    wanted = Playing(model)(signal)
    for block in (1, frames, 61):
        same_bits(Playing(model, frames=frames)(signal, block), wanted)


def test_short_blocks_have_kernels_of_their_own() -> None:
    """Else the test above would compare a kernel with itself."""
    for frames in (1, 8):
        assert short_layers(16, "tanh", 16, frames) not in (None, layers(16, "tanh", 16))
    assert short_layers(16, "tanh", 16, 9) is short_layers(3, "tanh", 16, 1) is None
    assert short_layers(6, "tanh", 16, 4) is not None
    assert short_layers(6, "tanh", 16, 5) is None
    assert short_layers(8, "tanh", 4, 4) is None, "four lanes over time are in use"


def test_moving_histories_changes_no_bit() -> None:
    """The signal is long enough for every history to move several times."""
    model = parse(nets.a1("nano"))
    signal = np.tile(SIGNAL, 8)
    wanted = oracle.play(nets.a1("nano"), signal)
    for block in (64, 37):
        check_close(Playing(model)(signal, block), wanted)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_bad_sample_is_gone_after_the_receptive_field(poison: float) -> None:
    model = parse(nets.wavenet(nets.array(3, [1, 2, 4], head_taps=3), nets.array(1, [8], inputs=3)))
    field = model.receptive_field
    assert field == 1 + 2 * (1 + 2 + 4) + 2 + 2 * 8
    clean, spoiled = Playing(model), Playing(model)
    bad = SIGNAL.copy()
    bad[100] = poison
    for cuts in (1, 17, 64, 1000):
        wanted, found = clean(SIGNAL, cuts), spoiled(bad, cuts)
        assert not np.isfinite(found[100])
        same_bits(found[:100], wanted[:100])
        same_bits(found[100 + field :], wanted[100 + field :])


def test_the_receptive_field_is_exact() -> None:
    model = parse(nets.wavenet(nets.array(2, [1, 5], head_taps=4, head_dilation=3)))
    assert model.receptive_field == 1 + 2 * 6 + 3 * 3
    pulse = np.zeros(64, np.float32)
    pulse[0] = 1
    changed = Playing(model)(pulse) != Playing(model)(0 * pulse)
    assert changed[: model.receptive_field].any()
    assert np.flatnonzero(changed)[-1] == model.receptive_field - 1


def test_prewarming_equals_a_run_over_silence() -> None:
    file = nets.a1("nano")
    silence = np.zeros(5000, np.float32)
    wanted = oracle.play(file, np.concatenate([silence, SIGNAL]))[5000:]
    check_close(Playing(parse(file), primed=True)(SIGNAL), wanted)


def test_state_alone_determines_the_output() -> None:
    playing = Playing(parse(nets.a1("nano")))
    state = playing.arena.bytes_at(playing.arena.state_address, playing.arena.state_bytes)
    taken = state.copy()
    first = playing(SIGNAL, 23)
    assert (playing(SIGNAL, 23) != first).any()
    state[:] = taken
    same_bits(playing(SIGNAL, 41), first)


shapes = st.builds(
    nets.array,
    st.integers(1, 9),
    st.lists(st.integers(0, 90), min_size=1, max_size=4),
    taps=st.integers(1, 7),
    activation=st.sampled_from(["Tanh", "ReLU", "LeakyReLU"]),
    head_taps=st.integers(1, 5),
    head_dilation=st.integers(1, 9),
    bias=st.booleans(),
)


@settings(max_examples=40)
@given(row=shapes, seed=st.integers(0, 99), block=st.integers(1, 200))
def test_random_shapes(row: Any, seed: int, block: int) -> None:
    file, signal = nets.wavenet(row, seed=seed), SIGNAL[:400]
    wanted = oracle.play(file, signal)
    found = Playing(parse(file))(signal, block)
    assert abs(found - wanted).max() <= TOLERANCE * max(abs(wanted).max(), 1e-2)


@pytest.mark.parametrize("which", ["tap", "bias", "scale"])
def test_the_check_can_fail(which: str) -> None:
    """An error of 0.1 % in one weight is detected."""
    file = nets.wavenet(nets.array(3, [1, 2]))
    wrong = file | {"weights": list(file["weights"])}
    number = {"tap": 3, "bias": 30, "scale": -1}[which]
    wrong["weights"][number] += 1e-3
    with pytest.raises(AssertionError):
        check_close(Playing(parse(wrong))(SIGNAL), oracle.play(file, SIGNAL))
