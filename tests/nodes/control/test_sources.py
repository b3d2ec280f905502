"""Control sources: each value is that of the formula at its tick, held for 32 frames."""

from typing import Any

import numpy as np
import pytest

from namgraph.graph import Node, ParamError
from namgraph.nodes import Constant, EnvelopeFollower, Lfo, Map, Random, Step
from namgraph.nodes.dsp.modulation.lfo_shapes import SHAPES
from namgraph.nodes.testing import NodeHarness

from ..dsp.modulation.lfo_player import LfoPlayer

RATE = 48_000.0
NOTHING = np.zeros((0, 48_000), np.float32)


def ticks(node: Node, signal: np.ndarray = NOTHING, **options: object) -> np.ndarray:
    """Return the value of each tick; all 32 frames of a tick have it."""
    played = NodeHarness(node).play(signal, **options)[0]  # type: ignore[arg-type]
    cells = played.reshape(-1, 32)
    assert (cells == cells[:, :1]).all()
    values: np.ndarray = cells[:, 0].astype(np.float64)
    return values


def phase(rate_hz: float, count: int, start: float = 0.0) -> np.ndarray:
    """Return the phase in turns of each tick."""
    return (start + rate_hz * 32 * np.arange(count) / RATE) % 1.0


def test_a_sine_is_the_formula_at_each_tick() -> None:
    found = ticks(Lfo(rate_hz=3.0, phase=0.25))
    np.testing.assert_allclose(found, np.sin(2 * np.pi * phase(3.0, 1500, 0.25)), atol=1e-6)


def test_depth_offset_and_unipolar_scale_the_shape() -> None:
    sine = np.sin(2 * np.pi * phase(2.0, 1500))
    found = ticks(Lfo(rate_hz=2.0, depth=0.5, offset=0.25))
    np.testing.assert_allclose(found, 0.25 + 0.5 * sine, atol=1e-6)
    found = ticks(Lfo(rate_hz=2.0, unipolar=True))
    np.testing.assert_allclose(found, 0.5 + 0.5 * sine, atol=1e-6)
    found = ticks(Lfo(rate_hz=2.0, offset=1.0))
    np.testing.assert_allclose(found, np.minimum(1.0 + sine, 1.0), atol=1e-6)


@pytest.mark.parametrize("rate_hz", [0.37, 49.0])
def test_a_sine_is_exact_to_a_float32(rate_hz: float) -> None:
    step = np.floor(rate_hz * 2.0**62 / RATE + 0.5)  # the rate is rounded to units of phase
    found = ticks(Lfo(rate_hz=rate_hz, phase=0.125, depth=0.75, offset=-0.125))
    turns = (32 * step * np.arange(1500) / 2.0**62 + 0.125) % 1.0
    np.testing.assert_allclose(found, 0.75 * np.sin(2 * np.pi * turns) - 0.125, atol=6.1e-8)


def test_a_new_phase_counts_from_the_next_tick() -> None:
    found = ticks(Lfo(rate_hz=2.0), changes=[(330, "phase", 0.25)])
    np.testing.assert_allclose(found[:11], np.sin(2 * np.pi * phase(2.0, 11)), atol=1e-6)
    late = np.sin(2 * np.pi * phase(2.0, 1500, 0.25))
    np.testing.assert_allclose(found[11:], late[11:], atol=1e-6)


@pytest.mark.parametrize(
    "node",
    [
        *(Lfo(rate_hz=7.3, shape=shape, phase=0.3) for shape in SHAPES),
        *(Random(rate_hz=31.0, mode=mode) for mode in ("hold", "smooth", "walk")),
        Step(3, step2=0.5, step3=-0.5, rate_hz=43.0, glide_ms=3.0),
        Map(curve=0.3),
        EnvelopeFollower(low_hz=150.0, high_hz=3000.0),
        EnvelopeFollower(),
    ],
    ids=repr,
)
def test_cuts_change_no_bit(node: Node) -> None:
    signal = np.random.default_rng(2).uniform(-1, 1, (1, 4_000)).astype(np.float32)
    signal = signal if node.inputs else signal[:0]
    whole = NodeHarness(node, channels=1).play(signal)
    assert np.ptp(whole) > 0.05
    for cut in (1, 7, 31, 32, 33, 64, 1_000):
        found = NodeHarness(node, channels=1).play(signal, [cut] * (4_000 // cut))
        assert (found == whole).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_are_those_of_audio_oscillators(shape: str) -> None:
    player = LfoPlayer(shape, 3.7, [(0.3, 0.0)], seed=5)
    expected = []
    for _ in range(300):
        player.tick()
        expected.append(float(player.taps[0]["start"]))
    found = ticks(Lfo(rate_hz=3.7, shape=shape, phase=0.3, seed=5))[:300]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_note_value_sets_the_rate() -> None:
    found = ticks(Lfo(sync="1/8.", tempo_bpm=100.0))  # 0.75 beats of 0.6 s
    np.testing.assert_allclose(found, np.sin(2 * np.pi * phase(1 / 0.45, 1500)), atol=1e-6)


def test_a_new_tempo_does_not_move_the_phase() -> None:
    found = ticks(Lfo(sync="1/4"), changes=[(24_000, "tempo_bpm", 240.0)])
    at = 2.0 * 24_000 / RATE  # turns after 750 ticks
    np.testing.assert_allclose(found[:750], np.sin(2 * np.pi * phase(2.0, 750)), atol=1e-6)
    np.testing.assert_allclose(found[751:], np.sin(2 * np.pi * phase(4.0, 750, at))[1:], atol=1e-6)


def test_two_rates_in_a_whole_ratio_stay_together() -> None:
    slow, fast = ticks(Lfo(rate_hz=3.0)), ticks(Lfo(rate_hz=6.0))
    np.testing.assert_allclose(fast[:750], slow[::2], atol=1e-6)


def test_random_values_are_held_and_repeat_in_every_run() -> None:
    one, again, other = (ticks(Random(rate_hz=4.0, seed=s)) for s in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()
    held = one.reshape(4, 375)[:, 1:]  # a cycle may end one tick later: its length is rounded
    assert (held == held[:, :1]).all()
    assert len(set(held[:, 0])) == 4
    assert abs(one).max() <= 1.0


def test_random_values_are_uniform() -> None:
    values = ticks(Random(rate_hz=50.0), np.zeros((0, 48_000 * 20), np.float32))[::30]
    assert abs(values.mean()) < 0.06
    assert values.std() == pytest.approx(np.sqrt(1 / 3), abs=0.03)


@pytest.mark.parametrize("mode", ["smooth", "walk"])
def test_smooth_randomness_has_no_steps(mode: str) -> None:
    found = ticks(Random(rate_hz=4.0, mode=mode))
    assert abs(np.diff(found)).max() < 2 * np.pi / 2 * 4.0 * 32 / RATE  # a half cosine from -1 to 1
    assert np.ptp(found) > 0.2


def test_a_sequence_gives_its_steps_in_turn() -> None:
    found = ticks(Step(3, step1=0.5, step2=-0.5, step3=1.0, rate_hz=10.0))
    index = np.floor(10.0 * 32 * np.arange(1500) / RATE + 1e-9).astype(int) % 3
    np.testing.assert_allclose(found, np.array([0.5, -0.5, 1.0])[index], atol=1e-7)


def test_a_glide_covers_63_percent_in_its_time() -> None:
    found = ticks(Step(2, step1=-1.0, step2=1.0, rate_hz=1.25, glide_ms=100.0))
    begin = round(0.8 * RATE / 32)  # the second step
    share = (found[begin - 1 + round(0.1 * RATE / 32)] + 1.0) / 2.0
    assert share == pytest.approx(1 - np.exp(-1), abs=0.005)


def test_a_constant_changes_at_the_next_tick() -> None:
    played = NodeHarness(Constant(value=0.5)).play(NOTHING[:, :128], [5], [(33, "value", -1.0)])[0]
    assert (played[:64] == 0.5).all()
    assert (played[64:] == -1.0).all()


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Map(low=0.2, high=0.8), lambda x: 0.2 + 0.6 * x),
        (Map(low=1.0, high=-1.0), lambda x: 1.0 - 2.0 * x),
        (Map(curve=1.0), lambda x: x**8),
        (Map(curve=-1.0 / 3.0), np.sqrt),
        (Map(invert=True), lambda x: 1.0 - x),
        (Map(steps=5), lambda x: np.floor(4 * x + 0.5) / 4),
        (Map(bipolar=True), lambda x: 0.5 + 0.5 * x),
    ],
    ids=repr,
)
def test_map_is_its_formula(node: Map, expected: object) -> None:
    signal = np.repeat(np.linspace(0, 1, 100, dtype=np.float32), 32)[None]
    found = ticks(node, signal)
    np.testing.assert_allclose(found, expected(signal[0, ::32].astype(float)), atol=1e-6)  # type: ignore[operator]


def test_map_limits_its_input() -> None:
    signal = np.repeat(np.array([-3.0, 5.0], np.float32), 32)[None]
    assert list(ticks(Map(low=-0.5, high=0.5), signal)) == [-0.5, 0.5]


@pytest.mark.parametrize("kind", [Lfo, Random, Step])
def test_a_wrong_note_value_is_refused(kind: Any) -> None:
    with pytest.raises(ParamError, match=r"sync is '1/3': must be .* or a note value such as"):
        kind(sync="1/3")


@pytest.mark.parametrize("kind", [Lfo, Random])
def test_a_wrong_seed_is_refused(kind: Any) -> None:
    with pytest.raises(ParamError, match="seed is -1"):
        kind(seed=-1)
