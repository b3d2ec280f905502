"""Looper: what it records, plays, overdubs and undoes; when commands are carried out."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.testing import NodeHarness, same_bits

RATE, FADE = 48_000, 240
STOP, RECORD, PLAY, OVERDUB, UNDO, CLEAR = range(6)
N = 4801
"""Frames of the loop in most tests: its end is at no multiple of anything."""
Commands = list[tuple[int, int]]


def noise(frames: int, seed: int = 1, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (channels, frames)).astype(np.float32)


def harness(channels: int = 1, **options: object) -> NodeHarness:
    return NodeHarness(ng.Looper(**{"max_s": 1.0, **options}), channels)  # type: ignore[arg-type]


def play(
    made: NodeHarness, x: np.ndarray, commands: Commands, cuts: tuple[int, ...] = (64,)
) -> np.ndarray:
    return made.play(x, cuts, [(at, "transport", command) for at, command in commands])


def test_it_plays_what_it_has_recorded_to_the_bit_outside_of_the_seam() -> None:
    x = noise(5 * N, channels=2)
    x[:, 101 + N + FADE :] = 0.0
    y = play(harness(2), x, [(101, RECORD), (101 + N, PLAY)])
    same_bits(y[:, : 101 + N], x[:, : 101 + N])
    for k in (1, 2, 3):
        begin = 101 + k * N
        same_bits(y[:, begin + FADE : begin + N], x[:, 101 + FADE : 101 + N])


def test_the_seam_is_an_equal_power_crossfade_with_5_ms_past_the_end() -> None:
    x = noise(3 * N)
    x[:, N + FADE :] = 0.0
    y = play(harness(), x, [(0, RECORD), (N, PLAY)])
    turn = np.pi / 2 * np.arange(FADE) / FADE
    seam = np.sin(turn) * x[0, :FADE] + np.cos(turn) * x[0, N : N + FADE]
    np.testing.assert_allclose(y[0, 2 * N : 2 * N + FADE], seam, atol=1e-6)
    first = x[0, N : N + FADE] + np.sin(turn) ** 2 * x[0, :FADE]  # the input itself goes on here
    np.testing.assert_allclose(y[0, N : N + FADE], first, atol=1e-6)


def test_a_sine_loop_of_whole_periods_has_no_click() -> None:
    sine = 0.5 * np.sin(2 * np.pi * 100.0 / RATE * np.arange(8 * 4800 + 960))
    x = sine.astype(np.float32)[None]
    x[:, 4800 + FADE :] = 0.0
    y = play(harness(), x, [(0, RECORD), (4800, PLAY), (6 * 4800 + 777, STOP)])[0, 9600:]
    assert abs(np.diff(y, n=2)).max() < 6e-4  # a sine's own is 8.6e-5; the fade out bends it
    assert not y[6 * 4800 + 777 + FADE - 9600 :].any()


def test_three_layers_are_their_sum() -> None:
    x = noise(6 * N)
    at = [(0, RECORD), (N, OVERDUB), (2 * N, PLAY), (3 * N, OVERDUB), (4 * N, PLAY)]
    y = play(harness(), x, at)
    inside = slice(FADE, N)
    first, second, third = (x[0, k * N : (k + 1) * N][inside] for k in (0, 1, 3))
    heard = (y - x)[0, 5 * N : 6 * N][inside]
    exact = first.astype(float) + second + third
    x0 = np.zeros_like(x)
    made = harness()
    play(made, x[:, : 5 * N], at)
    silent = play(made, x0[:, :N], [])[0][inside]
    assert abs(silent - exact).max() <= np.spacing(np.float32(1.0))
    np.testing.assert_allclose(heard, exact, atol=1e-6)


def test_decay_multiplies_what_is_there_in_each_overdub() -> None:
    x = np.ones((1, 4 * N), np.float32)
    x[:, N + FADE :] = 0.0
    y = play(harness(decay=0.5), x, [(0, RECORD), (N, PLAY), (2 * N, OVERDUB)])
    assert (y[0, 2 * N + FADE : 3 * N] == 1.0).all()
    assert (y[0, 3 * N + FADE : 4 * N] == 0.5).all()


def test_undo_returns_to_the_bit_and_once_more_brings_the_layer_back() -> None:
    made, silence = harness(), np.zeros((1, N), np.float32)
    play(made, noise(N + FADE), [(0, RECORD), (N, PLAY)])
    play(made, silence[:, FADE:], [])
    before = play(made, silence, [])
    play(made, noise(2000, 7), [(5, OVERDUB)])  # a part of the loop only
    play(made, silence[:, 2000:], [(0, PLAY)])
    dubbed = play(made, silence, [])
    assert (dubbed != before).any()
    play(made, silence, [(17, UNDO)])
    same_bits(play(made, silence, []), before)
    assert made.readings()["node.layers"] == 1.0
    play(made, silence, [(17, PLAY), (99, UNDO)])
    same_bits(play(made, silence, []), dubbed)
    play(made, silence, [(1, PLAY), (2, UNDO)])
    play(made, noise(3 * N, 9), [(100, OVERDUB), (2 * N, PLAY)])  # a layer over an undone one
    assert (play(made, silence, []) != before).any()
    play(made, silence, [(0, UNDO)])
    same_bits(play(made, silence, []), before)


@pytest.mark.parametrize("speed", [1.0, 0.5, 2.0, -1.0])
def test_commands_at_odd_frames_have_the_same_bits_in_every_cut(speed: float) -> None:
    x = noise(6 * 1001)
    at = [(33, RECORD), (1034, OVERDUB), (2500, UNDO), (2777, OVERDUB), (3000, RECORD)]
    at += [(3505, PLAY), (4003, OVERDUB), (5001, STOP), (5002, PLAY), (5300, CLEAR)]
    made = harness(speed=speed, decay=0.7)
    reference = play(made, x, at)
    for cuts in ((1,), (7,), (31, 33), (64, 1)):
        made.renew()
        same_bits(play(made, x, at, cuts), reference)


def test_backwards_half_and_double_speed() -> None:
    ramp = np.linspace(0.0, 0.5, 4800, dtype=np.float32)
    x = np.concatenate([ramp, np.zeros(14_400, np.float32)])[None]
    inside = np.arange(FADE + 8, 2000)
    found = {}
    for speed in (-1.0, 0.5, 2.0):
        found[speed] = play(harness(speed=speed), x, [(0, RECORD), (4800, PLAY)])[0, 4800:]
    same_bits(found[-1.0][inside], ramp[4799 - inside])
    np.testing.assert_allclose(found[0.5][2 * inside], ramp[inside], atol=1e-7)
    np.testing.assert_allclose(found[0.5][2 * inside + 1], ramp[inside] + 0.25 / 4800, atol=1e-6)
    np.testing.assert_allclose(found[2.0][inside], ramp[2 * inside], atol=1e-6)


def test_a_recording_that_reaches_max_s_is_played() -> None:
    x = noise(4800)
    x[:, 480 + FADE :] = 0.0
    made = harness(max_s=0.01)
    y = play(made, x, [(0, RECORD)])
    same_bits(y[0, 960 + FADE : 1440], x[0, FADE:480])
    assert made.readings()["node.state"] == PLAY
    assert made.readings()["node.length"] == 0.01


def test_with_nothing_recorded_commands_do_nothing() -> None:
    x, made = noise(4800), harness()
    for command in (PLAY, UNDO, CLEAR, STOP):
        same_bits(play(made, x, [(3, command), (99, PLAY), (200, command)]), x)
        assert made.readings()["node.state"] == STOP
    same_bits(play(made, x, [(0, OVERDUB), (0, STOP)]), x)
    same_bits(play(made, x, [(0, RECORD), (1, PLAY), (2, UNDO)])[:, 64:64], x[:, :0])
    assert np.isfinite(play(made, x, [(0, OVERDUB)])).all()


def test_clear_and_undo_of_a_recording_forget_it() -> None:
    for last in (CLEAR, UNDO):
        made = harness()
        play(made, noise(2000), [(0, RECORD)])
        play(made, noise(2000), [(500, last)])
        assert made.readings() == {f"node.{name}": 0.0 for name in ng.Looper.reports}
        same_bits(play(made, noise(2000), [(0, PLAY)]), noise(2000))
    made = harness()
    play(made, noise(3000), [(0, RECORD), (2000, PLAY)])
    y = play(made, np.zeros((1, 2000), np.float32), [(100, CLEAR)])
    assert y[:, :100].any()
    assert not y[:, 100 + FADE :].any()
    assert made.readings()["node.length"] == 0.0


def test_silence_stays_silence_and_the_level_is_that_of_the_loop() -> None:
    silence = np.zeros((1, 9600), np.float32)
    assert not play(harness(), silence, [(0, RECORD), (4800, OVERDUB), (7000, UNDO)]).any()
    x = noise(9600)
    x[:, 4000:] = 0.0
    at = [(0, RECORD), (4800, PLAY)]
    loud, quiet = play(harness(), x, at), play(harness(level_db=-20.0), x, at)
    np.testing.assert_allclose(quiet[:, 4800:], 0.1 * loud[:, 4800:], atol=1e-8)
    same_bits(quiet[:, :4800], x[:, :4800])


@pytest.mark.parametrize(
    "bad",
    [
        {"max_s": 0.0}, {"max_s": 1e9}, {"max_s": "long"}, {"speed": 3.0}, {"quantise": "note"},
        {"count_in": -1}, {"count_in": 1.5}, {"beats_per_bar": 0}, {"transport": 6.0},
        {"transport": "pause"}, {"level_db": 7.0}, {"decay": -0.1},
    ],
)  # fmt: skip
def test_wrong_settings_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ng.ParamError, match=next(iter(bad))):
        ng.Looper(**bad)  # type: ignore[arg-type]
