"""Delay, beyond the node contract."""

import numpy as np
import pytest

from namgraph.graph import Spec, tail
from namgraph.nodes import Delay
from namgraph.nodes.testing import NodeHarness, same_bits
from namgraph.nodes.testing.harness import SPEC, Audio, graph_of

RATE = SPEC.rate


def ms(frames: float) -> float:
    return 1000.0 * frames / RATE


def impulse(frames: int) -> Audio:
    signal = np.zeros((1, frames), np.float32)
    signal[0, 0] = 1.0
    return signal


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 5, 63, 64, 65, 1_000, 240_000])
def test_whole_frames_are_exact(frames: int) -> None:
    alone = NodeHarness(Delay(time_ms=ms(frames), feedback=0.0, mix=1.0))
    signal = alone.noise(frames + 2_000)
    y = alone.play(signal, [64, 1, 200, 64])
    assert not y[:, :frames].any()
    same_bits(y[:, frames:], signal[:, : signal.shape[1] - frames])


@pytest.mark.parametrize("frames", [0.25, 0.5, 1.5, 2.5, 10.01, 47.5, 1000.999])
@pytest.mark.parametrize("hz", [100.0, 1_000.0])
def test_between_frames_a_sine_is_where_it_should_be(frames: float, hz: float) -> None:
    turn = 2 * np.pi * hz / RATE
    t = np.arange(4_000)
    alone = NodeHarness(Delay(time_ms=ms(frames), feedback=0.0, mix=1.0), channels=1)
    y = alone.play(np.sin(turn * t, dtype=np.float32)[None])[0]
    error = np.abs(y - np.sin(turn * (t - frames)))[1_100:].max()
    # Less than one frame is interpolated in a straight line: (pi f / rate)^2 / 2 at the worst.
    assert error < (1e-3 if frames > 1 else 2.5e-3 * (hz / 1000.0) ** 2 + 1e-6)


@pytest.mark.parametrize("feedback", [0.0, 0.5, 0.98])
@pytest.mark.parametrize("frames", [1, 100])
def test_echoes_fall_by_the_feedback(feedback: float, frames: int) -> None:
    alone = NodeHarness(Delay(time_ms=ms(frames), feedback=feedback, mix=1.0), channels=1)
    y = alone.play(impulse(1_000))[0, ::frames]
    np.testing.assert_allclose(y[1:9], feedback ** np.arange(8), rtol=1e-5)


def test_mix_goes_from_the_signal_to_its_echo() -> None:
    for share in (0.0, 0.25, 1.0):
        alone = NodeHarness(Delay(time_ms=ms(100), feedback=0.0, mix=share), channels=1)
        y = alone.play(impulse(256))[0]
        assert (y[0], y[100]) == (1.0 - share, share)


def test_without_echo_time_the_loop_still_takes_one_frame() -> None:
    alone = NodeHarness(Delay(time_ms=0.0, feedback=0.5, mix=1.0), channels=1)
    np.testing.assert_allclose(alone.play(impulse(64))[0, :6], 0.5 ** np.arange(6), rtol=1e-6)


def test_damping_dulls_every_echo_but_the_first() -> None:
    alone = NodeHarness(
        Delay(time_ms=ms(500), feedback=0.9, mix=1.0, damping_hz=2_000.0), channels=1
    )
    y = alone.play(impulse(3_000))[0]
    echoes = [np.abs(np.fft.rfft(y[500 * k : 500 * k + 500], 4_800)) for k in (1, 2, 3)]
    np.testing.assert_allclose(echoes[0], 1.0, atol=1e-6)
    assert echoes[1][0] == pytest.approx(0.9, rel=1e-3), "what does not move is not damped"
    loss = echoes[2][200] / echoes[1][200] / 0.9  # at 2 kHz
    assert 20 * np.log10(loss) == pytest.approx(-3.0, abs=0.5)


def test_a_new_time_is_glided_to() -> None:
    hz = 110.0
    alone = NodeHarness(Delay(time_ms=20.0, feedback=0.0, mix=1.0), channels=1)
    sine = np.sin(2 * np.pi * hz / RATE * np.arange(108_000), dtype=np.float32)[None]
    alone.play(sine[:, :48_000])
    alone.turn("time_ms", 60.0)
    y = alone.play(sine[:, 48_000:])[0]
    slope = 2 * np.pi * hz / RATE
    # 40 ms more with a time constant of 50 ms: the tape never runs at more than twice its speed
    assert np.abs(np.diff(y)).max() < 1.05 * slope
    same_bits(y[52_000:], sine[0, 100_000 - 2880 : 108_000 - 2880])


@pytest.mark.parametrize(
    "node",
    [
        Delay(time_ms=10.0, feedback=0.0, mix=1.0),
        Delay(time_ms=10.0, feedback=0.7, mix=1.0),
        Delay(time_ms=5.0, feedback=0.9, mix=1.0, damping_hz=500.0),
    ],
)
def test_the_tail_is_as_long_as_it_says(node: Delay) -> None:
    frames = tail(graph_of(node, 1), SPEC)
    y = NodeHarness(node, channels=1).play(impulse(frames + 5_000), [64])[0]
    assert np.abs(y[frames + 1 :]).max() <= 1e-5
    assert np.abs(y[: frames + 1]).max() > 1e-5
    assert np.abs(y[frames // 2 :]).max() > 1e-5, "or it would be much too long"


def test_an_endless_tail_is_cut_at_30_seconds() -> None:
    node = Delay(time_ms=5_000.0, feedback=0.98)
    assert node.tail(Spec(RATE, 64)) == 30 * RATE
