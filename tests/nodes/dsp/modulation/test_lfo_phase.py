"""LFO phase and shapes: exact phases, values from formulas, no drift, no jump."""

import math

import numpy as np
import pytest

from namgraph.nodes.dsp.modulation.lfo_phase import SHAPES, TURN
from namgraph.nodes.dsp.modulation.lfo_shapes import quarter_sine

from .lfo_player import LfoPlayer, expected, step_of

RATE = 48_000.0
MASK = TURN - 1


@pytest.mark.parametrize("shape", SHAPES)
def test_ticks_have_the_values_of_the_formula(shape: str) -> None:
    hz, seed = 3.7, 5
    player = LfoPlayer(shape, hz, [(0.0, 0.0), (0.3, 0.0)], seed=seed)
    step = step_of(hz)
    for tick in range(1_000):
        player.tick()
        for tap, base in zip(player.taps, (0.0, 0.3), strict=True):
            turns = [32 * n * step / TURN + base for n in (tick, tick + 1)]
            values = [expected(shape, t, seed, 0.002 * hz) for t in turns]
            jumps = shape in ("saw", "ramp") and math.floor(turns[0]) < math.floor(turns[1] + 1e-9)
            np.testing.assert_allclose(tap["start"], values[0], atol=1e-9 if not jumps else 2.1)
            np.testing.assert_allclose(tap["end"], values[1], atol=1e-9 if not jumps else 2.1)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_frame_has_the_value_of_the_formula(shape: str) -> None:
    hz, frames = 7.3, 20_000
    y = LfoPlayer(shape, hz, [(0.0, 0.0), (0.61, 0.0)], seed=1).run(frames, [7, 64, 1, 500])
    for base, values in zip((0.0, 0.61), y, strict=True):
        turns = [n * step_of(hz) / TURN + base for n in range(frames)]
        oracle = np.array([expected(shape, t, 1, 0.002 * hz) for t in turns])
        wrong = np.abs(values - oracle) > 1e-8
        assert wrong.sum() <= (8 if shape in ("saw", "ramp") else 0), "only where it jumps"


@pytest.mark.parametrize("shape", SHAPES)
def test_cuts_change_no_bit(shape: str) -> None:
    whole = LfoPlayer(shape, 2.2, [(0.2, 0.0)]).run(3_000)
    for n in (1, 7, 31, 32, 33, 64, 1_000):
        found = LfoPlayer(shape, 2.2, [(0.2, 0.0)]).run(3_000, [n] * 3_000)
        assert (found == whole).all()


def test_the_polynomial_is_a_sine_that_never_passes_1() -> None:
    y = np.linspace(-1.0, 1.0, 100_001)
    found = quarter_sine.py_func(y)
    assert np.abs(found - np.sin(np.pi / 2 * y)).max() < 2e-11
    assert found[-1] == -found[0] == 1.0 == found.max()


def test_after_billions_of_frames_the_phase_is_exact() -> None:
    player = LfoPlayer("sine", 3.0)
    player.tick()
    step, ticks = step_of(3.0), 10**9 // 32
    assert player.lfo["step"] == step
    player.lfo["phase"] = 32 * (ticks - 1) * step & MASK
    player.lfo["cycle"] = 32 * (ticks - 1) * step >> 62
    player.tick()
    player.tick()
    assert int(player.lfo["phase"]) == 32 * (ticks + 1) * step & MASK
    assert int(player.lfo["cycle"]) == 32 * (ticks + 1) * step >> 62


def test_one_lfo_of_twice_the_rate_stays_in_lock() -> None:
    slow, fast = LfoPlayer("sine", 3.0), LfoPlayer("sine", 6.0)
    for player in (slow, fast):
        for _ in range(5_000):
            player.tick()
    away = (2 * int(slow.lfo["phase"]) - int(fast.lfo["phase"])) & MASK
    assert min(away, TURN - away) / TURN < 1e-12


def test_a_new_rate_moves_no_phase() -> None:
    player = LfoPlayer("sine", 1.0)
    for _ in range(10):
        player.tick()
    before = int(player.lfo["phase"])
    player.lfo["rate_hz"] = 9.0
    player.tick()
    assert int(player.lfo["phase"]) == before + 32 * step_of(1.0)
    player.tick()
    assert int(player.lfo["phase"]) == before + 32 * (step_of(1.0) + step_of(9.0))


def test_a_new_spread_slides_there_and_takes_the_short_way() -> None:
    player = LfoPlayer("sine", 1.0, [(0.0, 1.0)], spread_step=0.5)
    player.lfo["spread"] = 0.9
    player.run(64)
    player.lfo["spread"] = 0.1
    y = player.run(6_400)[0]
    assert np.abs(np.diff(y)).max() < 2 * math.pi * (0.1 / 32 + 1 / RATE)
    offset = float(player.taps[0]["offset"]) / TURN
    assert offset == pytest.approx(0.1, abs=1e-12)


def test_a_rate_beyond_the_limit_is_limited() -> None:
    player = LfoPlayer("sine", 50.0, rate=1_000.0)
    player.tick()
    assert int(player.lfo["step"]) == TURN >> 7


def test_a_ramped_sine_is_pure() -> None:
    player = LfoPlayer("sine", 5.0)
    parts = []
    for _ in range(1_500):
        player.tick()
        tap = player.taps[0]
        parts.append(float(tap["start"]) + (tap["end"] - tap["start"]) * np.arange(32) / 32)
    level = np.abs(np.fft.rfft(np.concatenate(parts)))
    others = math.sqrt((np.delete(level, 5) ** 2).sum())
    assert 20 * math.log10(others / level[5]) < -70.0


@pytest.mark.parametrize("shape", ["random", "walk"])
def test_random_shapes_depend_on_the_seed_and_stay_in_range(shape: str) -> None:
    first, again, other = (LfoPlayer(shape, 50.0, seed=s).run(96_000)[0] for s in (1, 1, 2))
    assert (first == again).all()
    assert np.abs(first - other).max() > 0.5
    assert np.abs(first).max() <= 1.0
    assert abs(first.mean()) < 0.15
    assert first.std() > (0.5 if shape == "random" else 0.25)
